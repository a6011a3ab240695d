package functional

import (
	"math"
	"slices"

	"rampart/ir/fixed"
)

// tail is the end of a network of which an ArgMax's classes alone are observed: a convolution of 1x1 that makes the
// scores, and where it fits the convolution before. Nothing else reads what they make. A pixel whose winner leads by
// more than the changes ahead of the tail can move any two scores apart keeps its class and is not computed.
//
// The bound is a proof. A requantisation by the real factor a gives integers within 1/2 of a*sum + constant, or just
// these where nothing is shifted out, and a clamp brings two values closer, never further apart. So where the inputs of a convolution change by d,
//
//	|change of output o| <= a[o] * sum over its inputs |d*w| + 1, and 0 where all d are 0
//	|change of score j - change of score k| <= sum over channels c |d[c]| * |a[j]*w[j,c] - a[k]*w[k,c]| + 2
//
// the latter for scores that stay clear of their clamps, which the first line, of scores, decides.
type tail struct {
	steps []step
	mask  *argMax
	first int // node
}

// step is a convolution of a tail.
type step struct {
	*conv
	by   []int16 // per input channel, padded to even: how far a change by one moves scores apart, times 1<<bits
	rest int64   // what roundings add, times 1<<bits
	bits int
	kh   int
	kw   int
}

// newTail is nil where the network, or what is observed, does not end in such a way.
func (e *Engine) newTail(outputs []*fixed.Value) *tail {
	if len(outputs) != 1 {
		return nil
	}
	last := slices.IndexFunc(e.nodes, func(n node) bool { return n.Out == outputs[0] })
	if last < 0 {
		return nil
	}
	a, ok := e.nodes[last].op.(*argMax)
	if !ok || a.slow() {
		return nil
	}
	head := e.sole(a.in)
	if head == nil || !head.steady() || head.Kernel != [2]int{1, 1} || head.Before != [2]int{} || head.After != [2]int{} {
		return nil
	}
	t := &tail{mask: a, first: head.node}
	gain := head.apart()
	own, ok := head.step(gain, 2*head.rounding())
	if !ok {
		return nil
	}
	t.steps = []step{own}
	before := e.sole(head.in)
	if before == nil || !before.steady() || before.Dilation != [2]int{1, 1} {
		return t
	}
	rest := 2 * head.rounding()
	through := make([]float64, before.src.Shape.C)
	for o, g := range gain {
		rest += g * before.rounding()
		for i := range through {
			most := 0.0
			for ky := range before.Kernel[0] {
				for kx := range before.Kernel[1] {
					most = max(most, math.Abs(float64(before.at(o, i, ky, kx))))
				}
			}
			through[i] += g * before.factor(o) * most
		}
	}
	if s, ok := before.step(through, rest); ok {
		t.steps = []step{s, own}
		t.first = before.node
	}
	return t
}

// sole is the convolution that makes a value, if it is one and a single node reads the value.
func (e *Engine) sole(v int) *conv {
	readers := 0
	var made *conv
	for i := range e.nodes {
		for _, in := range e.nodes[i].in {
			if in == v && e.needed[i] {
				readers++
			}
		}
		if e.nodes[i].out == v {
			made, _ = e.nodes[i].op.(*conv)
		}
	}
	if readers != 1 {
		return nil
	}
	return made
}

// steady tells whether a convolution takes one window for each pixel, its sums never wrap and its requantisation is
// that of real numbers but for the rounding.
func (c *conv) steady() bool {
	const far = 1 << 62
	if c.exactly || c.scale == nil || c.Transposed || c.Group != 1 || c.Stride != [2]int{1, 1} || c.src.Format.Bits > 15 || c.wraps() {
		return false
	}
	limit := int64(1) << (min(c.AccBits, 32) - 1)
	for o, b := range c.Bias {
		mult := 1.0
		if c.Scale.Mult != nil {
			mult = float64(c.Scale.Mult[o])
		}
		if (float64(limit)+math.Abs(float64(b)))*mult+math.Ldexp(1, c.Scale.Shift[o]) >= far {
			return false
		}
	}
	return true
}

// factor is by what the requantisation of channel o multiplies.
func (c *conv) factor(o int) float64 {
	f := math.Ldexp(1, -c.Scale.Shift[o])
	if c.Scale.Mult != nil {
		f *= float64(c.Scale.Mult[o])
	}
	return f
}

// rounding is how far a change of an output may be from that of the real number that it is rounded from.
func (c *conv) rounding() float64 {
	if slices.Max(c.Scale.Shift) == 0 {
		return 0
	}
	return 1
}

// apart is, per input channel, how far a change by one moves two outputs of a 1x1 convolution apart, or one.
func (c *conv) apart() []float64 {
	all := make([]float64, c.src.Shape.C)
	for i := range all {
		lo, hi := 0.0, 0.0
		for o := range c.shape.C {
			v := c.factor(o) * float64(c.at(o, i, 0, 0))
			lo, hi = min(lo, v), max(hi, v)
		}
		all[i] = hi - lo
	}
	return all
}

// step rounds gains and rest up to integers, as fine as sums of any changes fit 31 bits.
func (c *conv) step(gain []float64, rest float64) (step, bool) {
	s := step{conv: c, by: make([]int16, (len(gain)+1)&^1), kh: c.Kernel[0], kw: c.Kernel[1]}
	lo, hi := c.src.Format.Range()
	for s.bits = 12; s.bits >= 0; s.bits-- {
		unit := math.Ldexp(1, s.bits)
		total, most := 0.0, 0.0
		for i, g := range gain {
			v := math.Ceil(g * (1 + 0x1p-40) * unit) // the slips of floating point are far below that
			if v <= math.MaxInt16 {
				s.by[i] = int16(v)
			}
			total, most = total+v, max(most, v)
		}
		if most <= math.MaxInt16 && total*float64(hi-lo)*float64(s.kh*s.kw) < 1<<31 && rest*unit < 1<<40 {
			s.rest = int64(math.Ceil(rest * (1 + 0x1p-40) * unit))
			return s, true
		}
	}
	return s, false
}
