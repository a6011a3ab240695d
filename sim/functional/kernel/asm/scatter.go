package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectors is how many vectors of sums scatter keeps in registers at most.
const vectors = 4

const scatterSignature = "func(acc *int32, segs *[3]int32, nsegs int, dx *uint32, pairs *int32, n int, pairStep int, w *int16)"

// scatter is the frame of both functions: for each segment it loads the place of its sums and weights and its
// number of lanes, and calls body, which may change all three and ends where it ends.
func scatter(c *build.Context, name string, body func(acc, w, lanes, pairStep reg.GPVirtual)) {
	text(c, name, scatterSignature, "adds to the sums of every segment; pairStep is in bytes, no count is 0.")
	segs, nsegs, pairStep := arg(c, "segs"), arg(c, "nsegs"), arg(c, "pairStep")
	c.Label("segment")
	acc, w, lanes := c.GP64(), c.GP64(), c.GP64()
	place := c.GP64()
	c.Load(c.Param("acc"), acc)
	c.MOVLQSX(at(segs), place)
	c.LEAQ(indexed(acc, place, 4), acc)
	c.Load(c.Param("w"), w)
	c.MOVLQSX(at(segs).Offset(4), place)
	c.LEAQ(indexed(w, place, 2), w)
	c.MOVLQSX(at(segs).Offset(8), lanes)
	body(acc, w, lanes, pairStep)
	c.Label("done")
	c.ADDQ(operand.Imm(12), segs)
	c.DECQ(nsegs)
	c.JNZ(operand.LabelRef("segment"))
	c.VZEROUPPER()
	c.RET()
}

// eachPair writes the loop over channel pairs. add gets the differences in every lane, and the weights' place.
func eachPair(c *build.Context, label string, w, pairStep reg.GPVirtual, pair reg.VecVirtual, add func(weights operand.Mem)) {
	dx, pairs, n := arg(c, "dx"), arg(c, "pairs"), arg(c, "n")
	c.Label(label)
	row := c.GP64()
	c.MOVLQSX(at(pairs), row)
	c.IMULQ(pairStep, row)
	c.VPBROADCASTD(at(dx), pair)
	add(indexed(w, row, 1))
	c.ADDQ(operand.Imm(4), pairs)
	c.ADDQ(operand.Imm(4), dx)
	c.DECQ(n)
	c.JNZ(operand.LabelRef(label))
}

func scatter512(c *build.Context) {
	scatter(c, "scatter512", func(acc, w, lanes, pairStep reg.GPVirtual) {
		c.Label("lanes")
		c.TESTQ(lanes, lanes)
		c.JLE(operand.LabelRef("done"))
		// One bit for each lane that is left; BZHI looks at the low 8 bits of a count.
		count, mask := c.GP64(), c.GP64()
		c.MOVQ(operand.U32(vectors*16), count)
		c.CMPQ(lanes, count)
		c.CMOVQLT(lanes, count)
		c.MOVQ(operand.I32(-1), mask)
		c.BZHIQ(count, mask, mask)
		for v := 1; v < vectors; v++ {
			c.CMPQ(count, operand.Imm(uint64(16*v)))
			c.JLE(operand.LabelRef(fmt.Sprintf("vectors%d", v)))
		}
		for v := vectors; v > 0; v-- {
			if v < vectors {
				c.Label(fmt.Sprintf("vectors%d", v))
			}
			masks, sums := make([]reg.OpmaskVirtual, v), make([]reg.VecVirtual, v)
			for i := range v {
				masks[i], sums[i] = c.K(), c.ZMM()
				c.KMOVW(mask.As32(), masks[i])
				c.SHRQ(operand.Imm(16), mask)
				c.VMOVDQU32_Z(at(acc).Offset(64*i), masks[i], sums[i])
			}
			pair := c.ZMM()
			eachPair(c, fmt.Sprintf("pair%d", v), w, pairStep, pair, func(weights operand.Mem) {
				for i, s := range sums {
					dot(c, "", weights.Offset(64*i), pair, masks[i], s)
				}
			})
			for i, s := range sums {
				c.VMOVDQU32(s, masks[i], at(acc).Offset(64*i))
			}
			if v < vectors {
				c.JMP(operand.LabelRef("done"))
				continue
			}
			c.ADDQ(operand.U32(64*vectors), acc)
			c.ADDQ(operand.U32(64*vectors), w)
			c.SUBQ(operand.Imm(16*vectors), lanes)
			c.JMP(operand.LabelRef("lanes"))
		}
	})
}

func scatter256(c *build.Context) {
	scatter(c, "scatter256", func(acc, w, lanes, pairStep reg.GPVirtual) {
		c.Label("lanes")
		for v := vectors; v > 0; v-- {
			c.CMPQ(lanes, operand.Imm(uint64(8*v)))
			c.JGE(operand.LabelRef(fmt.Sprintf("vectors%d", v)))
		}
		c.TESTQ(lanes, lanes)
		c.JZ(operand.LabelRef("done"))
		{
			mask, sum, pair, weight := c.YMM(), c.YMM(), c.YMM(), c.YMM()
			firstLanes(c, lanes, mask)
			c.VPMASKMOVD(at(acc), mask, sum)
			eachPair(c, "pair0", w, pairStep, pair, func(weights operand.Mem) {
				c.VPMASKMOVD(weights, mask, weight)
				c.VPMADDWD(weight, pair, pair)
				c.VPADDD(pair, sum, sum)
			})
			c.VPMASKMOVD(sum, mask, at(acc))
			c.JMP(operand.LabelRef("done"))
		}
		for v := vectors; v > 0; v-- {
			c.Label(fmt.Sprintf("vectors%d", v))
			sums := make([]reg.VecVirtual, v)
			for i := range v {
				sums[i] = c.YMM()
				c.VMOVDQU(at(acc).Offset(32*i), sums[i])
			}
			pair, product := c.YMM(), c.YMM()
			eachPair(c, fmt.Sprintf("pair%d", v), w, pairStep, pair, func(weights operand.Mem) {
				for i, s := range sums {
					c.VPMADDWD(weights.Offset(32*i), pair, product)
					c.VPADDD(product, s, s)
				}
			})
			for i, s := range sums {
				c.VMOVDQU(s, at(acc).Offset(32*i))
			}
			c.ADDQ(operand.Imm(uint64(32*v)), acc)
			c.ADDQ(operand.Imm(uint64(32*v)), w)
			c.SUBQ(operand.Imm(uint64(8*v)), lanes)
			c.JMP(operand.LabelRef("lanes"))
		}
	})
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
	c.VMOVDQU(at(from), mask)
}
