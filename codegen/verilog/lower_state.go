package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// registers writes one clocked block per enable, in the order of the first register that has it.
func (l *lowering) registers() []item {
	groups := map[*rtl.Node][]*rtl.Reg{}
	var order []*rtl.Node
	for _, r := range l.m.Regs {
		if groups[r.Enable] == nil {
			order = append(order, r.Enable)
		}
		groups[r.Enable] = append(groups[r.Enable], r)
	}
	var items []item
	for _, enable := range order {
		var reset, next []stmt
		for _, r := range groups[enable] {
			q := ref{l.nets[r.Q]}
			reset = append(reset, update{q, initial(r)})
			next = append(next, update{q, l.whole(r.Next)})
		}
		next = l.when(enable, next)
		items = append(items, section{}, clocked{l.clk, []stmt{ifStmt{c: ref{l.rst}, then: reset, otherwise: next}}})
	}
	return items
}

// when puts statements under a condition, nil for none.
func (l *lowering) when(c *rtl.Node, body []stmt) []stmt {
	if c == nil {
		return body
	}
	switch v, ok := l.plan.fixed(c); {
	case ok && v.Sign() > 0:
		return body
	case ok:
		return nil
	}
	return []stmt{ifStmt{c: l.whole(c), then: body}}
}

// initial is the reset value of a register.
func initial(r *rtl.Reg) expr {
	t := r.Q.Type
	if r.Init == nil {
		return zero(t.Width())
	}
	values := make([]*big.Int, len(r.Init))
	for i, v := range r.Init {
		values[i] = exactValue(t, v)
	}
	return packedConst(t, values)
}

// declareMemory declares a memory and the registers of its read ports.
func (l *lowering) declareMemory(mem *rtl.Mem) []item {
	m := &memory{word: newNet(mem.Name, reg, mem.Word), depth: mem.Depth}
	l.mems[mem] = m
	d := memDecl{mem: m, doc: mem.Doc}
	if mem.Init != nil {
		d.file = memFileName(l.m, mem)
	} else {
		d.counter = l.names.fresh(mem.Name + "_init")
	}
	items := []item{section{}, d}
	for _, r := range mem.Reads {
		q := newNet(r.Q.Name, reg, mem.Word)
		q.doc = r.Q.Doc
		l.nets[r.Q] = q
		items = append(items, decl{net: q})
	}
	return items
}

// memories writes one clocked block per port, in the style that synthesis takes for block RAM. Writes
// share a block, so that the later one wins.
func (l *lowering) memories() []item {
	var items []item
	for _, mem := range l.m.Mems {
		m := l.mems[mem]
		var writes []stmt
		for _, w := range mem.Writes {
			inside, addr := l.address(mem, w.Addr)
			on := l.whole(w.Enable)
			if v, ok := l.plan.fixed(w.Enable); inside != nil && ok && v.Sign() > 0 {
				on = inside
			} else if inside != nil {
				on = binary{"&&", on, inside}
			}
			writes = append(writes, ifStmt{c: on, then: []stmt{update{word{m, addr}, l.whole(w.Data)}}})
		}
		if writes != nil {
			items = append(items, section{}, clocked{l.clk, writes})
		}
		for _, r := range mem.Reads {
			items = append(items, section{}, clocked{l.clk, []stmt{l.readPort(mem, r)}})
		}
	}
	return items
}

func (l *lowering) readPort(mem *rtl.Mem, r *rtl.Read) stmt {
	m, q := l.mems[mem], ref{l.nets[r.Q]}
	inside, addr := l.address(mem, r.Addr)
	if inside != nil {
		w := &net{name: l.names.fresh(mem.Name + "_index"), kind: wire, width: addr.width(),
			doc: "An address beyond the last word reads word 0."}
		l.top.add(decl{net: w, value: cond{inside, asUnsigned(addr), zero(addr.width())}})
		addr = ref{w}
	}
	read := []stmt{update{q, word{m, addr}}}
	read = l.when(r.Enable, read)
	return ifStmt{c: ref{l.rst}, then: []stmt{update{q, zero(q.width())}}, otherwise: read}
}

// address is n as an index into mem, at exactly the bits that it takes, and the condition that it is
// within the memory, nil where it always is.
func (l *lowering) address(mem *rtl.Mem, n *rtl.Node) (inside, addr expr) {
	bits := rtl.BitsFor(mem.Depth - 1)
	depth := big.NewInt(int64(mem.Depth))
	values := l.plan.of(n)
	if values.lo.Cmp(depth) >= 0 {
		return number(1, 0), zero(bits)
	}
	if values.hi.Cmp(depth) < 0 {
		return nil, asUnsigned(l.lane(l.top, n, constant(0), bits))
	}
	x := l.operand(l.top, n, constant(0))
	if mem.Depth == 1 {
		return binary{"==", x, zero(x.width())}, zero(1)
	}
	return less(rtl.U(1), x, number(x.width(), int64(mem.Depth))), resize(x, false, bits)
}

// instances writes the uses of other modules.
func (l *lowering) instances() []item {
	var items []item
	for _, i := range l.m.Insts {
		inst := instance{module: i.Of.Name, name: i.Name, doc: i.Doc}
		inst.pins = append(inst.pins, pin{port: clockName, value: ref{l.clk}}, pin{port: resetName, value: ref{l.rst}})
		for k, p := range i.Of.Inputs {
			inst.pins = append(inst.pins, pin{port: p.Name, value: l.whole(i.In[k])})
		}
		for k, o := range i.Of.Outputs {
			inst.pins = append(inst.pins, pin{port: o.Name, value: ref{l.nets[i.Out[k]]}, out: true})
		}
		items = append(items, section{}, inst)
	}
	return items
}
