package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// nextSums are the orders of the words of 32 bits in a quarter vector that bring a sum of two next to each of two, then
// those of four.
var nextSums = []uint64{0b10110001, 0b01001110}

func sway512(c *build.Context) {
	text(c, "sway512x4", "func(s *int32, now, was *int16, vectors int, by *int16)",
		"sums up changes of pixels of 8 channels that lie side by side, 4 to a vector; vectors is not 0.")
	s, now, was, vectors := arg(c, "s"), arg(c, "now"), arg(c, "was"), arg(c, "vectors")
	by, firsts := c.ZMM(), c.K()
	c.VBROADCASTI32X4(at(arg(c, "by")), by)
	bits := c.GP32()
	c.MOVL(operand.U32(0x1111), bits)
	c.KMOVW(bits, firsts)
	c.Label("vector")
	v, next := c.ZMM(), c.ZMM()
	c.VMOVDQU16(at(now), v)
	c.VPSUBW(at(was), v, v)
	c.VPABSW(v, v)
	c.VPMADDWD(by, v, v)
	for _, order := range nextSums {
		c.VPSHUFD(operand.U8(order), v, next)
		c.VPADDD(next, v, v)
	}
	c.VPCOMPRESSD_Z(v, firsts, v)
	c.VMOVDQU(v.AsX(), at(s))
	c.ADDQ(operand.Imm(16), s)
	c.ADDQ(operand.Imm(64), now)
	c.ADDQ(operand.Imm(64), was)
	c.DECQ(vectors)
	c.JNZ(operand.LabelRef("vector"))
	c.VZEROUPPER()
	c.RET()

	swayPixels(c)
}

// swayPixels goes pixel by pixel, 32 channels at a time.
func swayPixels(c *build.Context) {
	text(c, "sway512", "func(s *int32, now, was *int16, step, pixels int, by *int16, channels int)",
		"sums up changes pixel by pixel; step is in bytes, pixels and channels are not 0.")
	s, now, was, step := arg(c, "s"), arg(c, "now"), arg(c, "was"), arg(c, "step")
	pixels, by, channels := arg(c, "pixels"), arg(c, "by"), arg(c, "channels")
	rest, lanes := c.GP64(), c.K() // of the last vector, 1 to 32
	c.LEAQ(operand.Mem{Base: channels, Disp: -1}, rest)
	c.ANDQ(operand.Imm(31), rest)
	bits := c.GP64()
	c.MOVQ(operand.I32(-2), bits)
	c.SHLXQ(rest, bits, bits)
	c.NOTQ(bits)
	c.KMOVD(bits.As32(), lanes)
	c.SUBQ(rest, channels)
	c.DECQ(channels) // those of whole vectors before the last
	c.Label("pixel")
	sum, v, was2, weights, channel := c.ZMM(), c.ZMM(), c.ZMM(), c.ZMM(), c.GP64()
	c.VPXORD(sum, sum, sum)
	c.XORQ(channel, channel)
	c.CMPQ(channel, channels)
	c.JGE(operand.LabelRef("last"))
	c.Label("chunk")
	c.VMOVDQU16(indexed(now, channel, 2), v)
	c.VPSUBW(indexed(was, channel, 2), v, v)
	c.VPABSW(v, v)
	c.VPMADDWD(indexed(by, channel, 2), v, v)
	c.VPADDD(v, sum, sum)
	c.ADDQ(operand.Imm(32), channel)
	c.CMPQ(channel, channels)
	c.JLT(operand.LabelRef("chunk"))
	c.Label("last")
	c.VMOVDQU16_Z(indexed(now, channel, 2), lanes, v)
	c.VMOVDQU16_Z(indexed(was, channel, 2), lanes, was2)
	c.VMOVDQU16_Z(indexed(by, channel, 2), lanes, weights)
	c.VPSUBW(was2, v, v)
	c.VPABSW(v, v)
	c.VPMADDWD(weights, v, v)
	c.VPADDD(v, sum, sum)
	half, quarter := c.YMM(), c.XMM()
	c.VEXTRACTI64X4(operand.Imm(1), sum, half)
	c.VPADDD(half, sum.AsY(), half)
	c.VEXTRACTI128(operand.Imm(1), half, quarter)
	c.VPADDD(quarter, half.AsX(), quarter)
	for _, order := range nextSums {
		c.VPSHUFD(operand.U8(order), quarter, half.AsX())
		c.VPADDD(half.AsX(), quarter, quarter)
	}
	c.VMOVD(quarter, at(s))
	c.ADDQ(operand.Imm(4), s)
	c.ADDQ(step, now)
	c.ADDQ(step, was)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.VZEROUPPER()
	c.RET()
}

// exceed512 adds up the windows of 16 pixels at a time.
func exceed512(c *build.Context) {
	text(c, "exceed512", "func(mask *uint64, s *int32, row, height, width int, limit *int32, pixels int) uint64",
		"compares sums of windows with limits; row is in bytes, height, width and pixels are not 0. The result is 0 where none is above.")
	mask, s, row, limit, pixels := arg(c, "mask"), arg(c, "s"), arg(c, "row"), arg(c, "limit"), arg(c, "pixels")
	height, width := arg(c, "height"), arg(c, "width")
	found, lanes, above := c.GP64(), c.K(), c.K()
	c.XORQ(found, found)
	c.Label("vector")
	bits, count := c.GP64(), c.GP64()
	c.MOVQ(operand.I32(-1), bits)
	c.MOVQ(operand.I32(16), count)
	c.CMPQ(pixels, count)
	c.CMOVQLT(pixels, count)
	c.BZHIQ(count, bits, bits)
	c.KMOVW(bits.As32(), lanes)
	sum, v, y, x, line := c.ZMM(), c.ZMM(), c.GP64(), c.GP64(), c.GP64()
	c.VPXORD(sum, sum, sum)
	c.MOVQ(height, y)
	c.MOVQ(s, line)
	c.Label("line")
	c.XORQ(x, x)
	c.Label("column")
	c.VMOVDQU32_Z(indexed(line, x, 4), lanes, v)
	c.VPADDD(v, sum, sum)
	c.INCQ(x)
	c.CMPQ(x, width)
	c.JLT(operand.LabelRef("column"))
	c.ADDQ(row, line)
	c.DECQ(y)
	c.JNZ(operand.LabelRef("line"))
	c.VMOVDQU32_Z(at(limit), lanes, v)
	c.VPCMPD(operand.Imm(6), v, sum, lanes, above) // greater
	c.KMOVW(above, bits.As32())
	c.MOVW(bits.As16(), at(mask))
	c.ORQ(bits, found)
	c.ADDQ(operand.Imm(2), mask)
	c.ADDQ(operand.Imm(64), s)
	c.ADDQ(operand.Imm(64), limit)
	c.SUBQ(operand.Imm(16), pixels)
	c.JG(operand.LabelRef("vector"))
	c.Store(found, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}
