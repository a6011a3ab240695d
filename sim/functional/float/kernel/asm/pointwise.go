package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	unordered = 0x03 // a NaN on either side
	greater   = 0x1e // quiet, false with a NaN
)

// pointwise writes the kernels that map activations to activations.
func pointwise(c *build.Context) {
	affine(c)
	relu(c)
	maximum(c)
	argMax(c)
}

func affine(c *build.Context) {
	text(c, "affine", "func(y, x *float32, n int, scale, shift float64)", "computes y = float32(float64(x)*scale + shift).")
	y, x, n := arg(c, "y"), arg(c, "x"), arg(c, "n")
	constant := func(name string) reg.VecVirtual {
		s, v := c.XMM(), c.YMM()
		c.Load(c.Param(name), s)
		c.VBROADCASTSD(s, v)
		return v
	}
	scale, shift := constant("scale"), constant("shift")
	vectors(c, n, []reg.GPVirtual{y, x}, func(load func(reg.GPVirtual) reg.VecVirtual, store func(reg.VecVirtual, reg.GPVirtual)) {
		v, half, wide := load(x), c.XMM(), [2]reg.VecVirtual{c.YMM(), c.YMM()}
		c.VEXTRACTF128(operand.Imm(1), v, half)
		c.VCVTPS2PD(v.AsX(), wide[0])
		c.VCVTPS2PD(half, wide[1])
		for _, d := range wide {
			c.VMULPD(scale, d, d)
			c.VADDPD(shift, d, d)
		}
		c.VCVTPD2PSY(wide[0], v.AsX())
		c.VCVTPD2PSY(wide[1], half)
		c.VINSERTF128(operand.Imm(1), half, v, v)
		store(v, y)
	})
	end(c)
}

func relu(c *build.Context) {
	text(c, "relu", "func(y, x *float32, n int)", "computes y = max(x, 0), NaN for NaN.")
	y, x, n := arg(c, "y"), arg(c, "x"), arg(c, "n")
	zero, nan, peak := c.YMM(), c.YMM(), c.YMM()
	c.VXORPS(zero, zero, zero)
	vectors(c, n, []reg.GPVirtual{y, x}, func(load func(reg.GPVirtual) reg.VecVirtual, store func(reg.VecVirtual, reg.GPVirtual)) {
		v := load(x)
		c.VMAXPS(zero, v, peak) // of -0 and 0, and of NaN and 0, the latter
		c.VCMPPS(operand.Imm(unordered), v, v, nan)
		c.VORPS(nan, peak, peak)
		store(peak, y)
	})
	end(c)
}

func maximum(c *build.Context) {
	text(c, "maximum", "func(y, x *float32, n int)", "computes y = max(y, x), NaN if either is NaN, 0 for 0 and -0.")
	y, x, n := arg(c, "y"), arg(c, "x"), arg(c, "n")
	nan, one, other := c.YMM(), c.YMM(), c.YMM()
	vectors(c, n, []reg.GPVirtual{y, x}, func(load func(reg.GPVirtual) reg.VecVirtual, store func(reg.VecVirtual, reg.GPVirtual)) {
		a, b := load(y), load(x)
		// VMAXPS gives its second operand where the two are zeros. Both ways differ in the sign at most.
		c.VMAXPS(a, b, one)
		c.VMAXPS(b, a, other)
		c.VANDPS(other, one, one)
		c.VCMPPS(operand.Imm(unordered), a, b, nan)
		c.VORPS(nan, one, one)
		store(one, y)
	})
	end(c)
}

func argMax(c *build.Context) {
	text(c, "argMax", "func(class *int32, x *float32, n, step, channels int)",
		"finds the first channel that is greater than all before; step is in bytes, channels is not 0.")
	class, x, n, step, channels := arg(c, "class"), arg(c, "x"), arg(c, "n"), arg(c, "step"), arg(c, "channels")
	one := splat(c, 1)
	part := 0
	vectors(c, n, []reg.GPVirtual{class, x}, func(load func(reg.GPVirtual) reg.VecVirtual, store func(reg.VecVirtual, reg.GPVirtual)) {
		loop, found := []string{"channel", "channelOfRest"}[part], []string{"found", "foundRest"}[part]
		part++
		best, winner, channel, above := load(x), c.YMM(), c.YMM(), c.YMM()
		c.VPXOR(winner, winner, winner)
		c.VPXOR(channel, channel, channel)
		left, plane := c.GP64(), c.GP64()
		c.MOVQ(channels, left)
		c.MOVQ(x, plane)
		c.Label(loop)
		c.DECQ(left)
		c.JZ(operand.LabelRef(found))
		c.ADDQ(step, plane)
		c.VPADDD(one, channel, channel)
		v := load(plane)
		c.VCMPPS(operand.Imm(greater), best, v, above)
		c.VBLENDVPS(above, v, best, best)
		c.VBLENDVPS(above, channel, winner, winner)
		c.JMP(operand.LabelRef(loop))
		c.Label(found)
		store(winner, class)
	})
	end(c)
}
