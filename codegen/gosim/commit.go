package gosim

import (
	"math/big"

	"github.com/dave/jennifer/jen"
)

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
	case noteUse:
		return f.noteUse(s)
	}
	to := f.u.place(jen.Id("m"), s.dest)
	if s.dest.vector() {
		n.next |= f.u.track.bySource[s.dest]
		return f.fill(ref{code: to}, s.dest.gotype(), s.value)
	}
	return f.setScalar(s, to, f.expr(s.value).to(s.dest.gotype()))
}

// setScalar assigns to a register and notes whether it changed. Under a guard it is taken to change.
func (f *body) setScalar(s *sink, to *jen.Statement, e expr) []jen.Code {
	if f.u.track.bySource[s.dest] != 0 {
		return f.compareScalar(s, to, e)
	}
	if s.guarded() {
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
		return f.setScalar(s, to, expr{code: word, prec: precOperand, typ: s.dest.gotype()})
	}
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
	return append(out, jen.If(jen.Add(inst).Dot("awake").Op("!=").Lit(0)).Block(inner...))
}
