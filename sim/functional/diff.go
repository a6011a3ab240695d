package functional

import "math/bits"

// Diff is what differs between the golden frame and a patched one at the network's outputs, at those that the engine
// observes.
type Diff struct {
	Outputs []OutputDiff // per output of the network
	Stats   Stats
}

// OutputDiff is what differs at one output.
type OutputDiff struct {
	Changed int     // elements that differ
	Index   []int32 // for an output of one channel: row*W+column of each, ascending
	Value   []int32 // and the new value
}

// Stats is the work that was done.
type Stats struct {
	MACs  int64 // multiply-accumulates
	Nodes int   // nodes that were evaluated, in whole or in part
	Last  int   // the last node whose output may differ; -1 for none. Dense does not tell.
}

// Masked tells whether no observed output differs.
func (d *Diff) Masked() bool {
	for i := range d.Outputs {
		if d.Outputs[i].Changed > 0 {
			return false
		}
	}
	return true
}

// compare finds what differs at the outputs, at marked pixels or at all.
func (w *Worker) compare(all bool) *Diff {
	for i, v := range w.e.net.Outputs {
		o := &w.diff.Outputs[i]
		o.Changed, o.Index, o.Value = 0, o.Index[:0], o.Value[:0]
		if !w.e.watched[i] {
			continue
		}
		at := w.e.index[v]
		w.poke(at)
		lo, hi := w.marks[at].lo, w.marks[at].hi
		if all {
			lo, hi = 0, v.Shape.H
		}
		for y := lo; y < hi; y++ {
			from, to := 0, v.Shape.W
			if !all {
				from, to = w.marks[at].span(y)
			}
			w.compareRow(o, at, y, from, to)
		}
		w.unpoke()
	}
	return &w.diff
}

// compareRow adds the differences of pixels from <= x < to.
func (w *Worker) compareRow(o *OutputDiff, at, y, from, to int) {
	val := &w.e.values[at]
	m, f := &w.e.images[val.image], &w.frames[val.image]
	if from >= to {
		return
	}
	if val.Shape.C > 1 && !m.wide && val.channel == 0 && m.step-val.Shape.C < 2 {
		// A padding channel never differs.
		lo, hi := m.at(y, from), m.at(y, to)
		mask := w.work.mask[:(hi-lo+63)/64]
		w.e.kernels.Diff(mask, f.now[lo:hi], f.golden[lo:hi])
		for _, b := range mask {
			o.Changed += bits.OnesCount64(b)
		}
		return
	}
	for x := from; x < to; x++ {
		for c := range val.Shape.C {
			v := w.load(at, c, y, x)
			if v == w.golden(at, c, y, x) {
				continue
			}
			o.Changed++
			if val.Shape.C == 1 {
				o.Index = append(o.Index, int32(y*val.Shape.W+x))
				o.Value = append(o.Value, int32(v))
			}
		}
	}
}
