package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// reader is where the window stands: registers made by position and driven by control.
type reader struct {
	frameRow          *rtl.Node // absolute row of the frame's first row
	posY, posX        *rtl.Node // input position of tap (0, 0); negative in the padding
	slot              *rtl.Node // line buffer row of posY
	bank, column      *rtl.Node // column bank of posX; address of its column inside the bank
	phaseYLast        *rtl.Node // this is the last output row to read row posY
	phaseXLast        *rtl.Node
	phaseY            *rtl.Node
	regs              map[string]*rtl.Reg
	tapY, tapX, group *rtl.Node
	channel           *rtl.Node
	issue, lastStep   *rtl.Node
	groupEnd, start   *rtl.Node
	valid1            *rtl.Node // issue, a cycle later
}

// position makes the registers that say where the window stands.
func (w *window) position() {
	m, y, x := w.m, w.walk[0], w.walk[1]
	r := reader{regs: map[string]*rtl.Reg{}}
	reg := func(name string, t rtl.Type, init int) *rtl.Node {
		r.regs[name] = m.Reg(name, t, int64(init))
		return r.regs[name].Q
	}
	r.frameRow = reg("frame_row", rtl.U(w.rowBits), 0)
	r.posY = reg("pos_y", signed(y.Start, max(y.Last(), y.Start+y.Advance)), y.Start)
	r.posX = reg("pos_x", signed(x.Start, max(x.Last(), x.Start+x.Advance)), x.Start)
	r.slot = m.Const(rtl.U(1), 0)
	if w.rows > 1 {
		r.slot = reg("slot", index(w.rows), floorMod(y.Start, w.rows))
		if y.In%w.rows != 0 { // else every frame begins in row 0 of the buffer
			reg("frame_slot", index(w.rows), 0)
		}
	}
	lowest := floorDiv(x.Start, w.fold.TapX) * w.words()
	highest := floorDiv(max(x.Last(), x.Start+x.Advance), w.fold.TapX) * w.words()
	r.column = reg("column", signed(lowest, highest), lowest)
	r.bank = m.Const(rtl.U(1), 0)
	if w.fold.TapX > 1 {
		r.bank = reg("bank", index(w.fold.TapX), floorMod(x.Start, w.fold.TapX))
	}
	r.phaseY, r.phaseYLast = w.phase(&r, "phase_y", y)
	_, r.phaseXLast = w.phase(&r, "phase_x", x)
	w.rd = r
}

// phase makes the phase register of one dimension. It counts from 0 at the first output, so that the
// weights of a phase lie where the walk meets them; last is 1 where the position moves on next.
func (w *window) phase(r *reader, name string, walk plan.Walk) (q, last *rtl.Node) {
	if walk.Phases == 1 {
		return w.m.Const(rtl.U(1), 0), w.m.Bit(true)
	}
	r.regs[name] = w.m.Reg(name, index(walk.Phases), 0)
	q = r.regs[name].Q
	return q, q.EqI(int64(walk.Phases - 1 - walk.Phase0)).Named(name + "_moves")
}

// control decides in every cycle whether a step is issued, and moves the window.
func (w *window) control(popped *rtl.Node) {
	m, r := w.m, &w.rd
	steps := w.steps()
	middle := m.Bit(false)
	var midReg *rtl.Reg
	if steps > 1 {
		midReg = m.Reg("in_group", rtl.U(1), 0)
		middle = midReg.Q
	}
	room := m.Reg("room", rtl.U(rtl.BitsFor(w.out.room)), int64(w.out.room))
	fits := room.Q.Lt(m.Const(rtl.U(rtl.BitsFor(w.out.group)), int64(w.out.group))).Not()
	rested, rest := w.rest()
	begin := m.All(middle.Not(), w.available(), fits, rested).Named("begins", "a group starts")
	r.issue = middle.Or(begin).Named("issue")
	r.start = begin

	ty, tx := w.taps()
	inner := r.issue
	chLast := m.Bit(true)
	if !w.pooling {
		r.channel, chLast = counter(m, "channel", w.words(), inner)
		inner = inner.And(chLast)
	}
	var txLast, tyLast, groupLast *rtl.Node
	r.tapX, txLast = counter(m, "tap_x", tx, inner)
	r.tapY, tyLast = counter(m, "tap_y", ty, inner.And(txLast))
	r.lastStep = m.All(chLast, txLast, tyLast).Named("last_step")
	r.groupEnd = r.issue.And(r.lastStep).Named("group_end")
	r.group, groupLast = counter(m, "group", w.groups, r.groupEnd)
	if w.pooling {
		r.channel = r.group
	}
	if midReg != nil {
		midReg.Set(r.issue.And(r.lastStep.Not()))
	}
	rest()
	taken := groupLast.Mux(m.Const(rtl.U(rtl.BitsFor(w.out.group)), int64(w.out.last(w.groups))),
		m.Const(rtl.U(rtl.BitsFor(w.out.group)), int64(w.out.group)))
	left := room.Q.Sub(begin.Mux(taken, m.Const(taken.Type, 0)))
	room.SetIf(begin.Or(popped), left.Add(popped))

	pixelEnd := r.groupEnd.And(groupLast).Named("pixel_end")
	_, colLast := counter(m, "out_x", w.walk[1].Out, pixelEnd)
	rowEnd := pixelEnd.And(colLast).Named("row_end")
	_, rowLast := counter(m, "out_y", w.walk[0].Out, rowEnd)
	r.valid1 = m.Delay("valid_1", r.issue)
	w.moveX(pixelEnd, colLast)
	w.moveY(rowEnd, rowLast)
	if !w.pooling {
		w.weightAddr(pixelEnd, rowEnd, rowLast, r.valid1)
	}
}

