package hw

import (
	"fmt"

	"rampart/ir/rtl"
)

// space tells whether the pixel to be written next may overwrite what its line buffer place holds.
// Pixels before (free row, free column) are free; a row keeps its columns until the last output row
// that reads it.
func (w *window) space() *rtl.Node {
	m, y, x := w.m, w.walk[0], w.walk[1]
	freeRow := w.absolute(clamp(w.rd.posY, m, y.Start, y.Last(), 0, y.In)).Named("free_row")
	ahead := w.wRow.Sub(freeRow).To(rtl.S(w.rowBits)).Named("rows_ahead")

	inRow := within(m, w.rd.posY, y.Start, y.Last(), y.In)
	freeCol := clamp(w.rd.posX, m, x.Start, x.Last(), 0, x.In)
	partly := m.All(ahead.EqI(int64(w.rows)), w.rd.phaseYLast, inRow, w.wCol.Lt(freeCol))
	return ahead.LtI(int64(w.rows)).Or(partly).Named("space")
}

// absolute is the row number of row y of the frame being read, counted from reset and wrapping.
func (w *window) absolute(y *rtl.Node) *rtl.Node {
	return w.rd.frameRow.Add(y).To(rtl.U(w.rowBits))
}

// available tells whether the last pixel of the present window has been written.
func (w *window) available() *rtl.Node {
	m, y, x := w.m, w.walk[0], w.walk[1]
	needRow := clamp(w.rd.posY.AddI(int64(y.Span())), m, y.Start+y.Span(), y.Last()+y.Span(), 0, y.In-1)
	needCol := clamp(w.rd.posX.AddI(int64(x.Span())), m, x.Start+x.Span(), x.Last()+x.Span(), 0, x.In-1)
	past := w.wRow.Sub(w.absolute(needRow)).To(rtl.S(w.rowBits)).Named("rows_past")
	return past.EqI(0).Mux(needCol.Lt(w.wCol), m.Const(rtl.S(1), 0).Lt(past)).Named("available")
}

// write stores beats as words of the line buffer and returns its banks, [row bank][column bank].
func (w *window) write(accept, data *rtl.Node, pixel *counterSlot, row *rtl.Reg) [][]*rtl.Mem {
	m := w.m
	per := w.fold.Cw / w.lanes
	_, pixelDone := counter(m, "write_beat", w.beats, accept)
	part, partLast := w.part(accept, per, pixelDone)
	pixelEnd := accept.And(pixelDone).Named("pixel_written")
	rowEnd := pixelEnd.And(pixel.last).Named("row_written")
	pixel.step(pixelEnd)
	row.SetIf(rowEnd, w.wRow.AddI(1))
	slot, _ := counter(m, "write_slot", w.rows, rowEnd)
	w.wSlot = slot

	word := w.gather(data, accept, part, per)
	store := accept
	if per > 1 {
		store = accept.And(partLast.Or(pixelDone)).Named("store")
	}
	addr, colBank := w.writeAddr(store, pixelEnd, rowEnd)

	banks := make([][]*rtl.Mem, w.fold.TapY)
	for by := range banks {
		for bx := 0; bx < w.fold.TapX; bx++ {
			mem := m.Mem(linesName(w.fold, Bank{by, bx}), rtl.MemLine, w.word(), w.bankDepth(), nil)
			hits := make([]int64, w.rows)
			for s := range hits {
				if s%w.fold.TapY == by {
					hits[s] = 1
				}
			}
			enable := store.And(table(m, fmt.Sprintf("slot_in_bank_%d", by), slot, hits))
			if w.fold.TapX > 1 {
				enable = enable.And(colBank.EqI(int64(bx)))
			}
			m.WritePort(mem, addr, word, enable)
			banks[by] = append(banks[by], mem)
		}
	}
	return banks
}

// part counts the beats of a line buffer word; it starts again at each pixel.
func (w *window) part(accept *rtl.Node, per int, pixelDone *rtl.Node) (q, last *rtl.Node) {
	m := w.m
	if per == 1 || w.beats == 1 {
		return m.Const(rtl.U(1), 0), m.Bit(true)
	}
	r := m.Reg("write_part", index(per), 0)
	last = r.Q.EqI(int64(per - 1)).Named("write_part_last")
	r.SetIf(accept, last.Or(pixelDone).MuxI(0, r.Q.AddI(1)))
	return r.Q, last
}

// gather joins the beats of a word; lanes past a pixel's end hold older data, which meets zero weights.
func (w *window) gather(data, accept, part *rtl.Node, per int) *rtl.Node {
	m := w.m
	if per == 1 {
		return data
	}
	used := min(per, w.beats) // beats of a full word
	rest := w.beats % per     // beats of the last word, where it is not full
	groups := make([]*rtl.Node, per)
	for g := range groups {
		switch {
		case g == used-1:
			groups[g] = data
		case g >= used:
			groups[g] = m.Const(data.Type, 0)
		default:
			held := m.DelayIf(fmt.Sprintf("held_%d", g), accept.And(part.EqI(int64(g))), data)
			groups[g] = held
			if g == rest-1 {
				groups[g] = part.EqI(int64(g)).Mux(data, held)
			}
		}
	}
	return m.Join(groups...).Named("word")
}

// writeAddr is the address inside a bank and the column bank of the word to be stored.
func (w *window) writeAddr(store, pixelEnd, rowEnd *rtl.Node) (addr, colBank *rtl.Node) {
	m := w.m
	base := table(m, "row_base", w.wSlot, w.rowBases())
	t := index(w.bankDepth())
	if w.fold.TapX == 1 {
		// Words of a row follow one another.
		in := counterUntil(m, "write_offset", w.walk[1].In*w.words(), store, rowEnd)
		return base.Add(in).To(t).Named("write_addr"), nil
	}
	bank := m.Reg("write_bank", index(w.fold.TapX), 0)
	wrap := bank.Q.EqI(int64(w.fold.TapX - 1))
	bank.SetIf(pixelEnd, rowEnd.Or(wrap).MuxI(0, bank.Q.AddI(1)))
	col := m.Reg("write_offset", index(ceilDiv(w.walk[1].In, w.fold.TapX)*w.words()), 0)
	col.SetIf(pixelEnd.And(rowEnd.Or(wrap)), rowEnd.MuxI(0, col.Q.AddI(int64(w.words()))))
	word, _ := counter(m, "write_word", w.words(), store)
	return base.Add(col.Q).Add(word).To(t).Named("write_addr"), bank.Q
}

// rowBases is where the row in each line buffer row starts inside its bank.
func (w *window) rowBases() []int64 {
	width := ceilDiv(w.walk[1].In, w.fold.TapX) * w.words()
	bases := make([]int64, w.rows)
	for s := range bases {
		bases[s] = int64(s / w.fold.TapY * width)
	}
	return bases
}

// counterUntil counts enabled cycles and starts again where reset is 1; n bounds its values.
func counterUntil(m *rtl.Module, name string, n int, enable, reset *rtl.Node) *rtl.Node {
	if n == 1 {
		return m.Const(rtl.U(1), 0)
	}
	r := m.Reg(name, index(n), 0)
	r.SetIf(enable, reset.MuxI(0, r.Q.AddI(1)))
	return r.Q
}
