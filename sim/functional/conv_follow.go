package functional

import (
	"math"
	"math/bits"
)

// delta is what has been added to a convolution's accumulators, in their layout; one serves all convolutions
// in turn and is zero in between.
type delta struct {
	acc    []int32
	lo, hi []int32 // per row, border included: the columns that may not be zero; none where lo >= hi
	top    int     // rows top <= y < bottom, border included, have such columns
	bottom int
}

// fit makes room for a convolution.
func (d *delta) fit(c *conv, size int, mem *memory) {
	if d.acc == nil {
		d.acc = take[int32](mem, size)
	}
	if n := c.g.ys.before + c.shape.H + c.g.ys.after; len(d.lo) < n {
		d.lo, d.hi = make([]int32, n), make([]int32, n)
	}
}

// touch says that columns lo <= x < hi of a row, border included, may change.
func (d *delta) touch(y, lo, hi int) {
	if d.lo[y] >= d.hi[y] {
		d.lo[y], d.hi[y] = int32(lo), int32(hi)
	} else {
		d.lo[y], d.hi[y] = min(d.lo[y], int32(lo)), max(d.hi[y], int32(hi))
	}
	if d.top >= d.bottom {
		d.top, d.bottom = y, y+1
	} else {
		d.top, d.bottom = min(d.top, y), max(d.bottom, y+1)
	}
}

// zero makes the delta of a convolution zero again.
func (d *delta) zero(c *conv) {
	for y := d.top; y < d.bottom; y++ {
		if d.lo[y] < d.hi[y] {
			clear(d.acc[y*c.row+int(d.lo[y])*c.shape.C : y*c.row+int(d.hi[y])*c.shape.C])
		}
		d.lo[y], d.hi[y] = 0, 0
	}
	d.top, d.bottom = 0, 0
}

// follow brings the output up to date. Sums of changed inputs and weights gather in the delta, and the marks of
// scratch say which outputs they may change; constants are applied in the end.
func (c *conv) follow(w *Worker, ps []Patch) []Patch {
	changed := w.marks[c.in].any()
	if c.exactly {
		if changed {
			c.followExactly(w)
		}
		return ps
	}
	todo := w.work.touched(c.shape)
	if changed {
		c.reached(w, todo)
		if c.weave == nil || !w.marks[c.in].more(w.e.few) {
			c.spread(w)
		} else if c.spreadWoven(w, todo, len(ps) == 0) {
			return nil
		}
	}
	left := ps
	if c.holds(ps) && !entangled(ps) {
		left = nil
		for i := range ps {
			if ps[i].Kind == Input {
				c.spreadInput(w, &ps[i], todo)
			}
		}
	}
	c.settle(w, todo)
	if left == nil {
		c.strike(w, ps)
	}
	w.delta.zero(c)
	return left
}

// holds tells whether sums fit 32 bits under the patches too.
func (c *conv) holds(ps []Patch) bool {
	if c.AccBits <= 32 || len(ps) == 0 {
		return true
	}
	struck := int64(0)
	for _, p := range ps {
		if p.Kind == Weight {
			struck++
		}
	}
	return struck == 0 || largest(c.Conv, c.src.Value, c.shape.C)+struck<<c.WeightBits*magnitude(c.src.Value) < 1<<31
}

// entangled tells whether patches meet in one product, or one input several.
func entangled(ps []Patch) bool {
	inputs, weights := 0, 0
	for i, p := range ps {
		switch p.Kind {
		case Input:
			inputs++
			for _, q := range ps[:i] {
				if q.Kind == Input && q.Index == p.Index {
					return true
				}
			}
		case Weight:
			weights++
		}
	}
	return inputs > 0 && weights > 0
}

// change is a run of changed pairs of channels of one input pixel.
type change struct {
	x          int
	start, end int // in scratch.dx and scratch.pairs
}

// spread adds what changed inputs make to the delta: product by product, or for rows in which too much
// changed by computing the sums anew.
func (c *conv) spread(w *Worker) {
	in, s := &w.marks[c.in], &w.work
	c.find(w)
	for y := in.lo; y < in.hi; y++ {
		changes := s.changes[s.rows[y]:s.rows[y+1]]
		if len(changes) == 0 {
			continue
		}
		first, last := changes[0].x, changes[len(changes)-1].x
		lo := first/c.g.xs.inStep*c.g.xs.outStep + c.fan.low[1] + c.g.xs.before
		hi := last/c.g.xs.inStep*c.g.xs.outStep + c.fan.high[1] + c.g.xs.before + 1
		top := y/c.g.ys.inStep*c.g.ys.outStep + c.g.ys.before
		for _, r := range c.g.ys.residues[y%c.g.ys.inStep] {
			w.delta.touch(top+r.at, lo, hi)
		}
	}
	for y := in.lo; y < in.hi; y++ {
		c.scatterRow(w, y, s.changes[s.rows[y]:s.rows[y+1]])
	}
}

