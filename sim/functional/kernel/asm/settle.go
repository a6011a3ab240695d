package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// settler is one way of requantising for Settle.
type settler struct {
	name, doc, constants, results string
	pixels                        int  // of a vector
	apart                         bool // the two pixels of a vector lie yStep apart, not side by side
	begin                         func()
	// requantise turns sums into activations of 32 bits. It jumps to "unsure" where it cannot tell.
	requantise func(sum reg.VecVirtual) reg.VecVirtual
}

// settle512 writes the functions of Settle: in single precision, for one, two, four and eight pixels to a vector and
// for two that lie apart, and in 64 bits, for both ways of rounding ties.
func settle512(c *build.Context) {
	for pixels := 1; pixels <= 8; pixels *= 2 {
		settle(c, nearly(c, pixels))
	}
	apart := nearly(c, 2)
	apart.name, apart.apart = "settle512x2apart", true
	settle(c, apart)
	settle(c, exactly(c, false))
	settle(c, exactly(c, true))
}

// nearly requantises in single precision and sets aside what may lie on the other side of a half.
func nearly(c *build.Context, pixels int) settler {
	mult, add, lo, hi, sure, doubt, magnitude := c.ZMM(), c.ZMM(), c.ZMM(), c.ZMM(), c.ZMM(), c.ZMM(), c.ZMM()
	far := c.K()
	return settler{
		name: fmt.Sprintf("settle512x%d", pixels), pixels: pixels,
		doc:       fmt.Sprintf("requantises in single precision, %d pixels at a time; those it is not sure of it leaves.", pixels),
		constants: "mult, add *float32, lo, hi, sure, doubt float32", results: "(changed, unsure uint64)",
		begin: func() {
			c.VMOVDQU32(at(arg(c, "mult")), mult)
			c.VMOVDQU32(at(arg(c, "add")), add)
			for _, k := range []struct {
				name string
				v    reg.VecVirtual
			}{{"lo", lo}, {"hi", hi}, {"sure", sure}, {"doubt", doubt}} {
				x := c.XMM()
				c.Load(c.Param(k.name), x)
				c.VBROADCASTSS(x, k.v)
			}
			c.VPTERNLOGD(operand.Imm(0xff), magnitude, magnitude, magnitude)
			c.VPSRLD(operand.Imm(1), magnitude, magnitude)
		},
		requantise: func(v reg.VecVirtual) reg.VecVirtual {
			whole, limit := c.ZMM(), c.ZMM()
			c.VCVTDQ2PS(v, v)
			c.VFMADD213PS(add, mult, v)
			c.VMAXPS(lo, v, v)
			c.VMINPS(hi, v, v)
			c.VRNDSCALEPS(operand.Imm(0), v, whole)
			c.VPANDD(magnitude, v, limit)
			c.VFNMADD213PS(sure, doubt, limit) // sure - doubt*|v|
			c.VSUBPS(whole, v, v)
			c.VPANDD(magnitude, v, v)
			c.VCMPPS(operand.Imm(14), limit, v, far) // greater
			c.KORTESTW(far, far)
			c.JNZ(operand.LabelRef("unsure"))
			c.VCVTPS2DQ(whole, whole)
			return whole
		},
	}
}

// exactly requantises in 64 bits, as Requantise does.
func exactly(c *build.Context, even bool) settler {
	x := newExact(c, even)
	name, doc := "settleUp512", "requantises pixel by pixel, ties upwards."
	if even {
		name, doc = "settleEven512", "is settleUp512 with ties to the even neighbour."
	}
	return settler{
		name: name, doc: doc, pixels: 1,
		constants: "mult, add, shift, tie *int64, lo, hi, zero int64", results: "(changed uint64)",
		begin: x.begin, requantise: x.apply,
	}
}