// rest keeps groups at least interval cycles apart. It returns the condition and a function that
// drives its register once groupEnd is known.
func (w *window) rest() (rested *rtl.Node, drive func()) {
	m, idle := w.m, w.interval-w.steps()
	if idle <= 0 {
		return nil, func() {}
	}
	cool := m.Reg("cool_down", rtl.U(rtl.BitsFor(idle)), 0)
	rested = cool.Q.EqI(0).Named("rested")
	return rested, func() {
		cool.SetIf(w.rd.groupEnd.Or(rested.Not()), w.rd.groupEnd.MuxI(int64(idle), cool.Q.AddI(-1)))
	}
}

// moveX moves the window to the next output pixel of the row.
func (w *window) moveX(pixelEnd, colLast *rtl.Node) {
	m, r, x := w.m, &w.rd, w.walk[1]
	w.stepPhase("phase_x", x, pixelEnd, colLast)
	moved := pixelEnd.And(colLast.Or(r.phaseXLast)).Named("moves_x")
	r.regs["pos_x"].SetIf(moved, colLast.Mux(w.num(x.Start), r.posX.AddI(int64(x.Advance))))

	n, words := w.fold.TapX, w.words()
	first := w.num(floorDiv(x.Start, n) * words)
	if n == 1 {
		r.regs["column"].SetIf(moved, colLast.Mux(first, r.column.AddI(int64(x.Advance*words))))
		return
	}
	over := r.bank.AddI(int64(x.Advance % n)).LtI(int64(n)).Not().Named("bank_wraps")
	next := r.column.AddI(int64(x.Advance / n * words))
	next = over.Mux(next.AddI(int64(words)), next)
	r.regs["column"].SetIf(moved, colLast.Mux(first, next))
	r.regs["bank"].SetIf(moved, colLast.MuxI(int64(floorMod(x.Start, n)), wrapAdd(m, r.bank, x.Advance, n)))
}

// moveY moves the window to the next output row, or to the next frame.
func (w *window) moveY(rowEnd, rowLast *rtl.Node) {
	m, r, y := w.m, &w.rd, w.walk[0]
	w.stepPhase("phase_y", y, rowEnd, rowLast)
	moved := rowEnd.And(rowLast.Or(r.phaseYLast)).Named("moves_y")
	frameEnd := rowEnd.And(rowLast).Named("frame_end")
	r.regs["pos_y"].SetIf(moved, rowLast.Mux(w.num(y.Start), r.posY.AddI(int64(y.Advance))))
	r.regs["frame_row"].SetIf(frameEnd, r.frameRow.AddI(int64(y.In)))
	if w.rows == 1 {
		return
	}
	first := m.Const(index(w.rows), int64(floorMod(y.Start, w.rows)))
	if frameSlot := r.regs["frame_slot"]; frameSlot != nil {
		nextFrame := wrapAdd(m, frameSlot.Q, y.In, w.rows).To(index(w.rows)).Named("next_frame_slot")
		frameSlot.SetIf(frameEnd, nextFrame)
		first = wrapAdd(m, nextFrame, floorMod(y.Start, w.rows), w.rows)
	}
	r.regs["slot"].SetIf(moved, rowLast.Mux(first, wrapAdd(m, r.slot, y.Advance, w.rows)))
}

func (w *window) stepPhase(name string, walk plan.Walk, step, last *rtl.Node) {
	if walk.Phases == 1 {
		return
	}
	reg := w.rd.regs[name]
	wrap := last.Or(reg.Q.EqI(int64(walk.Phases - 1)))
	reg.SetIf(step, wrap.MuxI(0, reg.Q.AddI(1)))
}

