package functional

import (
	"rampart/sim/functional/kernel"
)

// weave is a convolution's weights for the gather kernel, which keeps the sums of a strip of output columns in
// registers while it goes down the rows. It is for windows that move by one input pixel, whose targets lie side
// by side, and without groups.
type weave struct {
	w       []int16
	fan     kernel.Fan
	columns int     // of a strip
	rows    int     // output rows of a band, which are settled together
	row     int     // elements of a row of a band
	table   []int32 // per input column and pair of channels: where its weights lie, less the strip's shift
	cost    float64 // of an entry, about, in steps of 16 accumulators
}

// newWeave is nil where the gather kernel does not suit.
func (c *conv) newWeave() *weave {
	rows, cols := len(c.g.ys.residues[0]), len(c.g.xs.residues[0])
	f := c.fan
	whole := f.high[0]-f.low[0]+1 == rows && f.high[1]-f.low[1]+1 == cols
	if c.g.ys.inStep > 1 || c.g.xs.inStep > 1 || len(f.classes) > 1 || !whole || rows < c.g.ys.outStep || rows > 7 {
		return nil
	}
	v := &weave{fan: kernel.Fan{Span: rows, Advance: c.g.ys.outStep}}
	for n := c.g.xs.outStep; n == c.g.xs.outStep || n*c.shape.C <= 4*kernel.Lanes && n <= 16; n += c.g.xs.outStep {
		// An entry costs a step for each vector of sums it adds to, and some more for its loads and the loop, in
		// each strip that it meets. A row of a strip costs a branch that is predicted badly.
		const perVisit, perRow, entriesPerColumn = 3, 14, 0.7
		blocks := (n*c.shape.C + kernel.Lanes - 1) / kernel.Lanes
		visits := float64(cols-1)/float64(n) + 1
		if cols <= n && c.g.xs.outStep == cols {
			visits = 1
		}
		cost := visits*float64(rows*blocks+perVisit) + perRow/(entriesPerColumn*float64(n))
		if v.columns == 0 || cost < v.cost {
			v.columns, v.fan.Blocks, v.cost = n, blocks, cost
		}
	}
	const cached = 24 << 10 // elements
	v.row = (c.shape.W + v.columns + kernel.Lanes) * c.shape.C
	v.rows = max(1, cached/v.row)
	pairs := (c.src.Shape.C + 1) / 2
	line := 2 * c.shape.C * (cols + 2*v.columns)
	v.fan.RowStep = (line + 4*kernel.Lanes) &^ (2*kernel.Lanes - 1)
	pairStep := rows * v.fan.RowStep
	v.w = make([]int16, pairs*pairStep)
	for p := range pairs {
		for _, r := range c.g.ys.residues[0] {
			for _, col := range c.g.xs.residues[0] {
				for o := range c.shape.C {
					at := p*pairStep + (r.at-f.low[0])*v.fan.RowStep + ((v.columns-1+col.at-f.low[1])*c.shape.C+o)*2
					v.w[at], v.w[at+1] = c.at(o, 2*p, r.k, col.k), c.at(o, 2*p+1, r.k, col.k)
				}
			}
		}
	}
	for x := range c.src.Shape.W {
		for p := range pairs {
			v.table = append(v.table, int32(p*pairStep-x*c.g.xs.outStep*c.shape.C*2))
		}
	}
	return v
}

// slack is how many columns the last strip may write behind the row.
func (v *weave) slack(channels int) int {
	if v == nil {
		return 0
	}
	return v.columns + kernel.Lanes/channels + 1
}

// spreadWoven adds what changed inputs make to the delta. Where so many changed that whole sums cost less it
// computes those, and if it may it settles the outputs from them and reports that there is no delta.
func (c *conv) spreadWoven(w *Worker, todo *marks, may bool) (settled bool) {
	in, g, f, v := &w.marks[c.in], c.g, c.fan, c.weave
	b, each := c.bytesFor(w), c.denseCost
	if b != nil {
		if c.scale != nil && c.favours(b, in, todo) && b.load(c, w, todo) {
			c.spreadBytes(w, b, todo, may)
			return may
		}
		each = min(each, b.cost+perOutput)
	}
	enough := int(c.denseWork(todo) * each / v.cost) // entries that cost as much as whole sums
	n := 0
	if !in.more(enough) { // each marked pixel is one at least
		if n = c.list(w); n == 0 || !todo.any() {
			return may // nothing differs, or nothing reads it
		}
	}
	if n == 0 || n > enough {
		if b != nil && c.scale != nil && b.load(c, w, todo) {
			c.spreadBytes(w, b, todo, may)
			return may
		}
		c.renew(w, todo, may)
		return may && c.scale != nil
	}
	w.diff.Stats.MACs += int64(n) * 2 * int64(c.shape.C*v.fan.Span*len(g.xs.residues[0]))
	if may && c.scale != nil {
		for y := todo.lo; y < todo.hi; y += v.rows {
			c.band(w, todo, y, min(y+v.rows, todo.hi))
		}
		return true
	}
	lo, hi := todo.columns(todo.lo, todo.hi)
	lo = lo / v.columns * v.columns
	top := in.lo*g.ys.outStep + f.low[0]
	end := c.strips(w, w.delta.acc[(top+g.ys.before)*c.row+(lo+g.xs.before)*c.shape.C:], c.row, lo, hi, in.lo, in.hi)
	for y := top; y < top+v.fan.Targets(in.hi-in.lo); y++ {
		w.delta.touch(y+g.ys.before, lo+g.xs.before, end+kernel.Lanes/c.shape.C+1+g.xs.before)
	}
	return false
}

