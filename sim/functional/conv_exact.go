package functional

import "rampart/ir/fixed"

// exact computes one output in 64 bits.
func (c *conv) exact(w *Worker, o, y, x int, ps []Patch) int64 {
	sum := int64(0)
	index := o * c.perIn * c.Kernel[0] * c.Kernel[1]
	for i := o / c.perOut * c.perIn; i < (o/c.perOut+1)*c.perIn; i++ {
		for ky := range c.Kernel[0] {
			for kx := range c.Kernel[1] {
				if v, ok := c.operand(w, i, y, x, ky, kx, ps); ok {
					sum += v * params(ps, Weight, index, int64(c.Weight[index]), c.weightFormat())
				}
				index++
			}
		}
	}
	w.diff.Stats.MACs += int64(c.perIn * c.Kernel[0] * c.Kernel[1])
	scale, bias := c.channelScale(ps, o)
	return scale.Apply(0, fixed.Wrap(sum, c.AccBits)+bias, c.dst.Zero)
}

// operand is the input that output pixel (y, x) meets at a kernel element, under patches.
func (c *conv) operand(w *Worker, i, y, x, ky, kx int, ps []Patch) (v int64, ok bool) {
	iy, rows := c.input(0, y, ky)
	ix, cols := c.input(1, x, kx)
	if !rows || !cols {
		return 0, false
	}
	s := c.src.Shape
	if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
		return c.src.Zero, true
	}
	return params(ps, Input, (i*s.H+iy)*s.W+ix, w.load(c.in, i, iy, ix), c.src.Format), true
}

// reach calls f for every output that a patch may change.
func (c *conv) reach(p *Patch, f func(o, y, x int)) {
	if p.Kind != Input {
		eachPixel(c.shape, func(y, x int) { f(c.channel(p), y, x) })
		return
	}
	i, y, x := coordinates(c.src.Shape, p.Index)
	c.readers(i, y, x, func(oy, ox, _, _, from, to int) {
		for o := from; o < to; o++ {
			f(o, oy, ox)
		}
	})
}

// followExactly computes all outputs anew that read a changed pixel.
func (c *conv) followExactly(w *Worker) {
	in, out := &w.marks[c.in], w.work.touched(c.shape)
	for y := in.lo; y < in.hi; y++ {
		in.each(y, func(x int) {
			c.readers(0, y, x, func(oy, ox, _, _, _, _ int) { out.set(oy, ox) })
		})
	}
	for y := out.lo; y < out.hi; y++ {
		out.each(y, func(x int) {
			for o := range c.shape.C {
				w.change(c.out, o, y, x, c.exact(w, o, y, x, nil))
			}
		})
	}
}
