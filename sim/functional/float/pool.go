package float

import (
	"math"

	"rampart/ir/graph"
)

// pool is a MaxPool. The greatest of a window does not depend on the order in which it is sought.
type pool struct {
	in, out    int
	rows, cols axis
}

func newPool(op *graph.MaxPool, in, out graph.Shape, from, to int) *pool {
	return &pool{in: from, out: to, rows: slide(op.Window, 0, in.H, out.H), cols: slide(op.Window, 1, in.W, out.W)}
}

func (n *pool) reach(w *Worker, todo []rect) {
	for c, r := range w.changed[n.in] {
		if r.empty() {
			continue
		}
		t := &todo[c]
		t.y0, t.y1 = n.rows.reach(r.y0, r.y1)
		t.x0, t.x1 = n.cols.reach(r.x0, r.x1)
	}
}

func (n *pool) compute(w *Worker, first, count int, r rect, _ []Patch) {
	for c := first; c < first+count; c++ {
		for y := r.y0; y < r.y1; y++ {
			n.row(w, c, y, r.x0, r.x1)
		}
	}
}

// row computes outputs x0 to x1 of a row: the greatest of each column of the input first.
func (n *pool) row(w *Worker, c, y, x0, x1 int) {
	in, out := &w.e.values[n.in], &w.e.values[n.out]
	taps := n.cols.phases[0]
	from := max(0, x0*n.cols.inStep+taps[0].at)
	to := min(n.cols.in, (x1-1)*n.cols.inStep+taps[len(taps)-1].at+1)
	w.line = grow(w.line, to-from)
	begun := false
	for _, t := range n.rows.phases[0] {
		iy := y*n.rows.inStep + t.at
		switch {
		case iy < 0 || iy >= n.rows.in:
		case !begun:
			begun = true
			copy(w.line, w.now[n.in][in.at(c, iy, from):])
		default:
			w.e.kernels.Max(w.line, w.now[n.in][in.at(c, iy, from):][:to-from])
		}
	}
	row := w.now[n.out][out.at(c, y, 0):][:out.Shape.W]
	for x := x0; x < x1; x++ {
		row[x] = float32(math.Inf(-1))
	}
	for _, t := range taps {
		lo, hi := n.cols.served(0, t, 0, n.cols.in)
		for x := max(x0, lo); x < min(x1, hi); x++ {
			row[x] = max(row[x], w.line[x*n.cols.inStep+t.at-from])
		}
	}
}
