package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const scatterSignature = "func(acc *int32, segs *[3]int32, nsegs int, dx *uint32, pairs *int32, n int, pairStep int, w *int16)"

// Scatter takes as many lanes at a time as fit the registers it uses, in units of 4, each number of units by
// code of its own; what is left below a unit goes by a mask. Whole vectors without a mask matter here: the sums
// of one pixel are those of its neighbour soon after, and a store under a mask does not forward to a load.
const (
	unit     = 4
	most512  = 16 // units at a time
	most256  = 8
	laneSize = 4 // bytes
)

// scatterer is what the instruction sets do differently.
type scatterer struct {
	most    int                                                                     // units at a time
	widest  int                                                                     // bytes of a vector
	add     func(weights operand.Mem, pair, sum reg.Register)                       // sum += dot products
	masked  func(lanes reg.GPVirtual) (load, store func(operand.Mem, reg.Register)) // for lanes below a unit
	addSome func(weights operand.Mem, pair, sum reg.Register)                       // add of those lanes
}

func scatter512(c *build.Context) {
	mask := c.K()
	add := func(mask operand.Op) func(operand.Mem, reg.Register, reg.Register) {
		return func(weights operand.Mem, pair, sum reg.Register) { dot(c, "", weights, pair, mask, sum) }
	}
	scatter(c, "scatter512", scatterer{
		most: most512, widest: 64,
		add: add(nil), addSome: add(mask),
		masked: func(lanes reg.GPVirtual) (load, store func(operand.Mem, reg.Register)) {
			bits := c.GP64()
			c.MOVQ(operand.I32(-1), bits)
			c.BZHIQ(lanes, bits, bits)
			c.KMOVW(bits.As32(), mask)
			load = func(m operand.Mem, v reg.Register) { c.VMOVDQU32_Z(m, mask, v) }
			store = func(m operand.Mem, v reg.Register) { c.VMOVDQU32(v, mask, m) }
			return load, store
		},
	})
}

func scatter256(c *build.Context) {
	mask, weight := c.XMM(), c.XMM()
	scatter(c, "scatter256", scatterer{
		most: most256, widest: 32,
		add: func(weights operand.Mem, pair, sum reg.Register) {
			product := sized(c.YMM(), sum.Size())
			c.VPMADDWD(weights, pair, product)
			c.VPADDD(product, sum, sum)
		},
		masked: func(lanes reg.GPVirtual) (load, store func(operand.Mem, reg.Register)) {
			firstLanes(c, lanes, mask)
			load = func(m operand.Mem, v reg.Register) { c.VPMASKMOVD(m, mask, v) }
			store = func(m operand.Mem, v reg.Register) { c.VPMASKMOVD(v, mask, m) }
			return load, store
		},
		addSome: func(weights operand.Mem, pair, sum reg.Register) {
			c.VPMASKMOVD(weights, mask, weight)
			c.VPMADDWD(weight, pair, weight)
			c.VPADDD(weight, sum, sum)
		},
	})
}

// sized is the part of a vector register that has so many bytes.
func sized(v reg.VecVirtual, bytes uint) reg.Register {
	switch bytes {
	case 64:
		return v.AsZ()
	case 32:
		return v.AsY()
	}
	return v.AsX()
}

