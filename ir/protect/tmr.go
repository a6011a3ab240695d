package protect

import (
	"fmt"
	"slices"

	"rampart/ir/rtl"
)

// Instances of the second and third copy of a register or a memory have names that end in these. Copies are modules
// that synthesis must keep: within one module it would find that they are alike, and make one of them.
var copyNames = [2]string{"_b", "_c"}

// Names within a copy's module.
const (
	heldName  = "held"  // the register
	wordsName = "words" // the memory
)

// majority is, bit by bit, what two of three say.
func majority(a, b, c *rtl.Node) *rtl.Node { return a.And(b).Or(a.And(c)).Or(b.And(c)) }

// triplicate keeps a register in three copies. All that read it read the majority, and copies take that, too, at the
// edges where the register would hold: a flip of one is gone after a cycle.
func (v *variant) triplicate(r *rtl.Reg) {
	q, first := r.Q, len(v.m.Nodes)
	of := v.registerCopy(r)
	var copies [2]*rtl.Instance
	for i, suffix := range copyNames {
		copies[i] = v.m.Inst(q.Name+suffix, of, nil)
	}
	b, c := copies[0].Port("q"), copies[1].Port("q")
	voted := majority(q, b, c).Named(q.Name + "_voted")
	v.m.Substitute(q, voted, first)
	next := r.Next
	if r.Enable != nil {
		next = r.Enable.Mux(r.Next, voted)
	}
	r.Next, r.Enable = next, nil
	for _, i := range copies {
		i.Connect("d", next)
	}
	v.events.correct(some(q.Xor(b).Or(q.Xor(c))))
}

// registerCopy is a module that holds a copy of a register, one for all of its type and first value.
func (b *builder) registerCopy(r *rtl.Reg) *rtl.Module {
	t := r.Q.Type
	key := fmt.Sprintf("register %s %v", t, initial(r))
	if m := b.made[key]; m != nil {
		return m
	}
	name := "copy_" + t.String()
	if slices.ContainsFunc(r.Init, func(v int64) bool { return v != 0 }) {
		name += "_set"
	}
	m := rtl.NewModule(b.names.Claim(name), fmt.Sprintf("A copy of a register of %d bits.", t.Width()))
	m.Keep = true
	d := m.In("d", t)
	held := m.Reg(heldName, t, 0)
	held.Init = r.Init
	held.Set(d)
	m.Out("q", held.Q)
	b.made[key] = m
	return m
}

// three keeps a memory in three copies. All that reads it reads the majority.
func (v *variant) three(mem *rtl.Mem) {
	of := v.memoryCopy(mem)
	var copies [2]*rtl.Instance
	for i, suffix := range copyNames {
		copies[i] = v.m.Inst(mem.Name+suffix, of, nil)
		for k, r := range mem.Reads {
			copies[i].Connect(fmt.Sprintf("read%d_address", k), r.Addr)
			if r.Enable != nil {
				copies[i].Connect(fmt.Sprintf("read%d_enable", k), r.Enable)
			}
		}
		for k, w := range mem.Writes {
			copies[i].Connect(fmt.Sprintf("write%d_address", k), w.Addr)
			copies[i].Connect(fmt.Sprintf("write%d_word", k), w.Data)
			copies[i].Connect(fmt.Sprintf("write%d_enable", k), w.Enable)
		}
	}
	v.copies[of.Mems[0]] = mem
	for k, r := range mem.Reads {
		first := len(v.m.Nodes)
		b, c := copies[0].Port(fmt.Sprintf("word%d", k)), copies[1].Port(fmt.Sprintf("word%d", k))
		voted := majority(r.Q, b, c).Named(r.Q.Name + "_voted")
		v.m.Substitute(r.Q, voted, first)
		v.seen(r, []*rtl.Node{some(r.Q.Xor(b).Or(r.Q.Xor(c)))}, nil)
	}
}

// memoryCopy is a module that holds a copy of a memory, with its ports.
func (v *variant) memoryCopy(mem *rtl.Mem) *rtl.Module {
	m := rtl.NewModule(v.names.Claim(v.m.Name+"_"+mem.Name+"_copy"), "A copy of the memory "+mem.Name+".")
	m.Keep = true
	c := m.Mem(wordsName, mem.Kind, mem.Word, mem.Depth, mem.Init)
	c.Tensor, c.Doc = mem.Tensor, mem.Doc
	for k, r := range mem.Reads {
		address := m.In(fmt.Sprintf("read%d_address", k), r.Addr.Type)
		var enable *rtl.Node
		if r.Enable != nil {
			enable = m.In(fmt.Sprintf("read%d_enable", k), rtl.U(1))
		}
		m.Out(fmt.Sprintf("word%d", k), m.ReadPort(c, fmt.Sprintf("read%d_word", k), address, enable))
	}
	for k, w := range mem.Writes {
		address := m.In(fmt.Sprintf("write%d_address", k), w.Addr.Type)
		word := m.In(fmt.Sprintf("write%d_word", k), w.Data.Type)
		m.WritePort(c, address, word, m.In(fmt.Sprintf("write%d_enable", k), rtl.U(1)))
	}
	return m
}
