package functional

import (
	"math"
	"math/bits"
)

// change is a run of changed pairs of channels of one input pixel.
type change struct {
	x          int
	start, end int // in scratch.dx and scratch.pairs
}

// spread adds what changed inputs make to the delta, pixel by pixel.
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
			base := ch.x / g.xs.inStep * g.xs.outStep * c.shape.C
			w.e.kernels.Scatter(w.delta.acc[top:], base, s.segs[s.starts[r]:s.starts[r+1]], s.dx[ch.start+from:ch.start+to], pairs[from:to], c.fan.step, c.fan.w)
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