// scatter writes the whole function: for each segment the largest pieces first, until no lanes are left.
func scatter(c *build.Context, name string, s scatterer) {
	text(c, name, scatterSignature, "adds to the sums of every segment; pairStep is in bytes, no count is 0.")
	segs, nsegs, pairStep := arg(c, "segs"), arg(c, "nsegs"), arg(c, "pairStep")
	acc, w, lanes, place := c.GP64(), c.GP64(), c.GP64(), c.GP64()
	c.Label("segment")
	c.Load(c.Param("acc"), acc)
	c.MOVLQSX(at(segs), place)
	c.LEAQ(indexed(acc, place, laneSize), acc)
	c.Load(c.Param("w"), w)
	c.MOVLQSX(at(segs).Offset(4), place)
	c.LEAQ(indexed(w, place, 2), w)
	c.MOVLQSX(at(segs).Offset(8), lanes)

	c.Label("lanes")
	choose(c, lanes, 0, s.most)
	for units := s.most; units > 0; units-- {
		c.Label(fmt.Sprintf("units%d", units))
		var sums []reg.Register
		var offsets []int
		for done := 0; done < units; {
			bytes := s.widest
			for bytes > (units-done)*unit*laneSize {
				bytes /= 2
			}
			sums, offsets = append(sums, sized(c.ZMM(), uint(bytes))), append(offsets, done*unit*laneSize)
			done += bytes / unit / laneSize
		}
		pair := c.ZMM()
		piece(c, units, acc, w, pairStep, pair, s, sums, offsets)
		c.ADDQ(operand.U32(uint32(units*unit*laneSize)), acc)
		c.ADDQ(operand.U32(uint32(units*unit*laneSize)), w)
		c.SUBQ(operand.U32(uint32(units*unit)), lanes)
		c.JNZ(operand.LabelRef("lanes"))
		c.JMP(operand.LabelRef("done"))
	}
	c.Label("units0")
	c.TESTQ(lanes, lanes)
	c.JZ(operand.LabelRef("done"))
	sum, pair := c.XMM(), c.XMM()
	load, store := s.masked(lanes)
	load(at(acc), sum)
	eachPair(c, "pairs0", w, pairStep, pair, func(weights operand.Mem) { s.addSome(weights, pair, sum) })
	store(at(acc), sum)

	c.Label("done")
	c.ADDQ(operand.Imm(12), segs)
	c.DECQ(nsegs)
	c.JNZ(operand.LabelRef("segment"))
	c.VZEROUPPER()
	c.RET()
}

// choose jumps to the code for as many units as there are lanes for, from lo to hi.
func choose(c *build.Context, lanes reg.GPVirtual, lo, hi int) {
	if lo == hi {
		c.JMP(operand.LabelRef(fmt.Sprintf("units%d", lo)))
		return
	}
	mid := (lo + hi + 1) / 2
	label := fmt.Sprintf("from%dto%d", mid, hi)
	c.CMPQ(lanes, operand.U32(uint32(mid*unit)))
	c.JGE(operand.LabelRef(label))
	choose(c, lanes, lo, mid-1)
	c.Label(label)
	choose(c, lanes, mid, hi)
}

// piece adds to sums that fill whole vectors.
func piece(c *build.Context, units int, acc, w, pairStep reg.GPVirtual, pair reg.VecVirtual, s scatterer, sums []reg.Register, offsets []int) {
	move := func(from, to operand.Op, bytes uint) {
		if bytes == 64 {
			c.VMOVDQU32(from, to)
		} else {
			c.VMOVDQU(from, to)
		}
	}
	for i, sum := range sums {
		move(at(acc).Offset(offsets[i]), sum, sum.Size())
	}
	eachPair(c, fmt.Sprintf("pairs%d", units), w, pairStep, sized(pair, sums[0].Size()), func(weights operand.Mem) {
		for i, sum := range sums {
			s.add(weights.Offset(offsets[i]), sized(pair, sum.Size()), sum)
		}
	})
	for i, sum := range sums {
		move(sum, at(acc).Offset(offsets[i]), sum.Size())
	}
}

// eachPair writes the loop over channel pairs. add gets the weights' place, with the differences in all of pair.
func eachPair(c *build.Context, label string, w, pairStep reg.GPVirtual, pair reg.Register, add func(weights operand.Mem)) {
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
func firstLanes(c *build.Context, count reg.GPVirtual, mask reg.Register) {
	from, bytes := c.GP64(), c.GP64()
	c.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("lanes"), 32), from)
	c.MOVQ(count, bytes)
	c.SHLQ(operand.Imm(2), bytes)
	c.SUBQ(bytes, from)
	c.VMOVDQU(at(from), mask)
}
