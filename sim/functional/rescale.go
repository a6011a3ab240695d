package functional

import (
	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// rescale is a Requant.
type rescale struct {
	op       *fixed.Requant
	in, out  int
	src, dst *value
	from     *image
	scale    *kernel.Scale // nil for an output above 16 bits
}

func (e *Engine) newRescale(i int, op *fixed.Requant) *rescale {
	n := &e.nodes[i]
	r := &rescale{op: op, in: n.in[0], out: n.out, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	r.from = &e.images[r.src.image]
	if !wide(r.dst.Value) {
		k := rescaling(&op.Scale, r.dst, nil)
		k.AccBits = 32
		for range r.dst.Shape.C {
			k.Bias = append(k.Bias, r.src.offset-r.src.Zero)
		}
		r.scale = kernel.NewScale(k)
	}
	return r
}

func (r *rescale) dense(w *Worker, ps []Patch) []Patch {
	for y := range r.dst.Shape.H {
		r.row(w, y, 0, r.dst.Shape.W)
	}
	return ps
}

func (r *rescale) follow(w *Worker, ps []Patch) []Patch {
	in := &w.marks[r.in]
	for y := in.lo; y < in.hi; y++ {
		if from, to := in.span(y); from < to {
			r.row(w, y, from, to)
			w.markRow(r.out, y, from, to)
		}
	}
	return ps
}

// row computes pixels from <= x < to of a row.
func (r *rescale) row(w *Worker, y, from, to int) {
	if r.scale == nil {
		for x := from; x < to; x++ {
			for c := range r.dst.Shape.C {
				w.store(r.out, c, y, x, r.exact(w, c, y, x, nil))
			}
		}
		return
	}
	in := w.frames[r.src.image].now[r.from.at(y, from)+r.src.channel:]
	channels := r.src.Shape.C
	line := w.work.line[:(to-from)*channels]
	for x := range to - from {
		for c, v := range in[x*r.from.step:][:channels] {
			line[x*channels+c] = int32(v)
		}
	}
	m := &w.e.images[r.dst.image]
	w.e.kernels.Requantise(w.frames[r.dst.image].now[m.at(y, from)+r.dst.channel:], m.step, line, nil, channels, to-from, r.scale)
}

func (r *rescale) exact(w *Worker, c, y, x int, ps []Patch) int64 {
	s := r.src.Shape
	v := params(ps, Input, (c*s.H+y)*s.W+x, w.load(r.in, c, y, x), r.src.Format)
	scale := patchedScale(&r.op.Scale, ps, c)
	return scale.Apply(0, v-r.src.Zero, r.dst.Zero)
}

func (r *rescale) reach(p *Patch, f func(c, y, x int)) {
	if p.Kind == Input {
		f(coordinates(r.src.Shape, p.Index))
		return
	}
	eachPixel(r.dst.Shape, func(y, x int) { f(p.Index, y, x) })
}
