package float

import (
	"cmp"
	"fmt"
	"math"

	"rampart/ir/graph"
)

// ReconditionBatchNorm gives batch normalisations other numbers of the same effect. A normalisation is
// y = S*x + T with S = gamma/sqrt(var+eps) and T = beta - mean*S, two numbers that four hold, so that two of
// them are free: gamma may take any size if the variance follows, and the shift may stand in beta or in the
// mean alone. The size of gamma is moved by powers of two, so that only roundings change.
//
// What one flip of an exponent bit does to a value depends on its exponent alone. In [1, 2) bit 30 makes it
// infinite or no number; in [0.5, 1) it multiplies with 2^128, which activations seldom outlive either; in [2, 4)
// no bit multiplies with more than 2^64, but seven multiply. Measured, the worst flip and the number of bad ones
// pull apart: of the 160 flips of bit 30 of the gammas of scenes_unet_t 159 are harmful as trained, 155 with
// Finite, 27 with Bounded; of all their 5120 flips 382, 401 and 948.
//
// A zero stays below 4 whatever flips, so that the number that does not hold the shift can do next to no harm; the
// one that does may do more, and with InMean gamma multiplies the whole shift. Of all flips of the 160 numbers of the
// normalisations of scenes_unet_xs 941 are harmful as trained, 864 with InMean and 824 with InBeta.
type ReconditionBatchNorm struct {
	Gamma Gamma // "" is Finite
	Shift Shift // "" is KeepShift
}

// Gamma says where gammas go.
type Gamma string

// Where gammas can go.
const (
	KeepGamma Gamma = "keep"
	Finite    Gamma = "finite"  // away from where a flip makes them infinite or no number: to [0.5, 1) or [2, 4)
	Bounded   Gamma = "bounded" // to [2, 4), where the worst flip multiplies with 2^64, and more flips are bad
)

// Shift says what holds the shift.
type Shift string

// What can hold it.
const (
	KeepShift Shift = "keep"
	InMean    Shift = "mean" // beta becomes 0
	InBeta    Shift = "beta" // the mean becomes 0
)

func (b ReconditionBatchNorm) defaults() ReconditionBatchNorm {
	return ReconditionBatchNorm{cmp.Or(b.Gamma, Finite), cmp.Or(b.Shift, KeepShift)}
}

// Name is "recondition_batchnorm".
func (ReconditionBatchNorm) Name() string { return "recondition_batchnorm" }

// String is the pass as policies write it.
func (b ReconditionBatchNorm) String() string {
	b = b.defaults()
	return fmt.Sprintf("recondition_batchnorm: {gamma: %s, shift: %s}", b.Gamma, b.Shift)
}

func (b ReconditionBatchNorm) run(g *graph.Graph, r *Report) error {
	b = b.defaults()
	r.Keeps = Rounding
	var left channels
	before, after := map[string]int{}, map[string]int{}
	found := false
	for _, n := range g.Nodes {
		bn, ok := n.Op.(*graph.BatchNorm)
		if !ok {
			continue
		}
		found = true
		countFragile(bn, before)
		for c := range bn.Gamma {
			old := normAt(bn, c)
			now, why := b.recondition(old)
			if why != "" {
				left.add(n.Name, why, c)
			}
			now.put(bn, c)
		}
		countFragile(bn, after)
	}
	if !found {
		r.note("", "there is no batch normalisation: the model has them folded")
	}
	for _, name := range []string{"gamma", "beta", "mean", "var"} {
		r.figure(name+" one flip from infinite, before", float64(before[name]))
		r.figure(name+" one flip from infinite, after", float64(after[name]))
	}
	r.Left = left.notes()
	return nil
}

// norm is the numbers of one channel of a normalisation.
type norm struct{ gamma, beta, mean, variance, eps float32 }

func normAt(b *graph.BatchNorm, c int) norm {
	return norm{b.Gamma[c], b.Beta[c], b.Mean[c], b.Var[c], b.Eps}
}

func (n norm) put(b *graph.BatchNorm, c int) {
	b.Gamma[c], b.Beta[c], b.Mean[c], b.Var[c] = n.gamma, n.beta, n.mean, n.variance
}

// power is the variance with epsilon, affine what the channel does: y = scale*x + shift.
func (n norm) power() float64 { return float64(n.variance) + float64(n.eps) }
func (n norm) affine() (scale, shift float64) {
	scale = float64(n.gamma) / math.Sqrt(n.power())
	return scale, float64(n.beta) - float64(n.mean)*scale
}

// recondition gives a channel other numbers, or tells why not all that was asked for can be done.
func (b ReconditionBatchNorm) recondition(n norm) (now norm, why string) {
	now = n
	if n.gamma != 0 {
		switch b.Gamma {
		case Finite:
			if now, why = n.resize(around, func(m norm) bool { return !fragile(m.gamma) && !fragile(m.variance) }); why != "" {
				now, why = n.resize(around, func(m norm) bool { return !fragile(m.gamma) })
			}
		case Bounded:
			now, why = n.resize(above(n.gamma), func(m norm) bool { return math.Abs(float64(m.gamma)) >= 2 && !fragile(m.gamma) })
		}
	}
	_, shift := n.affine()
	scale, _ := now.affine()
	switch b.Shift {
	case InMean:
		mean := float32(-shift / scale)
		if scale == 0 || math.IsInf(float64(mean), 0) {
			return now, "gamma is 0, or too small for the mean to hold the shift"
		}
		now.beta, now.mean = 0, mean
	case InBeta:
		now.beta, now.mean = float32(shift), 0
	}
	return now, why
}

// around are the powers of two that finite gammas try, the nearest first.
var around = []int{0, -1, 1, -2, 2, -3, 3, -4, 4}

// above are the powers of two that bring a gamma to 2 or just above it; none where it is there.
func above(gamma float32) []int {
	_, e := math.Frexp(float64(gamma)) // |gamma| in [2^(e-1), 2^e)
	if e >= 2 {
		return []int{0}
	}
	return []int{2 - e, 3 - e}
}

// resize multiplies gamma with the first power of two that the test likes, and lets the variance follow. Gamma
// takes up what rounding the variance costs, and may by that fall below a power of two: then the variance gives
// way by its last bit.
func (n norm) resize(powers []int, test func(norm) bool) (norm, string) {
	const largest = 1 << 64 // beyond it a variance's own flips are as bad as a gamma's
	scale, _ := n.affine()
	for _, k := range powers {
		m := n
		if k != 0 {
			m.variance = float32(math.Ldexp(n.power(), 2*k) - float64(n.eps))
		}
		for range 4 {
			if m.variance < 0 || m.variance > largest || m.power() <= 0 {
				break
			}
			if k != 0 {
				m.gamma = float32(scale * math.Sqrt(m.power()))
			}
			if test(m) {
				return m, ""
			}
			if k == 0 {
				break
			}
			m.variance = math.Nextafter32(m.variance, math.MaxFloat32)
		}
	}
	return n, "no power of two helps: the variance would be negative or too large"
}

// fragile tells whether one flip of an exponent bit makes a value infinite or no number: all its exponent bits
// but one are set.
func fragile(v float32) bool {
	missing := ^(math.Float32bits(v) >> 23) & 0xff
	return missing != 0 && missing&(missing-1) == 0
}

// countFragile adds up the fragile values of a normalisation, by tensor.
func countFragile(b *graph.BatchNorm, count map[string]int) {
	for _, p := range graph.Parameters(b) {
		for _, v := range p.Data {
			if fragile(v) {
				count[p.Name]++
			}
		}
	}
}
