package gosim

import "slices"

// lit is one condition of a guard: a one-bit scalar that must be 1, or, where cond is nil, that one of
// the tracked sinks in mask has a source that changed.
type lit struct {
	cond *val
	mask uint64
}

// path is a guard: conditions that must all hold, the outer one first. Statements with a common
// prefix can share an if.
type path []lit

// meet is the guard under which both a and b can use a value: their common prefix.
func meet(a, b path) path {
	for i := range a {
		switch {
		case i == len(b):
			return b
		case a[i] == b[i]:
		case a[i].cond == nil && b[i].cond == nil:
			return append(slices.Clone(a[:i]), lit{mask: a[i].mask | b[i].mask})
		default:
			return a[:i]
		}
	}
	return a
}

// common is the number of conditions that a and b start with alike.
func common(a, b path) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// nest turns the enables of a module's sinks into paths: an enable that is the and of another enable
// and something more stands inside the other's if.
type nest struct {
	enables map[*val]bool
	known   map[*val]path
}

func newNest(enables []*val) *nest {
	n := &nest{enables: map[*val]bool{}, known: map[*val]path{}}
	for _, e := range enables {
		n.enables[e] = true
	}
	return n
}

// path is the guard for an enable; nil is always, and so is an empty path.
func (n *nest) path(enable *val) path {
	if enable == nil {
		return nil
	}
	if p, ok := n.known[enable]; ok {
		return p
	}
	var outer path
	for _, c := range conjuncts(enable, nil) {
		if c != enable && n.enables[c] {
			if p := n.path(c); len(p) > len(outer) {
				outer = p
			}
		}
	}
	p := append(slices.Clone(outer), lit{cond: enable})
	n.known[enable] = p
	return p
}
