package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const denseSignature = "func(acc *int32, accStep int, x *int16, step int, offs *int32, n int, w *int16, tiles int)"

// dense512 writes a function for each tile of so many pixels by so many blocks whose sums fit the registers.
func dense512(c *build.Context) {
	for blocks := 1; blocks <= 2; blocks++ {
		for pixels := 1; pixels <= 12; pixels++ {
			dense(c, fmt.Sprintf("dense512x%dx%d", pixels, blocks), pixels, vnniTile(c, pixels, blocks))
		}
	}
}

// dense256 writes those of AVX2, of one block each.
func dense256(c *build.Context) {
	for pixels := 1; pixels <= 6; pixels++ {
		dense(c, fmt.Sprintf("dense256x%d", pixels), pixels, avx2Tile(c, pixels))
	}
}

// tile is what the instruction sets do differently.
type tile struct {
	size  uint8 // bytes of an activation
	clear func()
	tap   func(pixel []operand.Mem, w reg.GPVirtual)     // adds one offset's products
	store func(acc reg.GPVirtual, accStep reg.GPVirtual) // and moves acc to the next tile
	begin func(n reg.GPVirtual)                          // works out what lasts for the call
}

// dense writes a function that computes so many tiles of neighbouring pixels. Its steps are in bytes, n is not 0.
func dense(c *build.Context, name string, pixels int, t tile) {
	text(c, name, t.signature(), fmt.Sprintf("computes tiles of %d pixels; its steps are in bytes.", pixels))
	acc, accStep, x, tiles := arg(c, "acc"), arg(c, "accStep"), arg(c, "x"), arg(c, "tiles")
	step := arg(c, "step")
	t.begin(arg(c, "n"))
	step3, step5 := c.GP64(), c.GP64()
	c.LEAQ(indexed(step, step, 2), step3)
	c.LEAQ(indexed(step, step, 4), step5)

	c.Label("tile")
	t.clear()
	offs, n, w := arg(c, "offs"), arg(c, "n"), arg(c, "w")
	c.Label("tap")
	first, seventh := c.GP64(), c.GP64()
	c.MOVLQSX(at(offs), first)
	c.LEAQ(indexed(x, first, t.size), first)
	if pixels > 6 {
		c.LEAQ(indexed(first, step3, 2), seventh)
	}
	var at []operand.Mem
	for p := range pixels {
		base := first
		if p >= 6 {
			base = seventh
		}
		at = append(at, [6]operand.Mem{
			{Base: base}, indexed(base, step, 1), indexed(base, step, 2),
			indexed(base, step3, 1), indexed(base, step, 4), indexed(base, step5, 1),
		}[p%6])
	}
	t.tap(at, w)
	c.ADDQ(operand.Imm(4), offs)
	c.ADDQ(operand.Imm(64), w)
	c.DECQ(n)
	c.JNZ(operand.LabelRef("tap"))

	t.store(acc, accStep)
	advance := c.GP64()
	c.IMUL3Q(operand.Imm(uint64(pixels)), step, advance)
	c.ADDQ(advance, x)
	c.DECQ(tiles)
	c.JNZ(operand.LabelRef("tile"))
	c.VZEROUPPER()
	c.RET()
}

func vnniTile(c *build.Context, pixels, blocks int) tile {
	sums := make([]reg.VecVirtual, pixels*blocks)
	for i := range sums {
		sums[i] = c.ZMM()
	}
	nextBlock := c.GP64()
	return tile{
		size: 2,
		begin: func(n reg.GPVirtual) {
			c.MOVQ(n, nextBlock)
			c.SHLQ(operand.Imm(6), nextBlock)
		},
		clear: func() {
			for _, s := range sums {
				c.VPXORD(s, s, s)
			}
		},
		tap: func(pixel []operand.Mem, w reg.GPVirtual) {
			weights := []reg.VecVirtual{c.ZMM()}
			c.VMOVDQU32(at(w), weights[0])
			if blocks == 1 {
				for p, x := range pixel {
					dot(c, "BCST", x, weights[0], nil, sums[p])
				}
				return
			}
			weights = append(weights, c.ZMM())
			c.VMOVDQU32(indexed(w, nextBlock, 1), weights[1])
			for p, x := range pixel {
				pair := c.ZMM()
				c.VPBROADCASTD(x, pair)
				for b, weight := range weights {
					dot(c, "", weight, pair, nil, sums[p*blocks+b])
				}
			}
		},
		store: func(acc, accStep reg.GPVirtual) {
			storeSums(c, sums, blocks, acc, accStep)
		},
	}
}

func avx2Tile(c *build.Context, pixels int) tile {
	sums := make([][2]reg.VecVirtual, pixels)
	for i := range sums {
		sums[i] = [2]reg.VecVirtual{c.YMM(), c.YMM()}
	}
	return tile{
		size:  2,
		begin: func(reg.GPVirtual) {},
		clear: func() {
			for _, s := range sums {
				c.VPXOR(s[0], s[0], s[0])
				c.VPXOR(s[1], s[1], s[1])
			}
		},
		tap: func(pixel []operand.Mem, w reg.GPVirtual) {
			low, high := c.YMM(), c.YMM()
			c.VMOVDQU(at(w), low)
			c.VMOVDQU(at(w).Offset(32), high)
			for p, x := range pixel {
				pair, product := c.YMM(), c.YMM()
				c.VPBROADCASTD(x, pair)
				c.VPMADDWD(low, pair, product)
				c.VPADDD(product, sums[p][0], sums[p][0])
				c.VPMADDWD(high, pair, pair)
				c.VPADDD(pair, sums[p][1], sums[p][1])
			}
		},
		store: func(acc, accStep reg.GPVirtual) {
			for _, s := range sums {
				c.VMOVDQU(s[0], at(acc))
				c.VMOVDQU(s[1], at(acc).Offset(32))
				c.ADDQ(accStep, acc)
			}
		},
	}
}