// settle writes a function that goes through the pixels of todo.
func settle(c *build.Context, s settler) {
	text(c, s.name, fmt.Sprintf("func(y, was *int16, yStep int, acc, delta *int32, accStep int, todo uint64, wrap uint64, lanes int, %s) %s", s.constants, s.results),
		s.doc+" Its steps are in bytes, todo is not 0.")
	y, was, yStep, acc, delta, accStep, todo := arg(c, "y"), arg(c, "was"), arg(c, "yStep"), arg(c, "acc"), arg(c, "delta"), arg(c, "accStep"), arg(c, "todo")
	wrap, lanes, differ := c.XMM(), c.K(), c.K()
	bitsOff := arg(c, "wrap")
	c.VMOVQ(bitsOff, wrap)
	firstBits(c, arg(c, "lanes"), lanes)
	s.begin()
	changed, unsure := c.GP64(), c.GP64()
	c.XORQ(changed, changed)
	c.XORQ(unsure, unsure)

	c.Label("pixel")
	p, place, now := c.GP64(), c.GP64(), c.GP64()
	c.TZCNTQ(todo, p)
	if s.pixels == 1 {
		c.BLSRQ(todo, todo)
	} else {
		c.ANDQ(operand.I32(int32(-s.pixels)), p)
		group := c.GP64()
		c.MOVQ(operand.I32(int32(1)<<s.pixels-1), group)
		c.SHLXQ(p, group, group)
		c.ANDNQ(todo, group, todo)
	}
	sum, before := c.ZMM(), c.ZMM()
	c.MOVQ(p, place)
	c.IMULQ(accStep, place)
	c.VMOVDQU32_Z(indexed(acc, place, 1), lanes, sum)
	c.TESTQ(delta, delta)
	c.JZ(operand.LabelRef("summed"))
	c.VMOVDQU32_Z(indexed(delta, place, 1), lanes, before)
	c.VPADDD(before, sum, sum)
	c.Label("summed")
	c.MOVQ(p, now)
	c.IMULQ(yStep, now)
	c.TESTQ(bitsOff, bitsOff)
	c.JZ(operand.LabelRef("whole"))
	c.VPSLLD(wrap, sum, sum)
	c.VPSRAD(wrap, sum, sum)
	c.Label("whole")
	v := s.requantise(sum)
	next := c.GP64()
	if s.apart {
		halves := c.YMM()
		c.LEAQ(indexed(now, yStep, 1), next)
		c.VMOVDQU(indexed(was, now, 1), halves.AsX())
		c.VINSERTI128(operand.Imm(1), indexed(was, next, 1), halves, halves)
		c.VPMOVSXWD(halves, before)
	} else {
		c.VPMOVSXWD_Z(indexed(was, now, 1), lanes, before)
	}
	c.VPCMPD(operand.Imm(unequal), before, v, lanes, differ)
	bits, some := c.GP64(), c.GP64()
	// Most pixels that are looked at have changed, but not so many that a branch would be predicted well.
	c.KMOVW(differ, bits.As32())
	c.VPMOVDW(v, v.AsY())
	if s.apart {
		upper, second := c.K(), c.YMM()
		c.KSHIFTRW(operand.Imm(8), differ, upper)
		c.VMOVDQU16(v.AsX(), differ, indexed(y, now, 1))
		c.VEXTRACTI128(operand.Imm(1), v.AsY(), second.AsX())
		c.VMOVDQU16(second.AsX(), upper, indexed(y, next, 1))
	} else {
		c.VMOVDQU16(v.AsY(), differ, indexed(y, now, 1))
	}
	part := uint32(1)<<(16/s.pixels) - 1
	for i := range s.pixels {
		c.XORL(some.As32(), some.As32())
		c.TESTL(operand.U32(part<<(i*16/s.pixels)), bits.As32())
		c.SETNE(some.As8())
		c.SHLXQ(p, some, some)
		if i > 0 {
			c.SHLQ(operand.Imm(uint64(i)), some)
		}
		c.ORQ(some, changed)
	}
	c.Label("next")
	c.TESTQ(todo, todo)
	c.JNZ(operand.LabelRef("pixel"))
	c.JMP(operand.LabelRef("done"))

	c.Label("unsure")
	c.MOVL(operand.U32(uint32(1)<<s.pixels-1), place.As32())
	c.SHLXQ(p, place, place)
	c.ORQ(place, unsure)
	c.JMP(operand.LabelRef("next"))

	c.Label("done")
	c.Store(changed, c.Return("changed"))
	if s.results != "(changed uint64)" {
		c.Store(unsure, c.Return("unsure"))
	}
	c.VZEROUPPER()
	c.RET()
}
