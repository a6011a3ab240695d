package gosim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// unit is the generated code of one module definition: a struct type and its methods.
type unit struct {
	prog     *program
	mod      *rtl.Module
	g        *graph
	typeName string

	fields  *namer
	stateOf map[*val]string     // the field of a register or read port
	memOf   map[*rtl.Mem]string // the field of a memory
	instOf  map[*rtl.Instance]string
	fieldOf map[*val]string // the field of an output that settling computes
	inputs  map[*val]string // the parameter of an input port
	was     map[*val]string // the field that keeps an input port's last value
	params  []*val
	outs    []*val

	sinks, settles []*sink
	track          *tracking
	outInst        map[*val]outPort
}

// outPort is an output port of an instance.
type outPort struct {
	inst *rtl.Instance
	port int
}

// reserved are names in the scope of every method.
var reserved = []string{"m", "rt", "unsafe", "stale", "done", "next", "changed", "drive", "os", "fmt", "images"}

func newUnit(p *program, m *rtl.Module) *unit {
	u := &unit{prog: p, mod: m, stateOf: map[*val]string{}, memOf: map[*rtl.Mem]string{},
		instOf: map[*rtl.Instance]string{}, fieldOf: map[*val]string{}, inputs: map[*val]string{},
		was: map[*val]string{}, outInst: map[*val]outPort{},
		fields: newNamer(nil, "step", "settle", "wake", "reset", "states", "awake", "stale", "record", tapesField)}
	u.typeName = p.names.name(m.Name)
	u.g = newGraph(m, u.port)
	for _, n := range m.Inputs {
		u.params = append(u.params, u.g.of[n.ID])
	}
	for _, o := range m.Outputs {
		u.outs = append(u.outs, u.g.of[o.Node.ID])
	}
	u.nameFields()
	u.settles = fieldSinks(m, u.g)
	for _, s := range u.settles {
		for _, o := range m.Outputs {
			if u.g.of[o.Node.ID] == s.value {
				u.fieldOf[s.value] = u.fields.name(o.Name)
				break
			}
		}
	}
	u.sinks = stepSinks(m, u.g, p.record)
	u.track = track(u.g, u.params, u.sinks, func(i *rtl.Instance, port int) bool {
		return !p.units[i.Of].watches(port)
	})
	for _, in := range u.params {
		if u.watched(in) || u.track.bySource[in] != 0 {
			u.was[in] = u.fields.name("was_" + in.name)
		}
	}
	return u
}

// port is the value of an instance's output inside the instance's module.
func (u *unit) port(n *rtl.Node) *val {
	for _, i := range u.mod.Insts {
		if k := slices.Index(i.Out, n); k >= 0 {
			return u.prog.units[i.Of].outs[k]
		}
	}
	panic("BUG: gosim: " + u.mod.Name + "." + n.Name + " is an output of no instance")
}

func (u *unit) nameFields() {
	for _, r := range u.mod.Regs {
		u.stateOf[u.g.of[r.Q.ID]] = u.fields.name(r.Q.Name)
	}
	for _, mem := range u.mod.Mems {
		for _, r := range mem.Reads {
			u.stateOf[u.g.of[r.Q.ID]] = u.fields.name(r.Q.Name)
		}
	}
	for _, mem := range u.mod.Mems {
		u.memOf[mem] = u.fields.name(mem.Name)
	}
	for _, i := range u.mod.Insts {
		u.instOf[i] = u.fields.name(i.Name)
		for port, out := range i.Out {
			u.outInst[u.g.of[out.ID]] = outPort{i, port}
		}
	}
}

func (u *unit) watched(in *val) bool {
	for _, w := range u.track.watched {
		if w == in {
			return true
		}
	}
	return false
}

// watches tells whether a change of an input port can end the rest of an instance.
func (u *unit) watches(port int) bool { return u.watched(u.params[port]) }

// place is where a source stands inside recv, a value of the unit's type.
func (u *unit) place(recv *jen.Statement, v *val) *jen.Statement {
	if o, ok := u.outInst[v]; ok {
		return u.prog.units[o.inst.Of].output(jen.Add(recv).Dot(u.instOf[o.inst]), o.port)
	}
	return jen.Add(recv).Dot(u.stateOf[v])
}

// output is where the value of an output port stands inside recv.
func (u *unit) output(recv *jen.Statement, port int) *jen.Statement {
	v := u.outs[port]
	if f, ok := u.fieldOf[v]; ok {
		return jen.Add(recv).Dot(f)
	}
	return u.place(recv, v)
}

