package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// assemble rotates the banks' words into tap order and puts the padding value where a tap lies
// outside the image. The words are those of the step issued two cycles ago.
func (w *window) assemble(q [][]*rtl.Node, valid1 *rtl.Node) *rtl.Node {
	m, r := w.m, &w.rd
	inY := w.inside("inside_y", w.walk[0], w.fold.TapY, r.posY, r.tapY, valid1)
	inX := w.inside("inside_x", w.walk[1], w.fold.TapX, r.posX, r.tapX, valid1)
	slot, bank := r.slot, r.bank
	if w.fold.TapY > 1 {
		slot = w.late("slot_of_word", slot, valid1)
	}
	if w.fold.TapX > 1 {
		bank = w.late("bank_of_word", bank, valid1)
	}
	cw := w.fold.Cw
	pad := m.Const(w.word(), w.pad)
	var taps []*rtl.Node
	for ty := 0; ty < w.fold.TapY; ty++ {
		row := make([]*rtl.Node, w.fold.TapX)
		for bx := range row {
			column := make([]*rtl.Node, w.fold.TapY)
			for by := range column {
				column[by] = q[by][bx]
			}
			row[bx] = m.Join(column...).Select(w.bankOf("row", slot, w.rows, ty*w.walk[0].Step, w.fold.TapY), cw)
		}
		all := m.Join(row...)
		for tx := 0; tx < w.fold.TapX; tx++ {
			word := all.Select(w.bankOf("column", bank, w.fold.TapX, tx*w.walk[1].Step, w.fold.TapX), cw)
			if inY[ty] != nil || inX[tx] != nil {
				word = m.All(inY[ty], inX[tx]).Mux(word, pad)
			}
			taps = append(taps, word)
		}
	}
	return m.Join(taps...)
}

// bankOf is the bank of the tap that lies offset after position at, which is one of n.
func (w *window) bankOf(dim string, at *rtl.Node, n, offset, banks int) *rtl.Node {
	if banks == 1 {
		return w.m.Const(rtl.U(1), 0)
	}
	values := make([]int64, n)
	for p := range values {
		values[p] = int64((p + offset) % banks)
	}
	return table(w.m, fmt.Sprintf("bank_of_%s_%d", dim, offset), at, values)
}

// inside tells, for each parallel tap, whether it lay inside the image two cycles ago; nil where it
// always does.
func (w *window) inside(name string, walk plan.Walk, parallel int, pos, tap, valid1 *rtl.Node) []*rtl.Node {
	m := w.m
	in := make([]*rtl.Node, parallel)
	lo, hi := walk.Start, walk.Last()
	for t := range in {
		at, least, most := pos, lo+t*walk.Step, hi+t*walk.Step
		if parallel == 1 {
			offset := make([]int64, walk.Taps)
			for k := range offset {
				offset[k] = int64(k * walk.Step)
			}
			at, most = pos.Add(table(m, name+"_offset", tap, offset)), hi+walk.Span()
		} else {
			at = pos.AddI(int64(t * walk.Step))
		}
		if ok := within(m, at, least, most, walk.In); ok != nil {
			in[t] = w.late(fmt.Sprintf("%s_%d", name, t), ok, valid1)
		}
	}
	return in
}

// late is v of the step issued two cycles ago.
func (w *window) late(name string, v, valid1 *rtl.Node) *rtl.Node {
	one := w.m.DelayIf(name+"_1", w.rd.issue, v)
	return w.m.DelayIf(name+"_2", valid1, one)
}
