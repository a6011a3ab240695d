package float

import (
	"math"

	"rampart/ir/graph"
)

// layer is an operator with parameters: a convolution with the normalisations that alone read it, or a
// normalisation by itself.
type layer struct {
	first, last *graph.Node // the same, or the last is a normalisation of the first
	links       []link
}

// link is an input and an output channel of a layer, by families, and the largest magnitude of the weights
// between them, normalisations multiplied in.
type link struct {
	in, out *family
	peak    float64
}

// layers are those of a network, in its order.
func (fs *families) layers(g *graph.Graph) []*layer {
	var all []*layer
	within := map[*graph.Node]bool{}
	for _, n := range g.Nodes {
		k, isKernel := kernelOf(n)
		bn, isNorm := n.Op.(*graph.BatchNorm)
		if within[n] || !isKernel && !isNorm {
			continue
		}
		l := &layer{first: n, last: n}
		factor := ones(n.Out.Shape.C)
		for next := fs.normaliser(n); next != nil; next = fs.normaliser(next) {
			l.last, within[next] = next, true
			scaleBy(factor, next.Op.(*graph.BatchNorm))
		}
		in, out := fs.in(n), fs.out(l.last)
		if isKernel {
			k.each(func(i, o int, weights []float32) {
				l.links = append(l.links, link{in[i], out[o], peak(weights) * factor[o]})
			})
		} else {
			scaleBy(factor, bn)
			for c := range in {
				l.links = append(l.links, link{in[c], out[c], factor[c]})
			}
		}
		all = append(all, l)
	}
	return all
}

func ones(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

// scaleBy multiplies magnitudes with a normalisation's, channel by channel.
func scaleBy(factor []float64, bn *graph.BatchNorm) {
	for c := range factor {
		scale, _ := bn.Affine(c)
		factor[c] *= math.Abs(scale)
	}
}

// peak is the largest magnitude.
func peak(weights []float32) float64 {
	most := 0.0
	for _, w := range weights {
		most = max(most, math.Abs(float64(w)))
	}
	return most
}

// multiply makes up for the scales of families.
func (fs *families) multiply(layers []*layer) {
	for _, l := range layers {
		in, out := scales(fs.in(l.first)), scales(fs.out(l.last))
		own := out // what the first node itself has to give
		if l.last != l.first {
			own = ones(len(out))
		}
		if k, ok := kernelOf(l.first); ok {
			k.each(func(i, o int, weights []float32) { times(weights, own[o]/in[i]) })
			bias := *biasOf(l.first.Op)
			for o := range bias {
				times(bias[o:o+1], own[o])
			}
		} else {
			bn := l.first.Op.(*graph.BatchNorm)
			for c, s := range in {
				rescaleInput(bn, c, s)
			}
		}
		if bn, ok := l.last.Op.(*graph.BatchNorm); ok {
			for c, s := range out {
				times(bn.Gamma[c:c+1], s)
				times(bn.Beta[c:c+1], s)
			}
		}
	}
}

// scales are those of families.
func scales(families []*family) []float64 {
	all := make([]float64, len(families))
	for c, f := range families {
		all[c] = f.scale
	}
	return all
}

func times(values []float32, s float64) {
	for i, v := range values {
		values[i] = float32(float64(v) * s)
	}
}

// rescaleInput makes up for a channel that is multiplied with s before a normalisation. The variance becomes
// that of the multiplied channel, so that gamma stays the spread of what comes out; gamma takes up what the
// variance cannot, because it is no less than 0, or because it is rounded.
func rescaleInput(bn *graph.BatchNorm, c int, s float64) {
	if s == 1 {
		return
	}
	eps := float64(bn.Eps)
	was := float64(bn.Var[c]) + eps
	bn.Var[c] = float32(max(0, was*s*s-eps))
	bn.Gamma[c] = float32(float64(bn.Gamma[c]) * math.Sqrt((float64(bn.Var[c])+eps)/was) / s)
	bn.Mean[c] = float32(float64(bn.Mean[c]) * s)
}
