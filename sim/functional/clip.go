package functional

import "rampart/ir/fixed"

// clip is a Clip. Bounds are kept as values are stored.
type clip struct {
	op       *fixed.Clip
	in, out  int
	src, dst *value
	from, to *image
	lo, hi   []int16
}

func (e *Engine) newClip(i int, op *fixed.Clip) *clip {
	n := &e.nodes[i]
	b := &clip{op: op, in: n.in[0], out: n.out, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	b.from, b.to = &e.images[b.src.image], &e.images[b.dst.image]
	least, _ := b.src.Format.Range()
	for c, hi := range op.Hi {
		lo := least
		if op.Lo != nil {
			lo = op.Lo[c]
		}
		b.lo, b.hi = append(b.lo, int16(lo-b.src.offset)), append(b.hi, int16(hi-b.src.offset))
	}
	return b
}

func (b *clip) dense(w *Worker, ps []Patch) []Patch {
	for y := range b.dst.Shape.H {
		b.row(w, y, 0, b.dst.Shape.W)
	}
	return ps
}

func (b *clip) follow(w *Worker, ps []Patch) []Patch {
	in := &w.marks[b.in]
	for y := in.lo; y < in.hi; y++ {
		if from, to := in.span(y); from < to {
			b.row(w, y, from, to)
			w.markRow(b.out, y, from, to)
		}
	}
	return ps
}

// row computes pixels from <= x < to of a row.
func (b *clip) row(w *Worker, y, from, to int) {
	in := w.frames[b.src.image].now[b.from.at(y, from)+b.src.channel:]
	out := w.frames[b.dst.image].now[b.to.at(y, from)+b.dst.channel:]
	lo, hi := b.lo, b.hi
	for x := range to - from {
		px, py := in[x*b.from.step:][:len(lo)], out[x*b.to.step:][:len(lo)]
		for c, v := range px {
			py[c] = min(max(v, lo[c]), hi[c])
		}
	}
}

func (b *clip) exact(w *Worker, c, y, x int, ps []Patch) int64 {
	s, f := b.src.Shape, b.src.Format
	v := params(ps, Input, (c*s.H+y)*s.W+x, w.load(b.in, c, y, x), f)
	if b.op.Lo != nil {
		v = max(v, params(ps, Low, c, b.op.Lo[c], f))
	}
	return min(v, params(ps, High, c, b.op.Hi[c], f))
}

func (b *clip) reach(p *Patch, f func(c, y, x int)) {
	if p.Kind == Input {
		f(coordinates(b.src.Shape, p.Index))
		return
	}
	eachPixel(b.dst.Shape, func(y, x int) { f(p.Index, y, x) })
}
