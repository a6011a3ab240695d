package gosim

import (
	"math/big"

	"rampart/ir/rtl"
)

// sinkKind says what a sink does with its operands.
type sinkKind uint8

const (
	setReg   sinkKind = iota + 1 // a register takes a value
	readMem                      // a read port's register takes a word
	writeMem                     // a memory word takes a value
	stepInst                     // an instance consumes its inputs
	setField                     // an output's field takes its value
	noteUse                      // an access to a memory is recorded
)

// sink is where values leave the node graph: a change of state, or an output field.
type sink struct {
	kind  sinkKind
	guard path
	value *val   // setReg, writeMem, setField
	addr  *val   // readMem, writeMem
	args  []*val // stepInst: one per input port
	dest  *val   // setReg, readMem: the source that changes; setField: the value itself
	mem   *rtl.Mem
	inst  *rtl.Instance
	outs  []*val // stepInst: the sources that change
	port  int    // noteUse: among the module's ports
	write bool   // noteUse: of a write port
	bit   uint64 // the bit in the stale word, where the sink is tracked
}

// operands are the values that the sink itself evaluates, guards aside.
func (s *sink) operands() []*val {
	ops := append([]*val{}, s.args...)
	for _, v := range []*val{s.value, s.addr} {
		if v != nil {
			ops = append(ops, v)
		}
	}
	return ops
}

// changes are the sources whose value is another one after the sink.
func (s *sink) changes() []*val {
	switch s.kind {
	case setReg, readMem:
		return []*val{s.dest}
	case stepInst:
		return s.outs
	}
	return nil
}

// stepSinks lists what a clock edge does in module m; record tells whether accesses to memories are recorded.
func stepSinks(m *rtl.Module, g *graph, record bool) []*sink {
	at := func(n *rtl.Node) *val {
		if n == nil {
			return nil
		}
		return g.of[n.ID]
	}
	var sinks []*sink
	var enables []*val
	enable := map[*sink]*val{}
	put := func(s *sink, en *rtl.Node) {
		e := at(en)
		if (s.kind == writeMem || s.write) && s.addr.rng.lo.Cmp(big.NewInt(int64(s.mem.Depth))) >= 0 {
			return
		}
		if s.kind == setReg {
			e = g.hold(s, e)
		}
		if e != nil {
			if c, ok := e.fixed(); ok {
				if c.Sign() == 0 {
					return
				}
				e = nil
			}
		}
		if e != nil {
			enables = append(enables, e)
		}
		enable[s] = e
		sinks = append(sinks, s)
	}
	for _, r := range m.Regs {
		put(&sink{kind: setReg, dest: at(r.Q), value: at(r.Next)}, r.Enable)
	}
	for _, mem := range m.Mems {
		for _, r := range mem.Reads {
			put(&sink{kind: readMem, dest: at(r.Q), addr: at(r.Addr), mem: mem}, r.Enable)
		}
		for _, w := range mem.Writes {
			put(&sink{kind: writeMem, value: at(w.Data), addr: at(w.Addr), mem: mem}, w.Enable)
		}
	}
	if record {
		for i, p := range memoryPorts(m) {
			put(&sink{kind: noteUse, addr: at(p.addr), mem: p.mem, port: i, write: p.write}, p.enable)
		}
	}
	for _, i := range m.Insts {
		s := &sink{kind: stepInst, inst: i}
		for _, n := range i.In {
			s.args = append(s.args, at(n))
		}
		for _, n := range i.Out {
			s.outs = append(s.outs, at(n))
		}
		put(s, nil)
	}
	n := newNest(enables)
	for _, s := range sinks {
		s.guard = n.path(enable[s])
	}
	return sinks
}

// hold finds the register that keeps its value in one arm of a multiplexer, which is an enable by
// another name. It returns the enable and leaves the other arm as the sink's value.
func (g *graph) hold(s *sink, enable *val) *val {
	v, t := s.value, s.value.typ
	if v.op == rtl.OpCast && v.wrap {
		v = v.args[0]
	}
	if enable != nil || v.op != rtl.OpMux || v.args[0].vector() || v.wrap {
		return enable
	}
	c, a, b := v.args[0], v.args[1], v.args[2]
	switch {
	case b == s.dest && a.typ.Lanes == t.Lanes:
		s.value = g.make(rtl.OpCast, t, nil, []*val{a}, nil)
		return c
	case a == s.dest && b.typ.Lanes == t.Lanes:
		s.value = g.make(rtl.OpCast, t, nil, []*val{b}, nil)
		return g.make(rtl.OpNot, rtl.U(1), nil, []*val{c}, nil)
	}
	return enable
}

// fieldSinks lists the output fields that settling computes: those that are no plain source.
func fieldSinks(m *rtl.Module, g *graph) []*sink {
	var sinks []*sink
	seen := map[*val]bool{}
	for _, o := range m.Outputs {
		if v := g.of[o.Node.ID]; !v.source() && v.op != rtl.OpConst && !seen[v] {
			seen[v] = true
			sinks = append(sinks, &sink{kind: setField, value: v, dest: v})
		}
	}
	return sinks
}
