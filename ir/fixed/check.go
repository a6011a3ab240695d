package fixed

import (
	"fmt"

	"rampart/internal/diag"
)

// Limits that keep all arithmetic on sizes and values inside 64 bits.
const (
	maxSize    = 1 << 20 // of a dimension, kernel, stride, dilation or padding
	maxVolume  = 1 << 31 // elements of a tensor or of a weight array
	maxProduct = 62      // bits of accumulator plus bias times multiplier
)

// checker collects what is wrong; at is the node or value under test.
type checker struct {
	found diag.Problems
	at    string
}

func (c *checker) failf(format string, args ...any) {
	c.found.Add(diag.Problem{At: c.at, What: fmt.Sprintf(format, args...)})
}

// within complains where v is not in lo to hi, and tells whether it is.
func (c *checker) within(what string, v, lo, hi int64) bool {
	if v < lo || v > hi {
		c.failf("%s is %d, not in %d to %d", what, v, lo, hi)
		return false
	}
	return true
}

// Check tells everything that is wrong with a network: shapes, formats, lengths and ranges of
// constants, order, names. Every other function of the package expects a network that passes. It
// does not prove accumulator widths, see Verify.
func Check(net *Net) error {
	c := &checker{}
	made := c.checkWiring(net)
	if err := c.found.Err(); err != nil {
		return err
	}
	for _, v := range made {
		c.checkValue(v)
	}
	if err := c.found.Err(); err != nil {
		return err
	}
	for _, n := range net.Nodes {
		c.at = "node " + n.Name
		c.checkNode(n)
	}
	if err := c.found.Err(); err != nil {
		return err
	}
	c.checkWide(net)
	return c.found.Err()
}

// checkWiring checks names, order and that every node's result is used; it gives all values.
func (c *checker) checkWiring(net *Net) []*Value {
	var made []*Value
	known, valueNames, nodeNames := map[*Value]bool{}, map[string]bool{}, map[string]bool{}
	define := func(v *Value) {
		switch {
		case v == nil:
			c.failf("there is no output value")
			return
		case v.Name == "" || valueNames[v.Name]:
			c.failf("value name %q is empty or taken", v.Name)
		}
		known[v], valueNames[v.Name] = true, true
		made = append(made, v)
	}
	c.at = "network " + net.Name
	if len(net.Inputs) == 0 || len(net.Outputs) == 0 {
		c.failf("it needs an input and an output")
	}
	for _, v := range net.Inputs {
		define(v)
	}
	used := map[*Value]bool{}
	for _, n := range net.Nodes {
		c.at = "node " + n.Name
		if n.Name == "" || nodeNames[n.Name] {
			c.failf("node name %q is empty or taken", n.Name)
		}
		nodeNames[n.Name] = true
		for i, v := range n.In {
			if !known[v] {
				c.failf("input %d is not computed before the node", i)
			}
			used[v] = true
		}
		define(n.Out)
	}
	c.at = "network " + net.Name
	listed := map[*Value]bool{}
	for i, v := range net.Outputs {
		if !known[v] || listed[v] {
			c.failf("output %d is computed by no node or listed twice", i)
		}
		used[v], listed[v] = true, true
	}
	for _, n := range net.Nodes {
		if !used[n.Out] {
			c.failf("the result of node %s is never used", n.Name)
		}
	}
	return made
}

func (c *checker) checkValue(v *Value) {
	c.at = "value " + v.Name
	s := v.Shape
	if c.checkShape("shape", s.C, s.H, s.W) && int64(s.C)*int64(s.H)*int64(s.W) > maxVolume {
		c.failf("it has more than %d elements", maxVolume)
	}
	widest := int64(32)
	if !v.Format.Signed {
		widest = 31
	}
	if c.within("number of bits", int64(v.Format.Bits), 2, widest) {
		lo, hi := v.Format.Range()
		c.within("zero point", v.Zero, lo, hi)
	}
}

// checkShape tells whether all sizes are sensible.
func (c *checker) checkShape(what string, sizes ...int) bool {
	ok := true
	for _, n := range sizes {
		ok = c.within(what, int64(n), 1, maxSize) && ok
	}
	return ok
}

