package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// signature is that of the function of a tile.
func (t *tile) signature() string {
	if t.size == 1 {
		return "func(acc *int32, accStep int, x *uint8, step int, offs *int32, n int, w *int8, start *int32, tiles int)"
	}
	return denseSignature
}

func bytes512(c *build.Context) {
	for blocks := 1; blocks <= 2; blocks++ {
		for pixels := 1; pixels <= 12; pixels++ {
			dense(c, fmt.Sprintf("bytes512x%dx%d", pixels, blocks), pixels, bytesTile(c, pixels, blocks))
		}
	}
}

func bytesTile(c *build.Context, pixels, blocks int) tile {
	t := tile{size: 1}
	sums := make([]reg.VecVirtual, pixels*blocks)
	for i := range sums {
		sums[i] = c.ZMM()
	}
	nextBlock := c.GP64()
	t.begin = func(n reg.GPVirtual) {
		c.MOVQ(n, nextBlock)
		c.SHLQ(operand.Imm(6), nextBlock)
	}
	t.clear = func() {
		start := arg(c, "start")
		for i, s := range sums {
			c.VMOVDQU32(at(start).Offset(i%blocks*64), s)
		}
	}
	t.tap = func(pixel []operand.Mem, w reg.GPVirtual) {
		weights := []reg.VecVirtual{c.ZMM()}
		c.VMOVDQU32(at(w), weights[0])
		if blocks == 2 {
			weights = append(weights, c.ZMM())
			c.VMOVDQU32(indexed(w, nextBlock, 1), weights[1])
		}
		for p, x := range pixel {
			four := c.ZMM()
			c.VPBROADCASTD(x, four)
			for b, weight := range weights {
				dotBytes(c, weight, four, sums[p*blocks+b])
			}
		}
	}
	t.store = func(acc, accStep reg.GPVirtual) { storeSums(c, sums, blocks, acc, accStep) }
	return t
}

// storeSums writes a tile and moves acc to the next.
func storeSums(c *build.Context, sums []reg.VecVirtual, blocks int, acc, accStep reg.GPVirtual) {
	for i, s := range sums {
		c.VMOVDQU32(s, at(acc).Offset(i%blocks*64))
		if i%blocks == blocks-1 {
			c.ADDQ(accStep, acc)
		}
	}
}

// pack512 takes 32 channels at a time.
func pack512(c *build.Context) {
	text(c, "pack512", "func(to *uint8, toStep int, now, was *int16, step, channels, pixels int) uint64",
		"turns changes into bytes; step is in bytes, channels and pixels are not 0. The result is 0 where all fit.")
	to, toStep, now, was := arg(c, "to"), arg(c, "toStep"), arg(c, "now"), arg(c, "was")
	step, channels, pixels := arg(c, "step"), arg(c, "channels"), arg(c, "pixels")
	lanes, over, some := c.K(), c.K(), c.K()
	rest := c.GP64() // of the last vector, 1 to 32
	c.LEAQ(operand.Mem{Base: channels, Disp: -1}, rest)
	c.ANDQ(operand.Imm(31), rest)
	bits := c.GP64()
	c.MOVQ(operand.I32(-2), bits)
	c.SHLXQ(rest, bits, bits)
	c.NOTQ(bits)
	c.KMOVD(bits.As32(), lanes)
	c.SUBQ(rest, channels)
	c.DECQ(channels) // those of whole vectors before the last
	c.KXORD(some, some, some)
	middle, most := c.ZMM(), c.ZMM()
	for _, k := range []struct {
		v    reg.VecVirtual
		word uint32
	}{{middle, 128}, {most, 127}} {
		c.MOVL(operand.U32(k.word), bits.As32())
		c.VPBROADCASTW(bits.As32(), k.v)
	}
	v, before, bytes, high := c.ZMM(), c.ZMM(), c.YMM(), c.ZMM()
	c.Label("pixel")
	channel := c.GP64()
	c.XORQ(channel, channel)
	c.CMPQ(channel, channels)
	c.JGE(operand.LabelRef("last"))
	// A change that leaves 16 bits is no byte either way: saturation keeps it large.
	c.Label("chunk")
	c.VMOVDQU16(indexed(now, channel, 2), v)
	c.VPSUBSW(indexed(was, channel, 2), v, v)
	c.VPADDW(middle, v, high)
	c.VPMOVWB(high, bytes)
	c.VMOVDQU(bytes, indexed(to, channel, 1))
	beyond(c, v, high, most, over)
	c.KORD(over, some, some)
	c.ADDQ(operand.Imm(32), channel)
	c.CMPQ(channel, channels)
	c.JLT(operand.LabelRef("chunk"))
	c.Label("last")
	c.VMOVDQU16_Z(indexed(now, channel, 2), lanes, v)
	c.VMOVDQU16_Z(indexed(was, channel, 2), lanes, before)
	c.VPSUBSW(before, v, v)
	c.VPADDW(middle, v, high)
	c.VPMOVWB(high, bytes)
	c.VMOVDQU8(bytes, lanes, indexed(to, channel, 1))
	beyond(c, v, high, most, over)
	c.KORD(over, some, some)
	c.ADDQ(toStep, to)
	c.ADDQ(step, now)
	c.ADDQ(step, was)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.XORQ(bits, bits)
	c.KMOVD(some, bits.As32())
	c.Store(bits, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}

// beyond marks the words of v outside -128 to 127. It destroys v and scratch.
func beyond(c *build.Context, v, scratch, most reg.VecVirtual, k reg.OpmaskVirtual) {
	c.VPSRAW(operand.Imm(15), v, scratch)
	c.VPXORD(scratch, v, v) // negative v becomes -v-1
	c.VPCMPW(operand.Imm(6), most, v, k)
}
