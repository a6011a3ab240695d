package functional

import (
	"slices"

	"rampart/sim/functional/kernel"
)

// part is one run of the dense kernel over a row: a pattern of columns, and blocks of its lanes that read the
// same input channels. Lane q*channels+o is output channel o at the pattern's column q.
type part struct {
	strip        *strip
	taps         []tap // kernel rows
	lane, blocks int   // the first lane, and blocks of kernel.Lanes lanes
	pair, pairs  int   // the first pair of input channels, and their number
	base         int   // of offs, from the input pixel that the pattern's first column would meet with at = 0
	offs         []int32
	w            []int16
	start        []int32 // per lane: what a sum begins with where the input is stored with an offset; else nil
}

// pack lays out the weights for the dense kernel, per phase of the rows.
func (c *conv) pack() [][]part {
	all := make([][]part, len(c.g.rows.phases))
	for phase, taps := range c.g.rows.phases {
		for i := range c.g.strips {
			s := &c.g.strips[i]
			blocks := (len(s.columns)*c.shape.C + kernel.Lanes - 1) / kernel.Lanes
			for b := 0; b < blocks; {
				pair, pairs := c.pairs(b, len(s.columns))
				n := 1
				for b+n < blocks {
					if p, k := c.pairs(b+n, len(s.columns)); p != pair || k != pairs {
						break
					}
					n++
				}
				all[phase] = append(all[phase], c.newPart(s, taps, b*kernel.Lanes, n, pair, pairs))
				b += n
			}
		}
	}
	for i, w := range c.Weight {
		c.put(all, i, 0, int64(w))
	}
	return all
}

// pairs is the pairs of input channels that the lanes of a block read.
func (c *conv) pairs(block, columns int) (first, count int) {
	lo, hi := c.src.Shape.C, 0
	for l := block * kernel.Lanes; l < min((block+1)*kernel.Lanes, columns*c.shape.C); l++ {
		from := l % c.shape.C / c.perOut * c.perIn
		lo, hi = min(lo, from), max(hi, from+c.perIn)
	}
	return lo / 2, (hi+1)/2 - lo/2
}

func (c *conv) newPart(s *strip, taps []tap, lane, blocks, pair, pairs int) part {
	p := part{strip: s, taps: taps, lane: lane, blocks: blocks, pair: pair, pairs: pairs}
	for _, r := range taps {
		for _, at := range s.at {
			for k := range pairs {
				p.offs = append(p.offs, int32(r.at*c.image.row+at*c.image.step+2*(pair+k)))
			}
		}
	}
	if len(p.offs) > 0 {
		least := slices.Min(p.offs)
		p.base = int(least)
		for k := range p.offs {
			p.offs[k] -= least
		}
	}
	p.w = make([]int16, blocks*len(p.offs)*kernel.Lanes*2)
	if c.src.offset != 0 {
		p.start = make([]int32, blocks*kernel.Lanes)
	}
	return p
}

// put changes a weight from one number to another wherever it is packed.
func (c *conv) put(all [][]part, index int, from, to int64) {
	o, i, ky, kx := c.weight(index)
	for phase := range all {
		for k := range all[phase] {
			p := &all[phase][k]
			row := slices.IndexFunc(p.taps, func(t tap) bool { return t.k == ky })
			if row < 0 {
				continue
			}
			for q, taps := range p.strip.columns {
				l := q*c.shape.C + o - p.lane
				col := slices.IndexFunc(taps, func(t tap) bool { return t.k == kx })
				if col < 0 || l < 0 || l >= p.blocks*kernel.Lanes {
					continue
				}
				at, _ := slices.BinarySearch(p.strip.at, taps[col].at)
				s := (row*len(p.strip.at)+at)*p.pairs + i/2 - p.pair
				p.w[((l/kernel.Lanes*len(p.offs)+s)*kernel.Lanes+l%kernel.Lanes)*2+i&1] = int16(to)
				if p.start != nil {
					p.start[l] += int32((to - from) * c.src.offset)
				}
			}
		}
	}
}

// patched is a copy of the packed weights under patches.
func (c *conv) patched(ps []Patch) [][]part {
	all := make([][]part, len(c.parts))
	for phase := range all {
		all[phase] = slices.Clone(c.parts[phase])
		for k := range all[phase] {
			p := &all[phase][k]
			p.w, p.start = slices.Clone(p.w), slices.Clone(p.start)
		}
	}
	for i, p := range ps {
		sameBefore := func(q Patch) bool { return q.Kind == Weight && q.Index == p.Index }
		if p.Kind == Weight && !slices.ContainsFunc(ps[:i], sameBefore) {
			was := int64(c.Weight[p.Index])
			c.put(all, p.Index, was, params(ps, Weight, p.Index, was, c.weightFormat()))
		}
	}
	return all
}

