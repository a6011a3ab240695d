package functional

// argMax is an ArgMax.
type argMax struct {
	in, out  int
	node     int
	src, dst *value
	from     *image
}

func (e *Engine) newArgMax(i int) *argMax {
	n := &e.nodes[i]
	a := &argMax{in: n.in[0], out: n.out, node: i, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	a.from = &e.images[a.src.image]
	return a
}

func (a *argMax) dense(w *Worker, ps []Patch) []Patch {
	for y := range a.dst.Shape.H {
		if a.slow() {
			for x := range a.dst.Shape.W {
				w.store(a.out, 0, y, x, a.exact(w, 0, y, x, nil))
			}
			continue
		}
		m := &w.e.images[a.dst.image]
		line := w.frames[a.dst.image].now[m.at(y, 0)+a.dst.channel:]
		for i, c := range a.classes(w, y, 0, a.dst.Shape.W) {
			line[i*m.step] = int16(int64(c) - a.dst.offset)
		}
	}
	return ps
}

func (a *argMax) follow(w *Worker, ps []Patch) []Patch {
	in := &w.marks[a.in]
	for y := in.lo; y < in.hi; y++ {
		if a.slow() {
			in.each(y, func(x int) { w.change(a.out, 0, y, x, a.exact(w, 0, y, x, nil)) })
			continue
		}
		const apart = 4 // pixels between are classified too
		in.runs(y, apart, func(from, to int) { a.run(w, y, from, to) })
	}
	return ps
}

// run classifies pixels from <= x < to of a row and marks those that change.
func (a *argMax) run(w *Worker, y, from, to int) {
	m, f := &w.e.images[a.dst.image], &w.frames[a.dst.image]
	at := m.at(y, from) + a.dst.channel
	line, golden := f.now[at:], f.golden[at:]
	for i, c := range a.classes(w, y, from, to) {
		if v := int16(int64(c) - a.dst.offset); v != golden[i*m.step] {
			line[i*m.step] = v
			w.marks[a.out].set(y, from+i)
		}
	}
}

// slow tells whether the kernel, or the memory of the result, is too narrow.
func (a *argMax) slow() bool { return a.from.wide || a.src.Shape.C > 256 || wide(a.dst.Value) }

// classes finds the classes of pixels from <= x < to of a row. They hold until the next call.
func (a *argMax) classes(w *Worker, y, from, to int) []uint8 {
	classes := w.work.bytes[:to-from]
	in := w.frames[a.src.image].now[a.from.at(y, from)+a.src.channel:]
	w.e.kernels.ArgMax(classes, in, a.from.step, a.src.Shape.C, to-from)
	return classes
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
