package float

import (
	"fmt"

	"rampart/ir/graph"
)

// Worker runs frames on an engine, in memory of its own. One goroutine may use it at a time.
type Worker struct {
	e           *Engine
	golden, now [][]float32 // per value, with its zeros
	changed     [][]rect    // per value and channel: where now may differ from golden
	dirty       []bool      // per value: whether any of its channels has changed
	stale       [][]rect    // per value and channel: where it did at the last strike, and is not yet restored
	wild        []bool      // per value: whether the golden one holds a NaN or an infinity
	uneven      bool        // whether any is wild
	outputs     []golden
	ran         bool
	diff        Diff

	// Scratch.
	todo                         []rect
	line, sums, weights, ordered []float32
	classes                      []int32
	node                         []Patch // patches of the present node
	one                          []Patch // of the present channel
	chains                       chains
}

// Worker makes a worker.
func (e *Engine) Worker() *Worker {
	n := len(e.values)
	w := &Worker{
		e: e, golden: make([][]float32, n), now: make([][]float32, n), changed: make([][]rect, n), stale: make([][]rect, n),
		dirty: make([]bool, n), wild: make([]bool, n), outputs: make([]golden, len(e.heads)),
	}
	width := 0
	for i, v := range e.values {
		w.golden[i], w.now[i] = make([]float32, v.size), make([]float32, v.size)
		w.changed[i], w.stale[i] = make([]rect, v.Shape.C), make([]rect, v.Shape.C)
		width = max(width, v.Shape.W)
	}
	for _, s := range e.steps {
		if c, ok := s.operator.(*conv); ok {
			w.weights = grow(w.weights, c.perIn*c.elements)
		}
	}
	w.classes = make([]int32, width)
	w.diff.Outputs = make([]OutputDiff, len(e.heads))
	return w
}

// Run computes a frame, which becomes the golden one. Images are one per network input; an error says what is
// wrong with them.
func (w *Worker) Run(images []*graph.Tensor) error {
	if err := w.e.checkImages(images); err != nil {
		return err
	}
	for i := range w.changed {
		clear(w.changed[i])
	}
	w.uneven = false
	for i, t := range images {
		v := &w.e.values[i]
		for c := range v.Shape.C {
			for y := range v.Shape.H {
				copy(w.now[i][v.at(c, y, 0):][:v.Shape.W], t.Data[(c*v.Shape.H+y)*v.Shape.W:])
			}
		}
	}
	w.evaluate()
	for i, now := range w.now {
		copy(w.golden[i], now)
		nan, inf := w.nonFinite(w.golden, i, w.full(i))
		w.wild[i] = nan+inf > 0
		w.uneven = w.uneven || w.wild[i]
	}
	for i := range w.outputs {
		w.outputs[i].measure(w, &w.e.heads[i])
	}
	w.ran = true
	return nil
}

// evaluate computes all nodes of the present images.
func (w *Worker) evaluate() {
	for _, s := range w.e.steps {
		shape := w.e.values[s.out].Shape
		s.compute(w, 0, shape.C, whole(shape), nil)
	}
}

func (e *Engine) checkImages(images []*graph.Tensor) error {
	if len(images) != len(e.graph.Inputs) {
		return fmt.Errorf("network %s has %d inputs, %d images were given", e.graph.Name, len(e.graph.Inputs), len(images))
	}
	for i, v := range e.graph.Inputs {
		if t := images[i]; t.Shape != v.Shape || len(t.Data) != v.Shape.Size() {
			return fmt.Errorf("input %s is %v, an image of %v with %d values was given", v.Name, v.Shape, t.Shape, len(t.Data))
		}
	}
	return nil
}

// Tensor is a value of the golden frame, a copy.
func (w *Worker) Tensor(v *graph.Value) *graph.Tensor { return w.tensor(v, w.golden) }

// Faulty is a value of the last patched frame, a copy; before the first one it is the golden value.
func (w *Worker) Faulty(v *graph.Value) *graph.Tensor { return w.tensor(v, w.now) }

func (w *Worker) tensor(v *graph.Value, frame [][]float32) *graph.Tensor {
	i, ok := w.e.index[v]
	if !ok || !w.ran {
		panic("BUG: float: a value of another network, or of a worker that has run no frame")
	}
	t, m := graph.NewTensor(v.Shape), &w.e.values[i]
	for c := range v.Shape.C {
		for y := range v.Shape.H {
			copy(t.Data[(c*v.Shape.H+y)*v.Shape.W:][:v.Shape.W], frame[i][m.at(c, y, 0):])
		}
	}
	return t
}

// full is all of every channel of a value.
func (w *Worker) full(v int) []rect {
	s := w.e.values[v].Shape
	w.todo = w.todo[:0]
	for range s.C {
		w.todo = append(w.todo, whole(s))
	}
	return w.todo
}

// nonFinite counts the NaNs and infinities of a value of a frame, in a part of each channel.
func (w *Worker) nonFinite(frame [][]float32, v int, parts []rect) (nan, inf int) {
	m := &w.e.values[v]
	for c, r := range parts {
		if r.empty() {
			continue
		}
		runs(m, m, c, c, r, func(a, _, n int) {
			nans, infs := w.e.kernels.NonFinite(frame[v][a : a+n])
			nan, inf = nan+nans, inf+infs
		})
	}
	return nan, inf
}

// restore makes golden again what is stale of a value, save in the channels all of whose stale part is about
// to be computed anyway.
func (w *Worker) restore(v int, todo []rect) {
	m := &w.e.values[v]
	for c, r := range w.stale[v] {
		if !r.empty() && (todo == nil || !todo[c].holds(r)) {
			runs(m, m, c, c, r, func(a, _, n int) { copy(w.now[v][a:a+n], w.golden[v][a:a+n]) })
		}
	}
	clear(w.stale[v])
}