// perOutput is what it takes bytes to load the changes for an output, in steps of 16 accumulators.
const perOutput = 3

// favours tells whether bytes cost less than entries, of which pixels have so many on average.
func (c *conv) favours(b *bytes, in, todo *marks) bool {
	const entries, perEntry = 3, 4 // what it takes to list one
	return todo.any() && float64(in.count())*entries*(c.weave.cost+perEntry) > c.denseWork(todo)*(b.cost+perOutput)
}

// band settles output rows top <= y < bottom of todo from sums that do not leave the cache in between.
func (c *conv) band(w *Worker, todo *marks, top, bottom int) {
	in, g, f, v := &w.marks[c.in], c.g, c.fan, c.weave
	first := max(in.lo, ceilDiv(top-f.high[0], g.ys.outStep))
	end := min(in.hi, floorDiv(bottom-1-f.low[0], g.ys.outStep)+1)
	lo, hi := todo.columns(top, bottom)
	if first >= end || lo >= hi {
		return
	}
	lo = lo / v.columns * v.columns
	c.strips(w, w.work.band, v.row, lo, hi, first, end)
	target := first*g.ys.outStep + f.low[0]
	for y := top; y < bottom; y++ {
		if lines := y - target; lines >= 0 && lines < v.fan.Targets(end-first) {
			from, to := c.origin+y*c.row+lo*c.shape.C, c.origin+y*c.row+c.shape.W*c.shape.C
			c.settleRow(w, todo, y, lo, w.sums[c.node][from:to], w.work.band[lines*v.row:], c.shape.C)
		}
	}
}

// strips gathers what input rows first <= y < end add to columns lo <= x < hi, where lo begins a strip. The sums of
// the topmost target and of column lo come first in acc. It gives the end of the last strip.
func (c *conv) strips(w *Worker, acc []int32, row, lo, hi, first, end int) int {
	g, f, v, s := c.g, c.fan, c.weave, &w.work
	width := c.src.Shape.W + 1
	x := lo
	for ; x < hi; x += v.columns {
		from := max(0, ceilDiv(x-f.high[1], g.xs.outStep))
		until := min(c.src.Shape.W-1, floorDiv(x+v.columns-1-f.low[1], g.xs.outStep)) + 1
		shift := (x - f.low[1] + v.columns - 1) * c.shape.C * 2
		w.e.kernels.Gather(acc[(x-lo)*c.shape.C:], row, s.from[(first-w.marks[c.in].lo)*width+from:], width, until-from, end-first,
			s.dx, s.pairs, v.w, shift, v.fan)
	}
	return x
}

// denseWork is the number of outputs that renew computes.
func (c *conv) denseWork(todo *marks) float64 {
	pixels := 0
	for y := todo.lo; y < todo.hi; y++ {
		from, to := todo.span(y)
		pixels += to - from
	}
	return float64(pixels)
}

// list collects the entries of the marked rows, with places in the weave's weights, and where those of each
// pixel begin.
func (c *conv) list(w *Worker) int {
	in, s := &w.marks[c.in], &w.work
	f := &w.frames[c.src.image]
	width, pairs, n := c.src.Shape.W, (c.src.Shape.C+1)/2, 0
	for y := in.lo; y < in.hi; y++ {
		line := s.from[(y-in.lo)*(width+1):][:width+1]
		from, to := in.span(y)
		fill(line[:from], n)
		at := c.image.at(y, from) + c.src.channel
		if c.src.Format.Bits == 16 {
			n = c.listSplit(line[from:], s, n, f.now[at:], f.golden[at:], pairs, to-from, c.weave.table[from*pairs:])
			fill(line[to:], n)
			continue
		}
		n = w.e.kernels.Changes(line[from:], s.dx, s.pairs, n, f.now[at:], f.golden[at:], c.image.step, pairs, to-from, c.weave.table[from*pairs:])
		fill(line[to:], n)
	}
	return n
}

func fill(v []int32, n int) {
	for i := range v {
		v[i] = int32(n)
	}
}

// listSplit does what the kernel does, for differences that may not fit 16 bits.
func (c *conv) listSplit(from []int32, s *scratch, n int, now, was []int16, pairs, pixels int, table []int32) int {
	for p := range pixels {
		from[p] = int32(n)
		for j := range pairs {
			k := p*c.image.step + 2*j
			a, b := int32(now[k])-int32(was[k]), int32(now[k+1])-int32(was[k+1])
			n = s.split(n, a, b, table[p*pairs+j])
		}
	}
	return n
}

// renew computes the sums of the outputs of todo anew, and of what lies between them in a row. It settles the
// outputs, or leaves the difference from the golden sums in the delta.
func (c *conv) renew(w *Worker, todo *marks, settle bool) {
	for y := todo.lo; y < todo.hi; y++ {
		lo, hi := todo.span(y)
		if lo >= hi {
			continue
		}
		acc, step := c.rowSums(w, c.parts, y, lo, hi)
		w.diff.Stats.MACs += int64(hi-lo) * c.perPixel
		if settle && c.scale != nil {
			c.settleRow(w, todo, y, lo, acc[:(hi-lo)*step], nil, step)
			continue
		}
		at := c.origin + y*c.row + lo*c.shape.C
		golden := w.sums[c.node][at:]
		for x := range hi - lo {
			to := w.delta.acc[at+x*c.shape.C:][:c.shape.C]
			for o, a := range acc[x*step:][:c.shape.C] {
				to[o] = a - golden[x*c.shape.C+o]
			}
		}
		w.delta.touch(y+c.g.ys.before, lo+c.g.xs.before, hi+c.g.xs.before)
	}
}

func ceilDiv(a, b int) int { return -floorDiv(-a, b) }

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
