package network

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"rampart/ir/fixed"
)

// channels are those that are meant, in ascending order.
func (d *Duplicate) channels(l *layer, seen *Calibration) []int {
	if d.Channels.List != nil {
		return slices.Sorted(slices.Values(d.Channels.List))
	}
	total := l.out.Shape.C
	count := d.Channels.Count
	if d.Channels.Share > 0 {
		count = max(1, int(math.Round(d.Channels.Share*float64(total))))
	}
	measure := weights(l.Op.(*fixed.Conv))
	if d.By == ByActivation {
		measure = seen.distances(l.out)
	}
	order := make([]int, total)
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(measure[b], measure[a]) })
	return slices.Sorted(slices.Values(order[:count]))
}

// weights is, for each output channel, the sum of the magnitudes of its weights times its scale.
func weights(c *fixed.Conv) []float64 {
	all := make([]float64, len(c.Bias))
	per := len(c.Weight) / len(all)
	for o := range all {
		for _, w := range c.Weight[o*per : (o+1)*per] {
			all[o] += math.Abs(float64(w))
		}
		if all[o] = math.Ldexp(all[o], -c.Scale.Shift[o]); c.Scale.Mult != nil {
			all[o] *= float64(c.Scale.Mult[o])
		}
	}
	return all
}

// duplicate computes channels of a convolution several times and puts a vote behind it.
func (g *guarding) duplicate(l *layer, d *Duplicate) {
	conv := l.Op.(*fixed.Conv)
	channels := d.channels(l, g.seen)
	var copies []int
	for _, c := range channels {
		for range d.Copies - 1 {
			copies = append(copies, c)
		}
	}
	macs, total := products(l.Node), len(conv.Bias)
	per := len(conv.Weight) / total
	most := slices.Max(conv.Scale.Shift)
	g.behind(l, "vote", &fixed.Vote{Copies: copies})
	l.Out.Shape.C += len(copies)
	for _, c := range copies {
		conv.Weight = append(conv.Weight, conv.Weight[c*per:(c+1)*per]...)
		conv.Bias = append(conv.Bias, conv.Bias[c])
		conv.Scale.Shift = append(conv.Scale.Shift, conv.Scale.Shift[c])
		if conv.Scale.Mult != nil {
			conv.Scale.Mult = append(conv.Scale.Mult, conv.Scale.Mult[c])
		}
	}
	constants := conv.BiasBits + conv.Scale.MultBits + max(1, bits.Len(uint(most)))
	l.report.Duplicate = &DuplicateReport{Channels: channels, Copies: d.Copies}
	l.report.Costs = append(l.report.Costs, Cost{
		Guard: duplicateKey, MACs: macs * int64(len(copies)) / int64(total),
		MemoryBits: int64(len(copies)) * int64(per*conv.WeightBits+constants),
	})
}

// products is the number of multiplications of a convolution for an image, those with padding included.
func products(n *fixed.Node) int64 {
	c, in, out := n.Op.(*fixed.Conv), n.In[0].Shape, n.Out.Shape
	pixels := out.H * out.W
	if c.Transposed {
		pixels = in.H * in.W
	}
	return int64(pixels) * int64(c.Kernel[0]*c.Kernel[1]) * int64(in.C) * int64(out.C) / int64(c.Group)
}
