package protect

import "rampart/ir/rtl"

// Names of the second and third copy of a register or a memory end in these.
var copyNames = [2]string{"_b", "_c"}

// majority is, bit by bit, what two of three say.
func majority(a, b, c *rtl.Node) *rtl.Node { return a.And(b).Or(a.And(c)).Or(b.And(c)) }

// triplicate keeps a register in three copies. All that read it read the majority, and copies take that, too, at the
// edges where the register would hold: a flip of one is gone after a cycle.
func (v *variant) triplicate(r *rtl.Reg) {
	q, first := r.Q, len(v.m.Nodes)
	var copies [2]*rtl.Reg
	for i, suffix := range copyNames {
		copies[i] = v.m.Reg(q.Name+suffix, q.Type, 0)
		copies[i].Init = r.Init
	}
	b, c := copies[0].Q, copies[1].Q
	voted := majority(q, b, c).Named(q.Name + "_voted")
	v.m.Substitute(q, voted, first)
	next := r.Next
	if r.Enable != nil {
		next = r.Enable.Mux(r.Next, voted)
	}
	for _, reg := range []*rtl.Reg{r, copies[0], copies[1]} {
		reg.Next, reg.Enable = next, nil
	}
	v.events.correct(some(q.Xor(b).Or(q.Xor(c))))
}
