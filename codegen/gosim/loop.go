package gosim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// The variables of loops over lanes and over rows of lanes.
const (
	laneVar = "i"
	rowVar  = "q"
)

// ref is an array that generated code can index: a field, a local or a pointer to one.
type ref struct {
	code *jen.Statement
	ptr  bool
	of   *val // what it holds
}

func (r ref) whole() *jen.Statement {
	if r.ptr {
		return jen.Op("*").Add(r.code)
	}
	return r.code
}

func (r ref) pointer() *jen.Statement {
	if r.ptr {
		return r.code
	}
	return jen.Op("&").Add(r.code)
}

// lanes is a part of r as a slice.
func (r ref) lanes(lo, n int) *jen.Statement {
	return jen.Add(r.code).Index(jen.Lit(lo), jen.Lit(lo+n))
}

// at is a pointer to n lanes of r from lane lo on.
func (r ref) at(lo *jen.Statement, n int, t gotype) *jen.Statement {
	return jen.Parens(jen.Op("*").Index(jen.Lit(n)).Id(t.String())).Call(jen.Add(r.code).Index(lo, jen.Empty()))
}

// pos is a lane inside a loop: variable plus offset. The variable may be an expression of one, whose
// least value is least. In a loop over rows, where every lane of some stretched operand meets a row of k
// lanes, row says that the lane is number v or c of a row that starts off lanes after the present one.
type pos struct {
	v     string
	least int
	off   int
	row   bool
	c     int
}

// first is the lane that p is in the first round.
func (p pos) first() int { return p.least + p.off }

func (p pos) index() *jen.Statement {
	switch {
	case p.v == "":
		return jen.Lit(p.off)
	case p.off == 0:
		return jen.Id(p.v)
	}
	return jen.Id(p.v).Op("+").Lit(p.off)
}

func (p pos) plus(n int) pos { p.off += n; return p }

// loop writes one loop over n lanes.
type loop struct {
	f      *body
	n      int
	row    int // the stretch factor, or 0 in a plain loop
	before []jen.Code
	outer  []jen.Code // in front of the loop over a row
	names  map[string]string
	arms   map[*val]bool   // what is known of scalar conditions
	used   map[string]bool // loop variables that occur
	bare   bool            // no loop: nothing can stand before it
}

// hoist gives an expression a variable in front of the loop, or of the row.
func (l *loop) hoist(key, want string, e expr, into *[]jen.Code) expr {
	if l.bare || e.plain {
		return e
	}
	name, ok := l.names[key]
	if !ok {
		name = l.f.names.name(want)
		l.names[key] = name
		*into = append(*into, jen.Id(name).Op(":=").Add(e.typed()))
	}
	e.code, e.prec, e.plain, e.unless = jen.Id(name), precOperand, true, nil
	return e
}

// element is the lane of an array at p.
func (l *loop) element(r ref, p pos, t gotype) expr {
	l.uses(p.v)
	l.f.used[r.of] = true
	code := jen.Add(r.code).Index(p.index())
	if p.row {
		code = jen.Id(l.rowOf(r, p.off, t)).Index(pos{v: p.v, off: p.c}.index())
	}
	return expr{code: code, prec: precOperand, typ: t}
}

// uses notes that a loop variable occurs; v may be an expression of it.
func (l *loop) uses(v string) {
	for _, name := range []string{laneVar, rowVar} {
		if l.used != nil && (v == name || strings.Contains(v, "("+name+"+")) {
			l.used[name] = true
		}
	}
}

// ranging is a loop of n rounds.
func (l *loop) ranging(name string, n int, body ...jen.Code) jen.Code {
	if !l.used[name] {
		return jen.For(jen.Range().Lit(n)).Block(body...)
	}
	return jen.For(jen.Id(name).Op(":=").Range().Lit(n)).Block(body...)
}

// rowOf is the name of a pointer to the present row of an array, off lanes on.
func (l *loop) rowOf(r ref, off int, t gotype) string {
	key := fmt.Sprintf("row %#v %d", r.code, off)
	name, ok := l.names[key]
	if !ok {
		name = l.f.names.name("row")
		l.uses(rowVar)
		l.names[key] = name
		start := pos{v: fmt.Sprintf("%s*%d", rowVar, l.row), off: off}
		l.outer = append(l.outer, jen.Id(name).Op(":=").Add(r.at(start.index(), l.row, t)))
	}
	return name
}

