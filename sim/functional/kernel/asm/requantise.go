package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The odd lanes' constants lie this many bytes after those of the even lanes: see kernel.Scale.
const oddLanes = 64

const requantiseSignature = "func(y *int16, yStep int, acc, delta *int32, accStep, pixels int, mult, add, shift, sign, tie *int64, lo, hi, zero int64, wrap uint64, lanes int)"

// requantise is the frame of all its functions: it calls body for each pixel.
func requantise(c *build.Context, begin func(), body func(y, acc, delta reg.GPVirtual)) {
	y, yStep, acc, delta := arg(c, "y"), arg(c, "yStep"), arg(c, "acc"), arg(c, "delta")
	accStep, pixels := arg(c, "accStep"), arg(c, "pixels")
	begin()
	c.Label("pixel")
	body(y, acc, delta)
	next := c.GP64()
	c.LEAQ(indexed(delta, accStep, 1), next)
	c.TESTQ(delta, delta)
	c.CMOVQNE(next, delta)
	c.ADDQ(accStep, acc)
	c.ADDQ(yStep, y)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.VZEROUPPER()
	c.RET()
}

// spread loads an argument into every lane of 64 bits, or of 32.
func spread(c *build.Context, name string, bits int, v reg.VecVirtual) {
	r, x := arg(c, name), c.XMM()
	c.VMOVQ(r, x)
	if bits == 64 {
		c.VPBROADCASTQ(x, v)
	} else {
		c.VPBROADCASTD(x, v)
	}
}

// Even and odd lanes are apart, for each 32-bit accumulator makes a 64-bit product.

// exact is the requantisation of 16 accumulators in 64 bits.
type exact struct {
	c                      *build.Context
	even                   bool
	mult, add, shift, tie  [2]reg.VecVirtual
	lo, hi, zero, minusTwo reg.VecVirtual
	odds                   reg.OpmaskVirtual
}

func newExact(c *build.Context, even bool) *exact {
	return &exact{c: c, even: even, lo: c.ZMM(), hi: c.ZMM(), zero: c.ZMM(), minusTwo: c.ZMM(), odds: c.K()}
}

// begin loads what lasts for the call, from arguments of the names that requantiseSignature has.
func (x *exact) begin() {
	c := x.c
	for _, k := range []struct {
		name string
		to   *[2]reg.VecVirtual
	}{{"mult", &x.mult}, {"add", &x.add}, {"shift", &x.shift}, {"tie", &x.tie}} {
		if k.name == "tie" && !x.even {
			continue
		}
		from := arg(c, k.name)
		for i := range 2 {
			k.to[i] = c.ZMM()
			c.VMOVDQU64(at(from).Offset(oddLanes*i), k.to[i])
		}
	}
	spread(c, "lo", 64, x.lo)
	spread(c, "hi", 64, x.hi)
	spread(c, "zero", 32, x.zero)
	if x.even {
		c.VPTERNLOGQ(operand.Imm(0xff), x.minusTwo, x.minusTwo, x.minusTwo)
		c.VPADDQ(x.minusTwo, x.minusTwo, x.minusTwo)
	}
	mask := c.GP64()
	c.MOVQ(operand.U32(0xaaaa), mask)
	c.KMOVW(mask.As32(), x.odds)
}

// apply requantises sums that have wrapped.
func (x *exact) apply(sums reg.VecVirtual) reg.VecVirtual {
	c := x.c
	v := [2]reg.VecVirtual{sums, c.ZMM()}
	c.VPSRLQ(operand.Imm(32), v[0], v[1])
	for i, v := range v {
		c.VPMULDQ(x.mult[i], v, v)
		c.VPADDQ(x.add[i], v, v)
		tied := c.K()
		if x.even {
			c.VPTESTNMQ(x.tie[i], v, tied)
		}
		c.VPSRAVQ(x.shift[i], v, v)
		if x.even {
			c.VPANDQ(x.minusTwo, v, tied, v)
		}
		c.VPMAXSQ(x.lo, v, v)
		c.VPMINSQ(x.hi, v, v)
	}
	c.VPSLLQ(operand.Imm(32), v[1], v[1])
	c.VPBLENDMD(v[1], v[0], x.odds, v[0])
	c.VPADDD(x.zero, v[0], v[0])
	return v[0]
}

func requantise512(c *build.Context) {
	for _, even := range []bool{false, true} {
		name, doc := "requantiseUp512", "requantises up to 16 channels of a run of pixels, ties upwards; its steps are in bytes, pixels is not 0."
		if even {
			name, doc = "requantiseEven512", "is requantiseUp512 with ties to the even neighbour."
		}
		text(c, name, requantiseSignature, doc)
		x, wrap, lanes := newExact(c, even), c.XMM(), c.K()
		begin := func() {
			x.begin()
			c.VMOVQ(arg(c, "wrap"), wrap)
			firstBits(c, arg(c, "lanes"), lanes)
		}
		requantise(c, begin, func(y, acc, delta reg.GPVirtual) {
			v, more := c.ZMM(), c.ZMM()
			c.VMOVDQU32_Z(at(acc), lanes, v)
			c.TESTQ(delta, delta)
			c.JZ(operand.LabelRef("summed"))
			c.VMOVDQU32_Z(at(delta), lanes, more)
			c.VPADDD(more, v, v)
			c.Label("summed")
			c.VPSLLD(wrap, v, v)
			c.VPSRAD(wrap, v, v)
			c.VPMOVDW(x.apply(v), lanes, at(y))
		})
	}
}

