package float

import (
	"cmp"
	"fmt"
	"math"

	"rampart/ir/graph"
)

// AbsorbBias moves what of a bias passes through a rectifier in any case into the next layer's bias. It is the
// high bias absorption of Nagel, van Baalen, Blankevoort and Welling, "Data-Free Quantization Through Weight
// Equalization and Bias Correction" (2019), section 4.1.3: where a normalisation makes channel i, with beta its
// mean and |gamma| its spread,
//
//	c = max(0, beta - 3*|gamma|);  beta becomes beta - c, the next layer's bias b becomes b + W*c
//
// because relu(x - c) = relu(x) - c for all x >= c, which in normal distribution is 99.865 % of them. The others
// make it inexact; so does zero padding, for what is outside an image is 0 before and after.
//
// Only batch normalisations tell mean and spread, so that it must see them as nodes. Readers that meet different
// weights at different pixels, as transposed convolutions with a stride do, have no one bias that could take c.
type AbsorbBias struct {
	Deviations float64 // below the mean that stay; 0 is 3
	Padding    Padding // "" is SkipPadded
}

// Padding says what becomes of channels that a convolution with zero padding reads.
type Padding string

// What can become of them.
const (
	SkipPadded  Padding = "skip"
	AllowPadded Padding = "allow" // wrong along the border, where the kernel meets padding
)

func (a AbsorbBias) defaults() AbsorbBias {
	return AbsorbBias{cmp.Or(a.Deviations, 3), cmp.Or(a.Padding, SkipPadded)}
}

// Name is "absorb_bias".
func (AbsorbBias) Name() string { return "absorb_bias" }

// String is the pass as policies write it.
func (a AbsorbBias) String() string {
	a = a.defaults()
	return fmt.Sprintf("absorb_bias: {deviations: %v, padding: %s}", a.Deviations, a.Padding)
}

func (a AbsorbBias) run(g *graph.Graph, r *Report) error {
	a = a.defaults()
	r.Keeps = Bits
	fs := trace(g)
	absorbed := map[*family]float64{}
	var left, border channels
	most := 0.0
	for _, f := range fs.all {
		if f.writer == nil {
			continue
		}
		c, why := a.excess(f)
		if why == "" && c > 0 {
			why = a.refuses(f)
		}
		switch {
		case why != "":
			left.add(f.writer.Name, why, f.channel)
		case c > 0:
			absorbed[f] = c
			r.Keeps, most = Nearly, max(most, c)
			f.writer.Op.(*graph.BatchNorm).Beta[f.channel] -= float32(c)
			for _, reader := range f.readers {
				if padded(reader.node) {
					border.add(reader.node.Name, "wrong along the border, where its zero padding is", reader.channel)
				}
			}
		}
	}
	for _, n := range g.Nodes {
		take(n, fs, absorbed)
	}
	r.figure("channels absorbed", float64(len(absorbed)))
	r.figure("largest bias absorbed", most)
	r.Left, r.Notes = left.notes(), border.notes()
	if len(absorbed) > 0 {
		r.note("", "exact where a channel's values stay above what was absorbed: %.3f %% of them, if they are normally distributed",
			100*(1-math.Erfc(a.Deviations/math.Sqrt2)/2))
	}
	return nil
}

// excess is how much of a family's bias may be absorbed, or why that is not known. A family without a rectifier
// has none: nothing is gained.
func (a AbsorbBias) excess(f *family) (c float64, why string) {
	if !f.relu {
		return 0, ""
	}
	bn, ok := f.writer.Op.(*graph.BatchNorm)
	if !ok {
		return 0, "no normalisation tells their mean and spread"
	}
	c = float64(bn.Beta[f.channel]) - a.Deviations*math.Abs(float64(bn.Gamma[f.channel]))
	// What beta loses and what readers gain must be the same number.
	return max(0, float64(float32(c))), ""
}

// refuses tells why a family's readers cannot take its bias, "" where they can.
func (a AbsorbBias) refuses(f *family) string {
	switch {
	case f.blocked != "":
		return f.blocked
	case len(f.readers) == 0:
		return "nothing reads it"
	}
	for _, r := range f.readers {
		switch {
		case uneven(r.node):
			return fmt.Sprintf("%s reads it with other weights at other pixels", r.node.Name)
		case padded(r.node) && a.Padding != AllowPadded:
			return fmt.Sprintf("%s reads it with zero padding", r.node.Name)
		}
	}
	return ""
}

// padded tells whether a convolution pads its input with zeros.
func padded(n *graph.Node) bool {
	c, ok := n.Op.(*graph.Conv)
	return ok && (c.Before != [2]int{} || c.After != [2]int{})
}

// uneven tells whether a transposed convolution's outputs meet different sets of weights: they do unless the
// stride is 1 and all outputs that the image's edge makes are cut off.
func uneven(n *graph.Node) bool {
	c, ok := n.Op.(*graph.ConvTranspose)
	if !ok {
		return false
	}
	for dim := range 2 {
		edge := c.Extent(dim) - 1
		if c.Stride[dim] != 1 || c.OutputPad[dim] != 0 || c.Before[dim] < edge || c.After[dim] < edge {
			return true
		}
	}
	return false
}

// take gives a reader's bias, or a normalisation's mean, what was absorbed from the families that it reads.
func take(n *graph.Node, fs *families, absorbed map[*family]float64) {
	if bn, ok := n.Op.(*graph.BatchNorm); ok {
		for c, f := range fs.in(n) {
			bn.Mean[c] = float32(float64(bn.Mean[c]) - absorbed[f])
		}
		return
	}
	k, ok := kernelOf(n)
	if !ok {
		return
	}
	in, some := fs.in(n), false
	sums := make([]float64, k.out)
	k.each(func(i, o int, weights []float32) {
		c := absorbed[in[i]]
		if c == 0 {
			return
		}
		some = true
		for _, w := range weights {
			sums[o] += float64(w) * c
		}
	})
	if !some {
		return
	}
	bias := biasOf(n.Op)
	if len(*bias) == 0 {
		*bias = make([]float32, k.out)
	}
	for o, s := range sums {
		(*bias)[o] = float32(float64((*bias)[o]) + s)
	}
}