// lane is the value of v at p.
func (l *loop) lane(v *val, p pos) expr {
	if !v.vector() {
		return l.hoist(fmt.Sprintf("scalar %d", v.id), "s", l.f.expr(v), &l.before)
	}
	if c, ok := v.fixed(); ok && v.op == rtl.OpConst {
		return literal(c)
	}
	if v.op == rtl.OpConst && p.v == "" && !p.row {
		return literal(v.lit(p.off))
	}
	if r, ok := l.f.base(v); ok {
		return l.element(r, p, v.gotype())
	}
	switch v.op {
	case rtl.OpLanes:
		return l.lane(v.args[0], p.plus(int(v.imms[0])))
	case rtl.OpJoin:
		a, start := part(v, p.first())
		return l.lane(a, p.plus(-start))
	case rtl.OpStretch:
		return l.stretched(v, p)
	case rtl.OpMux:
		if arm, ok := l.arms[v.args[0]]; ok {
			a := v.args[1]
			if !arm {
				a = v.args[2]
			}
			return v.fits(l.lane(a, p).to(v.gotype()))
		}
	}
	if v.row().shape != elementwise {
		panic("BUG: gosim: " + v.op.String() + " inside a loop over lanes")
	}
	return applyTo(v, func(i int) expr { return l.lane(v.args[i], p) })
}

// part is the operand of a join that holds a lane, and the lane at which it starts.
func part(join *val, lane int) (a *val, start int) {
	for _, a := range join.args {
		if lane < start+a.typ.Lanes {
			return a, start
		}
		start += a.typ.Lanes
	}
	panic("BUG: gosim: lane beyond a join")
}

func (l *loop) stretched(v *val, p pos) expr {
	k := int(v.imms[0])
	switch {
	case p.row && k == l.row && p.off%k == 0:
		inner := pos{v: rowVar, off: p.off / k}
		e := l.lane(v.args[0], inner)
		return l.hoist(fmt.Sprintf("lane %d %d", v.args[0].id, inner.off), "a", e, &l.outer)
	case p.row:
		panic("BUG: gosim: a stretch does not fit the rows of its loop")
	case p.v == "":
		return l.lane(v.args[0], pos{off: p.off / k})
	}
	return l.lane(v.args[0], pos{v: fmt.Sprintf("(%s+%d)/%d", p.v, p.off, k), least: p.first() / k})
}

// cuts lists the lanes at which a loop over v must be split, since the operand of a join ends there.
func (f *body) cuts(v *val) []int {
	marks := []int{0, v.typ.Lanes}
	var visit func(v *val, scale, shift int)
	visit = func(v *val, scale, shift int) {
		if _, ok := f.base(v); ok || !v.vector() {
			return
		}
		start := 0
		for _, a := range v.args {
			switch v.op {
			case rtl.OpJoin:
				marks = append(marks, start*scale+shift)
				visit(a, scale, shift+start*scale)
				start += a.typ.Lanes
			case rtl.OpLanes:
				visit(a, scale, shift-int(v.imms[0])*scale)
			case rtl.OpStretch:
				visit(a, scale*int(v.imms[0]), shift)
			default:
				visit(a, scale, shift)
			}
		}
	}
	visit(v, 1, 0)
	slices.Sort(marks)
	marks = slices.Compact(marks)
	return slices.DeleteFunc(marks, func(m int) bool { return m < 0 || m > v.typ.Lanes })
}

// rows is the stretch factor that lanes lo to lo+n of v can be walked by, or 0.
func (f *body) rows(v *val, lo, n int) int {
	k, ok := 0, true
	var visit func(v *val, lo int)
	visit = func(v *val, lo int) {
		if _, base := f.base(v); base || !v.vector() {
			return
		}
		switch v.op {
		case rtl.OpStretch:
			by := int(v.imms[0])
			ok = ok && (k == 0 || k == by) && lo%by == 0 && n%by == 0
			k = by
		case rtl.OpJoin:
			a, start := part(v, lo)
			visit(a, lo-start)
		case rtl.OpLanes:
			visit(v.args[0], lo+int(v.imms[0]))
		default:
			for _, a := range v.args {
				visit(a, lo)
			}
		}
	}
	visit(v, lo)
	if !ok {
		return 0
	}
	return k
}

// condition is a scalar condition inside the expression of v on which the loop is best split in two.
func (f *body) condition(v *val, lo int, arms map[*val]bool) *val {
	if _, ok := f.base(v); ok || !v.vector() {
		return nil
	}
	args := v.args
	switch v.op {
	case rtl.OpMux:
		arm, known := arms[v.args[0]]
		switch {
		case known && arm:
			args = v.args[1:2]
		case known:
			args = v.args[2:]
		case !v.args[0].vector():
			return v.args[0]
		}
	case rtl.OpJoin:
		a, start := part(v, lo)
		return f.condition(a, lo-start, arms)
	case rtl.OpLanes:
		return f.condition(v.args[0], lo+int(v.imms[0]), arms)
	case rtl.OpStretch:
		return f.condition(v.args[0], lo/int(v.imms[0]), arms)
	}
	for _, a := range args {
		if c := f.condition(a, lo, arms); c != nil {
			return c
		}
	}
	return nil
}
