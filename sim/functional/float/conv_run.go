package float

import "rampart/sim/functional/float/kernel"

// The input that a band of outputs reads is to stay in a core's second cache from one block of channels to the
// next. Wider bands than these gain nothing.
const (
	bandBytes   = 1 << 18
	bandColumns = 512
)

// compute sums a part of some output channels, band by band.
func (c *conv) compute(w *Worker, first, count int, r rect, ps []Patch) {
	if len(ps) > 0 {
		c.one(w, first, r, ps)
		return
	}
	for x := r.x0; x < r.x1; x += bandColumns {
		x1 := min(x+bandColumns, r.x1)
		bytes := 4 * c.perIn * c.split * (x1 - x) * c.rows.inStep // that a row of every phase reads
		tile := kernel.Tile * c.rows.outStep
		rows := max(1, bandBytes/bytes/kernel.Tile) * tile
		for y := r.y0; y < r.y1; y += rows {
			c.band(w, first, count, rect{y, min(y+rows, r.y1), x, x1})
		}
	}
}

// band sums a part of some output channels, in blocks where the weights are packed for it.
func (c *conv) band(w *Worker, first, count int, r rect) {
	for o := first; o < first+count; {
		n := c.block(o, w.e.kernels.Block)
		if n == 0 || o+n > first+count {
			c.one(w, o, r, nil)
			o++
			continue
		}
		for i := range c.phases {
			p := &c.phases[i]
			c.sum(w, p, o, r, p.packed[o*p.taps.Len():], c.start[o:o+n])
		}
		for i := o; i < o+n; i++ {
			if !sound(c.start[i], nil) { // golden weights are finite
				c.edges(w, i, r, c.weights(w, i), c.start[i])
			}
		}
		o += n
	}
}

// one sums a part of one channel, under patches of its parameters.
func (c *conv) one(w *Worker, o int, r rect, ps []Patch) {
	weights := c.weights(w, o)
	start := [1]float32{c.start[o]}
	for _, p := range ps {
		if p.Tensor == Bias {
			start[0] = p.Change.Apply(start[0])
			continue
		}
		_, k := c.channel(Weight, p.Index)
		weights[k] = p.Change.Apply(weights[k])
	}
	for i := range c.phases {
		p := &c.phases[i]
		ordered := w.ordered[:0]
		for _, k := range p.order {
			ordered = append(ordered, weights[k])
		}
		w.ordered = ordered
		c.sum(w, p, o, r, ordered, start[:])
	}
	if !sound(start[0], weights) {
		c.edges(w, o, r, weights, start[0])
	}
}

// weights is a copy of the golden weights of a channel, [in/group][kh][kw].
func (c *conv) weights(w *Worker, o int) []float32 {
	weights := w.weights[:c.perIn*c.elements]
	for k := range weights {
		weights[k] = c.weight[c.place(o, k)]
	}
	return weights
}

// sum computes the outputs of a phase in a part of len(start) channels from o.
func (c *conv) sum(w *Worker, p *phase, o int, r rect, weights, start []float32) {
	y0, y1 := c.rows.part(p.y, r.y0, r.y1)
	x0, x1 := c.cols.part(p.x, r.x0, r.x1)
	if y0 >= y1 || x0 >= x1 {
		return
	}
	in, out := &w.e.values[c.in], &w.e.values[c.out]
	to := w.now[c.out]
	from := in.at(o/c.perOut*c.perIn*c.split, y0*c.rows.inStep-c.above, x0-c.left)
	area := kernel.Area{Rows: y1 - y0, Cols: x1 - x0, XRow: c.rows.inStep * in.row}
	w.diff.Stats.MACs += int64(area.Rows) * int64(area.Cols) * int64(p.taps.Len()) * int64(len(start))
	if c.cols.outStep == 1 {
		area.YRow, area.YPlane = c.rows.outStep*out.row, out.plane
		w.e.kernels.Conv(to[out.at(o, p.y+y0*c.rows.outStep, x0):], w.now[c.in][from:], area, p.taps, weights, start)
		return
	}
	area.YRow, area.YPlane = area.Cols, area.Rows*area.Cols
	w.sums = grow(w.sums, len(start)*area.YPlane)
	w.e.kernels.Conv(w.sums, w.now[c.in][from:], area, p.taps, weights, start)
	sums := w.sums
	for b := range start {
		for y := y0; y < y1; y++ {
			row := to[out.at(o+b, p.y+y*c.rows.outStep, p.x+x0*c.cols.outStep):]
			for i, v := range sums[:area.Cols] {
				row[i*c.cols.outStep] = v
			}
			sums = sums[area.Cols:]
		}
	}
}

// edges computes those outputs of a channel anew for which a tap is in the padding, one by one.
func (c *conv) edges(w *Worker, o int, r rect, weights []float32, start float32) {
	out, to := &w.e.values[c.out], w.now[c.out]
	for _, p := range c.phases {
		y0, y1 := c.rows.part(p.y, r.y0, r.y1)
		x0, x1 := c.cols.part(p.x, r.x0, r.x1)
		iy0, iy1 := c.rows.inside(p.y)
		ix0, ix1 := c.cols.inside(p.x)
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				if y < iy0 || y >= iy1 || x < ix0 || x >= ix1 {
					to[out.at(o, p.y+y*c.rows.outStep, p.x+x*c.cols.outStep)] = c.exact(w, o, p.y, p.x, y, x, weights, start)
				}
			}
		}
	}
}

// exact is output (y, x) of a phase, taps in the padding left out.
func (c *conv) exact(w *Worker, o, rowPhase, colPhase, y, x int, weights []float32, sum float32) float32 {
	source, from := &w.e.values[c.source], w.now[c.source]
	first := o / c.perOut * c.perIn
	for i := range c.perIn {
		for _, r := range c.rows.phases[rowPhase] {
			iy := y*c.rows.inStep + r.at
			if iy < 0 || iy >= c.rows.in {
				continue
			}
			for _, k := range c.cols.phases[colPhase] {
				if ix := x*c.cols.inStep + k.at; ix >= 0 && ix < c.cols.in {
					sum += float32(weights[i*c.elements+r.k*c.kw+k.k] * from[source.at(first+i, iy, ix)])
				}
			}
		}
	}
	return sum
}

// grow gives a slice of n elements, the old one where it is long enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
