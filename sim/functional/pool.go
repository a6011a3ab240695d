package functional

import "rampart/ir/fixed"

// pool is a MaxPool. Stored values keep their order, so that the maximum is found among these.
type pool struct {
	op       *fixed.MaxPool
	in, out  int
	src, dst *value
	from, to *image
}

func (e *Engine) newPool(i int, op *fixed.MaxPool) *pool {
	n := &e.nodes[i]
	p := &pool{op: op, in: n.in[0], out: n.out, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	p.from, p.to = &e.images[p.src.image], &e.images[p.dst.image]
	return p
}

func (p *pool) dense(w *Worker, ps []Patch) []Patch {
	for y := range p.dst.Shape.H {
		for x := range p.dst.Shape.W {
			p.pixel(w, y, x)
		}
	}
	return ps
}

// pixel computes all channels of an output pixel.
func (p *pool) pixel(w *Worker, y, x int) []int16 {
	in, c := w.frames[p.src.image].now, p.dst.Shape.C
	best := w.frames[p.dst.image].now[p.to.at(y, x)+p.dst.channel:][:c]
	first := true
	top, left := y*p.op.Stride[0]-p.op.Before[0], x*p.op.Stride[1]-p.op.Before[1]
	for ky := range p.op.Kernel[0] {
		iy := top + ky*p.op.Dilation[0]
		if iy < 0 || iy >= p.src.Shape.H {
			continue
		}
		for kx := range p.op.Kernel[1] {
			ix := left + kx*p.op.Dilation[1]
			if ix < 0 || ix >= p.src.Shape.W {
				continue
			}
			v := in[p.from.at(iy, ix)+p.src.channel:][:c]
			if first {
				copy(best, v)
				first = false
				continue
			}
			for k, e := range v {
				best[k] = max(best[k], e)
			}
		}
	}
	return best
}

func (p *pool) follow(w *Worker, ps []Patch) []Patch {
	in, out := &w.marks[p.in], w.work.touched(p.dst.Shape)
	for y := in.lo; y < in.hi; y++ {
		in.each(y, func(x int) {
			p.readers(y, x, out.set)
		})
	}
	golden, marks := w.frames[p.dst.image].golden, &w.marks[p.out]
	for y := out.lo; y < out.hi; y++ {
		out.each(y, func(x int) {
			was := golden[p.to.at(y, x)+p.dst.channel:]
			for k, v := range p.pixel(w, y, x) {
				if v != was[k] {
					marks.set(y, x)
					break
				}
			}
		})
	}
	return ps
}

// readers calls f for every window that has input pixel (y, x).
func (p *pool) readers(y, x int, f func(y, x int)) {
	each := func(d, i, out int, f func(o int)) {
		for k := range p.op.Kernel[d] {
			at := i + p.op.Before[d] - k*p.op.Dilation[d]
			if at >= 0 && at%p.op.Stride[d] == 0 && at/p.op.Stride[d] < out {
				f(at / p.op.Stride[d])
			}
		}
	}
	each(0, y, p.dst.Shape.H, func(oy int) {
		each(1, x, p.dst.Shape.W, func(ox int) { f(oy, ox) })
	})
}

// exact is the maximum over the patched window.
func (p *pool) exact(w *Worker, c, y, x int, ps []Patch) int64 {
	best, found := int64(0), false
	s := p.src.Shape
	for ky := range p.op.Kernel[0] {
		for kx := range p.op.Kernel[1] {
			iy := y*p.op.Stride[0] + ky*p.op.Dilation[0] - p.op.Before[0]
			ix := x*p.op.Stride[1] + kx*p.op.Dilation[1] - p.op.Before[1]
			if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
				continue
			}
			v := params(ps, Input, (c*s.H+iy)*s.W+ix, w.load(p.in, c, iy, ix), p.src.Format)
			if !found || v > best {
				best, found = v, true
			}
		}
	}
	return best
}

func (p *pool) reach(patch *Patch, f func(c, y, x int)) {
	c, y, x := coordinates(p.src.Shape, patch.Index)
	p.readers(y, x, func(oy, ox int) { f(c, oy, ox) })
}
