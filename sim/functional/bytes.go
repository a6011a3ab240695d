package functional

import (
	"slices"

	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// bytes computes what changes of some input channels make of a convolution's sums, output by output, with changes of
// eight bits: where many pixels changed this costs less than to look for those that did. Changes lie in an image of
// their own, 128 more than they are, with a border as wide as windows need.
type bytes struct {
	first, count int // channels of the input
	step         int // elements of a pixel: whole fours of channels
	row, origin  int
	rows         int
	lowest       int // input row that any window takes first, from the phase's
	highest      int
	parts        []bytePart // per phase of the rows
	cost         float64    // of an output pixel, in steps of 16 accumulators
}

// bytePart is as a part of the dense kernel, by fours of channels.
type bytePart struct {
	strip  *strip
	blocks int
	base   int
	offs   []int32
	bytes  []int8
	begin  []int32 // per lane: takes the 128 off again
}

// newBytes makes them for all input channels and, where the input is joined, for each of its parts; none where the
// weights or the kernels are not for it.
func (e *Engine) newBytes(c *conv) []*bytes {
	if !e.kernels.Bytes || c.WeightBits > 8 || c.Group > 1 {
		return nil
	}
	s := c.g.cols.even(c.shape.C)
	if s == nil {
		return nil
	}
	all := []*bytes{c.newBytes(s, 0, c.src.Shape.C)}
	for i := range e.nodes {
		if _, ok := e.nodes[i].Op.(*fixed.Concat); !ok || e.nodes[i].out != c.in {
			continue
		}
		at := 0
		for _, v := range e.nodes[i].in {
			all = append(all, c.newBytes(s, at, e.values[v].Shape.C))
			at += e.values[v].Shape.C
			c.joined = append(c.joined, v)
		}
	}
	return all
}

// even is the pattern of the least cost whose lanes are those of whole pixels and fill whole blocks, nil for none.
func (a axis) even(channels int) *strip {
	if len(a.phases) > 1 || a.outStep > 1 {
		if len(a.phases) != a.outStep || a.outStep*channels%kernel.Lanes != 0 {
			return nil
		}
		s := newStrip(0, a.outStep, 1, a.phases)
		return &s
	}
	var best *strip
	var columns [][]tap
	for n := 1; n <= a.out && n*channels <= 4*kernel.Lanes; n++ {
		var shifted []tap
		for _, t := range a.phases[0] {
			shifted = append(shifted, tap{t.k, t.at + (n-1)*a.inStep})
		}
		columns = append(columns, shifted)
		s := newStrip(0, n, n*a.inStep, slices.Clone(columns))
		if n*channels%kernel.Lanes == 0 && (best == nil || s.cost(channels) < best.cost(channels)) {
			best = &s
		}
	}
	return best
}

func (c *conv) newBytes(s *strip, first, count int) *bytes {
	g, b := c.g, &c.g.border
	fours := (count + 3) / 4
	v := &bytes{first: first, count: count, step: 4 * fours, rows: b.top + c.src.Shape.H + b.bottom}
	right := 0
	if len(s.at) > 0 {
		right = max(0, s.at[len(s.at)-1]+(s.count(c.shape.W)-1)*s.inStep-(c.src.Shape.W-1))
	}
	v.row = (b.left + c.src.Shape.W + right) * v.step
	v.origin = b.top*v.row + b.left*v.step
	for _, taps := range g.rows.phases {
		for _, t := range taps {
			v.lowest, v.highest = min(v.lowest, t.at), max(v.highest, t.at)
		}
	}
	for _, taps := range g.rows.phases {
		p := c.newBytePart(v, s, taps, fours)
		v.cost += float64(p.blocks*len(p.offs)) / float64(s.step*len(g.rows.phases))
		v.parts = append(v.parts, p)
	}
	return v
}

// newBytePart lays out weights of some kernel rows. Offsets are those of each kernel row, column and four.
func (c *conv) newBytePart(v *bytes, p *strip, rows []tap, fours int) bytePart {
	q := bytePart{strip: p, blocks: p.step * c.shape.C / kernel.Lanes}
	q.begin = make([]int32, q.blocks*kernel.Lanes)
	for _, r := range rows {
		for _, at := range p.at {
			for k := range fours {
				q.offs = append(q.offs, int32(r.at*v.row+at*v.step+4*k))
			}
		}
	}
	if len(q.offs) > 0 {
		q.base = int(slices.Min(q.offs))
		for k := range q.offs {
			q.offs[k] -= int32(q.base)
		}
	}
	q.bytes = make([]int8, q.blocks*len(q.offs)*kernel.Lanes*4)
	for column, taps := range p.columns {
		for o := range c.shape.C {
			l := column*c.shape.C + o
			for _, t := range taps {
				at, _ := slices.BinarySearch(p.at, t.at)
				for row, r := range rows {
					s := (row*len(p.at) + at) * fours
					for i := range v.count {
						w := c.at(o, v.first+i, r.k, t.k)
						q.bytes[((l/kernel.Lanes*len(q.offs)+s+i/4)*kernel.Lanes+l%kernel.Lanes)*4+i%4] = int8(w)
						q.begin[l] -= 128 * int32(w)
					}
				}
			}
		}
	}
	return q
}

// bytesFor is the least of the bytes that has all channels that may have changed.
func (c *conv) bytesFor(w *Worker) *bytes {
	if len(c.bytes) == 0 {
		return nil
	}
	only := -1
	for i, v := range c.joined {
		if w.marks[v].any() {
			if only >= 0 {
				return c.bytes[0]
			}
			only = i
		}
	}
	if only < 0 || len(w.undo) > 0 { // a poke may be of any channel
		return c.bytes[0]
	}
	return c.bytes[1+only]
}

// load fills the image of changes as far as windows of todo reach, and tells whether all changes fit.
func (v *bytes) load(c *conv, w *Worker, todo *marks) bool {
	in, f, x := &w.marks[c.in], &w.frames[c.src.image], w.work.changed
	top, rows := c.g.border.top, c.g.rows
	from := max(0, todo.lo/rows.outStep*rows.inStep+v.lowest+top)
	to := min(v.rows, (todo.hi-1)/rows.outStep*rows.inStep+v.highest+top+1)
	for y := from; y < to; y++ {
		copy(x[y*v.row:][:v.row], w.work.unchanged)
	}
	for y := max(in.lo, from-top); y < min(in.hi, to-top); y++ {
		lo, hi := in.span(y)
		if lo >= hi {
			continue
		}
		at := c.image.at(y, lo) + c.src.channel + v.first
		if !w.e.kernels.Pack(x[v.origin+y*v.row+lo*v.step:], v.step, f.now[at:], f.golden[at:], c.image.step, v.count, hi-lo) {
			return false
		}
	}
	return true
}

// sums is what the changes add to the sums of columns from <= x < to of output row y. They hold until the next call.
func (v *bytes) sums(c *conv, w *Worker, y, from, to int) []int32 {
	phase := y % c.g.rows.outStep
	row := v.origin + y/c.g.rows.outStep*c.g.rows.inStep*v.row
	p := &v.parts[phase]
	step := p.strip.step
	j, end := from/step, (to+step-1)/step
	sums := w.work.sums[:(end-j)*p.blocks*kernel.Lanes]
	x := w.work.changed[row+j*p.strip.inStep*v.step+p.base:]
	w.e.kernels.DenseBytes(sums, x, p.strip.inStep*v.step, p.offs, p.bytes, p.begin, end-j, p.blocks)
	return sums[(from-j*step)*c.shape.C:][:(to-from)*c.shape.C]
}

// spreadBytes brings the outputs of todo up to date with changes that are loaded: it settles them, or leaves what
// changes in the delta.
func (c *conv) spreadBytes(w *Worker, v *bytes, todo *marks, settle bool) {
	const apart = 24 // fewer pixels between are computed too: to begin anew takes longer
	for y := todo.lo; y < todo.hi; y++ {
		todo.runs(y, apart, func(lo, hi int) {
			sums := v.sums(c, w, y, lo, hi)
			at := c.origin + y*c.row + lo*c.shape.C
			w.diff.Stats.MACs += int64(hi-lo) * c.perPixel * int64(v.count) / int64(c.src.Shape.C)
			if settle {
				c.settleRun(w, todo, y, lo, w.sums[c.node][at:][:len(sums)], sums, c.shape.C)
				return
			}
			copy(w.delta.acc[at:], sums)
			w.delta.touch(y+c.g.ys.before, lo+c.g.xs.before, hi+c.g.xs.before)
		})
	}
}
