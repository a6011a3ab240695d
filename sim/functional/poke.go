package functional

import "slices"

// poke is a change of one element of a value that the value's readers see though it is not stored: that of
// a Concat shares memory with its inputs, which others may read.
type poke struct {
	v, c, y, x int
	change     Change
}

// saved is an element before it was poked, and the marks of its value.
type saved struct {
	v, c, y, x int
	was        int64
	marked     bool
	lo, hi     int
}

// poked tells whether there are pokes of value v.
func (w *Worker) poked(v int) bool {
	return slices.ContainsFunc(w.pokes, func(p poke) bool { return p.v == v })
}

// poke makes the pokes of value v hold until unpoke.
func (w *Worker) poke(v int) {
	for _, p := range w.pokes {
		if p.v == v {
			w.pokeOne(p)
		}
	}
}

func (w *Worker) pokeOne(p poke) {
	m, val := &w.marks[p.v], &w.e.values[p.v]
	was := w.load(p.v, p.c, p.y, p.x)
	w.undo = append(w.undo, saved{p.v, p.c, p.y, p.x, was, m.get(p.y, p.x), m.lo, m.hi})
	w.store(p.v, p.c, p.y, p.x, p.change.Apply(was, val.Format.Bits, val.Format.Signed))
	m.set(p.y, p.x)
}

// unpoke takes back what was poked, marks too.
func (w *Worker) unpoke() {
	for _, s := range slices.Backward(w.undo) {
		w.store(s.v, s.c, s.y, s.x, s.was)
		m := &w.marks[s.v]
		if !s.marked {
			m.unset(s.y, s.x)
		}
		m.lo, m.hi = s.lo, s.hi
	}
	w.undo = w.undo[:0]
}
