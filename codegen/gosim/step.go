package gosim

import "github.com/dave/jennifer/jen"

// statements writes what the sinks do. A value may turn out to be used by none of the code, such as
// an operand of a join of which other lanes are taken; then the code is written again without it.
func (u *unit) statements(sinks, fields []*sink) []jen.Code {
	b := newBlock(u.g, sinks, fields)
	sched := b.schedule()
	taken := append([]string{laneVar, rowVar}, reserved...)
	for _, in := range u.params {
		taken = append(taken, u.inputs[in])
	}
	for {
		f := &body{u: u, b: b, sched: sched, names: newNamer(u.prog.names, taken...),
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
	settle := jen.Id("m").Dot("settle").Call()
	awake := jen.Id("m").Dot("awake")
	end := []jen.Code{jen.Add(awake).Op("=").Lit(u.track.depth + 1)}
	idle := []jen.Code{jen.Add(awake).Op("=").Lit(0)}
	if u.track.depth > 0 {
		idle[0] = jen.Add(awake).Op("=").Max(jen.Add(awake), jen.Lit(1)).Op("-").Lit(1)
	}
	if len(u.settles) > 0 && !u.settlesDerived() {
		end = append(end, settle)
	}
	out = append(out, jen.If(jen.Id("changed").Op("!=").Lit(0)).Block(end...).Else().Block(append(idle, u.keepInputs()...)...))
	if u.settlesDerived() {
		out = append(out, settle)
	}
	return out
}

// settlesDerived tells whether an output field follows from a register that may change unnoticed.
func (u *unit) settlesDerived() bool {
	for _, s := range u.settles {
		for src := range sourcesOf(s.value) {
			if u.track.derived[src] {
				return true
			}
		}
	}
	return false
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
	c := jen.Id("m").Dot("awake").Op("==").Lit(0)
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
	out = append(out, jen.Id("m").Dot("awake").Op("=").Lit(u.track.depth+1))
	if len(u.settles) > 0 {
		out = append(out, jen.Id("m").Dot("settle").Call())
	}
	return out
}
