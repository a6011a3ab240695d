package functional

import "math/bits"

// settle requantises the outputs of todo, and marks those that change.
func (c *conv) settle(w *Worker, todo *marks) {
	for y := todo.lo; y < todo.hi; y++ {
		at := c.origin + y*c.row
		c.settleRow(w, todo, y, 0, w.sums[c.node][at:at+c.shape.W*c.shape.C], w.delta.acc[at:], c.shape.C)
	}
}

// settleRow requantises outputs of row y from sums and deltas that begin with column from. The sums are of whole
// pixels and end where they are not valid any more.
func (c *conv) settleRow(w *Worker, todo *marks, y, from int, acc, delta []int32, step int) {
	m, f, marks := &w.e.images[c.dst.image], &w.frames[c.dst.image], &w.marks[c.out]
	for i, bits := range todo.row(y) {
		if bits == 0 {
			continue
		}
		if c.scale == nil {
			c.settleWide(w, y, i*64, bits, acc, delta, step)
			continue
		}
		x := max(i*64, from)
		at := m.at(y, x) + c.dst.channel
		var by []int32
		if delta != nil {
			by = delta[(x-from)*step:]
		}
		changed := w.e.kernels.Settle(f.now[at:], f.golden[at:], m.step, acc[(x-from)*step:], by, step, bits>>(x-i*64), c.settler)
		if changed != 0 {
			marks.row(y)[i] |= changed << (x - i*64)
			marks.rows(y, y+1)
		}
	}
}

// settleRun is settleRow for columns from <= x < from+len(acc)/step alone. Those between the outputs of todo may be
// settled too.
func (c *conv) settleRun(w *Worker, todo *marks, y, from int, acc, delta []int32, step int) {
	m, f, marks := &w.e.images[c.dst.image], &w.frames[c.dst.image], &w.marks[c.out]
	for n := len(acc) / step; n > 0; n -= 64 {
		if bits := todo.bitsFrom(y, from) & (^uint64(0) >> (64 - min(n, 64))); bits != 0 {
			at := m.at(y, from) + c.dst.channel
			if changed := w.e.kernels.Settle(f.now[at:], f.golden[at:], m.step, acc, delta, step, bits, c.settler); changed != 0 {
				marks.put(y, from, changed)
			}
		}
		acc, from = acc[min(64*step, len(acc)):], from+64
		if delta != nil {
			delta = delta[min(64*step, len(delta)):]
		}
	}
}

// settleWide is settleRow for outputs above 16 bits, 64 pixels from column left on.
func (c *conv) settleWide(w *Worker, y, left int, todo uint64, acc, delta []int32, step int) {
	for ; todo != 0; todo &= todo - 1 {
		x := left + bits.TrailingZeros64(todo)
		for o := range c.shape.C {
			w.change(c.out, o, y, x, c.apply(o, acc[x*step+o]+delta[x*step+o]))
		}
	}
}

// reached finds the outputs that read a marked input pixel.
func (c *conv) reached(w *Worker, todo *marks) {
	in := &w.marks[c.in]
	line := w.work.line64[:todo.words]
	for y := in.lo; y < in.hi; y++ {
		clear(line)
		c.g.xs.bits(line, in.row(y), c.shape.W)
		c.g.ys.each(y, c.shape.H, func(oy, _ int) {
			todo.rows(oy, oy+1)
			for i, b := range line {
				todo.row(oy)[i] |= b
			}
		})
	}
}

// markRow marks the pixels from <= x < to of row y that differ from the golden ones.
func (w *Worker) markRow(v, y, from, to int) {
	val := &w.e.values[v]
	m, f, marks := &w.e.images[val.image], &w.frames[val.image], &w.marks[v]
	lo, hi := m.at(y, from), m.at(y, to)
	if m.wide {
		for k := lo; k < hi; k++ {
			if f.nowWide[k] != f.goldenWide[k] {
				marks.set(y, (k-m.at(y, 0))/m.step)
			}
		}
		return
	}
	mask := w.work.mask[:(hi-lo+63)/64]
	w.e.kernels.Diff(mask, f.now[lo:hi], f.golden[lo:hi])
	marks.addDiff(mask, y, from, to, m.step, val.channel, val.Shape.C)
}
