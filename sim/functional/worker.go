package functional

import (
	"fmt"
	"math/bits"

	"rampart/ir/fixed"
)

// Worker runs frames on an engine, in memory of its own. One goroutine may use it at a time.
type Worker struct {
	e      *Engine
	frames []frame
	marks  []marks   // per value
	sums   [][]int32 // per node: the golden accumulators of a convolution
	ran    bool
	stale  bool // nothing of what the frames hold now need be golden

	pokes []poke
	undo  []saved
	sort  []Patch // scratch for the patches of one node
	delta delta
	work  scratch
	diff  Diff

	verdict verdict
}

// frame is an image's memory: what it holds in the golden run, and now.
type frame struct {
	golden, now         []int16
	goldenWide, nowWide []int32
}

// Worker makes a worker.
func (e *Engine) Worker() *Worker {
	w := &Worker{e: e, frames: make([]frame, len(e.images)), marks: make([]marks, len(e.values)),
		sums: make([][]int32, len(e.nodes))}
	mem := newMemory(e.bytes())
	for i, m := range e.images {
		f := &w.frames[i]
		if m.wide {
			f.goldenWide, f.nowWide = take[int32](mem, m.size), take[int32](mem, m.size)
			continue
		}
		f.golden, f.now = take[int16](mem, m.size), take[int16](mem, m.size)
		for k := range f.now {
			f.now[k] = m.fill
		}
	}
	for i, v := range e.values {
		w.marks[i] = newMarks(v.Shape.H, v.Shape.W)
	}
	largest := 0
	for _, n := range e.nodes {
		if c, ok := n.op.(*conv); ok {
			largest = max(largest, c.size)
		}
	}
	for i, n := range e.nodes {
		if c, ok := n.op.(*conv); ok {
			w.sums[i] = take[int32](mem, c.size)
			w.delta.fit(c, largest, mem)
		}
	}
	w.work = newScratch(e, mem)
	w.verdict = newVerdict(e.tail)
	w.diff.Outputs = make([]OutputDiff, len(e.net.Outputs))
	return w
}

// bytes is about what a worker needs of memory.
func (e *Engine) bytes() int {
	total, largest, entries := 0, 0, 0
	for i := range e.images {
		total += 4 * room[int16](e.images[i].size)
	}
	for i := range e.nodes {
		if c, ok := e.nodes[i].op.(*conv); ok {
			total += room[int32](c.size)
			largest, entries = max(largest, room[int32](c.size)), max(entries, room[int32](c.entries()))
		}
	}
	return total + largest + 2*entries
}

// Run computes a frame, which becomes the golden one. Inputs are one per network input, within their
// formats; an error says what is wrong with them.
func (w *Worker) Run(in []*fixed.Tensor) error {
	if err := w.e.checkInputs(in); err != nil {
		return err
	}
	w.ran, w.stale, w.verdict.made = true, false, false
	for i := range w.marks {
		w.marks[i].clear()
	}
	w.pokes = w.pokes[:0]
	for i, t := range in {
		w.put(i, t)
	}
	for i := range w.e.nodes {
		n := &w.e.nodes[i]
		if c, ok := n.op.(*conv); ok {
			c.run(w, w.sums[i])
			continue
		}
		n.op.dense(w, nil)
	}
	for i := range w.frames {
		f := &w.frames[i]
		copy(f.golden, f.now)
		copy(f.goldenWide, f.nowWide)
	}
	return nil
}

func (e *Engine) checkInputs(in []*fixed.Tensor) error {
	if len(in) != len(e.net.Inputs) {
		return fmt.Errorf("network %s has %d inputs, %d were given", e.net.Name, len(e.net.Inputs), len(in))
	}
	for i, v := range e.net.Inputs {
		t := in[i]
		if t.Shape != v.Shape || len(t.Data) != t.Shape.Size() {
			return fmt.Errorf("input %s has shape %v, %v was given", v.Name, v.Shape, t.Shape)
		}
		lo, hi := v.Format.Range()
		for k, x := range t.Data {
			if int64(x) < lo || int64(x) > hi {
				return fmt.Errorf("input %s: element %d is %d, outside %d to %d", v.Name, k, x, lo, hi)
			}
		}
	}
	return nil
}

