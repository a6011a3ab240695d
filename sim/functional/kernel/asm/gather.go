package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gatherShapes lists the patterns of target rows that have code: how many rows an entry adds to, and by how many
// rows the entries of the next row lie further down.
var gatherShapes = [][2]int{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {7, 1}, {2, 2}, {3, 2}, {4, 2}}

const gatherSignature = "func(acc *int32, accStep int, from *int32, fromStep, until, rows int, dx *uint32, at *int32, w *int16, shift, rowStep int)"

func gather512(c *build.Context) {
	for _, s := range gatherShapes {
		for vectors := 1; vectors <= 4 && s[0]*vectors <= 24; vectors++ {
			gather(c, fmt.Sprintf("gather512x%dx%dx%d", s[0], s[1], vectors), s[0], s[1], vectors, gatherer{
				register: func() reg.VecVirtual { return c.ZMM() }, bytes: 64,
				add: func(w operand.Mem, pair, sum reg.VecVirtual) { dot(c, "", w, pair, nil, sum) },
			})
		}
	}
}

func gather256(c *build.Context) {
	for _, s := range gatherShapes {
		for vectors := 2; vectors <= 4 && s[0]*vectors <= 14; vectors += 2 {
			gather(c, fmt.Sprintf("gather256x%dx%dx%d", s[0], s[1], vectors), s[0], s[1], vectors, gatherer{
				register: func() reg.VecVirtual { return c.YMM() }, bytes: 32,
				add: func(w operand.Mem, pair, sum reg.VecVirtual) {
					product := c.YMM()
					c.VPMADDWD(w, pair, product)
					c.VPADDD(product, sum, sum)
				},
			})
		}
	}
}

// gatherer is what the instruction sets do differently.
type gatherer struct {
	register func() reg.VecVirtual
	bytes    int
	add      func(w operand.Mem, pair, sum reg.VecVirtual)
}

// gather writes a function that keeps the sums of all target rows that are not complete in registers.
func gather(c *build.Context, name string, span, advance, vectors int, g gatherer) {
	text(c, name, gatherSignature, "adds up entries for a strip of accumulators, see Set.Gather; its steps are in bytes, until too, rows is not 0.")
	acc, accStep, from, fromStep, until := arg(c, "acc"), arg(c, "accStep"), arg(c, "from"), arg(c, "fromStep"), arg(c, "until")
	rows, dx, places, w, rowStep := arg(c, "rows"), arg(c, "dx"), arg(c, "at"), arg(c, "w"), arg(c, "rowStep")
	c.ADDQ(arg(c, "shift"), w)
	rowStep3, rowStep5 := rowStep, rowStep
	if span > 3 {
		rowStep3 = c.GP64()
		c.LEAQ(indexed(rowStep, rowStep, 2), rowStep3)
	}
	if span > 5 {
		rowStep5 = c.GP64()
		c.LEAQ(indexed(rowStep, rowStep, 4), rowStep5)
	}
	sums := make([][]reg.VecVirtual, span)
	clear := func(row int) {
		for _, s := range sums[row] {
			c.VPXORD(s, s, s)
		}
	}
	if g.bytes == 32 {
		clear = func(row int) {
			for _, s := range sums[row] {
				c.VPXOR(s, s, s)
			}
		}
	}
	move := func(from, to operand.Op) {
		if g.bytes == 32 {
			c.VMOVDQU(from, to)
		} else {
			c.VMOVDQU32(from, to)
		}
	}
	for k := range sums {
		for range vectors {
			sums[k] = append(sums[k], g.register())
		}
		clear(k)
	}
	emit := func(row int) {
		for i, s := range sums[row] {
			move(s, at(acc).Offset(i*g.bytes))
		}
		c.ADDQ(accStep, acc)
	}

	c.Label("row")
	i, end, place, pair := c.GP64(), c.GP64(), c.GP64(), g.register()
	c.MOVLQSX(at(from), i)
	c.MOVLQSX(indexed(from, until, 1), end)
	c.CMPQ(i, end)
	c.JGE(operand.LabelRef("complete"))
	c.Label("entry")
	c.MOVLQSX(indexed(places, i, 4), place)
	c.LEAQ(indexed(w, place, 2), place)
	c.VPBROADCASTD(indexed(dx, i, 4), pair)
	for k, row := range []operand.Mem{
		at(place), indexed(place, rowStep, 1), indexed(place, rowStep, 2), indexed(place, rowStep3, 1),
		indexed(place, rowStep, 4), indexed(place, rowStep5, 1), indexed(place, rowStep3, 2),
	}[:span] {
		for n, sum := range sums[k] {
			g.add(row.Offset(n*g.bytes), pair, sum)
		}
	}
	c.INCQ(i)
	c.CMPQ(i, end)
	c.JLT(operand.LabelRef("entry"))

	c.Label("complete")
	for k := range advance {
		emit(k)
	}
	for k := advance; k < span; k++ {
		for n := range vectors {
			if g.bytes == 32 {
				c.VMOVDQA(sums[k][n], sums[k-advance][n])
			} else {
				c.VMOVDQA32(sums[k][n], sums[k-advance][n])
			}
		}
	}
	for k := span - advance; k < span; k++ {
		clear(k)
	}
	c.ADDQ(fromStep, from)
	c.DECQ(rows)
	c.JNZ(operand.LabelRef("row"))
	for k := range span - advance {
		emit(k)
	}
	c.VZEROUPPER()
	c.RET()
}
