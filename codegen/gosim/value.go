package gosim

import (
	"math/big"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// base is the array that v stands in as it is, if it does.
func (f *body) base(v *val) (ref, bool) {
	if name, ok := f.local[v]; ok && v.vector() {
		return ref{code: jen.Id(name), ptr: f.b.reps[v.id] == view && !f.b.held[v], of: v}, true
	}
	if v.vector() && f.b.terminal(v) {
		return f.live(v), true
	}
	return ref{}, false
}

// live is where a source, constant or field stands now.
func (f *body) live(v *val) ref {
	switch {
	case v.op == rtl.OpConst:
		return ref{code: jen.Id(f.u.prog.constant(v))}
	case f.b.reps[v.id] == field:
		return ref{code: jen.Id("m").Dot(f.u.fieldOf[v])}
	case v.op == rtl.OpInput:
		return ref{code: jen.Id(f.u.inputs[v]), ptr: v.vector()}
	}
	return ref{code: f.u.place(jen.Id("m"), v)}
}

// expr is a scalar.
func (f *body) expr(v *val) expr {
	if name, ok := f.local[v]; ok {
		f.used[v] = true
		return expr{code: jen.Id(name), prec: precOperand, typ: v.gotype(), plain: true}
	}
	switch {
	case v.op == rtl.OpConst:
		return literal(v.lit(0))
	case f.b.terminal(v):
		return expr{code: f.live(v).code, prec: precOperand, typ: v.gotype(), plain: v.op == rtl.OpInput}
	}
	if f.b.reps[v.id] != inline {
		panic("BUG: gosim: " + f.u.mod.Name + ": a value is used before it is computed")
	}
	return f.formula(v)
}

// formula is a scalar written out.
func (f *body) formula(v *val) expr {
	l := &loop{f: f, bare: true}
	switch v.row().shape {
	case elementwise:
		return applyTo(v, func(i int) expr { return f.expr(v.args[i]) })
	case moving:
		if v.op == rtl.OpSelect {
			return f.selectOne(v)
		}
		if v.op == rtl.OpLanes {
			return l.lane(v.args[0], pos{off: int(v.imms[0])})
		}
		return f.expr(v.args[0]) // one lane stretched once, or joined alone
	}
	panic("BUG: gosim: no formula for " + v.op.String())
}

// selectOne is one lane of an array, by an index that may lie beyond it.
func (f *body) selectOne(v *val) expr {
	r := f.array(v.args[0])
	idx := f.expr(v.args[1]).value()
	e := expr{prec: precOperand, typ: v.gotype()}
	if v.inRange() {
		e.code = jen.Add(r.code).Index(idx.code)
	} else {
		e.code = jen.Qual(runtimePath, "At").Call(jen.Add(r.code).Index(jen.Op(":")), idx.to(v.args[1].gotype()).typed())
	}
	return e
}

// array is v as an array that stands somewhere, following lanes of lanes to a pointer.
func (f *body) array(v *val) ref {
	if r, ok := f.base(v); ok {
		f.used[v] = true
		return r
	}
	if v.op != rtl.OpLanes {
		panic("BUG: gosim: " + v.op.String() + " has no array")
	}
	r := f.array(v.args[0])
	return ref{code: r.at(jen.Lit(int(v.imms[0])), v.typ.Lanes, v.gotype()), ptr: true}
}

// sum adds up all lanes in a variable.
func (f *body) sum(v *val, name string) []jen.Code {
	a, t := v.args[0], v.gotype()
	out := []jen.Code{f.declare(v, name, laneType(v), jen.Id(t.String()).Call(jen.Lit(0)))}
	marks := f.cuts(a)
	for i := 1; i < len(marks); i++ {
		lo := marks[i-1]
		out = append(out, f.split(a, lo, marks[i]-lo, nil, func(l *loop, lo int, p pos) jen.Code {
			return jen.Id(name).Op("+=").Add(l.lane(a, p.plus(lo)).to(t).code)
		})...)
	}
	total := expr{code: jen.Id(name), prec: precOperand, typ: t}
	if v.wrap && uint(v.typ.Bits) != t.bits {
		out = append(out, jen.Id(name).Op("=").Add(v.fits(total).code))
	}
	return out
}

// point sets a pointer to the lanes that v stands for.
func (f *body) point(v *val, name string) []jen.Code {
	t, n := v.gotype(), v.typ.Lanes
	set := func(to *jen.Statement) jen.Code { return jen.Id(name).Op("=").Add(to) }
	first := func(to *jen.Statement) jen.Code { return f.declare(v, name, jen.Op("*").Add(laneType(v)), to) }
	switch {
	case v.op == rtl.OpMux:
		return []jen.Code{first(f.array(v.args[2]).pointer()),
			jen.If(f.expr(v.args[0]).condition().code).Block(set(f.array(v.args[1]).pointer()))}
	case f.b.picks[v.id]:
		var cases []jen.Code
		for i, a := range v.args[0].args {
			if at := big.NewInt(int64(i)); at.Cmp(v.args[1].rng.lo) < 0 || at.Cmp(v.args[1].rng.hi) > 0 {
				continue
			}
			cases = append(cases, jen.Case(jen.Lit(i)).Block(set(f.array(a).pointer())))
		}
		none := ref{code: jen.Id(f.u.prog.zeros(v))}
		return []jen.Code{first(none.pointer()), jen.Switch(f.expr(v.args[1]).to(v.args[1].gotype()).typed()).Block(cases...)}
	}
	idx := f.expr(v.args[1]).value()
	start := jen.Int().Call(idx.code).Op("*").Lit(n)
	if idx.lit != nil {
		start = jen.Lit(int(new(big.Int).Mul(idx.lit, big.NewInt(int64(n))).Int64()))
	}
	to := f.array(v.args[0]).at(start, n, t)
	if v.inRange() {
		return []jen.Code{first(to)}
	}
	none := ref{code: jen.Id(f.u.prog.zeros(v))}
	return []jen.Code{first(none.pointer()),
		jen.If(idx.code.Clone().Op("<").Lit(v.groups())).Block(set(to))}
}