// put stores a tensor as value v.
func (w *Worker) put(v int, t *fixed.Tensor) {
	i := 0
	for c := range t.Shape.C {
		for y := range t.Shape.H {
			for x := range t.Shape.W {
				w.store(v, c, y, x, int64(t.Data[i]))
				i++
			}
		}
	}
}

// Tensor is a value of the golden frame, a copy.
func (w *Worker) Tensor(v *fixed.Value) *fixed.Tensor {
	i := w.value(v)
	return w.tensor(v, func(c, y, x int) int64 { return w.golden(i, c, y, x) })
}

// Faulty is a value of the last patched frame, a copy; before the first one it is the golden value.
func (w *Worker) Faulty(v *fixed.Value) *fixed.Tensor {
	i := w.value(v)
	w.poke(i)
	defer w.unpoke()
	return w.tensor(v, func(c, y, x int) int64 { return w.load(i, c, y, x) })
}

func (w *Worker) value(v *fixed.Value) int {
	i, ok := w.e.index[v]
	if !ok || !w.ran {
		panic("BUG: functional: a value of another network, or of a worker that has run no frame")
	}
	return i
}

func (w *Worker) tensor(v *fixed.Value, at func(c, y, x int) int64) *fixed.Tensor {
	t := fixed.NewTensor(v.Shape)
	i := 0
	for c := range v.Shape.C {
		for y := range v.Shape.H {
			for x := range v.Shape.W {
				t.Data[i] = int32(at(c, y, x))
				i++
			}
		}
	}
	return t
}

// load is an element of value v as it is now.
func (w *Worker) load(v, c, y, x int) int64 {
	val := &w.e.values[v]
	m, f := &w.e.images[val.image], &w.frames[val.image]
	k := m.at(y, x) + val.channel + c
	if m.wide {
		return int64(f.nowWide[k])
	}
	return int64(f.now[k]) + val.offset
}

// golden is an element of value v in the golden frame.
func (w *Worker) golden(v, c, y, x int) int64 {
	val := &w.e.values[v]
	m, f := &w.e.images[val.image], &w.frames[val.image]
	k := m.at(y, x) + val.channel + c
	if m.wide {
		return int64(f.goldenWide[k])
	}
	return int64(f.golden[k]) + val.offset
}

// store sets an element of value v.
func (w *Worker) store(v, c, y, x int, to int64) {
	val := &w.e.values[v]
	m, f := &w.e.images[val.image], &w.frames[val.image]
	k := m.at(y, x) + val.channel + c
	if m.wide {
		f.nowWide[k] = int32(to)
		return
	}
	f.now[k] = int16(to - val.offset)
}

// change stores an element of value v, and marks its pixel if it is not golden then.
func (w *Worker) change(v, c, y, x int, to int64) {
	w.store(v, c, y, x, to)
	if w.golden(v, c, y, x) != to {
		w.marks[v].set(y, x)
	}
}

// restore makes everything golden again.
func (w *Worker) restore() {
	w.pokes = w.pokes[:0]
	for i := range w.marks {
		m := &w.marks[i]
		if v := &w.e.values[i]; m.any() && v.own && !w.stale {
			w.restoreMarked(m, v.image)
		}
		m.clear()
	}
	if w.stale {
		for i := range w.frames {
			f := &w.frames[i]
			copy(f.now, f.golden)
			copy(f.nowWide, f.goldenWide)
		}
	}
	w.stale = false
}

// restoreMarked copies from the first to the last marked of each 64 pixels: to look for single ones takes longer.
func (w *Worker) restoreMarked(m *marks, img int) {
	im, f := &w.e.images[img], &w.frames[img]
	for y := m.lo; y < m.hi; y++ {
		for i, b := range m.row(y) {
			if b == 0 {
				continue
			}
			from, to := im.at(y, i*64+bits.TrailingZeros64(b)), im.at(y, i*64+bits.Len64(b))
			if im.wide {
				copy(f.nowWide[from:to], f.goldenWide[from:to])
				continue
			}
			copy(f.now[from:to], f.golden[from:to])
		}
	}
}
