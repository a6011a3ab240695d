package quant

import (
	"slices"

	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// group is the tensors that share scale, zero point and format.
type group struct {
	tensors []*tensor
	input   bool // holds a network input
	head    bool // the result of a last convolution
	zeroed  bool // the zero point must be 0
	stats   stats
	grid
}

// link finds users and groups: MaxPool and Concat keep the scale of what they read.
func (m *model) link() {
	for _, t := range m.inputs {
		t.group = &group{tensors: []*tensor{t}, input: true}
	}
	for _, l := range m.layers {
		for _, t := range l.in {
			t.users = append(t.users, l)
		}
		if isArgMax(l.op) {
			continue
		}
		l.out.group = &group{tensors: []*tensor{l.out}}
		switch l.op.(type) {
		case *graph.MaxPool, *graph.Concat:
			for _, t := range l.in {
				if t.group != nil { // classes have none; checkClasses refuses them
					t.group.absorb(l.out.group)
				}
			}
		}
	}
	for _, t := range m.tensors() {
		if t.group == nil {
			continue
		}
		t.group.head = t.group.head || m.isHead(t)
		for _, u := range t.users {
			t.group.zeroed = t.group.zeroed || u.needsZero()
		}
		if !slices.Contains(m.groups, t.group) {
			m.groups = append(m.groups, t.group)
		}
	}
}

// absorb makes one group of two.
func (g *group) absorb(other *group) {
	if g == other {
		return
	}
	for _, t := range other.tensors {
		t.group = g
	}
	g.tensors = append(g.tensors, other.tensors...)
	g.input = g.input || other.input
}

// tensors lists all tensors: inputs, then results in order.
func (m *model) tensors() []*tensor {
	all := slices.Clone(m.inputs)
	for _, l := range m.layers {
		all = append(all, l.out)
	}
	return all
}

// isHead tells whether t is what a last convolution gives: a network output that only ArgMax reads.
func (m *model) isHead(t *tensor) bool {
	if t.by == nil || t.by.weights == nil || !slices.Contains(m.outputs, t) {
		return false
	}
	return !slices.ContainsFunc(t.users, func(u *layer) bool { return !isArgMax(u.op) })
}

// needsZero tells whether the layer's input must have zero point 0: the outputs of a strided
// transposed convolution use different kernel elements, so no bias folds in another zero point.
func (l *layer) needsZero() bool {
	op, ok := l.op.(*graph.ConvTranspose)
	return ok && op.Stride != [2]int{1, 1}
}

// grid is a scale, a zero point and the integers there are.
type grid struct {
	scale  float64
	zero   int64
	format fixed.Format
}

// top is the greatest integer above zero point 0 of a symmetric grid, or the number of steps of an
// unsigned one.
func (g grid) top() float64 {
	_, hi := g.format.Range()
	return float64(hi)
}

// over is the finest grid of the format that covers lo to hi, both of which enclose 0.
func over(lo, hi float64, format fixed.Format) grid {
	g := grid{format: format}
	if format.Signed {
		g.scale = max(-lo, hi) / g.top()
	} else {
		g.scale = (hi - lo) / g.top()
	}
	if g.scale == 0 || !isFinite(1/g.scale) {
		g.scale = 1 // nothing but zeros: any scale will do
	}
	return g.at(g.scale, lo, hi)
}

// at is the grid with the given scale; where it cannot cover lo to hi it leaves out as much, in
// proportion, of either end.
func (g grid) at(scale, lo, hi float64) grid {
	g.scale, g.zero = scale, 0
	if !g.format.Signed && lo < 0 {
		share := min(1, g.top()*scale/(hi-lo))
		g.zero = clampInt(round(-lo*share/scale), 0, int64(g.top()))
	}
	return g
}

// quantise gives the nearest integer of the grid.
func (g grid) quantise(real float64) int64 {
	lo, hi := g.format.Range()
	return clampInt(round(real/g.scale)+float64(g.zero), lo, hi)
}

// error is by how much the grid misses real.
func (g grid) error(real float64) float64 {
	return real - float64(g.quantise(real)-g.zero)*g.scale
}
