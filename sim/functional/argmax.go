package functional

// argMax is an ArgMax.
type argMax struct {
	in, out  int
	src, dst *value
	from     *image
}

func (e *Engine) newArgMax(i int) *argMax {
	n := &e.nodes[i]
	a := &argMax{in: n.in[0], out: n.out, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	a.from = &e.images[a.src.image]
	return a
}

func (a *argMax) dense(w *Worker, ps []Patch) []Patch {
	for y := range a.dst.Shape.H {
		a.row(w, y, 0, a.dst.Shape.W)
	}
	return ps
}

func (a *argMax) follow(w *Worker, ps []Patch) []Patch {
	in := &w.marks[a.in]
	for y := in.lo; y < in.hi; y++ {
		if from, to := in.span(y); from < to {
			a.row(w, y, from, to)
			w.markRow(a.out, y, from, to)
		}
	}
	return ps
}

// row computes pixels from <= x < to of a row.
func (a *argMax) row(w *Worker, y, from, to int) {
	if a.from.wide || a.src.Shape.C > 256 {
		for x := from; x < to; x++ {
			w.store(a.out, 0, y, x, a.exact(w, 0, y, x, nil))
		}
		return
	}
	classes := w.work.bytes[:to-from]
	in := w.frames[a.src.image].now[a.from.at(y, from)+a.src.channel:]
	w.e.kernels.ArgMax(classes, in, a.from.step, a.src.Shape.C, to-from)
	for i, c := range classes {
		w.store(a.out, 0, y, from+i, int64(c))
	}
}

func (a *argMax) exact(w *Worker, _, y, x int, ps []Patch) int64 {
	s := a.src.Shape
	best, winner := int64(0), 0
	for c := range s.C {
		v := params(ps, Input, (c*s.H+y)*s.W+x, w.load(a.in, c, y, x), a.src.Format)
		if c == 0 || v > best {
			best, winner = v, c
		}
	}
	return int64(winner)
}

func (a *argMax) reach(p *Patch, f func(c, y, x int)) {
	_, y, x := coordinates(a.src.Shape, p.Index)
	f(0, y, x)
}
