package gosim

import "rampart/ir/rtl"

// rep is how a block of generated code holds a value.
type rep uint8

const (
	inline rep = iota // written out where it is used
	local             // a scalar variable
	array             // a local array, filled by a loop
	view              // a pointer to lanes that stand elsewhere
	field             // an output field, computed when the module settled
)

// block is one generated function body: what a clock edge does, or what settling does.
type block struct {
	g      *graph
	sinks  []*sink
	reps   []rep
	live   []bool
	avail  []path        // the guard under which all uses of a value lie
	evals  []float64     // how often each lane would be evaluated, were it inline
	users  []int         // uses of a value
	force  []bool        // must be addressable
	held   map[*val]bool // sources of which a copy is taken before they change
	idle   map[*val]bool // computed for nobody: only lanes of it that no one takes are used
	points map[*val]bool // answers of pointable for values that are written out
	size   []int         // operations of the inline expression
	value  []bool        // needed as a value, not only to see whether a guard holds
	picks  []bool        // the value is a select made by a switch over pointers
}

// newBlock decides for every value how it is held. fields are values that stand in output fields.
func newBlock(g *graph, sinks []*sink, fields []*sink) *block {
	n := len(g.vals)
	b := &block{
		g: g, sinks: sinks, reps: make([]rep, n), live: make([]bool, n), avail: make([]path, n), evals: make([]float64, n),
		users: make([]int, n), force: make([]bool, n), size: make([]int, n), picks: make([]bool, n), value: make([]bool, n),
		held: map[*val]bool{}, idle: map[*val]bool{}, points: map[*val]bool{},
	}
	for _, f := range fields {
		b.reps[f.value.id] = field
	}
	b.markValues()
	b.useInSinks()
	for i := n - 1; i >= 0; i-- {
		if v := g.vals[i]; b.live[i] && !b.terminal(v) {
			b.decide(v)
			b.spread(v)
		}
	}
	b.limitSize()
	return b
}

// useInSinks notes the uses of values in sinks and their guards.
func (b *block) useInSinks() {
	tests := map[test]bool{}
	for _, s := range b.sinks {
		for i := range s.guard {
			for _, v := range b.leaves(s.guard, i) {
				if t := (test{v, s.guard[i].cond}); !tests[t] {
					tests[t] = true
					b.use(v, s.guard[:i], 1)
					if !b.brief(v) {
						b.users[v.id]++ // worth a variable
					}
				}
			}
		}
		for _, v := range s.operands() {
			b.use(v, s.guard, 1)
		}
		for _, v := range s.args {
			b.force[v.id] = b.force[v.id] || v.vector()
		}
	}
}

// test is a value tested by a guard's condition.
type test struct{ leaf, cond *val }

// terminal tells whether v is read from the module's fields, ports or constants.
func (b *block) terminal(v *val) bool {
	return v.source() || v.op == rtl.OpConst || b.reps[v.id] == field
}

// use notes a use of v under a guard; evals is how often each of its lanes is evaluated there.
func (b *block) use(v *val, guard path, evals float64) {
	if !b.live[v.id] {
		b.live[v.id], b.avail[v.id] = true, guard
	} else {
		b.avail[v.id] = meet(b.avail[v.id], guard)
	}
	b.users[v.id]++
	b.evals[v.id] += evals
}

// spread passes the uses of v on to its operands.
func (b *block) spread(v *val) {
	guard, times := b.avail[v.id], 1.0
	b.picks[v.id] = b.switched(v)
	if b.reps[v.id] == inline {
		times = b.evals[v.id]
	}
	for i, a := range v.args {
		share := times
		switch {
		case !a.vector():
			share = 1
		case v.op == rtl.OpMux && !v.args[0].vector():
			share = times / 2 // the loop is split: one arm or the other
		case v.op == rtl.OpLanes:
			share = times * float64(v.typ.Lanes) / float64(a.typ.Lanes)
		case v.op == rtl.OpSelect && i == 0, v.moved():
			b.force[a.id] = b.force[a.id] || !b.picks[v.id]
		case b.reps[v.id] == view:
			b.force[a.id] = b.force[a.id] || !b.pointable(a)
		}
		if b.picks[v.id] && i == 0 {
			for _, part := range a.args {
				b.use(part, guard, 1)
				b.force[part.id] = b.force[part.id] || part.vector()
			}
			continue
		}
		b.use(a, guard, share)
	}
}

