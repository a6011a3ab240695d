package float

import (
	"math"

	"rampart/ir/graph"
)

// Diff is what differs between the golden frame and a patched one.
type Diff struct {
	Outputs   []OutputDiff // per output of the network
	NonFinite bool         // some activation that differs, of an output or within the network, is NaN or infinite
	Stats     Stats
}

// OutputDiff is what differs at one output. The class of a pixel is that of an output that an ArgMax makes; of
// one channel otherwise, 1 where it is positive; of several, the channel of the greatest as graph.ArgMax finds
// it. For NaN see the package.
type OutputDiff struct {
	Changed  int     // elements whose bits differ; NaN is NaN
	Pixels   []int32 // row*W+column of each pixel whose class differs, ascending
	Classes  []int32 // and its new class; -1 for what a struck output of an ArgMax holds and is no class
	NaN, Inf int     // elements of the whole output, patched, that are so
}

// Stats is the work that was done.
type Stats struct {
	MACs  int64 // multiply-accumulates, those with padding included
	Nodes int   // nodes that were evaluated, in whole or in part
	Last  int   // the last node whose output may differ, -1 for none
}

// Masked tells whether no output of the network differs.
func (d *Diff) Masked() bool {
	for i := range d.Outputs {
		if d.Outputs[i].Changed > 0 {
			return false
		}
	}
	return true
}

// head is how an output tells classes.
type head struct {
	value  int
	argmax bool
}

func (e *Engine) head(v *graph.Value) head {
	for _, n := range e.graph.Nodes {
		if _, ok := n.Op.(*graph.ArgMax); ok && n.Out == v {
			return head{e.index[v], true}
		}
	}
	return head{e.index[v], false}
}

// golden is what is known of an output of the golden frame.
type golden struct {
	nan, inf int
	classes  []int32
}

func (g *golden) measure(w *Worker, h *head) {
	s := w.e.values[h.value].Shape
	g.nan, g.inf = 0, 0
	if w.wild[h.value] {
		g.nan, g.inf = w.nonFinite(w.golden, h.value, w.full(h.value))
	}
	g.classes = grow(g.classes, s.H*s.W)
	for y := range s.H {
		w.classify(h, y, 0, g.classes[y*s.W:(y+1)*s.W])
	}
}

// classify finds the classes of pixels of row y from column x on, as they are now.
func (w *Worker) classify(h *head, y, x int, class []int32) {
	m := &w.e.values[h.value]
	scores := w.now[h.value][m.at(0, y, x):]
	switch {
	case h.argmax:
		for i := range class {
			if class[i] = -1; scores[i] >= 0 && scores[i] < math.MaxInt32 {
				class[i] = int32(scores[i])
			}
		}
	case m.Shape.C == 1:
		for i := range class {
			if class[i] = 0; scores[i] > 0 {
				class[i] = 1
			}
		}
	default:
		w.e.kernels.ArgMax(class, scores, m.plane, m.Shape.C)
	}
}

// compare finds what differs at the outputs.
func (w *Worker) compare() *Diff {
	for i := range w.e.heads {
		h, o, g := &w.e.heads[i], &w.diff.Outputs[i], &w.outputs[i]
		*o = OutputDiff{Pixels: o.Pixels[:0], Classes: o.Classes[:0], NaN: g.nan, Inf: g.inf}
		if !w.dirty[h.value] {
			continue
		}
		m, now, was := &w.e.values[h.value], w.now[h.value], w.golden[h.value]
		for c, r := range w.changed[h.value] {
			if !r.empty() {
				runs(m, m, c, c, r, func(a, _, n int) { o.Changed += w.e.kernels.Count(now[a:a+n], was[a:a+n]) })
			}
		}
		changed := w.changed[h.value]
		nan, inf := w.nonFinite(w.now, h.value, changed)
		o.NaN, o.Inf = o.NaN+nan, o.Inf+inf
		if w.wild[h.value] {
			nan, inf = w.nonFinite(w.golden, h.value, changed)
			o.NaN, o.Inf = o.NaN-nan, o.Inf-inf
		}
		w.compareClasses(h, o, g, joined(changed))
	}
	return &w.diff
}

func (w *Worker) compareClasses(h *head, o *OutputDiff, g *golden, r rect) {
	width := w.e.values[h.value].Shape.W
	class := w.classes[:r.x1-r.x0]
	for y := r.y0; y < r.y1; y++ {
		w.classify(h, y, r.x0, class)
		for x, c := range class {
			if at := y*width + r.x0 + x; c != g.classes[at] {
				o.Pixels, o.Classes = append(o.Pixels, int32(at)), append(o.Classes, c)
			}
		}
	}
}

// alarm notes whether what differs in a value holds a NaN or an infinity.
func (w *Worker) alarm(v int) {
	if w.diff.NonFinite || !w.dirty[v] {
		return
	}
	nan, inf := w.nonFinite(w.now, v, w.changed[v])
	w.diff.NonFinite = nan+inf > 0
	if !w.diff.NonFinite || !w.wild[v] {
		return
	}
	w.diff.NonFinite = false // until one is found that is not golden
	m := &w.e.values[v]
	for c, r := range w.changed[v] {
		for y := r.y0; y < r.y1; y++ {
			for i := m.at(c, y, r.x0); i < m.at(c, y, r.x1); i++ {
				now := w.now[v][i]
				if f := float64(now); (math.IsNaN(f) || math.IsInf(f, 0)) && differ(now, w.golden[v][i]) {
					w.diff.NonFinite = true
					return
				}
			}
		}
	}
}

// differ tells whether two activations count as different.
func differ(a, b float32) bool {
	return math.Float32bits(canonical(a)) != math.Float32bits(canonical(b))
}

// canonical makes one NaN of all, see the package.
func canonical(v float32) float32 {
	if math.IsNaN(float64(v)) {
		return math.Float32frombits(0x7fc00000)
	}
	return v
}

// differing is the least rect, within r, that holds all that differs in a channel.
func (w *Worker) differing(v, c int, r rect) rect {
	m, k := &w.e.values[v], w.e.kernels
	row := func(y, x0, x1 int) (now, was []float32) {
		from, to := m.at(c, y, x0), m.at(c, y, x1)
		return w.now[v][from:to], w.golden[v][from:to]
	}
	same := func(y int) bool {
		now, was := row(y, r.x0, r.x1)
		return k.First(now, was) == len(now)
	}
	for r.y0 < r.y1 && same(r.y0) {
		r.y0++
	}
	for r.y0 < r.y1 && same(r.y1-1) {
		r.y1--
	}
	if r.empty() {
		return rect{}
	}
	x0, x1 := r.x1, r.x0
	for y := r.y0; y < r.y1 && (x0 > r.x0 || x1 < r.x1); y++ {
		now, was := row(y, r.x0, x0)
		x0 = r.x0 + k.First(now, was)
		now, was = row(y, x1, r.x1)
		x1 += k.Last(now, was) + 1
	}
	r.x0, r.x1 = x0, x1
	return r
}

// patchOutput changes activations of a value as all its readers see them.
func (w *Worker) patchOutput(v int, ps []Patch) {
	m := &w.e.values[v]
	for _, p := range ps {
		if p.Tensor != Output {
			continue
		}
		c, y, x := coordinates(m.Shape, p.Index)
		i := m.at(c, y, x)
		w.now[v][i] = p.Change.Apply(canonical(w.now[v][i]))
		if differ(w.now[v][i], w.golden[v][i]) {
			w.changed[v][c] = w.changed[v][c].join(rect{y, y + 1, x, x + 1})
			w.dirty[v] = true
		}
	}
}