// checkWide lets only network outputs, and what ArgMax alone reads, have more than 16 bits.
func (c *checker) checkWide(net *Net) {
	for _, v := range net.Inputs {
		c.at = "value " + v.Name
		c.within("number of bits of an input", int64(v.Format.Bits), 2, 16)
	}
	for _, n := range net.Nodes {
		if _, ok := n.Op.(*ArgMax); ok {
			continue
		}
		for _, v := range n.In {
			c.at = "value " + v.Name
			c.within("number of bits of a value that a "+n.Op.Kind()+" reads", int64(v.Format.Bits), 2, 16)
		}
	}
}

func (c *checker) checkNode(n *Node) {
	operands := 1
	if _, ok := n.Op.(*Concat); ok {
		operands = max(1, len(n.In))
	}
	if n.Op == nil || len(n.In) != operands {
		c.failf("it has no operator, or %d inputs where %d are wanted", len(n.In), operands)
		return
	}
	switch op := n.Op.(type) {
	case *Conv:
		c.checkConv(n, op)
	case *MaxPool:
		c.checkMaxPool(n, op)
	case *Concat:
		c.checkConcat(n)
	case *Requant:
		if n.In[0].Shape != n.Out.Shape {
			c.failf("it changes shape %v to %v", n.In[0].Shape, n.Out.Shape)
			return
		}
		c.checkScale(n, &op.Scale, n.In[0].Format.Bits+1)
	case *Clip:
		c.checkClip(n, op)
	case *Vote:
		c.checkVote(n, op)
	case *ArgMax:
		in := n.In[0].Shape
		if n.Out.Shape != (Shape{1, in.H, in.W}) {
			c.failf("it makes shape %v of %v", n.Out.Shape, in)
		}
		_, hi := n.Out.Format.Range()
		if n.Out.Format.Signed || n.Out.Zero != 0 || hi < int64(in.C-1) {
			c.failf("its output must be unsigned with zero point 0 and hold class %d", in.C-1)
		}
	default:
		c.failf("%T is no operator of this package", n.Op)
	}
}

func (c *checker) checkConcat(n *Node) {
	want := n.In[0].Shape
	want.C = 0
	for _, v := range n.In {
		want.C += v.Shape.C
		if v.Shape.H != want.H || v.Shape.W != want.W {
			c.failf("its inputs differ in height or width")
		}
		if v.Format != n.Out.Format || v.Zero != n.Out.Zero {
			c.failf("input %s and the output differ in format or zero point", v.Name)
		}
	}
	if n.Out.Shape != want {
		c.failf("its output has shape %v, its inputs make %v", n.Out.Shape, want)
	}
}

// checkScale checks a requantisation of sums of the given signed width.
func (c *checker) checkScale(n *Node, s *Scale, sumBits int) {
	channels := n.Out.Shape.C
	if len(s.Shift) != channels || s.Mult != nil && len(s.Mult) != channels {
		c.failf("it has %d channels, %d shifts and %d multipliers", channels, len(s.Shift), len(s.Mult))
		return
	}
	if s.Mult == nil {
		c.within("width of the absent multiplier", int64(s.MultBits), 0, 0)
	} else if !c.within("width of the multiplier", int64(s.MultBits), 1, 32) {
		return
	}
	if sumBits+s.MultBits > maxProduct {
		c.failf("a sum of %d bits times a multiplier of %d bits is wider than %d bits", sumBits, s.MultBits, maxProduct)
	}
	for i, k := range s.Shift {
		c.within(fmt.Sprintf("shift of channel %d", i), int64(k), 0, 63)
	}
	for i, m := range s.Mult {
		c.within(fmt.Sprintf("multiplier of channel %d", i), m, 0, 1<<s.MultBits-1)
	}
	lo, hi := n.Out.Format.Range()
	if s.Lo < lo || s.Hi > hi || s.Lo > s.Hi {
		c.failf("it clamps to %d to %d, the output holds %d to %d", s.Lo, s.Hi, lo, hi)
	}
	if s.Rounding > HalfEven {
		c.failf("rounding mode %d does not exist", s.Rounding)
	}
}