// weightAddr walks through the weights: once through the words of a phase for each output pixel.
func (w *window) weightAddr(pixelEnd, rowEnd, rowLast, valid1 *rtl.Node) {
	m, r := w.m, &w.rd
	py, px := w.walk[0].Phases, w.walk[1].Phases
	pixel := w.groups * w.steps() // words of one phase
	depth := py * px * pixel
	if depth == 1 {
		zero := m.Const(rtl.U(1), 0)
		m.Out("w_addr", zero)
		return
	}
	addr := m.Reg("weight", index(depth), 0)
	next := addr.Q.AddI(1)
	switch {
	case py == 1 && px == 1:
		next = pixelEnd.MuxI(0, next)
	default:
		rowBase := make([]int64, py)
		after := make([]int64, py) // the base of the row of phases that follows
		for i := range rowBase {
			rowBase[i] = int64(i * px * pixel)
			after[i] = int64((i + 1) % py * px * pixel)
		}
		back := m.Bit(true)
		if px > 1 {
			back = r.regs["phase_x"].Q.EqI(int64(px - 1))
		}
		next = pixelEnd.And(back).Mux(table(m, "phase_row_weights", r.phaseY, rowBase), next)
		next = rowEnd.Mux(rowLast.MuxI(0, table(m, "next_phase_row_weights", r.phaseY, after)), next)
	}
	addr.SetIf(r.issue, next)
	m.Out("w_addr", w.late("weight", addr.Q, valid1))
}

func (w *window) num(v int) *rtl.Node { return w.m.Const(signed(v, v), int64(v)) }

// read addresses the banks, then turns their words into the window. The issue of a step takes three
// cycles to reach x: address, memory, rotation and padding.
func (w *window) read(banks [][]*rtl.Mem) {
	m, r := w.m, &w.rd
	valid1 := r.valid1
	valid2 := m.Delay("valid_2", valid1)
	cols := w.columnParts()
	q := make([][]*rtl.Node, len(banks))
	for by := range banks {
		row := w.rowPart(by)
		for bx, mem := range banks[by] {
			at := row.Add(cols[bx]).Add(r.channel).To(index(w.bankDepth()))
			addr := m.DelayIf(mem.Name+"_addr", r.issue, at)
			q[by] = append(q[by], m.ReadPort(mem, mem.Name+"_word", addr, valid1))
		}
	}
	x := m.DelayIf("taps", valid2, w.assemble(q, valid1))
	m.Out("x", x)
	m.Out("x_valid", m.Delay("valid_3", valid2))
	m.Out("x_first", delay(m, "first", r.start, 3))
	m.Out("x_last", delay(m, "last", r.groupEnd, 3))
	if !w.pooling {
		m.Out("w_en", valid2)
	}
}

// rowPart is where the row of the present tap starts in row bank by.
func (w *window) rowPart(by int) *rtl.Node {
	m, r, y := w.m, &w.rd, w.walk[0]
	bases := w.rowBases()
	if w.fold.TapY == 1 {
		ty, _ := w.taps()
		slot := r.slot
		if ty > 1 {
			offset := make([]int64, ty)
			for t := range offset {
				offset[t] = int64(t * y.Step % w.rows)
			}
			sum := r.slot.Add(table(m, "tap_y_slots", r.tapY, offset))
			slot = sum.LtI(int64(w.rows)).Mux(sum, sum.AddI(int64(-w.rows))).To(index(w.rows)).Named("tap_slot")
		}
		return table(m, "row_base", slot, bases)
	}
	at := make([]int64, w.rows) // by the slot of posY
	for s := range at {
		at[s] = bases[(s+w.tapIn(s, by, w.fold.TapY, y.Step)*y.Step)%w.rows]
	}
	return table(m, fmt.Sprintf("row_base_%d", by), r.slot, at)
}

// tapIn is the tap that falls into a bank when tap 0 lies at position s; banks and step are coprime.
func (w *window) tapIn(s, bank, banks, step int) int {
	for t := 0; t < banks; t++ {
		if (s+t*step)%banks == bank {
			return t
		}
	}
	panic(fmt.Sprintf("BUG: hw: no tap in bank %d of %d with step %d", bank, banks, step))
}

// columnParts is where the column of the present tap lies in each column bank.
func (w *window) columnParts() []*rtl.Node {
	m, r, x := w.m, &w.rd, w.walk[1]
	n, words := w.fold.TapX, w.words()
	if n == 1 {
		_, tx := w.taps()
		offset := make([]int64, tx)
		for t := range offset {
			offset[t] = int64(t * x.Step * words)
		}
		return []*rtl.Node{r.column.Add(table(m, "tap_x_words", r.tapX, offset))}
	}
	parts := make([]*rtl.Node, n)
	for bx := range parts {
		offset := make([]int64, n) // by the bank of posX
		for b := range offset {
			offset[b] = int64((b + w.tapIn(b, bx, n, x.Step)*x.Step) / n * words)
		}
		parts[bx] = r.column.Add(table(m, fmt.Sprintf("column_offset_%d", bx), r.bank, offset))
	}
	return parts
}
