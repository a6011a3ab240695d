package gosim

import (
	"math/big"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// runtimePath is the import path of the fixed part of every generated simulator.
const runtimePath = "rampart/codegen/gosim/rt"

// expr is a Go expression. Its value is the exact, canonical value of one lane, in type typ; where
// truth is set it is a Go bool instead, standing for 1 or 0.
type expr struct {
	code   *jen.Statement
	prec   int // of the outermost operator: 7 an operand, 6 unary, 5 to 1 Go's binary levels
	typ    gotype
	lit    *big.Int // the value of a literal, which has no type yet
	truth  bool
	plain  bool  // a variable of its own, cheap to repeat
	whole  bool  // of an operation's result: it is in range without a wrap
	unless *expr // the opposite of a truth, where it is as short
}

const (
	precOperand = 7
	precUnary   = 6
	precMul     = 5
	precAdd     = 4
	precCompare = 3
	precAnd     = 2
	precOr      = 1
)

func literal(v *big.Int) expr {
	code := jen.Op(v.String())
	if v.Sign() < 0 {
		return expr{code: code, prec: precUnary, lit: v, plain: true}
	}
	return expr{code: code, prec: precOperand, lit: v, plain: true}
}

// in is e's code, in parentheses where it binds less than prec.
func (e expr) in(prec int) *jen.Statement {
	if e.prec < prec {
		return jen.Parens(e.code)
	}
	return e.code
}

// infix joins two operands by an operator of the given level.
func infix(x expr, op string, y expr, prec int, t gotype) expr {
	return expr{code: jen.Add(x.in(prec)).Op(op).Add(y.in(prec + 1)), prec: prec, typ: t}
}

// value is e as a number: a truth becomes 1 or 0.
func (e expr) value() expr {
	if !e.truth {
		return e
	}
	return expr{code: jen.Qual(runtimePath, "Bit").Call(e.code), prec: precOperand, typ: gotype{bits: 8}}
}

// condition is a one-bit e as a Go bool.
func (e expr) condition() expr {
	if e.truth {
		return e
	}
	return expr{code: jen.Add(e.in(precCompare)).Op("!=").Lit(0), prec: precCompare, truth: true}
}

// to is e's value modulo 2^n in the n-bit type t; exact where t holds it.
func (e expr) to(t gotype) expr {
	switch e = e.value(); {
	case e.lit != nil:
		w := literal(t.wrap(e.lit))
		w.typ = t
		return w
	case e.typ == t:
		return e
	}
	return expr{code: jen.Id(t.String()).Call(e.code), prec: precOperand, typ: t}
}

// typed is e for a place where its type must show, as at the declaration of a variable.
func (e expr) typed() *jen.Statement {
	if e.lit != nil {
		return jen.Id(e.typ.String()).Call(e.code)
	}
	return e.code
}

// fits is e, an exact or modular result in the Go type of v, brought into the range of v's type.
func (v *val) fits(e expr) expr {
	t := v.gotype()
	switch {
	case !v.wrap || e.whole || uint(v.typ.Bits) == t.bits:
		return e
	case e.lit != nil:
		return literal(wrapBig(e.lit, v.typ.Bits, v.typ.Signed))
	}
	if !t.signed {
		mask := typeInterval(v.typ).hi
		return infix(e, "&", literal(mask), precMul, t)
	}
	spare := literal(big.NewInt(int64(t.bits) - int64(v.typ.Bits)))
	up := infix(e, "<<", spare, precMul, t)
	return expr{code: jen.Add(up.code).Op(">>").Add(spare.code), prec: precMul, typ: t}
}

// applyTo is the value of elementwise operation v on one lane of each operand, as written by arg,
// which is not called for operands that do not matter.
func applyTo(v *val, arg func(i int) expr) expr {
	x := make([]expr, len(v.args))
	switch v.op {
	case rtl.OpMux:
		x[0] = arg(0)
		if c := x[0].lit; c != nil {
			return v.fits(arg(2 - int(c.Int64())).to(v.gotype()))
		}
	case rtl.OpShl:
		x[1] = arg(1)
		if by := x[1].lit; by != nil && by.Cmp(big.NewInt(int64(v.typ.Bits))) >= 0 {
			return literal(zero)
		}
	}
	for i := range x {
		if x[i].code == nil {
			x[i] = arg(i)
		}
		x[i].whole = false
	}
	return apply(v, x)
}

func apply(v *val, x []expr) expr {
	if lit := fold(v, x); lit != nil {
		return literal(lit)
	}
	return v.fits(v.row().lane(v, x))
}

// fold is the result where all operands are literals; nil where they are not.
func fold(v *val, x []expr) *big.Int {
	point := &val{op: v.op, typ: v.typ}
	for _, e := range x {
		if e.lit == nil {
			return nil
		}
		point.args = append(point.args, &val{op: rtl.OpConst, rng: interval{e.lit, e.lit}})
	}
	r := v.row().exact(point)
	return wrapBig(r.lo, v.typ.Bits, v.typ.Signed)
}

// modular computes with an operator whose low result bits depend on the operands' low bits only.
func modular(op string) func(*val, []expr) expr {
	prec := precAdd
	if op == "*" || op == "&" {
		prec = precMul
	}
	return func(v *val, x []expr) expr {
		t := v.gotype()
		return infix(x[0].to(t), op, x[1].to(t), prec, t)
	}
}

// logical computes like modular, and joins truths of scalars by Go's own operator.
func logical(op, short string, prec int) func(*val, []expr) expr {
	number := modular(op)
	return func(v *val, x []expr) expr {
		bits := v.args[0].oneBit() && v.args[1].oneBit() && !v.vector()
		if !bits || !x[0].truth && !x[1].truth {
			return number(v, x)
		}
		e := infix(x[0].condition(), short, x[1].condition(), prec, gotype{})
		e.truth, e.whole = true, true
		return e
	}
}

func laneNot(v *val, x []expr) expr {
	t := v.gotype()
	if full := typeInterval(v.typ); !v.typ.Signed && v.args[0].rng.within(full) {
		if v.args[0].oneBit() && v.typ.Bits == 1 && x[0].truth {
			return negate(x[0])
		}
		e := infix(x[0].to(t), "^", literal(full.hi), precAdd, t)
		e.whole = true
		return e
	}
	return expr{code: jen.Op("^").Add(x[0].to(t).in(precUnary)), prec: precUnary, typ: t}
}

func negate(e expr) expr {
	if e.unless != nil {
		return *e.unless
	}
	return expr{code: jen.Op("!").Add(e.in(precUnary)), prec: precUnary, truth: true, whole: true}
}

func laneShl(v *val, x []expr) expr {
	t := v.gotype()
	a := x[0].to(t)
	if a.lit != nil {
		a = expr{code: a.typed(), prec: precOperand, typ: t}
	}
	return infix(a, "<<", x[1].value(), precMul, t)
}

func laneShr(v *val, x []expr) expr {
	a := x[0].value()
	if a.lit != nil {
		a = a.to(v.args[0].gotype())
		a.code, a.lit, a.prec = a.typed(), nil, precOperand
	}
	by := x[1].value()
	if by.lit != nil {
		by = literal(least(by.lit, big.NewInt(int64(a.typ.bits))))
	}
	return infix(a, ">>", by, precMul, a.typ).to(v.gotype())
}

// laneCompare is an equality or an order of the operands' exact values.
func laneCompare(v *val, x []expr) expr {
	a, b := x[0].value(), x[1].value()
	op := map[rtl.Op]string{rtl.OpEq: "==", rtl.OpLt: "<"}[v.op]
	ra, rb := v.args[0].rng, v.args[1].rng
	t, ok := holdingBoth(ra, rb)
	if ok {
		e := comparison(a.to(t), op, b.to(t))
		no := comparison(a.to(t), map[string]string{"==": "!=", "<": ">="}[op], b.to(t))
		e.unless = &no
		return e
	}
	// One is signed and the other may be 2^63 or more: they differ where the signed one is negative.
	wide := gotype{bits: 64}
	e := comparison(a.to(wide), op, b.to(wide))
	negative, sign, join, prec := a, "<", "||", precOr
	if ra.lo.Sign() >= 0 {
		negative = b
	}
	if v.op == rtl.OpEq || ra.lo.Sign() >= 0 {
		sign, join, prec = ">=", "&&", precAnd
	}
	check := comparison(negative, sign, literal(zero))
	e = infix(check, join, e, prec, wide)
	e.truth, e.whole = true, true
	return e
}

func comparison(a expr, op string, b expr) expr {
	e := infix(a, op, b, precCompare, gotype{})
	e.truth, e.whole = true, true
	return e
}

func laneMinMax(name string) func(*val, []expr) expr {
	return func(v *val, x []expr) expr {
		t, ok := holdingBoth(v.args[0].rng, v.args[1].rng)
		if ok {
			call := jen.Id(name).Call(x[0].to(t).code, x[1].to(t).code)
			return expr{code: call, prec: precOperand, typ: t}.to(v.gotype())
		}
		less := laneCompare(&val{op: rtl.OpLt, typ: v.typ, args: v.args}, x)
		if name == "max" {
			x = []expr{x[1], x[0]}
		}
		return pick(v, less, x[0], x[1])
	}
}

func pick(v *val, c, a, b expr) expr {
	t := v.gotype()
	code := jen.Qual(runtimePath, "Pick").Call(c.code, a.to(t).typed(), b.to(t).typed())
	return expr{code: code, prec: precOperand, typ: t}
}

func laneMux(v *val, x []expr) expr {
	return pick(v, x[0].condition(), x[1], x[2])
}

func laneCast(v *val, x []expr) expr { return x[0].to(v.gotype()) }

func laneSat(v *val, x []expr) expr {
	a, to, r := x[0].to(v.args[0].gotype()), typeInterval(v.typ), v.args[0].rng
	if a.lit != nil {
		return literal(clampInterval(interval{a.lit, a.lit}, to).lo)
	}
	if r.lo.Cmp(to.lo) < 0 {
		a = expr{code: jen.Id("max").Call(a.code, literal(to.lo).code), prec: precOperand, typ: a.typ}
	}
	if r.hi.Cmp(to.hi) > 0 {
		a = expr{code: jen.Id("min").Call(a.code, literal(to.hi).code), prec: precOperand, typ: a.typ}
	}
	return a.to(v.gotype())
}