// find collects the changed pairs of channels of the input, row by row.
func (c *conv) find(w *Worker) {
	in, s := &w.marks[c.in], &w.work
	s.changes = s.changes[:0]
	end := 0
	f := &w.frames[c.src.image]
	n := (c.src.Shape.C + 1) &^ 1
	for y := in.lo; y < in.hi; y++ {
		s.rows[y] = len(s.changes)
		for i, b := range in.row(y) {
			for ; b != 0; b &= b - 1 {
				x := i*64 + bits.TrailingZeros64(b)
				at := c.image.at(y, x) + c.src.channel
				now, was := f.now[at:][:n], f.golden[at:][:n]
				start := end
				for k := 0; k+1 < len(now); k += 2 {
					end = s.split(end, int32(now[k])-int32(was[k]), int32(now[k+1])-int32(was[k+1]), int32(k/2))
				}
				if end > start {
					s.changes = append(s.changes, change{x, start, end})
				}
			}
		}
	}
	s.rows[in.hi] = len(s.changes)
}

// split adds entries, from number n on, for the differences a and b of a pair of channels. What does not fit 16 bits
// goes into more than one: differences have up to 17 bits.
func (s *scratch) split(n int, a, b, at int32) int {
	for a|b != 0 {
		low, high := clamp16(a), clamp16(b)
		s.dx[n], s.pairs[n] = uint32(uint16(low))|uint32(high)<<16, at
		a, b = a-low, b-high
		n++
	}
	return n
}

func clamp16(v int32) int32 { return min(max(v, math.MinInt16), math.MaxInt16) }

// scatterRow adds the changes of input row y.
func (c *conv) scatterRow(w *Worker, y int, changes []change) {
	s, g := &w.work, c.g
	top := (y/g.ys.inStep*g.ys.outStep+c.fan.low[0]+g.ys.before)*c.row + (c.fan.low[1]+g.xs.before)*c.shape.C
	for i := range c.fan.classes {
		k := &c.fan.classes[i]
		s.segs = s.segs[:0]
		s.starts = append(s.starts[:0], 0)
		lanes := s.lanes[:0]
		for _, segs := range k.segs[y%g.ys.inStep] {
			n := int64(0)
			for _, seg := range segs {
				s.segs = append(s.segs, seg.Segment)
				n += int64(seg.Lanes)
			}
			s.starts = append(s.starts, len(s.segs))
			lanes = append(lanes, n)
		}
		s.lanes = lanes
		for _, ch := range changes {
			pairs := s.pairs[ch.start:ch.end]
			from, to := 0, len(pairs)
			if len(c.fan.classes) > 1 {
				from, to = within(pairs, k.first, k.end)
				if from == to {
					continue
				}
			}
			r := ch.x % g.xs.inStep
			base := top + ch.x/g.xs.inStep*g.xs.outStep*c.shape.C
			w.e.kernels.Scatter(w.delta.acc, base, s.segs[s.starts[r]:s.starts[r+1]], s.dx[ch.start+from:ch.start+to], pairs[from:to], c.fan.step, c.fan.w)
			w.diff.Stats.MACs += int64(to-from) * 2 * lanes[r]
		}
	}
}

// within is the run of ascending pairs that lie in first <= p < end.
func within(pairs []int32, first, end int) (from, to int) {
	for from < len(pairs) && int(pairs[from]) < first {
		from++
	}
	to = from
	for to < len(pairs) && int(pairs[to]) < end {
		to++
	}
	return from, to
}

// spreadInput adds what a patch of an input makes for some of the outputs that read it.
func (c *conv) spreadInput(w *Worker, p *Patch, todo *marks) {
	i, y, x := coordinates(c.src.Shape, p.Index)
	was := w.load(c.in, i, y, x)
	d := int32(p.Change.Apply(was, c.src.Format.Bits, c.src.Format.Signed) - was)
	c.readers(i, y, x, func(oy, ox, ky, kx, from, to int) {
		acc := w.delta.acc[c.origin+oy*c.row+ox*c.shape.C:]
		for o := from; o < to; o++ {
			if p.acts(oy*c.shape.W+ox, o) {
				acc[o] += d * int32(c.at(o, i, ky, kx))
			}
		}
		w.delta.touch(oy+c.g.ys.before, ox+c.g.xs.before, ox+c.g.xs.before+1)
		todo.set(oy, ox)
		w.diff.Stats.MACs += int64(to - from)
	})
}

// readers calls f for every output pixel that reads input channel i of pixel (y, x), with the kernel element by
// which and the output channels from <= o < to that do.
func (c *conv) readers(i, y, x int, f func(oy, ox, ky, kx, from, to int)) {
	from := i / c.perIn * c.perOut
	c.g.ys.each(y, c.shape.H, func(oy, ky int) {
		c.g.xs.each(x, c.shape.W, func(ox, kx int) {
			f(oy, ox, ky, kx, from, from+c.perOut)
		})
	})
}

// each calls f for the targets of input i that are among so many outputs.
func (s spread) each(i, out int, f func(o, k int)) {
	for _, t := range s.residues[i%s.inStep] {
		if o := i/s.inStep*s.outStep + t.at; o >= 0 && o < out {
			f(o, t.k)
		}
	}
}

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
		changed := w.e.kernels.Settle(f.now[at:], f.golden[at:], m.step, acc[(x-from)*step:], by, step, bits>>(x-i*64), c.scale)
		if changed != 0 {
			marks.row(y)[i] |= changed << (x - i*64)
			marks.rows(y, y+1)
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
