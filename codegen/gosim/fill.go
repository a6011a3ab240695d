package gosim

import (
	"maps"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// Loops of at most unrollAll lanes are written out; the bodies of others stand unrollBy times where
// they are short, since Go's compiler does not unroll.
const (
	unrollAll  = 4
	unrollBy   = 4
	unrollSize = 12
	unrollRow  = 8
)

// splits is how many scalar conditions a loop is split by, at most.
const splits = 2

// fill writes the statements that put v into an array of t, lane by lane.
func (f *body) fill(dst ref, t gotype, v *val) []jen.Code {
	if r, ok := f.base(v); ok && v.gotype() == t {
		f.used[v] = true
		return []jen.Code{jen.Add(dst.whole()).Op("=").Add(r.whole())}
	}
	store := func(l *loop, lo int, p pos) jen.Code {
		to := l.element(dst, p.plus(lo), t)
		return jen.Add(to.code).Op("=").Add(l.lane(v, p.plus(lo)).to(t).code)
	}
	var out []jen.Code
	marks := f.cuts(v)
	for i := 1; i < len(marks); i++ {
		lo, n := marks[i-1], marks[i]-marks[i-1]
		if src, at, ok := f.place(v, lo); ok && n > 1 && v.gotype() == t {
			f.used[src.of] = true
			out = append(out, jen.Copy(dst.lanes(lo, n), src.lanes(at, n)))
			continue
		}
		loop := f.split(v, lo, n, nil, store)
		if quiet := f.quiet(v, lo); quiet != nil && n > 1 {
			loop = []jen.Code{jen.If(quiet).Block(jen.Clear(dst.lanes(lo, n))).Else().Block(loop...)}
		}
		out = append(out, loop...)
	}
	return out
}

// quiet is a condition under which the lanes of v from lo to the next cut are all zero, where there is one that
// is worth a branch: a scalar that is compared with many constants, none of them zero, is zero itself most of the
// time where it is a syndrome.
func (f *body) quiet(v *val, lo int) jen.Code {
	if v.op == rtl.OpJoin && f.b.reps[v.id] != array {
		a, start := part(v, lo)
		return f.quiet(a, lo-start)
	}
	if v.op != rtl.OpEq || !v.vector() || v.args[0].vector() || v.args[1].op != rtl.OpConst || v.args[1].rng.lo.Sign() <= 0 {
		return nil
	}
	return comparison(f.expr(v.args[0]), "==", literal(zero)).code
}

// place finds the array, and the lane in it, where lane lo of v stands as it is.
func (f *body) place(v *val, lo int) (ref, int, bool) {
	if !v.vector() || v.op == rtl.OpConst && v.rng.single() {
		return ref{}, 0, false
	}
	if r, ok := f.base(v); ok {
		return r, lo, true
	}
	switch v.op {
	case rtl.OpJoin:
		a, start := part(v, lo)
		r, at, ok := f.place(a, lo-start)
		return r, at, ok && a.gotype() == v.gotype()
	case rtl.OpLanes:
		a := v.args[0]
		r, at, ok := f.place(a, lo+int(v.imms[0]))
		return r, at, ok && a.gotype() == v.gotype()
	}
	return ref{}, 0, false
}

// split writes a loop over n lanes of v from lane lo on, one for each outcome of the scalar
// conditions inside it.
func (f *body) split(v *val, lo, n int, arms map[*val]bool, each func(l *loop, lo int, p pos) jen.Code) []jen.Code {
	c := f.condition(v, lo, arms)
	if c == nil || len(arms) == splits {
		return f.loop(v, lo, n, arms, each)
	}
	with := func(b bool) map[*val]bool {
		more := map[*val]bool{c: b}
		maps.Copy(more, arms)
		return more
	}
	return []jen.Code{jen.If(f.expr(c).condition().code).Block(
		f.split(v, lo, n, with(true), each)...,
	).Else().Block(
		f.split(v, lo, n, with(false), each)...,
	)}
}

func (f *body) loop(v *val, lo, n int, arms map[*val]bool, each func(l *loop, lo int, p pos) jen.Code) []jen.Code {
	l := &loop{f: f, n: n, names: map[string]string{}, arms: arms, used: map[string]bool{}, bare: n == 1}
	if n <= unrollAll {
		var stores []jen.Code
		for i := range n {
			stores = append(stores, each(l, lo, pos{off: i}))
		}
		return append(l.before, stores...)
	}
	if k := f.rows(v, lo, n); k > 1 {
		return l.overRows(k, lo, each)
	}
	if n%unrollBy != 0 || f.b.size[v.id] > unrollSize {
		store := each(l, lo, pos{v: laneVar})
		return append(l.before, l.ranging(laneVar, n, store))
	}
	var stores []jen.Code
	for j := range unrollBy {
		stores = append(stores, each(l, lo, pos{v: laneVar, off: j}))
	}
	head := []jen.Code{jen.Id(laneVar).Op(":=").Lit(0), jen.Id(laneVar).Op("<").Lit(n), jen.Id(laneVar).Op("+=").Lit(unrollBy)}
	return append(l.before, jen.For(head...).Block(stores...))
}

// overRows writes two loops, the inner one over the k lanes that share a lane of a stretched operand.
func (l *loop) overRows(k, lo int, each func(l *loop, lo int, p pos) jen.Code) []jen.Code {
	l.row = k
	var inner []jen.Code
	if k <= unrollRow {
		for c := range k {
			inner = append(inner, each(l, lo, pos{row: true, c: c}))
		}
	} else {
		store := each(l, lo, pos{row: true, v: laneVar})
		inner = []jen.Code{l.ranging(laneVar, k, store)}
	}
	outer := append(l.outer, inner...)
	return append(l.before, l.ranging(rowVar, l.n/k, outer...))
}
