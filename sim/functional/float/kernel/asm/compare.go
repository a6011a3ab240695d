package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// compare writes the kernels that look for differences and for what is not finite.
func compare(c *build.Context) {
	firstDiff(c)
	lastDiff(c)
	countDiff(c)
	nonFinite(c)
}

// same sets all bits of the lanes in which a and b are the same or both NaN. It destroys both.
func same(c *build.Context, a, b reg.VecVirtual) reg.VecVirtual {
	equal := c.YMM()
	c.VPCMPEQD(a, b, equal)
	c.VCMPPS(operand.Imm(unordered), a, a, a)
	c.VCMPPS(operand.Imm(unordered), b, b, b)
	c.VANDPS(a, b, a)
	c.VORPS(a, equal, equal)
	return equal
}

// differing gives a bit for each of 8 lanes that differ, and sets the flag Z if none does.
func differing(c *build.Context, a, b reg.VecVirtual) reg.GPVirtual {
	bits := c.GP32()
	c.VMOVMSKPS(same(c, a, b), bits)
	c.XORL(operand.U32(0xff), bits)
	return bits
}

func firstDiff(c *build.Context) {
	text(c, "firstDiff", "func(a, b *float32, n int) int", "is the first of n places that differ, or n or more.")
	a, b, n := arg(c, "a"), arg(c, "b"), arg(c, "n")
	place := c.GP64()
	found := c.GP32()
	c.MOVQ(operand.I32(-8), place)
	vectors(c, n, []reg.GPVirtual{a, b}, func(load func(reg.GPVirtual) reg.VecVirtual, _ func(reg.VecVirtual, reg.GPVirtual)) {
		c.ADDQ(operand.Imm(8), place)
		c.MOVL(differing(c, load(a), load(b)), found)
		c.TESTL(found, found)
		c.JNZ(operand.LabelRef("found"))
	})
	c.ADDQ(operand.Imm(8), place)
	c.MOVL(operand.U32(1), found)
	c.Label("found")
	c.BSFL(found, found)
	c.ADDQ(found.As64(), place)
	c.Store(place, c.ReturnIndex(0))
	end(c)
}

func lastDiff(c *build.Context) {
	text(c, "lastDiff", "func(a, b *float32, n int) int", "is the last of n places that differ, or negative; n is a multiple of 8.")
	a, b, n := arg(c, "a"), arg(c, "b"), arg(c, "n")
	c.Label("vector")
	c.SUBQ(operand.Imm(8), n)
	c.JLT(operand.LabelRef("none"))
	v, u := c.YMM(), c.YMM()
	c.VMOVUPS(indexed(a, n, 4), v)
	c.VMOVUPS(indexed(b, n, 4), u)
	found := differing(c, v, u)
	c.TESTL(found, found)
	c.JZ(operand.LabelRef("vector"))
	c.BSRL(found, found)
	c.ADDQ(found.As64(), n)
	c.Label("none")
	c.Store(n, c.ReturnIndex(0))
	end(c)
}

func countDiff(c *build.Context) {
	text(c, "countDiff", "func(a, b *float32, n int) int", "counts the places that differ.")
	a, b, n := arg(c, "a"), arg(c, "b"), arg(c, "n")
	total := c.GP64()
	c.XORQ(total, total)
	vectors(c, n, []reg.GPVirtual{a, b}, func(load func(reg.GPVirtual) reg.VecVirtual, _ func(reg.VecVirtual, reg.GPVirtual)) {
		bits := differing(c, load(a), load(b))
		c.POPCNTL(bits, bits)
		c.ADDQ(bits.As64(), total)
	})
	c.Store(total, c.ReturnIndex(0))
	end(c)
}

func nonFinite(c *build.Context) {
	text(c, "nonFinite", "func(x *float32, n int) (nan, inf int)", "counts the places of NaN and of infinities.")
	x, n := arg(c, "x"), arg(c, "n")
	magnitude, infinity := splat(c, 0x7fffffff), splat(c, 0x7f800000)
	counts := [2]reg.GPVirtual{c.GP64(), c.GP64()}
	for _, k := range counts {
		c.XORQ(k, k)
	}
	is, bits := c.YMM(), c.GP32()
	vectors(c, n, []reg.GPVirtual{x}, func(load func(reg.GPVirtual) reg.VecVirtual, _ func(reg.VecVirtual, reg.GPVirtual)) {
		v := load(x)
		c.VPAND(magnitude, v, v)
		for i, compare := range []func(){
			func() { c.VPCMPGTD(infinity, v, is) },
			func() { c.VPCMPEQD(infinity, v, is) },
		} {
			compare()
			c.VMOVMSKPS(is, bits)
			c.POPCNTL(bits, bits)
			c.ADDQ(bits.As64(), counts[i])
		}
	})
	c.Store(counts[0], c.Return("nan"))
	c.Store(counts[1], c.Return("inf"))
	end(c)
}
