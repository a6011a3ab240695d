package gosim

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

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
