package gosim

import (
	"math/big"
	"slices"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// statements writes what the sinks do. A value may turn out to be used by none of the code, such as
// an operand of a join of which other lanes are taken; then the code is written again without it.
func (u *unit) statements(sinks, fields []*sink) []jen.Code {
	b := newBlock(u.g, sinks, fields)
	sched := b.schedule()
	taken := append([]string{u.i(), u.q()}, reserved...)
	for _, in := range u.params {
		taken = append(taken, u.inputs[in])
	}
	for {
		f := &body{u: u, b: b, sched: sched, names: newNamer(u.prog.names, taken...), i: u.i(), q: u.q(),
			local: map[*val]string{}, home: map[*val]*nested{}, used: map[*val]bool{}, lifted: map[*val]bool{}}
		code := f.write(f.tree(sched.steps))
		again := false
		for v := range f.local {
			if !f.used[v] {
				b.idle[v], again = true, true
			}
		}
		if !again {
			return append(f.decls, code...)
		}
	}
}

func (u *unit) stepBody() []jen.Code {
	statements := u.statements(u.sinks, u.settles)
	var out []jen.Code
	if rest := u.unchanged(); rest != nil {
		out = append(out, jen.If(rest).Block(jen.Return()))
	}
	if u.tracks() {
		out = append(out, jen.Id("stale").Op(":=").Id("m").Dot("stale"))
		out = append(out, u.compareInputs()...)
		out = append(out, jen.Var().List(jen.Id("done"), jen.Id("next")).Uint64())
	}
	out = append(out, jen.Var().Id("changed").Uint64())
	out = append(out, statements...)
	if u.tracks() {
		out = append(out, jen.Id("m").Dot("stale").Op("=").Id("stale").Op("&^").Id("done").Op("|").Id("next"))
	}
	out = append(out, jen.Id("m").Dot("still").Op("=").Id("changed").Op("==").Lit(0))
	keep := u.keepInputs()
	switch {
	case len(keep) > 0 && len(u.settles) > 0:
		out = append(out, jen.If(jen.Id("changed").Op("!=").Lit(0)).Block(jen.Id("m").Dot("settle").Call()).Else().Block(keep...))
	case len(keep) > 0:
		out = append(out, jen.If(jen.Id("changed").Op("==").Lit(0)).Block(keep...))
	case len(u.settles) > 0:
		out = append(out, jen.If(jen.Id("changed").Op("!=").Lit(0)).Block(jen.Id("m").Dot("settle").Call()))
	}
	return out
}

// now is the value of an input port as an operand of a comparison or assignment.
func (u *unit) now(in *val) *jen.Statement {
	if in.vector() {
		return jen.Op("*").Id(u.inputs[in])
	}
	return jen.Id(u.inputs[in])
}

// unchanged is the condition under which a step would change nothing.
func (u *unit) unchanged() *jen.Statement {
	c := jen.Id("m").Dot("still")
	for _, vectors := range []bool{false, true} { // the cheap comparisons first
		for _, in := range u.track.watched {
			if in.vector() == vectors {
				c.Op("&&").Add(u.now(in)).Op("==").Id("m").Dot(u.was[in])
			}
		}
	}
	return c
}

// compareInputs marks the tracked sinks that depend on inputs that changed.
func (u *unit) compareInputs() []jen.Code {
	var out []jen.Code
	for _, in := range u.params {
		if bits := u.track.bySource[in]; bits != 0 {
			out = append(out, jen.If(u.now(in).Op("!=").Id("m").Dot(u.was[in])).Block(
				jen.Id("m").Dot(u.was[in]).Op("=").Add(u.now(in)),
				jen.Id("stale").Op("|=").Add(mask(bits)),
			))
		}
	}
	return out
}

// keepInputs remembers the inputs of a module that came to rest.
func (u *unit) keepInputs() []jen.Code {
	var out []jen.Code
	for _, in := range u.track.watched {
		if u.track.bySource[in] == 0 {
			out = append(out, jen.Id("m").Dot(u.was[in]).Op("=").Add(u.now(in)))
		}
	}
	return out
}

func (u *unit) settleBody() []jen.Code { return u.statements(u.settles, nil) }

func (u *unit) wakeBody() []jen.Code {
	var out []jen.Code
	for _, i := range u.mod.Insts {
		out = append(out, jen.Id("m").Dot(u.instOf[i]).Dot("wake").Call())
	}
	if u.tracks() {
		out = append(out, jen.Id("m").Dot("stale").Op("=").Op("^").Uint64().Call(jen.Lit(0)))
	}
	out = append(out, jen.Id("m").Dot("still").Op("=").False())
	if len(u.settles) > 0 {
		out = append(out, jen.Id("m").Dot("settle").Call())
	}
	return out
}

// commit writes one sink inside block n.
func (f *body) commit(n *nested, s *sink) []jen.Code {
	n.done |= s.bit
	switch s.kind {
	case setField:
		return f.setField(s)
	case stepInst:
		return f.stepInst(s)
	case writeMem:
		return f.writeMem(n, s)
	case readMem:
		return f.readMem(n, s)
	}
	to := f.u.place(jen.Id("m"), s.dest)
	if s.dest.vector() {
		n.changed = true
		n.next |= f.u.track.bySource[s.dest]
		return f.fill(ref{code: to}, s.dest.gotype(), s.value)
	}
	return f.setScalar(n, s, to, f.expr(s.value).to(s.dest.gotype()))
}

// setScalar assigns to a register and notes whether it changed. Under a guard it is taken to change.
func (f *body) setScalar(n *nested, s *sink, to *jen.Statement, e expr) []jen.Code {
	if f.u.track.bySource[s.dest] != 0 {
		return f.compareScalar(s, to, e)
	}
	if s.guarded() {
		n.changed = true
		return []jen.Code{jen.Add(to).Op("=").Add(e.code)}
	}
	var out []jen.Code
	if !e.plain || e.lit != nil {
		name := f.names.name(s.dest.name + "_next")
		out = append(out, jen.Id(name).Op(":=").Add(e.typed()))
		e.code = jen.Id(name)
	}
	return append(out, jen.Id("changed").Op("|=").Uint64().Call(jen.Add(e.code).Op("^").Add(to)), jen.Add(to).Op("=").Add(e.code))
}

// compareScalar assigns to a register that tracked sinks depend on.
func (f *body) compareScalar(s *sink, to *jen.Statement, e expr) []jen.Code {
	inner := []jen.Code{nil, jen.Id("next").Op("|=").Add(mask(f.u.track.bySource[s.dest])), jen.Id("changed").Op("=").Lit(1)}
	if e.plain {
		inner[0] = jen.Add(to).Op("=").Add(e.code)
		return []jen.Code{jen.If(jen.Add(to).Op("!=").Add(e.code)).Block(inner...)}
	}
	v := f.names.name("v")
	delete(f.names.taken, v) // its scope is the if
	inner[0] = jen.Add(to).Op("=").Id(v)
	return []jen.Code{jen.If(jen.Id(v).Op(":=").Add(e.typed()), jen.Id(v).Op("!=").Add(to)).Block(inner...)}
}

func (f *body) setField(s *sink) []jen.Code {
	to := jen.Id("m").Dot(f.u.fieldOf[s.value])
	if s.value.vector() {
		return f.fill(ref{code: to}, s.value.gotype(), s.value)
	}
	return []jen.Code{jen.Add(to).Op("=").Add(f.expr(s.value).to(s.value.gotype()).code)}
}

func (f *body) readMem(n *nested, s *sink) []jen.Code {
	to := f.u.place(jen.Id("m"), s.dest)
	addr := f.expr(s.addr).value()
	at := addr.code
	if s.addr.rng.hi.Cmp(big.NewInt(int64(s.mem.Depth))) >= 0 || s.addr.rng.lo.Sign() < 0 {
		at = jen.Qual(runtimePath, "Word").Call(addr.to(s.addr.gotype()).typed(), jen.Lit(s.mem.Depth))
	}
	word := jen.Id("m").Dot(f.u.memOf[s.mem]).Index(at)
	if !s.dest.vector() {
		return f.setScalar(n, s, to, expr{code: word, prec: precOperand, typ: s.dest.gotype()})
	}
	n.changed = true
	n.next |= f.u.track.bySource[s.dest]
	return []jen.Code{jen.Add(to).Op("=").Add(word)}
}

func (f *body) writeMem(n *nested, s *sink) []jen.Code {
	addr := f.expr(s.addr).value()
	outside := s.addr.rng.hi.Cmp(big.NewInt(int64(s.mem.Depth))) >= 0 || s.addr.rng.lo.Sign() < 0
	var out []jen.Code
	if !addr.plain || addr.lit != nil && outside {
		addr = addr.to(s.addr.gotype())
		name := f.names.name("addr")
		out = append(out, jen.Id(name).Op(":=").Add(addr.typed()))
		addr.code = jen.Id(name)
	}
	word := jen.Id("m").Dot(f.u.memOf[s.mem]).Index(addr.code)
	var store []jen.Code
	if s.mem.Word.Lanes > 1 {
		store = f.fill(ref{code: word}, elemType(s.mem.Word), s.value)
	} else {
		store = []jen.Code{jen.Add(word).Op("=").Add(f.expr(s.value).to(elemType(s.mem.Word)).code)}
	}
	if outside {
		fits := jen.Uint64().Call(addr.code).Op("<").Lit(s.mem.Depth)
		store = []jen.Code{jen.If(fits).Block(store...)}
	}
	n.changed = true
	n.next |= f.u.track.byMem[s.mem]
	return append(out, store...)
}

func (f *body) stepInst(s *sink) []jen.Code {
	var args, out []jen.Code
	for port, a := range s.args {
		t := f.u.prog.units[s.inst.Of].params[port].gotype()
		switch {
		case !a.vector():
			args = append(args, f.expr(a).to(t).code)
		case a.gotype() == t:
			args = append(args, f.array(a).pointer())
		default: // a value of a narrower interval than the port's type
			name := f.names.name(s.inst.Of.Inputs[port].Name)
			out = append(out, jen.Var().Id(name).Add(arrayType(a.typ.Lanes, t)))
			out = append(out, f.fill(ref{code: jen.Id(name)}, t, a)...)
			args = append(args, jen.Op("&").Id(name))
		}
	}
	inst := jen.Id("m").Dot(f.u.instOf[s.inst])
	out = append(out, jen.Add(inst).Dot("step").Call(args...))
	bits := uint64(0)
	for _, o := range s.outs {
		bits |= f.u.track.bySource[o]
	}
	inner := []jen.Code{jen.Id("changed").Op("=").Lit(1)}
	if bits != 0 {
		inner = append(inner, jen.Id("next").Op("|=").Add(mask(bits)))
	}
	return append(out, jen.If(jen.Op("!").Add(inst).Dot("still")).Block(inner...))
}

func (u *unit) resetBody() []jen.Code {
	var out []jen.Code
	for _, r := range u.mod.Regs {
		to := jen.Id("m").Dot(u.stateOf[u.g.of[r.Q.ID]])
		t := elemType(r.Q.Type)
		switch {
		case r.Init == nil:
		case r.Q.Type.Lanes == 1:
			out = append(out, jen.Add(to).Op("=").Add(initial(r.Q.Type, r.Init[0])))
		default:
			lanes := make([]jen.Code, len(r.Init))
			for i, v := range r.Init {
				lanes[i] = initial(r.Q.Type, v)
			}
			out = append(out, to.Op("=").Add(arrayType(len(lanes), t)).Values(lanes...))
		}
	}
	for _, mem := range u.mod.Mems {
		if mem.Init != nil {
			lo, hi := u.prog.image(mem)
			out = append(out, jen.Qual(runtimePath, "Load").Call(u.lanesOf(mem), jen.Id("images").Index(jen.Lit(lo), jen.Lit(hi))))
		}
	}
	for _, i := range u.mod.Insts {
		out = append(out, jen.Id("m").Dot(u.instOf[i]).Dot("reset").Call())
	}
	return out
}

func initial(t rtl.Type, v int64) *jen.Statement {
	return literal((&val{typ: t, imms: []int64{t.Wrap(v)}}).lit(0)).code
}

// lanesOf is a slice of all lanes of all words of a memory.
func (u *unit) lanesOf(mem *rtl.Mem) *jen.Statement {
	at := jen.Id("m").Dot(u.memOf[mem])
	if mem.Word.Lanes == 1 {
		return at.Index(jen.Op(":"))
	}
	first := jen.Op("&").Add(at).Index(jen.Lit(0)).Index(jen.Lit(0))
	return jen.Qual("unsafe", "Slice").Call(first, jen.Lit(mem.Depth*mem.Word.Lanes))
}

func (u *unit) statesBody() []jen.Code {
	var items []jen.Code
	source := func(v *val) {
		at := jen.Id("m").Dot(u.stateOf[v])
		if v.vector() {
			items = append(items, jen.Qual(runtimePath, "Cells").Call(at.Index(jen.Op(":")), jen.Lit(v.typ.Lanes), jen.Lit(v.typ.Bits)))
		} else {
			items = append(items, jen.Qual(runtimePath, "Cell").Call(jen.Op("&").Add(at), jen.Lit(v.typ.Bits)))
		}
	}
	for _, r := range u.mod.Regs {
		source(u.g.of[r.Q.ID])
	}
	for _, mem := range u.mod.Mems {
		for _, r := range mem.Reads {
			source(u.g.of[r.Q.ID])
		}
	}
	for _, mem := range u.mod.Mems {
		items = append(items, jen.Qual(runtimePath, "Cells").Call(u.lanesOf(mem), jen.Lit(mem.Word.Lanes), jen.Lit(mem.Word.Bits)))
	}
	var out []jen.Code
	if len(items) > 0 {
		lines := append(slices.Clone([]jen.Code{jen.Id("all")}), items...)
		out = append(out, jen.Id("all").Op("=").Append(jen.CustomFunc(jen.Options{Separator: ",", Multi: true}, func(g *jen.Group) {
			for _, l := range lines {
				g.Add(l)
			}
		})))
	}
	for _, i := range u.mod.Insts {
		out = append(out, jen.Id("all").Op("=").Id("m").Dot(u.instOf[i]).Dot("states").Call(jen.Id("all")))
	}
	return append(out, jen.Return(jen.Id("all")))
}
