package gosim

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// body writes the statements of one block as Go.
type body struct {
	u      *unit
	b      *block
	sched  *scheduler
	names  *namer
	local  map[*val]string // the variable that holds a value, or the copy of a source
	home   map[*val]*nested
	used   map[*val]bool // occurs in the code
	lifted map[*val]bool // declared in front of everything: not all uses lie inside its own if
	decls  []jen.Code
}

// nested is a list of statements under one guard.
type nested struct {
	path  path // of all its statements
	outer *nested
	depth int
	items []any // step or *nested

	changed    bool
	next, done uint64
}

// marks tells whether the block, or one around it, notes a change.
func (n *nested) marks() bool { return n != nil && (n.changed || n.outer.marks()) }

// tree nests statements by their guards; statements that follow one another share an if.
func (f *body) tree(steps []step) *nested {
	root := &nested{}
	at := root
	var open path
	for _, s := range steps {
		keep := common(open, s.path)
		for at.depth > keep {
			at = at.outer
		}
		for i := range s.path[keep:] {
			inner := &nested{path: s.path[:keep+i+1], outer: at, depth: keep + i + 1}
			at.items = append(at.items, inner)
			at = inner
		}
		open = s.path
		at.items = append(at.items, s)
		at.changed = at.changed || s.sink != nil && f.u.changesBlindly(s.sink)
		switch {
		case s.val != nil:
			f.home[s.val] = at
		case s.hold != nil:
			f.home[s.hold] = at
		}
		f.lift(s, at)
	}
	return root
}

// lift finds variables that step s uses outside of the block that they are computed in.
func (f *body) lift(s step, at *nested) {
	see := func(v *val, from *nested) {
		home := f.home[v]
		for home != nil && from != nil && from != home {
			from = from.outer
		}
		if home != nil && from == nil {
			f.lifted[v] = true
		}
	}
	for _, v := range f.sched.needs[s.key()] {
		see(v, at)
	}
	for n := at; n.outer != nil; n = n.outer {
		for _, v := range f.b.leaves(n.path, n.depth-1) {
			see(v, n.outer)
		}
	}
}

// write is the statements of a block; before the closing brace of each if it notes what changed.
func (f *body) write(n *nested) []jen.Code {
	var out []jen.Code
	for _, item := range n.items {
		switch item := item.(type) {
		case *nested:
			out = append(out, jen.If(f.header(item.path)).Block(f.write(item)...))
		case step:
			switch {
			case f.b.idle[item.val], f.b.idle[item.hold]:
			case item.sink != nil:
				out = append(out, f.commit(n, item.sink)...)
			case item.hold != nil:
				out = append(out, f.copyOf(item.hold)...)
			default:
				out = append(out, f.compute(item.val)...)
			}
		}
	}
	if n.done != 0 {
		out = append(out, jen.Id("done").Op("|=").Add(mask(n.done)))
	}
	if n.next != 0 {
		out = append(out, jen.Id("next").Op("|=").Add(mask(n.next)))
	}
	if n.changed && !n.outer.marks() {
		out = append(out, jen.Id("changed").Op("=").Lit(1))
	}
	return out
}

func mask(bits uint64) *jen.Statement { return jen.Op(fmt.Sprintf("%#x", bits)) }

// header is the innermost condition of a path.
func (f *body) header(p path) *jen.Statement {
	i := len(p) - 1
	if p[i].cond == nil {
		return jen.Id("stale").Op("&").Add(mask(p[i].mask)).Op("!=").Lit(0)
	}
	all := jen.True()
	for k, v := range f.b.leaves(p, i) {
		c := f.expr(v).condition().in(precAnd)
		if k == 0 {
			all = jen.Add(c)
		} else {
			all.Op("&&").Add(c)
		}
	}
	return all
}

// declare opens the variable of a value; the result assigns e to it.
func (f *body) declare(v *val, name string, typ, e *jen.Statement) jen.Code {
	if f.lifted[v] {
		f.decls = append(f.decls, jen.Var().Id(name).Add(typ))
		return jen.Id(name).Op("=").Add(e)
	}
	return jen.Id(name).Op(":=").Add(e)
}

// storage is an array variable for the lanes of v.
func (f *body) storage(v *val, name string) []jen.Code {
	decl := jen.Var().Id(name).Add(arrayType(v.typ.Lanes, v.gotype()))
	if f.lifted[v] {
		f.decls = append(f.decls, decl)
		return nil
	}
	return []jen.Code{decl}
}

func arrayType(n int, t gotype) *jen.Statement { return jen.Index(jen.Lit(n)).Id(t.String()) }

// laneType is the Go type of a value: a scalar or an array.
func laneType(v *val) *jen.Statement {
	if v.vector() {
		return arrayType(v.typ.Lanes, v.gotype())
	}
	return jen.Id(v.gotype().String())
}

// copyOf keeps a source as it was before the clock edge.
func (f *body) copyOf(v *val) []jen.Code {
	f.b.held[v] = false
	r, e := f.live(v), expr{}
	if !v.vector() {
		e = f.expr(v)
	}
	f.b.held[v] = true
	name := f.names.name(v.name + "_was")
	f.local[v] = name
	if v.vector() {
		return []jen.Code{f.declare(v, name, laneType(v), r.whole())}
	}
	return []jen.Code{f.declare(v, name, laneType(v), e.typed())}
}

// compute gives a value its variable.
func (f *body) compute(v *val) []jen.Code {
	want := v.name
	if want == "" {
		want = "t"
	}
	name := f.names.name(want)
	var out []jen.Code
	if v.doc != "" {
		out = append(out, jen.Comment(oneLine(v.doc)))
	}
	switch {
	case f.b.reps[v.id] == view:
		out = append(out, f.point(v, name)...)
	case v.moved():
		out = append(out, f.repack(v, name)...)
	case v.op == rtl.OpSum:
		out = append(out, f.sum(v, name)...)
	case v.op == rtl.OpParity:
		out = append(out, f.parity(v, name)...)
	case v.vector():
		out = append(out, f.storage(v, name)...)
		out = append(out, f.fill(ref{code: jen.Id(name)}, v.gotype(), v)...)
	default:
		out = append(out, f.declare(v, name, laneType(v), f.formula(v).to(v.gotype()).typed()))
	}
	f.local[v] = name
	return out
}
