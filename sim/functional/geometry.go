package functional

import (
	"slices"

	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// geometry is how a convolution's windows lie over its input and its output.
type geometry struct {
	rows, cols axis
	ys, xs     spread
	strips     []strip
	border     border // of the input
}

// strip is a pattern of neighbouring output columns that one run of the dense kernel computes. Columns
// first+q+j*step take kernel column tap.k from input column tap.at+j*inStep, for every tap of columns[q].
type strip struct {
	first, step, inStep int
	columns             [][]tap
	at                  []int // the distinct tap.at of all columns, ascending
}

func newGeometry(n *fixed.Node, c *fixed.Conv) *geometry {
	in, out := n.In[0].Shape, n.Out.Shape
	g := &geometry{rows: newAxis(c, 0, in.H, out.H), cols: newAxis(c, 1, in.W, out.W)}
	g.ys, g.xs = g.rows.spread(), g.cols.spread()
	g.strips = g.cols.strips(out.C)
	g.border.top, g.border.bottom = g.rows.border()
	g.border.left, _ = g.cols.border()
	for i := range g.strips {
		s := &g.strips[i]
		if k := len(s.at); k > 0 {
			g.border.right = max(g.border.right, s.at[k-1]+(s.count(out.W)-1)*s.inStep-(in.W-1))
		}
	}
	return g
}

// count is the number of patterns that cover an output of so many columns.
func (s *strip) count(width int) int { return (width - s.first + s.step - 1) / s.step }

// newStrip makes a pattern of the columns.
func newStrip(first, step, inStep int, columns [][]tap) strip {
	s := strip{first: first, step: step, inStep: inStep, columns: columns}
	for _, taps := range columns {
		for _, t := range taps {
			s.at = append(s.at, t.at)
		}
	}
	slices.Sort(s.at)
	s.at = slices.Compact(s.at)
	return s
}

// cost is the dense kernel's steps for each column, with so many channels: a column of few channels leaves
// lanes empty, and columns together meet inputs that not all of them need.
func (s *strip) cost(channels int) float64 {
	blocks := (len(s.columns)*channels + kernel.Lanes - 1) / kernel.Lanes
	return float64(blocks*len(s.at)) / float64(len(s.columns))
}

// strips chooses patterns that cover the dimension, at the least cost.
func (a axis) strips(channels int) []strip {
	if len(a.phases) > 1 || a.outStep > 1 {
		var apart []strip
		cost := 0.0
		for p, taps := range a.phases {
			apart = append(apart, newStrip(p, a.outStep, 1, [][]tap{taps}))
			cost += apart[p].cost(channels)
		}
		together := newStrip(0, a.outStep, 1, a.phases)
		if len(a.phases) == a.outStep && together.cost(channels)*float64(a.outStep) < cost {
			return []strip{together}
		}
		return apart
	}
	var best strip
	var columns [][]tap
	for q := 0; q == 0 || (q+1)*channels <= 3*kernel.Lanes && q < a.out; q++ {
		var shifted []tap
		for _, t := range a.phases[0] {
			shifted = append(shifted, tap{t.k, t.at + q*a.inStep})
		}
		columns = append(columns, shifted)
		s := newStrip(0, q+1, (q+1)*a.inStep, slices.Clone(columns))
		if q == 0 || s.cost(channels) < best.cost(channels)*0.99 {
			best = s
		}
	}
	return []strip{best}
}

// unreasonable tells whether borders make memory many times larger than the images are.
func (g *geometry) unreasonable() bool {
	const least, times = 1 << 18, 64
	images := g.rows.in*g.cols.in + g.rows.out*g.cols.out
	in := (g.rows.in + g.border.top + g.border.bottom) * (g.cols.in + g.border.left + g.border.right)
	out := (g.rows.out + g.ys.before + g.ys.after) * (g.cols.out + g.xs.before + g.xs.after)
	return max(in, out) > max(least, images*times)
}