// decide chooses how v, all of whose uses are known, is held.
func (b *block) decide(v *val) {
	switch {
	case v.vector() && b.moves(v) && b.pointable(v):
		if v.op != rtl.OpLanes {
			b.reps[v.id] = view
		}
	case v.vector() && (b.force[v.id] || v.moved()):
		b.reps[v.id] = array
	case v.vector():
		if b.evals[v.id] > 1.01 && !(b.cheap(v) && b.evals[v.id] <= 2.01) {
			b.reps[v.id] = array
		}
	case v.op == rtl.OpSum, v.packed(), v.name != "", b.users[v.id] > 1:
		b.reps[v.id] = local
	}
}

// cheap tells whether v is so little work that doing it twice costs less than an array.
func (b *block) cheap(v *val) bool {
	for _, a := range v.args {
		if a.vector() && !b.pointable(a) {
			return false
		}
	}
	return v.op != rtl.OpMul && v.op != rtl.OpJoin
}

// moves tells whether v only says where lanes stand.
func (b *block) moves(v *val) bool {
	switch v.op {
	case rtl.OpLanes, rtl.OpSelect:
		return true
	case rtl.OpMux:
		return !v.wrap && !v.args[0].vector()
	}
	return false
}

// pointable tells whether v can be had as a pointer to an array, without a loop.
func (b *block) pointable(v *val) bool {
	if b.terminal(v) || b.reps[v.id] == array || b.reps[v.id] == view {
		return v.vector()
	}
	known, ok := b.points[v]
	if !ok {
		known = b.pointsInto(v)
		b.points[v] = known
	}
	return known
}

func (b *block) pointsInto(v *val) bool {
	switch {
	case !v.vector():
		return false
	case v.op == rtl.OpLanes:
		return b.pointable(v.args[0]) && v.gotype() == v.args[0].gotype()
	case v.op == rtl.OpSelect:
		return v.gotype() == v.args[0].gotype()
	case v.op == rtl.OpMux && b.moves(v):
		for _, a := range v.args[1:] {
			if !b.pointable(a) || a.gotype() != v.gotype() || a.typ.Lanes != v.typ.Lanes {
				return false
			}
		}
		return true
	}
	return false
}

// switched tells whether v selects among whole operands of a join, so that a switch over pointers
// does and the join itself need not be made.
func (b *block) switched(v *val) bool {
	if v.op != rtl.OpSelect || !v.vector() || v.args[0].op != rtl.OpJoin || b.terminal(v.args[0]) {
		return false
	}
	for _, part := range v.args[0].args {
		if part.typ.Lanes != v.typ.Lanes || part.gotype() != v.gotype() || !b.pointable(part) {
			return false
		}
	}
	return true
}

// maxInline is the largest number of operations of one expression inside a loop over lanes.
const maxInline = 96

// limitSize gives an array to vectors whose expression would be too long.
func (b *block) limitSize() {
	for i, v := range b.g.vals {
		if !b.live[i] || b.terminal(v) {
			continue
		}
		b.size[i] = 1
		for _, a := range v.args {
			if b.reps[a.id] == inline {
				b.size[i] += b.size[a.id]
			}
		}
		if b.size[i] > maxInline && b.reps[i] == inline && v.op != rtl.OpLanes {
			b.reps[i] = local
			if v.vector() {
				b.reps[i] = array
			}
		}
	}
}
