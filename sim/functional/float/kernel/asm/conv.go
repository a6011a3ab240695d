package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const convSignature = "func(y *float32, yRow, yPlane int, x *float32, xRow int, offs *int32, n int, w, bias *float32, tiles, lanes int)"

// conv512 writes a function for each tile of so many rows by so many channels whose sums fit 32 registers.
func conv512(c *build.Context) {
	for channels := 1; channels <= 4; channels++ {
		for rows := 1; rows <= 6; rows++ {
			conv(c, 512, rows, channels)
		}
	}
}

// conv256 writes those whose sums fit 16.
func conv256(c *build.Context) {
	for channels := 1; channels <= 2; channels++ {
		for rows := 1; rows <= 6; rows++ {
			conv(c, 256, rows, channels)
		}
	}
}

// conv writes a function that computes so many tiles, one below the other. A tile is one vector of columns, of
// which lanes count, in each of some rows of some channels. Every product is rounded before it is added: a
// fused multiply-add would give other sums.
func conv(c *build.Context, bits, rows, channels int) {
	vector := c.ZMM
	if bits == 256 {
		vector = c.YMM
	}
	text(c, fmt.Sprintf("conv%dx%dx%d", bits, rows, channels), convSignature,
		fmt.Sprintf("sums tiles of %d rows of %d channels; its steps are in bytes, n and tiles are not 0.", rows, channels))
	y, x, xRow, tiles := arg(c, "y"), arg(c, "x"), arg(c, "xRow"), arg(c, "tiles")
	xRow3, xRow5 := c.GP64(), c.GP64()
	c.LEAQ(indexed(xRow, xRow, 2), xRow3)
	c.LEAQ(indexed(xRow, xRow, 4), xRow5)
	sums := make([]reg.VecVirtual, rows*channels)
	for i := range sums {
		sums[i] = vector()
	}

	c.Label("tile")
	bias := arg(c, "bias")
	for i := range channels {
		c.VBROADCASTSS(at(bias).Offset(4*i), sums[i*rows])
		for r := 1; r < rows; r++ {
			c.VMOVAPS(sums[i*rows], sums[i*rows+r])
		}
	}
	offs, n, w := arg(c, "offs"), arg(c, "n"), arg(c, "w")
	c.Label("tap")
	from := c.GP64()
	c.MOVLQSX(at(offs), from)
	c.LEAQ(indexed(x, from, 4), from)
	places := [6]operand.Mem{
		{Base: from}, indexed(from, xRow, 1), indexed(from, xRow, 2),
		indexed(from, xRow3, 1), indexed(from, xRow, 4), indexed(from, xRow5, 1),
	}
	weights := make([]reg.VecVirtual, channels)
	for i := range weights {
		weights[i] = vector()
		c.VBROADCASTSS(at(w).Offset(4*i), weights[i])
	}
	for r := range rows {
		product := vector()
		if channels == 1 {
			c.VMULPS(places[r], weights[0], product)
			c.VADDPS(product, sums[r], sums[r])
			continue
		}
		column := vector()
		c.VMOVUPS(places[r], column)
		for i, weight := range weights {
			c.VMULPS(column, weight, product)
			c.VADDPS(product, sums[i*rows+r], sums[i*rows+r])
		}
	}
	c.ADDQ(operand.Imm(4), offs)
	c.ADDQ(operand.Imm(uint64(4*channels)), w)
	c.DECQ(n)
	c.JNZ(operand.LabelRef("tap"))

	store := storeLanes(c, bits)
	plane, row, yRow, yPlane := c.GP64(), c.GP64(), arg(c, "yRow"), arg(c, "yPlane")
	c.MOVQ(y, plane)
	for i := range channels {
		c.MOVQ(plane, row)
		for r := range rows {
			store(sums[i*rows+r], at(row))
			c.ADDQ(yRow, row)
		}
		c.ADDQ(yPlane, plane)
	}
	advance := c.GP64()
	c.IMUL3Q(operand.Imm(uint64(rows)), xRow, advance)
	c.ADDQ(advance, x)
	c.IMUL3Q(operand.Imm(uint64(rows)), yRow, advance)
	c.ADDQ(advance, y)
	c.DECQ(tiles)
	c.JNZ(operand.LabelRef("tile"))
	end(c)
}

// storeLanes gives a store of the lanes that the argument of this name counts.
func storeLanes(c *build.Context, bits int) func(v reg.VecVirtual, to operand.Mem) {
	lanes := arg(c, "lanes")
	if bits == 256 {
		mask := c.YMM()
		firstLanes(c, lanes, mask)
		return func(v reg.VecVirtual, to operand.Mem) { c.VMASKMOVPS(v, mask, to) }
	}
	all, mask := c.GP64(), c.K()
	c.MOVQ(operand.I32(-1), all)
	c.BZHIQ(lanes, all, all)
	c.KMOVW(all.As32(), mask)
	return func(v reg.VecVirtual, to operand.Mem) { c.VMOVUPS(v, mask, to) }
}
