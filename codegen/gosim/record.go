package gosim

import (
	"math/big"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// A program that records has, beside every read and write of a memory, a statement under the same enable
// that notes the word on a tape. The pointers to the tapes are part of a module's value, and copied with it.

const (
	tapePath   = modulePath + "/sim/access/tape"
	tapesField = "tapes"
)

// memoryPort is a read or write port of a memory.
type memoryPort struct {
	mem          *rtl.Mem
	addr, enable *rtl.Node
	write        bool
}

// memoryPorts lists the ports of a module's memories in the order of a record: for each memory its read
// ports, then its write ports.
func memoryPorts(m *rtl.Module) []memoryPort {
	var ports []memoryPort
	for _, mem := range m.Mems {
		for _, r := range mem.Reads {
			ports = append(ports, memoryPort{mem, r.Addr, r.Enable, false})
		}
		for _, w := range mem.Writes {
			ports = append(ports, memoryPort{mem, w.Addr, w.Enable, true})
		}
	}
	return ports
}

func (u *unit) recordBody() []jen.Code {
	var out []jen.Code
	for i, p := range memoryPorts(u.mod) {
		out = append(out, jen.Id("m").Dot(tapesField).Index(jen.Lit(i)).Op("=").Id("deck").Dot("Port").Call(jen.Lit(p.mem.Depth)))
	}
	for _, i := range u.mod.Insts {
		out = append(out, jen.Id("m").Dot(u.instOf[i]).Dot("record").Call(jen.Id("deck")))
	}
	return out
}

// noteUse notes the word that a port uses: beyond the depth word 0 is read, and none is written.
func (f *body) noteUse(s *sink) []jen.Code {
	addr := f.expr(s.addr).value()
	note := func(word *jen.Statement) jen.Code {
		return jen.Id("m").Dot(tapesField).Index(jen.Lit(s.port)).Dot("Note").Call(word)
	}
	outside := s.addr.rng.hi.Cmp(big.NewInt(int64(s.mem.Depth))) >= 0 || s.addr.rng.lo.Sign() < 0
	switch {
	case !outside:
		return []jen.Code{note(jen.Int64().Call(addr.code))}
	case !s.write:
		word := jen.Qual(runtimePath, "Word").Call(addr.to(s.addr.gotype()).typed(), jen.Lit(s.mem.Depth))
		return []jen.Code{note(jen.Int64().Call(word))}
	}
	name := f.names.name("word")
	fits := jen.Uint64().Call(jen.Id(name)).Op("<").Lit(s.mem.Depth)
	return []jen.Code{jen.Id(name).Op(":=").Add(addr.to(s.addr.gotype()).typed()), jen.If(fits).Block(note(jen.Int64().Call(jen.Id(name))))}
}