// file is the Go source of the module.
func (u *unit) file() *jen.File {
	f := newFile()
	doc := fmt.Sprintf("%s is module %s.", u.typeName, u.mod.Name)
	if u.mod.Doc != "" {
		doc += " " + strings.TrimSpace(u.mod.Doc)
	}
	for _, line := range strings.Split(doc, "\n") {
		f.Comment("// " + strings.TrimSpace(line))
	}
	f.Type().Id(u.typeName).Struct(u.structure()...)
	f.Line()
	f.Comment("// step is the clock edge. Inputs that are arrays are read, never changed.")
	f.Func().Params(u.receiver()).Id("step").Params(u.parameters()...).Block(u.stepBody()...)
	f.Line()
	f.Comment("// settle computes the outputs that are no plain register from the present state.")
	f.Func().Params(u.receiver()).Id("settle").Params().Block(u.settleBody()...)
	f.Line()
	f.Comment("// wake makes the next step compute everything afresh, after state was changed from outside.")
	f.Func().Params(u.receiver()).Id("wake").Params().Block(u.wakeBody()...)
	f.Line()
	f.Comment("// reset brings a zero value to the initial state.")
	f.Func().Params(u.receiver()).Id("reset").Params().Block(u.resetBody()...)
	f.Line()
	f.Comment("// states appends all state in its canonical order.")
	f.Func().Params(u.receiver()).Id("states").Params(jen.Id("all").Index().Qual(runtimePath, "State")).
		Index().Qual(runtimePath, "State").Block(u.statesBody()...)
	if u.prog.record {
		f.Line()
		f.Comment("// record makes the tapes of all ports of memories in their canonical order.")
		f.Func().Params(u.receiver()).Id("record").Params(jen.Id("deck").Op("*").Qual(tapePath, "Deck")).Block(u.recordBody()...)
	}
	return f
}

func (u *unit) receiver() *jen.Statement { return jen.Id("m").Op("*").Id(u.typeName) }

func (u *unit) structure() []jen.Code {
	var out []jen.Code
	for _, r := range u.mod.Regs {
		v := u.g.of[r.Q.ID]
		out = append(out, jen.Id(u.stateOf[v]).Add(laneType(v)).Comment(describe(r.Q.Type, r.Q.Doc)))
	}
	for _, mem := range u.mod.Mems {
		for _, r := range mem.Reads {
			v := u.g.of[r.Q.ID]
			out = append(out, jen.Id(u.stateOf[v]).Add(laneType(v)).Comment(describe(r.Q.Type, "read from "+mem.Name)))
		}
	}
	for _, mem := range u.mod.Mems {
		out = append(out, jen.Id(u.memOf[mem]).Index(jen.Lit(mem.Depth)).Add(wordType(mem)).Comment(describe(mem.Word, mem.Doc)))
	}
	for _, i := range u.mod.Insts {
		c := jen.Id(u.instOf[i]).Id(u.prog.units[i.Of].typeName)
		if i.Doc != "" {
			c.Comment(oneLine(i.Doc))
		}
		out = append(out, c)
	}
	for _, s := range u.settles {
		out = append(out, jen.Id(u.fieldOf[s.value]).Add(laneType(s.value)).Comment(describe(s.value.typ, "output")))
	}
	if n := len(memoryPorts(u.mod)); u.prog.record && n > 0 {
		out = append(out, jen.Id(tapesField).Index(jen.Lit(n)).Op("*").Qual(tapePath, "Port"))
	}
	out = append(out, jen.Line())
	for _, in := range u.params {
		if name, ok := u.was[in]; ok {
			out = append(out, jen.Id(name).Add(laneType(in)).Comment("the input when it was last looked at"))
		}
	}
	if u.tracks() {
		out = append(out, jen.Id("stale").Uint64().Comment("tracked statements of which a source changed"))
	}
	return append(out, jen.Id("awake").Uint8().Comment("steps without a change until it rests"))
}

func describe(t rtl.Type, doc string) string {
	if doc = oneLine(doc); doc != "" {
		return t.String() + ": " + doc
	}
	return t.String()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func elemType(t rtl.Type) gotype { return holding(typeInterval(t)) }

func wordType(mem *rtl.Mem) *jen.Statement {
	if mem.Word.Lanes > 1 {
		return arrayType(mem.Word.Lanes, elemType(mem.Word))
	}
	return jen.Id(elemType(mem.Word).String())
}

func (u *unit) parameters() []jen.Code {
	names := newNamer(u.prog.names, slices.Concat(reserved, []string{laneVar, rowVar})...)
	var out []jen.Code
	for _, in := range u.params {
		u.inputs[in] = names.name(in.name)
		p := jen.Id(u.inputs[in])
		if in.vector() {
			p.Op("*")
		}
		out = append(out, p.Add(laneType(in)))
	}
	return out
}

// tracks tells whether the module has tracked sinks.
func (u *unit) tracks() bool {
	for _, s := range u.sinks {
		if s.bit != 0 {
			return true
		}
	}
	return false
}
