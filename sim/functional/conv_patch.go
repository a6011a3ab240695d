package functional

import (
	"slices"

	"rampart/ir/fixed"
)

// strike applies patches of weights and constants, channel by channel. What their inputs' changes make is in
// the delta and settled.
func (c *conv) strike(w *Worker, ps []Patch) {
	for i := range ps {
		if ps[i].Kind == Input {
			continue
		}
		o := c.channel(&ps[i])
		before := func(q Patch) bool { return q.Kind != Input && c.channel(&q) == o }
		if !slices.ContainsFunc(ps[:i], before) {
			c.strikeChannel(w, ps, o)
		}
	}
}

// strikeChannel cuts the frame where a patch of channel o begins or ends.
func (c *conv) strikeChannel(w *Worker, ps []Patch, o int) {
	total := c.shape.H * c.shape.W
	var cuts []int
	for i := range ps {
		if p := &ps[i]; p.Kind != Input && c.channel(p) == o {
			lo, hi := p.pixels(o, total)
			cuts = append(cuts, lo, max(lo, hi))
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	for i, from := range cuts[:len(cuts)-1] {
		to := min(cuts[i+1], total)
		var active []Patch
		for _, p := range ps {
			if p.Kind != Input && c.channel(&p) == o && p.acts(from, o) {
				active = append(active, p)
			}
		}
		if from < to && len(active) > 0 {
			c.strikePixels(w, active, o, from, to)
		}
	}
}

// term is a struck weight: by how much it differs, and what it reads.
type term struct {
	by     int32
	i      int
	ky, kx int
}

// strikePixels applies patches to outputs of channel o, pixels from <= p < to in raster order.
func (c *conv) strikePixels(w *Worker, ps []Patch, o, from, to int) {
	var terms []term
	constants := false
	for i, p := range ps {
		if p.Kind != Weight {
			constants = true
			continue
		}
		if !slices.ContainsFunc(ps[:i], func(q Patch) bool { return q.Kind == Weight && q.Index == p.Index }) {
			was := int64(c.Weight[p.Index])
			_, in, ky, kx := c.weight(p.Index)
			terms = append(terms, term{by: int32(params(ps, Weight, p.Index, was, c.weightFormat()) - was), i: in, ky: ky, kx: kx})
		}
	}
	requantise := func(sum int32) int64 { return int64(c.scale.Apply(o, sum)) + c.dst.offset }
	if constants || c.scale == nil {
		scale, bias := c.channelScale(ps, o)
		requantise = func(sum int32) int64 {
			return scale.Apply(0, fixed.Wrap(int64(sum), min(c.AccBits, 32))+bias, c.dst.Zero)
		}
	}
	sums, d := w.sums[c.node], w.delta.acc
	for y := from / c.shape.W; y*c.shape.W < to; y++ {
		lo, hi := max(0, from-y*c.shape.W), min(c.shape.W, to-y*c.shape.W)
		by := w.work.line[:hi-lo]
		clear(by)
		for _, t := range terms {
			c.addTerm(w, t, by, y, lo)
		}
		at := c.origin + y*c.row + lo*c.shape.C + o
		c.strikeRow(w, o, y, lo, by, constants, sums[at:], d[at:], requantise)
		w.diff.Stats.MACs += int64((hi - lo) * len(terms))
	}
}

// strikeRow requantises outputs of channel o from column lo on, each from its golden sum, the delta, and what by
// adds. Where that adds nothing the output is settled already, unless it is to be requantised all the same.
func (c *conv) strikeRow(w *Worker, o, y, lo int, by []int32, all bool, sums, delta []int32, requantise func(int32) int64) {
	m, f, marks := &w.e.images[c.dst.image], &w.frames[c.dst.image], &w.marks[c.out]
	at, k := m.at(y, lo)+c.dst.channel+o, 0
	for i, b := range by {
		if b != 0 || all {
			v := requantise(sums[k] + delta[k] + b)
			if m.wide {
				w.change(c.out, o, y, lo+i, v)
			} else {
				f.now[at] = int16(v - c.dst.offset)
				if f.now[at] != f.golden[at] {
					marks.set(y, lo+i)
				}
			}
		}
		at += m.step
		k += c.shape.C
	}
}

// addTerm adds what a struck weight makes of the columns of output row y from lo on. Where it reads outside the
// image it finds the border.
func (c *conv) addTerm(w *Worker, t term, by []int32, y, lo int) {
	iy, ok := c.input(0, y, t.ky)
	if !ok {
		return
	}
	x, step := lo, 1 // the first output column that the kernel element has an input for, and the way to the next
	ix, ok := c.input(1, x, t.kx)
	if c.Transposed {
		for step = c.Stride[1]; !ok; ix, ok = c.input(1, x, t.kx) {
			x++
		}
	}
	in := w.frames[c.src.image].now
	at, ahead, offset := c.image.at(iy, ix)+c.src.channel+t.i, c.g.xs.inStep*c.image.step, int32(c.src.offset)
	for i := x - lo; i < len(by); i += step {
		by[i] += t.by * (int32(in[at]) + offset)
		at += ahead
	}
}

// input is the row (column, for d = 1) that an output's kernel element reads; not ok where a transposed
// convolution's reads none.
func (c *conv) input(d, o, k int) (i int, ok bool) {
	if !c.Transposed {
		return o*c.Stride[d] + k*c.Dilation[d] - c.Before[d], true
	}
	i = o + c.Before[d] - k*c.Dilation[d]
	return i / c.Stride[d], i%c.Stride[d] == 0
}

// channelScale is the requantisation and bias of one channel under patches.
func (c *conv) channelScale(ps []Patch, o int) (fixed.Scale, int64) {
	return patchedScale(&c.Scale, ps, o), params(ps, Bias, o, c.Bias[o], c.biasFormat())
}

// patchedScale is a scale of one channel alone, under patches.
func patchedScale(s *fixed.Scale, ps []Patch, ch int) fixed.Scale {
	one := *s
	one.Shift = []int{int(params(ps, Shift, ch, int64(s.Shift[ch]), shiftFormat))}
	if s.Mult != nil {
		one.Mult = []int64{params(ps, Mult, ch, s.Mult[ch], multFormat(s))}
	}
	return one
}

// apply requantises an accumulator of channel o.
func (c *conv) apply(o int, acc int32) int64 {
	return c.Scale.Apply(o, fixed.Wrap(int64(acc), min(c.AccBits, 32))+c.Bias[o], c.dst.Zero)
}