// rowSums computes the accumulators of columns from <= x < to of output row y. The sum of channel o at column
// x is acc[(x-from)*step+o]. They hold until the next call.
func (c *conv) rowSums(w *Worker, parts [][]part, y, from, to int) (acc []int32, step int) {
	phase := y % c.g.rows.outStep
	row := c.image.origin + y/c.g.rows.outStep*c.g.rows.inStep*c.image.row + c.src.channel
	x := w.frames[c.src.image].now
	for i := range parts[phase] {
		p := &parts[phase][i]
		s := p.strip
		j := max(0, from-s.first) / s.step
		n := max(0, (to-s.first+s.step-1)/s.step-j)
		lanes := p.blocks * kernel.Lanes
		sums := w.work.sums[:n*lanes]
		w.e.kernels.Dense(sums, x[row+j*s.inStep*c.image.step+p.base:], s.inStep*c.image.step, p.offs, p.w, n, p.blocks)
		if len(parts[phase]) == 1 && s.step == len(s.columns) && p.start == nil {
			switch skip := from - j*s.step; {
			case s.step*c.shape.C == lanes:
				return sums[skip*c.shape.C:], c.shape.C
			case s.step == 1:
				return sums, lanes
			}
		}
		c.lay(w.work.row, sums, p, j, n, from, to)
	}
	return w.work.row, c.shape.C
}

// lay puts the sums of a part, n patterns from number j on, to where their columns lie in a row.
func (c *conv) lay(row, sums []int32, p *part, j, n, from, to int) {
	lanes := p.blocks * kernel.Lanes
	used := min(lanes, len(p.strip.columns)*c.shape.C-p.lane)
	for k := range n {
		src := sums[k*lanes:][:used]
		if p.start != nil {
			for l := range src {
				src[l] += p.start[l]
			}
		}
		at := (p.strip.first+(j+k)*p.strip.step-from)*c.shape.C + p.lane
		if at < 0 {
			src = src[min(-at, len(src)):]
			at = 0
		}
		if end := (to - from) * c.shape.C; at < end {
			copy(row[at:end], src)
		}
	}
}

// run computes the golden output and keeps the accumulators.
func (c *conv) run(w *Worker, keep []int32) {
	if c.exactly {
		c.dense(w, nil)
		return
	}
	for y := range c.shape.H {
		acc, step := c.rowSums(w, c.parts, y, 0, c.shape.W)
		to := keep[c.origin+y*c.row:]
		if step == c.shape.C {
			copy(to, acc[:c.shape.W*step])
		} else {
			for x := range c.shape.W {
				copy(to[x*c.shape.C:], acc[x*step:][:c.shape.C])
			}
		}
		c.requantise(w, c.scale, y, 0, c.shape.W, acc, nil, step)
	}
}

// dense computes the whole output; patches of weights and constants go into copies of these.
func (c *conv) dense(w *Worker, ps []Patch) []Patch {
	if c.exactly {
		for y := range c.shape.H {
			for x := range c.shape.W {
				for o := range c.shape.C {
					w.store(c.out, o, y, x, c.exact(w, o, y, x, nil))
				}
			}
		}
		return ps
	}
	parts, scale := c.parts, c.scale
	weight := slices.ContainsFunc(ps, func(p Patch) bool { return p.Kind == Weight })
	constant := slices.ContainsFunc(ps, func(p Patch) bool { return p.Kind == Bias || p.Kind == Mult || p.Kind == Shift })
	left := ps
	moments := slices.ContainsFunc(ps, func(p Patch) bool { return p.Kind == Input || !p.always() })
	if !moments && c.holds(ps) && (scale != nil || !constant) {
		left = nil
		if weight {
			parts = c.patched(ps)
		}
		if constant {
			scale = kernel.NewScale(c.constants(ps))
		}
	}
	for y := range c.shape.H {
		acc, step := c.rowSums(w, parts, y, 0, c.shape.W)
		c.requantise(w, scale, y, 0, c.shape.W, acc, nil, step)
	}
	return left
}

// requantise writes columns from <= x < to of output row y; acc and delta begin with the first of them.
func (c *conv) requantise(w *Worker, k *kernel.Scale, y, from, to int, acc, delta []int32, step int) {
	m, f := &w.e.images[c.dst.image], &w.frames[c.dst.image]
	at := m.at(y, from) + c.dst.channel
	if k != nil {
		w.e.kernels.Requantise(f.now[at:], m.step, acc, delta, step, to-from, k)
		return
	}
	for x := range to - from {
		for o := range c.shape.C {
			a := acc[x*step+o]
			if delta != nil {
				a += delta[x*step+o]
			}
			f.nowWide[at+x*m.step+o] = int32(c.apply(o, a))
		}
	}
}
