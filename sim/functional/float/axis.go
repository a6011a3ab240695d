package float

import (
	"slices"

	"rampart/ir/graph"
)

// axis is one dimension of a window, seen from its outputs. Output o = phase + j*outStep takes kernel element
// k from input j*inStep + tap.at, for every tap of the phase, in their order. A sliding window has one phase,
// a transposed one as many as its stride.
type axis struct {
	inStep, outStep int
	phases          [][]tap
	in, out         int // sizes
}

// tap is a kernel element and where it reads.
type tap struct{ k, at int }

// slide is dimension dim of a sliding window.
func slide(w graph.Window, dim, in, out int) axis {
	a := axis{inStep: w.Stride[dim], outStep: 1, phases: make([][]tap, 1), in: in, out: out}
	for k := range w.Kernel[dim] {
		a.phases[0] = append(a.phases[0], tap{k, k*w.Dilation[dim] - w.Before[dim]})
	}
	return a
}

// transpose is dimension dim of a transposed window. Its sums take the rows in the order of the input, but the
// columns in that of the kernel.
func transpose(w graph.Window, dim, in, out int) axis {
	stride := w.Stride[dim]
	a := axis{inStep: 1, outStep: stride, phases: make([][]tap, min(stride, out)), in: in, out: out}
	for p := range a.phases {
		for k := range w.Kernel[dim] {
			if from := p + w.Before[dim] - k*w.Dilation[dim]; from%stride == 0 {
				a.phases[p] = append(a.phases[p], tap{k, from / stride})
			}
		}
		if dim == 0 {
			slices.Reverse(a.phases[p])
		}
	}
	return a
}

// count is the number of outputs of a phase.
func (a axis) count(phase int) int { return ceil(a.out-phase, a.outStep) }

// part is the range of j whose outputs of a phase lie in lo <= o < hi.
func (a axis) part(phase, lo, hi int) (from, to int) {
	return max(0, ceil(lo-phase, a.outStep)), ceil(hi-phase, a.outStep)
}

// served is the range of j for which a tap of a phase reads an input i with lo <= i < hi.
func (a axis) served(phase int, t tap, lo, hi int) (from, to int) {
	return max(0, ceil(lo-t.at, a.inStep)), min(a.count(phase), ceil(hi-t.at, a.inStep))
}

// reach is the range of outputs that read an input i with lo <= i < hi.
func (a axis) reach(lo, hi int) (first, end int) {
	first = a.out
	for p, taps := range a.phases {
		for _, t := range taps {
			if from, to := a.served(p, t, lo, hi); from < to {
				first, end = min(first, p+from*a.outStep), max(end, p+(to-1)*a.outStep+1)
			}
		}
	}
	return first, end
}

// inside is the range of j for which every tap of a phase reads an input that exists.
func (a axis) inside(phase int) (from, to int) {
	to = a.count(phase)
	for _, t := range a.phases[phase] {
		f, e := a.served(phase, t, 0, a.in)
		from, to = max(from, f), min(to, e)
	}
	return from, to
}

// ceil is a/b, b positive, rounded up.
func ceil(a, b int) int { return -floor(-a, b) }

// floor is a/b, b positive, rounded down.
func floor(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
