package functional

import (
	"slices"

	"rampart/ir/fixed"
)

// Strike computes what patches do to the golden frame, by following the differences alone. The golden frame
// stays as it is. The result holds until the worker's next call. The patches are valid, see Engine.Validate.
func (w *Worker) Strike(patches []Patch) *Diff {
	w.mustHaveRun()
	w.restore()
	s := &w.diff.Stats
	*s = Stats{Last: -1}
	first, last := len(w.e.nodes), -1
	for i := range w.e.net.Inputs {
		w.patchOutput(i, w.of(-1-i, patches), false)
		if w.marks[i].any() {
			first, last = 0, max(last, w.e.values[i].last)
		}
	}
	for _, p := range patches {
		if p.Node >= 0 {
			first, last = min(first, p.Node), max(last, p.Node)
		}
	}
	tail := w.e.tail
	if tail != nil && !tail.certain(patches) {
		tail = nil
	}
	for i := first; i <= last; i++ {
		n := &w.e.nodes[i]
		if !w.e.needed[i] {
			continue
		}
		if tail != nil && i == tail.first && !w.poked(n.in[0]) {
			if w.marks[n.in[0]].any() {
				s.Last = max(s.Last, w.conclude(tail))
			}
			break
		}
		ps := w.of(i, patches)
		if len(ps) == 0 && !slices.ContainsFunc(n.in, func(v int) bool { return w.marks[v].any() }) {
			continue
		}
		s.Nodes++
		w.visit(n, ps, n.op.follow)
		if w.marks[n.out].any() {
			s.Last = i
			last = max(last, w.e.values[n.out].last)
		}
	}
	return w.compare(false)
}

// Dense computes the same as Strike by evaluating the whole network anew.
func (w *Worker) Dense(patches []Patch) *Diff {
	w.mustHaveRun()
	if !w.stale {
		w.restore()
	}
	w.stale, w.pokes = true, w.pokes[:0]
	w.diff.Stats = Stats{Last: -1}
	for i := range w.e.net.Inputs {
		f := &w.frames[w.e.values[i].image]
		copy(f.now, f.golden)
		w.patchOutput(i, w.of(-1-i, patches), false)
	}
	for i := range w.e.nodes {
		n := &w.e.nodes[i]
		if !w.e.needed[i] {
			continue
		}
		w.visit(n, w.of(i, patches), n.op.dense)
		w.diff.Stats.Nodes++
		w.diff.Stats.MACs += n.macs
	}
	for i := range w.marks {
		w.marks[i].clear()
	}
	return w.compare(true)
}

func (w *Worker) mustHaveRun() {
	if !w.ran {
		panic("BUG: functional: a patched frame before any golden one")
	}
}

// of is the patches of node i, in their order.
func (w *Worker) of(i int, patches []Patch) []Patch {
	w.sort = w.sort[:0]
	for _, p := range patches {
		if p.Node == i {
			w.sort = append(w.sort, p)
		}
	}
	return w.sort
}

// visit evaluates a node, in one way or the other, under its patches.
func (w *Worker) visit(n *node, ps []Patch, how func(*Worker, []Patch) []Patch) {
	_, join := n.op.(*join)
	rest := ps
	if !join {
		w.poke(n.in[0])
	}
	if len(ps) > 0 && !join {
		rest = w.pokeInputs(n, ps)
	}
	left := how(w, rest)
	w.repair(n, left)
	w.unpoke()
	if join {
		w.patchJoin(n, ps)
	}
	w.patchOutput(n.out, ps, join)
}

// pokeInputs lets the node see the patches of its inputs that need no thought about moments, and gives back
// all other patches of inputs, weights and constants.
func (w *Worker) pokeInputs(n *node, ps []Patch) []Patch {
	var rest []Patch
	for _, p := range ps {
		momentary := func(q Patch) bool {
			return q.Kind == Input && q.Arg == p.Arg && q.Index == p.Index && !q.always()
		}
		switch {
		case p.Kind == Output:
		case p.Kind == Input && !slices.ContainsFunc(ps, momentary):
			v := n.in[p.Arg]
			c, y, x := coordinates(w.e.values[v].Shape, p.Index)
			w.pokeOne(poke{v, c, y, x, p.Change})
		default:
			rest = append(rest, p)
		}
	}
	return rest
}

// repair computes one by one, exactly, what these patches may change.
func (w *Worker) repair(n *node, ps []Patch) {
	width := n.Out.Shape.W
	var active []Patch
	for i := range ps {
		n.op.reach(&ps[i], func(c, y, x int) {
			pixel := y*width + x
			if !ps[i].acts(pixel, c) {
				return
			}
			active = active[:0]
			for _, q := range ps {
				if q.acts(pixel, c) {
					active = append(active, q)
				}
			}
			w.change(n.out, c, y, x, n.op.exact(w, c, y, x, active))
		})
	}
}

// patchOutput changes value v as all its readers see it.
func (w *Worker) patchOutput(v int, ps []Patch, later bool) {
	val := &w.e.values[v]
	for _, p := range ps {
		if p.Kind != Output {
			continue
		}
		c, y, x := coordinates(val.Shape, p.Index)
		if later {
			w.pokeLater(poke{v, c, y, x, p.Change})
			continue
		}
		w.change(v, c, y, x, p.Change.Apply(w.load(v, c, y, x), val.Format.Bits, val.Format.Signed))
	}
}

func (w *Worker) pokeLater(p poke) {
	w.pokes = append(w.pokes, p)
	w.marks[p.v].set(p.y, p.x)
}

// patchJoin turns patches of what a Concat reads into changes of its output, which is the same.
func (w *Worker) patchJoin(n *node, ps []Patch) {
	for _, p := range ps {
		if p.Kind != Input {
			continue
		}
		c, y, x := coordinates(n.In[p.Arg].Shape, p.Index)
		for _, v := range n.In[:p.Arg] {
			c += v.Shape.C
		}
		if p.acts(y*n.Out.Shape.W+x, c) {
			w.pokeLater(poke{n.out, c, y, x, p.Change})
		}
	}
}

// params applies the patches of one kind and index to a constant.
func params(ps []Patch, kind Kind, index int, v int64, f fixed.Format) int64 {
	for _, p := range ps {
		if p.Kind == kind && p.Index == index {
			v = p.Change.Apply(v, f.Bits, f.Signed)
		}
	}
	return v
}
