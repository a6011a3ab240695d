package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unequal is the predicate of VPCMPW for a != b.
const unequal = 4

func diff512(c *build.Context) {
	text(c, "diff512", "func(mask *uint64, a, b *int16, n int)", "marks where n elements differ.")
	mask, a, b, n := arg(c, "mask"), arg(c, "a"), arg(c, "b"), arg(c, "n")
	left, right, k := [2]reg.VecVirtual{c.ZMM(), c.ZMM()}, [2]reg.VecVirtual{c.ZMM(), c.ZMM()}, [2]reg.OpmaskVirtual{c.K(), c.K()}
	c.Label("word")
	c.CMPQ(n, operand.Imm(64))
	c.JLT(operand.LabelRef("rest"))
	for i := range 2 {
		c.VMOVDQU16(at(a).Offset(64*i), left[i])
		c.VPCMPW(operand.Imm(unequal), at(b).Offset(64*i), left[i], k[i])
	}
	c.KUNPCKDQ(k[0], k[1], k[0])
	c.KMOVQ(k[0], at(mask))
	c.ADDQ(operand.Imm(128), a)
	c.ADDQ(operand.Imm(128), b)
	c.ADDQ(operand.Imm(8), mask)
	c.SUBQ(operand.Imm(64), n)
	c.JMP(operand.LabelRef("word"))

	c.Label("rest")
	c.TESTQ(n, n)
	c.JZ(operand.LabelRef("done"))
	bits := c.GP64()
	c.MOVQ(operand.I32(-1), bits)
	c.BZHIQ(n, bits, bits)
	for i := range 2 { // what is not loaded counts as 0 on both sides
		c.KMOVD(bits.As32(), k[i])
		c.SHRQ(operand.Imm(32), bits)
		c.VMOVDQU16_Z(at(a).Offset(64*i), k[i], left[i])
		c.VMOVDQU16_Z(at(b).Offset(64*i), k[i], right[i])
		c.VPCMPW(operand.Imm(unequal), right[i], left[i], k[i])
	}
	c.KUNPCKDQ(k[0], k[1], k[0])
	c.KMOVQ(k[0], at(mask))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

func diff256(c *build.Context) {
	text(c, "diff256", "func(mask *uint64, a, b *int16, words int)", "marks where 64*words elements differ; words is not 0.")
	mask, a, b, words := arg(c, "mask"), arg(c, "a"), arg(c, "b"), arg(c, "words")
	c.Label("word")
	var half [2]reg.GPVirtual
	for i := range 2 {
		var v [2]reg.VecVirtual
		for j := range 2 {
			v[j] = c.YMM()
			c.VMOVDQU(at(a).Offset(64*i+32*j), v[j])
			c.VPCMPEQW(at(b).Offset(64*i+32*j), v[j], v[j])
		}
		half[i] = c.GP64()
		c.VPACKSSWB(v[1], v[0], v[0])
		c.VPERMQ(operand.Imm(0b11011000), v[0], v[0]) // the pack works in halves of 128 bits
		c.VPMOVMSKB(v[0], half[i].As32())
	}
	c.SHLQ(operand.Imm(32), half[1])
	c.ORQ(half[1], half[0])
	c.NOTQ(half[0])
	c.MOVQ(half[0], at(mask))
	c.ADDQ(operand.Imm(128), a)
	c.ADDQ(operand.Imm(128), b)
	c.ADDQ(operand.Imm(8), mask)
	c.DECQ(words)
	c.JNZ(operand.LabelRef("word"))
	c.VZEROUPPER()
	c.RET()
}

// VPHMINPOSUW gives the smallest of 8 unsigned words and the first place where it is. A signed word whose low
// 15 bits are inverted is an unsigned one in the opposite order.
func argMax(c *build.Context) {
	text(c, "argMax8", "func(mask *uint8, x *int16, step, pixels int, absent *[8]uint16)",
		"finds the first maximum of each pixel's 8 elements, those with all bits of absent set aside; step is in bytes, pixels is not 0.")
	mask, x, step, pixels := arg(c, "mask"), arg(c, "x"), arg(c, "step"), arg(c, "pixels")
	absent, invert, v := c.XMM(), c.XMM(), c.XMM()
	c.VMOVDQU(at(arg(c, "absent")), absent)
	inversion(c, invert)
	c.Label("pixel")
	c.VPXOR(at(x), invert, v)
	c.VPOR(absent, v, v)
	c.VPHMINPOSUW(v, v)
	c.VPEXTRB(operand.Imm(2), v, at(mask))
	c.ADDQ(step, x)
	c.INCQ(mask)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.RET()

	text(c, "argMaxMany", "func(mask *uint8, x *int16, step, pixels, channels int)",
		"finds the first maximum of each pixel's channels, of which there are 8 at least; step is in bytes, pixels is not 0.")
	mask, x, step, pixels = arg(c, "mask"), arg(c, "x"), arg(c, "step"), arg(c, "pixels")
	last := arg(c, "channels") // where the last 8 begin
	c.SUBQ(operand.Imm(8), last)
	inversion(c, invert)
	c.Label("pixel")
	best, channel := c.GP32(), c.GP64()
	c.MOVL(operand.I32(-1), best)
	c.XORQ(channel, channel)
	c.Label("eight")
	c.CMPQ(channel, last)
	c.CMOVQGT(last, channel)
	key := c.GP64() // the value, and below it the channel
	c.VPXOR(indexed(x, channel, 2), invert, v)
	c.VPHMINPOSUW(v, v)
	c.VMOVD(v, key.As32())
	c.ROLL(operand.Imm(16), key.As32())
	c.ADDL(channel.As32(), key.As32())
	c.CMPL(key.As32(), best)
	c.CMOVLCS(key.As32(), best)
	c.ADDQ(operand.Imm(8), channel)
	c.LEAQ(operand.Mem{Base: last, Disp: 8}, key)
	c.CMPQ(channel, key)
	c.JLT(operand.LabelRef("eight"))
	c.MOVB(best.As8(), at(mask))
	c.ADDQ(step, x)
	c.INCQ(mask)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.RET()
}

func inversion(c *build.Context, v reg.VecVirtual) {
	c.VPCMPEQW(v, v, v)
	c.VPSRLW(operand.Imm(1), v, v)
}
