package gosim

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
	"rampart/sim/drive"
)

// main is the file with the ports of the top module and the entry point.
func (p *program) main(top *unit, opts Options) *jen.File {
	f := newFile()
	drivePath := modulePath + "/sim/drive"
	machine := func() *jen.Statement { return jen.Id("c").Op("*").Id("machine") }
	fields := []jen.Code{jen.Id("top").Id(top.typeName)}
	var set, args []jen.Code
	for i, in := range top.params {
		at := fmt.Sprintf("in%d", i)
		fields = append(fields, jen.Id(at).Add(laneType(in)).Comment(in.name))
		place := jen.Id("c").Dot(at)
		if in.vector() {
			args = append(args, jen.Op("&").Add(place))
		} else {
			args = append(args, place)
		}
		set = append(set, jen.Case(jen.Lit(i)).Block(unpack(place, in)))
	}
	var get []jen.Code
	for i, o := range top.mod.Outputs {
		at := fmt.Sprintf("out%d", i)
		fields = append(fields, jen.Id(at).Index(jen.Lit(o.Node.Type.Bytes())).Byte().Comment(o.Name))
		get = append(get, jen.Case(jen.Lit(i)).Block(p.pack(top, i, jen.Id("c").Dot(at))...))
	}
	step := []jen.Code{jen.Id("c").Dot("top").Dot("step").Call(args...)}
	prepare := []jen.Code{
		jen.Id("c").Op(":=").New(jen.Id("machine")),
		jen.Id("c").Dot("top").Dot("reset").Call(),
		jen.Id("c").Dot("top").Dot("wake").Call(),
	}
	serve := jen.Dict{
		jen.Id("Live"):        jen.Op("&").Id("c").Dot("top"),
		jen.Id("Core"):        jen.Id("c"),
		jen.Id("States"):      jen.Id("c").Dot("top").Dot("states").Call(jen.Nil()),
		jen.Id("Wake"):        jen.Parens(jen.Op("*").Id(top.typeName)).Dot("wake"),
		jen.Id("Fingerprint"): jen.Op(fmt.Sprintf("%#x", opts.Fingerprint)),
		jen.Id("Ports"):       portsLiteral(drivePath, opts.Ports),
	}
	if p.record {
		deck := jen.Id("c").Dot("deck")
		fields = append(fields, jen.Id("deck").Qual(tapePath, "Deck").Comment("the record of accesses to memories"))
		step = append(step, deck.Clone().Dot("Cycle").Op("++"))
		prepare = append(prepare, jen.Id("c").Dot("top").Dot("record").Call(jen.Op("&").Add(deck)))
		serve[jen.Id("Deck")] = jen.Op("&").Add(deck)
	}
	f.Comment("// machine is the design and the values of its ports.")
	f.Type().Id("machine").Struct(fields...)
	f.Line()
	f.Comment("// Get gives the packed value of an output port.")
	f.Func().Params(machine()).Id("Get").Params(jen.Id("port").Int()).Index().Byte().Block(
		jen.Switch(jen.Id("port")).Block(get...), jen.Panic(jen.Lit("BUG: no such output port")))
	f.Line()
	f.Comment("// Set drives an input port.")
	f.Func().Params(machine()).Id("Set").Params(jen.Id("port").Int(), jen.Id("packed").Index().Byte()).Block(
		jen.Switch(jen.Id("port")).Block(set...))
	f.Line()
	f.Comment("// Step is the clock edge.")
	f.Func().Params(machine()).Id("Step").Params().Block(step...)
	f.Line()
	f.Func().Id("main").Params().Block(append(prepare,
		jen.Id("m").Op(":=").Qual(runtimePath, "Machine").Types(jen.Id(top.typeName)).Values(serve),
		jen.If(jen.Err().Op(":=").Id("m").Dot("Serve").Call(jen.Qual("os", "Stdin"), jen.Qual("os", "Stdout")), jen.Err().Op("!=").Nil()).Block(
			jen.Qual("fmt", "Fprintln").Call(jen.Qual("os", "Stderr"), jen.Err()),
			jen.Qual("os", "Exit").Call(jen.Lit(1)),
		),
	)...)
	return f
}

// unpack puts packed bytes into an input port.
func unpack(place *jen.Statement, in *val) jen.Code {
	switch t := in.gotype(); {
	case in.vector():
		return jen.Qual(runtimePath, "Unpack").Call(jen.Add(place).Index(jen.Op(":")), jen.Lit(in.typ.Bits), jen.Id("packed"))
	case t.bits == 8 && !t.signed:
		return jen.Add(place).Op("=").Id("packed").Index(jen.Lit(0))
	}
	one := jen.Qual("unsafe", "Slice").Call(jen.Op("&").Add(place), jen.Lit(1))
	return jen.Qual(runtimePath, "Unpack").Call(one, jen.Lit(in.typ.Bits), jen.Id("packed"))
}

// pack returns the packed bytes of an output port, in a buffer.
func (p *program) pack(top *unit, port int, buffer *jen.Statement) []jen.Code {
	v, bits := top.outs[port], top.mod.Outputs[port].Node.Type.Bits
	var at *jen.Statement
	if v.op != rtl.OpConst {
		at = top.output(jen.Id("c").Dot("top"), port)
	}
	switch {
	case v.op == rtl.OpConst && v.vector():
		at = jen.Id(p.constant(v))
	case v.op == rtl.OpConst:
		at = jen.Index().Id(v.gotype().String()).Values(literal(v.lit(0)).code)
	case !v.vector() && v.gotype() == gotype{bits: 8}:
		return []jen.Code{jen.Add(buffer).Index(jen.Lit(0)).Op("=").Add(at), jen.Return(jen.Add(buffer).Index(jen.Op(":")))}
	case !v.vector():
		at = jen.Qual("unsafe", "Slice").Call(jen.Op("&").Add(at), jen.Lit(1))
	}
	if v.vector() {
		at = at.Index(jen.Op(":"))
	}
	return []jen.Code{jen.Return(jen.Qual(runtimePath, "Pack").Call(jen.Add(buffer).Index(jen.Op(":")), at, jen.Lit(bits)))}
}

func portsLiteral(path string, ports drive.Ports) *jen.Statement {
	streams := func(ss []drive.Stream) *jen.Statement {
		var all []jen.Code
		for _, s := range ss {
			all = append(all, jen.Values(jen.Dict{
				jen.Id("Name"): jen.Lit(s.Name), jen.Id("Valid"): jen.Lit(s.Valid), jen.Id("Ready"): jen.Lit(s.Ready),
				jen.Id("Data"): jen.Lit(s.Data), jen.Id("Bits"): jen.Lit(s.Bits),
			}))
		}
		return jen.Index().Qual(path, "Stream").Values(all...)
	}
	var pins []jen.Code
	for _, p := range ports.Pins {
		pins = append(pins, jen.Values(jen.Dict{
			jen.Id("Name"): jen.Lit(p.Name), jen.Id("Port"): jen.Lit(p.Port), jen.Id("Bits"): jen.Lit(p.Bits),
		}))
	}
	return jen.Qual(path, "Ports").Values(jen.Dict{
		jen.Id("Pins"): jen.Index().Qual(path, "Pin").Values(pins...),
		jen.Id("In"):   streams(ports.In), jen.Id("Out"): streams(ports.Out), jen.Id("Outputs"): jen.Lit(ports.Outputs),
	})
}
