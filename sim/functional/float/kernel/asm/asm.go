package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// text begins a function. Its pointers do not outlive the call.
func text(c *build.Context, name, signature, doc string) {
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.Pragma("noescape")
	c.SignatureExpr(signature)
	c.Doc(name + " " + doc)
}

// arg loads an argument of 64 bits.
func arg(c *build.Context, name string) reg.GPVirtual {
	r := c.GP64()
	c.Load(c.Param(name), r)
	return r
}

func at(base reg.Register) operand.Mem { return operand.Mem{Base: base} }

func indexed(base, index reg.Register, scale uint8) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale}
}

// table is what firstLanes reads.
func table(c *build.Context) {
	c.StaticGlobal("lanes")
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 4 {
		c.AddDatum(8*i, operand.U64(1<<64-1))
	}
	for i := range 4 {
		c.AddDatum(32+8*i, operand.U64(0))
	}
}

// firstLanes sets all bits of the first count lanes of mask, count up to 8, and clears the others.
func firstLanes(c *build.Context, count reg.GPVirtual, mask reg.VecVirtual) {
	from, bytes := c.GP64(), c.GP64()
	c.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("lanes"), 32), from)
	c.MOVQ(count, bytes)
	c.SHLQ(operand.Imm(2), bytes)
	c.SUBQ(bytes, from)
	c.VMOVUPS(at(from), mask)
}

// splat loads a constant into all 8 lanes of 32 bits.
func splat(c *build.Context, bits uint32) reg.VecVirtual {
	r, x, v := c.GP32(), c.XMM(), c.YMM()
	c.MOVL(operand.U32(bits), r)
	c.VMOVD(r, x)
	c.VPBROADCASTD(x, v)
	return v
}

// vectors writes a loop over elements, 8 at a time, with the rest of n last. body is written twice; it moves
// vectors between registers and the places of the present elements by load and store, of which the pointers
// advance together. In the last turn, lanes past the end load as 0 and are not stored.
func vectors(c *build.Context, n reg.GPVirtual, pointers []reg.GPVirtual, body func(load func(reg.GPVirtual) reg.VecVirtual, store func(reg.VecVirtual, reg.GPVirtual))) {
	c.Label("vector")
	c.CMPQ(n, operand.Imm(8))
	c.JLT(operand.LabelRef("rest"))
	body(func(p reg.GPVirtual) reg.VecVirtual {
		v := c.YMM()
		c.VMOVUPS(at(p), v)
		return v
	}, func(v reg.VecVirtual, p reg.GPVirtual) { c.VMOVUPS(v, at(p)) })
	for _, p := range pointers {
		c.ADDQ(operand.Imm(32), p)
	}
	c.SUBQ(operand.Imm(8), n)
	c.JMP(operand.LabelRef("vector"))

	c.Label("rest")
	c.TESTQ(n, n)
	c.JZ(operand.LabelRef("done"))
	mask := c.YMM()
	firstLanes(c, n, mask)
	body(func(p reg.GPVirtual) reg.VecVirtual {
		v := c.YMM()
		c.VMASKMOVPS(at(p), mask, v)
		return v
	}, func(v reg.VecVirtual, p reg.GPVirtual) { c.VMASKMOVPS(v, mask, at(p)) })
	c.Label("done")
}

func end(c *build.Context) {
	c.VZEROUPPER()
	c.RET()
}
