package functional

// follow brings the output up to date. Sums of changed inputs and weights gather in the delta, and the marks of
// scratch say which outputs they may change; constants are applied in the end.
func (c *conv) follow(w *Worker, ps []Patch) []Patch {
	changed := w.marks[c.in].any()
	if c.exactly {
		if changed {
			c.followExactly(w)
		}
		return ps
	}
	todo := w.work.touched(c.shape)
	if changed {
		c.reached(w, todo)
		if c.weave == nil || !w.marks[c.in].more(w.e.few) {
			c.spread(w)
		} else if c.spreadWoven(w, todo, len(ps) == 0) {
			return nil
		}
	}
	left := ps
	if c.holds(ps) && !entangled(ps) {
		left = nil
		for i := range ps {
			if ps[i].Kind == Input {
				c.spreadInput(w, &ps[i], todo)
			}
		}
	}
	c.settle(w, todo)
	if left == nil {
		c.strike(w, ps)
	}
	w.delta.zero(c)
	return left
}

// holds tells whether sums fit 32 bits under the patches too.
func (c *conv) holds(ps []Patch) bool {
	if c.AccBits <= 32 || len(ps) == 0 {
		return true
	}
	struck := int64(0)
	for _, p := range ps {
		if p.Kind == Weight {
			struck++
		}
	}
	return struck == 0 || largest(c.Conv, c.src.Value, c.shape.C)+struck<<c.WeightBits*magnitude(c.src.Value) < 1<<31
}

// entangled tells whether patches meet in one product, or one input several.
func entangled(ps []Patch) bool {
	inputs, weights := 0, 0
	for i, p := range ps {
		switch p.Kind {
		case Input:
			inputs++
			for _, q := range ps[:i] {
				if q.Kind == Input && q.Index == p.Index {
					return true
				}
			}
		case Weight:
			weights++
		}
	}
	return inputs > 0 && weights > 0
}

// spreadInput adds what a patch of an input makes for some of the outputs that read it.
func (c *conv) spreadInput(w *Worker, p *Patch, todo *marks) {
	i, y, x := coordinates(c.src.Shape, p.Index)
	was := w.load(c.in, i, y, x)
	d := int32(p.Change.Apply(was, c.src.Format.Bits, c.src.Format.Signed) - was)
	c.readers(i, y, x, func(oy, ox, ky, kx, from, to int) {
		acc := w.delta.acc[c.origin+oy*c.row+ox*c.shape.C:]
		for o := from; o < to; o++ {
			if p.acts(oy*c.shape.W+ox, o) {
				acc[o] += d * int32(c.at(o, i, ky, kx))
			}
		}
		w.delta.touch(oy+c.g.ys.before, ox+c.g.xs.before, ox+c.g.xs.before+1)
		todo.set(oy, ox)
		w.diff.Stats.MACs += int64(to - from)
	})
}

// readers calls f for every output pixel that reads input channel i of pixel (y, x), with the kernel element by
// which and the output channels from <= o < to that do.
func (c *conv) readers(i, y, x int, f func(oy, ox, ky, kx, from, to int)) {
	from := i / c.perIn * c.perOut
	c.g.ys.each(y, c.shape.H, func(oy, ky int) {
		c.g.xs.each(x, c.shape.W, func(ox, kx int) {
			f(oy, ox, ky, kx, from, from+c.perOut)
		})
	})
}

// each calls f for the targets of input i that are among so many outputs.
func (s spread) each(i, out int, f func(o, k int)) {
	for _, t := range s.residues[i%s.inStep] {
		if o := i/s.inStep*s.outStep + t.at; o >= 0 && o < out {
			f(o, t.k)
		}
	}
}
