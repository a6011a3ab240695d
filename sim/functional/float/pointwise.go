package float

import "rampart/ir/graph"

// sameChannel is the reach of operators whose outputs see one input each.
func sameChannel(w *Worker, in int, todo []rect) { copy(todo, w.changed[in]) }

// allChannels is the reach of operators whose outputs see all channels of their pixel.
func allChannels(w *Worker, in int, todo []rect) {
	r := joined(w.changed[in])
	for c := range todo {
		todo[c] = r
	}
}

// norm is a BatchNorm.
type norm struct {
	op           *graph.BatchNorm
	in, out      int
	scale, shift []float64
}

func newNorm(op *graph.BatchNorm, in, out int) *norm {
	n := &norm{op: op, in: in, out: out}
	for c := range op.Gamma {
		scale, shift := op.Affine(c)
		n.scale, n.shift = append(n.scale, scale), append(n.shift, shift)
	}
	return n
}

func (n *norm) reach(w *Worker, todo []rect) { sameChannel(w, n.in, todo) }

func (n *norm) compute(w *Worker, first, count int, r rect, ps []Patch) {
	for c := first; c < first+count; c++ {
		scale, shift := n.scale[c], n.shift[c]
		if len(ps) > 0 {
			scale, shift = n.patched(c, ps)
		}
		from, to := w.now[n.in], w.now[n.out]
		runs(&w.e.values[n.in], &w.e.values[n.out], c, c, r, func(a, b, count int) {
			w.e.kernels.Affine(to[b:b+count], from[a:a+count], scale, shift)
		})
	}
}

func (n *norm) owner(p *Patch) int { return p.Index }

// patched is a channel's normalisation under patches.
func (n *norm) patched(c int, ps []Patch) (scale, shift float64) {
	one := graph.BatchNorm{
		Gamma: []float32{n.op.Gamma[c]}, Beta: []float32{n.op.Beta[c]},
		Mean: []float32{n.op.Mean[c]}, Var: []float32{n.op.Var[c]}, Eps: n.op.Eps,
	}
	for _, p := range ps {
		v := map[Tensor][]float32{Gamma: one.Gamma, Beta: one.Beta, Mean: one.Mean, Var: one.Var}[p.Tensor]
		v[0] = p.Change.Apply(v[0])
	}
	return one.Affine(0)
}

// relu is a Relu.
type relu struct{ in, out int }

func (n *relu) reach(w *Worker, todo []rect) { sameChannel(w, n.in, todo) }

func (n *relu) compute(w *Worker, first, count int, r rect, _ []Patch) {
	from, to := w.now[n.in], w.now[n.out]
	for c := first; c < first+count; c++ {
		runs(&w.e.values[n.in], &w.e.values[n.out], c, c, r, func(a, b, count int) {
			w.e.kernels.Relu(to[b:b+count], from[a:a+count])
		})
	}
}

// join is a Concat. It copies, so that an activation of its output can be struck and its input's left alone.
type join struct {
	in  []int
	out int
}

func (n *join) reach(w *Worker, todo []rect) {
	for _, v := range n.in {
		todo = todo[copy(todo, w.changed[v]):]
	}
}

func (n *join) compute(w *Worker, first, count int, r rect, _ []Patch) {
	at := 0
	for _, v := range n.in {
		in := &w.e.values[v]
		for c := max(first, at); c < min(first+count, at+in.Shape.C); c++ {
			runs(in, &w.e.values[n.out], c-at, c, r, func(a, b, count int) {
				copy(w.now[n.out][b:b+count], w.now[v][a:a+count])
			})
		}
		at += in.Shape.C
	}
}

// winner is an ArgMax.
type winner struct{ in, out int }

func (n *winner) reach(w *Worker, todo []rect) { allChannels(w, n.in, todo) }

func (n *winner) compute(w *Worker, _, _ int, r rect, _ []Patch) {
	in, out := &w.e.values[n.in], &w.e.values[n.out]
	class := w.classes[:r.x1-r.x0]
	for y := r.y0; y < r.y1; y++ {
		w.e.kernels.ArgMax(class, w.now[n.in][in.at(0, y, r.x0):], in.plane, in.Shape.C)
		row := w.now[n.out][out.at(0, y, r.x0):]
		for i, c := range class {
			row[i] = float32(c)
		}
	}
}

// softmax is a Softmax in the midst of a network, which is rare enough to leave it to package graph.
type softmax struct {
	op      *graph.Softmax
	in, out int
}

func (n *softmax) reach(w *Worker, todo []rect) { allChannels(w, n.in, todo) }

func (n *softmax) compute(w *Worker, first, count int, r rect, _ []Patch) {
	if first > 0 {
		return // all channels have one rect
	}
	in, out := &w.e.values[n.in], &w.e.values[n.out]
	width := r.x1 - r.x0
	x := graph.NewTensor(graph.Shape{C: in.Shape.C, H: 1, W: width})
	for y := r.y0; y < r.y1; y++ {
		for c := range in.Shape.C {
			copy(x.Data[c*width:(c+1)*width], w.now[n.in][in.at(c, y, r.x0):])
		}
		sums := n.op.Eval([]*graph.Tensor{x})
		for c := range out.Shape.C {
			copy(w.now[n.out][out.at(c, y, r.x0):], sums.Data[c*width:(c+1)*width])
		}
	}
}
