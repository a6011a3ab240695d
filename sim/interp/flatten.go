package interp

import (
	"slices"

	"rampart/ir/rtl"
)

// scope is one instance of a module, for waveforms.
type scope struct {
	name   string
	module *rtl.Module
	cells  []*cell // by Node.ID
	below  []*scope
}

// flatten makes the cells, flops and memories of one instance and of all below it, states in the order
// of Design.States. The cells that drive its inputs are given, those of its outputs returned.
func (m *Machine) flatten(s *scope, in []*cell) []*cell {
	mod := s.module
	s.cells = make([]*cell, len(mod.Nodes))
	for k, p := range mod.Inputs {
		s.cells[p.ID] = in[k]
	}
	for _, n := range mod.Nodes {
		if n.Op != rtl.OpInput {
			s.cells[n.ID] = newCell(n, s.pick(n.Args...))
		}
	}
	m.flattenState(s)
	for _, i := range mod.Insts {
		below := &scope{name: i.Name, module: i.Of}
		s.below = append(s.below, below)
		for k, c := range m.flatten(below, s.pick(i.In...)) {
			s.cells[i.Out[k].ID].args = []*cell{c}
		}
	}
	out := make([]*cell, len(mod.Outputs))
	for k, o := range mod.Outputs {
		out[k] = s.cells[o.Node.ID]
	}
	return out
}

func newCell(n *rtl.Node, args []*cell) *cell {
	c := &cell{eval: evaluators[n.Op], t: n.Type, args: args, imms: n.Imms, val: make([]int64, n.Type.Lanes)}
	switch n.Op {
	case rtl.OpConst:
		c.val = n.Imms
	case rtl.OpBitcast, rtl.OpPack:
		c.pack = make([]byte, n.Type.Bytes())
	case rtl.OpSlice:
		c.pack = make([]byte, n.Args[0].Type.Bytes())
	}
	return c
}

// pick is the cells of some nodes of this instance.
func (s *scope) pick(nodes ...*rtl.Node) []*cell {
	cells := make([]*cell, len(nodes))
	for i, n := range nodes {
		cells[i] = s.cell(n)
	}
	return cells
}

// cell is the cell of a node; nil of nil.
func (s *scope) cell(n *rtl.Node) *cell {
	if n == nil {
		return nil
	}
	return s.cells[n.ID]
}

func (m *Machine) flattenState(s *scope) {
	for _, r := range s.module.Regs {
		m.addFlop(&flop{q: s.cell(r.Q), enable: s.cell(r.Enable), next: s.cell(r.Next), init: r.Init})
	}
	mems := make([]*mem, len(s.module.Mems))
	for i, def := range s.module.Mems {
		mems[i] = &mem{Mem: def, words: make([]int64, def.Depth*def.Word.Lanes)}
		for _, w := range def.Writes {
			mems[i].writes = append(mems[i].writes, &write{addr: s.cell(w.Addr), data: s.cell(w.Data), enable: s.cell(w.Enable)})
		}
		for _, r := range def.Reads {
			f := &flop{q: s.cell(r.Q), enable: s.cell(r.Enable), mem: mems[i], addr: s.cell(r.Addr)}
			mems[i].reads = append(mems[i].reads, f)
			m.addFlop(f)
		}
	}
	m.mems = slices.Concat(m.mems, mems)
	for _, mem := range mems {
		m.states = append(m.states, &state{vals: mem.words})
	}
}

func (m *Machine) addFlop(f *flop) {
	f.staged = make([]int64, len(f.q.val))
	m.flops = append(m.flops, f)
	m.states = append(m.states, &state{vals: f.q.val})
}
