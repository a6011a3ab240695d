package gosim

import (
	"slices"

	"rampart/ir/rtl"
)

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
// (or of a conjunction that several enables share) and something more stands inside the other's if.
type nest struct {
	enables map[*val]bool
	known   map[*val]path
}

func newNest(enables []*val) *nest {
	n := &nest{enables: map[*val]bool{}, known: map[*val]path{}}
	shared := map[*val]int{}
	for _, e := range enables {
		if n.enables[e] {
			continue
		}
		n.enables[e] = true
		for _, c := range conjuncts(e) {
			if shared[c]++; shared[c] > 1 && c.conjunction() {
				n.enables[c] = true
			}
		}
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
	for _, c := range conjuncts(enable) {
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

// conjunction tells whether v is the and of one-bit scalars.
func (v *val) conjunction() bool {
	return v.op == rtl.OpAnd && !v.vector() && v.args[0].oneBit() && v.args[1].oneBit()
}

// conjuncts lists the values in a tree of one-bit ands, v itself included.
func conjuncts(v *val) []*val {
	found := []*val{v}
	seen := map[*val]bool{v: true}
	for i := 0; i < len(found); i++ {
		if !found[i].conjunction() {
			continue
		}
		for _, a := range found[i].args {
			if !seen[a] {
				seen[a] = true
				found = append(found, a)
			}
		}
	}
	return found
}

// leaves are the values that condition i of a path tests: its conjuncts without those that the
// conditions outside of it make sure of. A conjunction that is needed as a value is tested as such.
func (b *block) leaves(p path, i int) []*val {
	sure := map[*val]bool{}
	for _, l := range p[:i] {
		if l.cond != nil {
			for _, c := range conjuncts(l.cond) {
				sure[c] = true
			}
		}
	}
	var found []*val
	var visit func(v *val)
	visit = func(v *val) {
		switch {
		case sure[v]:
		case v.conjunction() && !b.value[v.id]:
			visit(v.args[0])
			visit(v.args[1])
		default:
			sure[v] = true
			found = append(found, v)
		}
	}
	if c := p[i].cond; c != nil {
		visit(c)
	}
	return found
}

// tested lists the leaves of all conditions of a path.
func (b *block) tested(p path) []*val {
	var all []*val
	for i := range p {
		all = append(all, b.leaves(p, i)...)
	}
	return all
}

// markValues finds what is needed as a value, and not just to see whether a guard holds.
func (b *block) markValues() {
	var need func(v *val) bool
	need = func(v *val) bool {
		if b.value[v.id] {
			return false
		}
		b.value[v.id] = true
		for _, a := range v.args {
			need(a)
		}
		return true
	}
	for _, s := range b.sinks {
		for _, v := range s.operands() {
			need(v)
		}
	}
	for again := true; again; {
		again = false
		for _, s := range b.sinks {
			for _, v := range b.tested(s.guard) {
				again = need(v) || again
			}
		}
	}
}

// brief tells whether testing v takes a comparison of what stands ready, not worth a variable.
func (b *block) brief(v *val) bool {
	if v.op == rtl.OpNot {
		return b.brief(v.args[0])
	}
	for _, a := range v.args {
		if !b.terminal(a) {
			return false
		}
	}
	return v.op == rtl.OpEq || v.op == rtl.OpLt || b.terminal(v)
}
