package fixed

import (
	"fmt"

	"rampart/internal/diag"
)

// Interval is the integers from Lo to Hi.
type Interval struct{ Lo, Hi int64 }

// hull is the least interval that holds both.
func (a Interval) hull(b Interval) Interval { return Interval{min(a.Lo, b.Lo), max(a.Hi, b.Hi)} }

// Bits is the least signed width, 2 or more, that holds the interval.
func (a Interval) Bits() int {
	bits := 2
	for a.Lo < -1<<(bits-1) || a.Hi > 1<<(bits-1)-1 {
		bits++
	}
	return bits
}

// Accumulator is what a convolution's accumulators can hold.
type Accumulator struct {
	Node  *Node
	Conv  *Conv
	Range Interval // of every partial sum, over all channels, in any order of summation
	Bits  int      // the least signed width that never overflows
}

// Ranges gives for every value the interval that each of its channels keeps to in a run without
// faults: the format's range for an input, the clamp's for a requantised value, the bounds' for a clipped one.
func Ranges(net *Net) map[*Value][]Interval {
	ranges := map[*Value][]Interval{}
	all := func(v *Value, lo, hi int64) {
		r := make([]Interval, v.Shape.C)
		for c := range r {
			r[c] = Interval{lo, hi}
		}
		ranges[v] = r
	}
	for _, v := range net.Inputs {
		lo, hi := v.Format.Range()
		all(v, lo, hi)
	}
	for _, n := range net.Nodes {
		switch op := n.Op.(type) {
		case *Conv:
			all(n.Out, op.Scale.Lo, op.Scale.Hi)
		case *Requant:
			all(n.Out, op.Scale.Lo, op.Scale.Hi)
		case *MaxPool:
			ranges[n.Out] = ranges[n.In[0]]
		case *Concat:
			for _, v := range n.In {
				ranges[n.Out] = append(ranges[n.Out], ranges[v]...)
			}
		case *Clip:
			ranges[n.Out] = op.keep(ranges[n.In[0]])
		case *Vote:
			ranges[n.Out] = op.ranges(ranges[n.In[0]])
		case *ArgMax:
			all(n.Out, 0, int64(n.In[0].Shape.C-1))
		default:
			panic(fmt.Sprintf("BUG: fixed: no range of %T", n.Op))
		}
	}
	return ranges
}

// Accumulators bounds the accumulator of every convolution, in the order of the nodes. A partial sum,
// whatever the order, lies between the sum of the least negative products and the sum of the
// greatest positive ones; the bias is added later and exactly, so it does not count.
func Accumulators(net *Net) []Accumulator {
	ranges := Ranges(net)
	var accs []Accumulator
	for _, n := range net.Nodes {
		if conv, ok := n.Op.(*Conv); ok {
			r := conv.bound(n, ranges[n.In[0]])
			accs = append(accs, Accumulator{Node: n, Conv: conv, Range: r, Bits: r.Bits()})
		}
	}
	return accs
}

// Verify proves that no accumulator overflows in a run without faults, or names those that could.
func Verify(net *Net) error {
	var found diag.Problems
	for _, a := range Accumulators(net) {
		if a.Conv.AccBits < a.Bits {
			found.Add(diag.Problem{
				At: "node " + a.Node.Name,
				What: fmt.Sprintf("its accumulator of %d bits overflows: sums reach %d to %d",
					a.Conv.AccBits, a.Range.Lo, a.Range.Hi),
				Remedy: fmt.Sprintf("make it %d bits wide", a.Bits),
			})
		}
	}
	return found.Err()
}

// bound is the interval of the partial sums of all output channels.
func (c *Conv) bound(n *Node, in []Interval) Interval {
	perIn, perOut := len(in)/c.Group, n.Out.Shape.C/c.Group
	taps := c.Kernel[0] * c.Kernel[1]
	phases, count := c.phases()
	total := Interval{}
	for o := range n.Out.Shape.C {
		sums := make([]Interval, count)
		for i := range perIn {
			x := in[o/perOut*perIn+i]
			if c.padded() {
				x = x.hull(Interval{n.In[0].Zero, n.In[0].Zero})
			}
			for t, w := range c.Weight[(o*perIn+i)*taps:][:taps] {
				a, b, s := int64(w)*x.Lo, int64(w)*x.Hi, &sums[phases[t]]
				s.Lo += min(a, b, 0)
				s.Hi += max(a, b, 0)
			}
		}
		for _, s := range sums {
			total = total.hull(s)
		}
	}
	return total
}

// padded tells whether a product may meet an input outside the image.
func (c *Conv) padded() bool {
	return c.Transposed || c.Before != [2]int{} || c.After != [2]int{}
}

// phases sorts the kernel's elements by the output positions that they serve: elements of different
// phases never meet in one sum. A sliding window has one phase, a transposed one as many as its
// stride makes.
func (c *Conv) phases() (phase []int, count int) {
	s := [2]int{1, 1}
	if c.Transposed {
		s = c.Stride
	}
	seen := map[[2]int]int{}
	for ky := range c.Kernel[0] {
		for kx := range c.Kernel[1] {
			at := [2]int{ky * c.Dilation[0] % s[0], kx * c.Dilation[1] % s[1]}
			if _, ok := seen[at]; !ok {
				seen[at] = len(seen)
			}
			phase = append(phase, seen[at])
		}
	}
	return phase, len(seen)
}