func requantise256(c *build.Context) {
	for _, even := range []bool{false, true} {
		name, doc := "requantiseUp256", "requantises up to 8 channels of a run of pixels, ties upwards; its steps are in bytes, pixels is not 0."
		if even {
			name, doc = "requantiseEven256", "is requantiseUp256 with ties to the even neighbour."
		}
		text(c, name, requantiseSignature, doc)
		var mult, shift, sign [2]reg.VecVirtual
		lo, hi, zero, wrap, lanes := c.YMM(), c.YMM(), c.YMM(), c.XMM(), c.YMM()
		add, tie, count := c.GP64(), c.GP64(), c.GP64()
		begin := func() {
			for _, k := range []struct {
				name string
				to   *[2]reg.VecVirtual
			}{{"mult", &mult}, {"shift", &shift}, {"sign", &sign}} {
				from := arg(c, k.name)
				for i := range 2 {
					k.to[i] = c.YMM()
					c.VMOVDQU(at(from).Offset(oddLanes*i), k.to[i])
				}
			}
			c.Load(c.Param("add"), add)
			if even {
				c.Load(c.Param("tie"), tie)
			}
			spread(c, "lo", 64, lo)
			spread(c, "hi", 64, hi)
			spread(c, "zero", 32, zero)
			c.VMOVQ(arg(c, "wrap"), wrap)
			c.Load(c.Param("lanes"), count)
			firstLanes(c, count, lanes)
		}
		requantise(c, begin, func(y, acc, delta reg.GPVirtual) {
			v, t := [2]reg.VecVirtual{c.YMM(), c.YMM()}, c.YMM()
			c.VPMASKMOVD(at(acc), lanes, v[0])
			c.TESTQ(delta, delta)
			c.JZ(operand.LabelRef("summed"))
			c.VPMASKMOVD(at(delta), lanes, t)
			c.VPADDD(t, v[0], v[0])
			c.Label("summed")
			c.VPSLLD(wrap, v[0], v[0])
			c.VPSRAD(wrap, v[0], v[0])
			c.VPSRLQ(operand.Imm(32), v[0], v[1])
			for i, v := range v {
				c.VPMULDQ(mult[i], v, v)
				c.VPADDQ(at(add).Offset(oddLanes*i), v, v)
				if even {
					none := c.YMM()
					c.VPXOR(none, none, none)
					c.VPAND(at(tie).Offset(oddLanes*i), v, t)
					c.VPCMPEQQ(none, t, t)
					c.VPSRLQ(operand.Imm(63), t, t)
				}
				// An arithmetic shift of 64 bits is a logical one whose sign is extended after.
				c.VPSRLVQ(shift[i], v, v)
				c.VPXOR(sign[i], v, v)
				c.VPSUBQ(sign[i], v, v)
				if even {
					c.VPANDN(v, t, v)
				}
				c.VPCMPGTQ(v, lo, t)
				c.VBLENDVPD(t, lo, v, v)
				c.VPCMPGTQ(hi, v, t)
				c.VBLENDVPD(t, hi, v, v)
			}
			c.VPSLLQ(operand.Imm(32), v[1], v[1])
			c.VPBLENDD(operand.Imm(0xaa), v[1], v[0], v[0])
			c.VPADDD(zero, v[0], v[0])
			c.VEXTRACTI128(operand.Imm(1), v[0], t.AsX())
			c.VPACKSSDW(t.AsX(), v[0].AsX(), t.AsX())
			store(c, t.AsX(), y, count)
		})
	}
}

// store writes the first count words of v, count up to 8. It destroys v.
func store(c *build.Context, v reg.Register, to, count reg.GPVirtual) {
	c.CMPQ(count, operand.Imm(8))
	c.JNE(operand.LabelRef("some"))
	c.VMOVDQU(v, at(to))
	c.JMP(operand.LabelRef("stored"))
	c.Label("some")
	rest := c.GP64()
	c.MOVQ(to, rest)
	for _, part := range []struct {
		words int
		label string
		write func()
	}{
		{4, "no4", func() { c.VMOVQ(v, at(rest)) }},
		{2, "no2", func() { c.VMOVD(v, at(rest)) }},
		{1, "stored", func() { c.VPEXTRW(operand.Imm(0), v, at(rest)) }},
	} {
		c.TESTQ(operand.I32(int32(part.words)), count)
		c.JZ(operand.LabelRef(part.label))
		part.write()
		if part.words > 1 {
			c.VPSRLDQ(operand.Imm(uint64(2*part.words)), v, v)
			c.ADDQ(operand.Imm(uint64(2*part.words)), rest)
		}
		c.Label(part.label)
	}
}
