package fixed

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// dice builds random networks that pass Check.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 1))} }

// within is a random number from lo to hi.
func (d dice) within(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// in is a random number of an interval.
func (d dice) in(lo, hi int64) int64 { return lo + d.Int64N(hi-lo+1) }

func (d dice) format() Format { return Format{Bits: d.within(2, 16), Signed: d.IntN(2) == 0} }

func (d dice) value(name string, s Shape) *Value {
	v := &Value{Name: name, Shape: s, Format: d.format()}
	v.Zero = d.in(v.Format.Range())
	return v
}

func (d dice) tensor(v *Value) *Tensor {
	t := NewTensor(v.Shape)
	lo, hi := v.Format.Range()
	for i := range t.Data {
		switch d.IntN(8) { // corners are worth visiting
		case 0:
			t.Data[i] = int32(lo)
		case 1:
			t.Data[i] = int32(hi)
		default:
			t.Data[i] = int32(d.in(lo, hi))
		}
	}
	return t
}

func (d dice) window() Window {
	var w Window
	for i := range 2 {
		w.Kernel[i], w.Stride[i], w.Dilation[i] = d.within(1, 5), d.within(1, 3), d.within(1, 3)
		w.Before[i], w.After[i] = d.within(0, 4), d.within(0, 4)
	}
	return w
}

func (d dice) scale(channels int, out *Value, sumBits int) Scale {
	s := Scale{Rounding: Rounding(d.IntN(2))}
	if d.IntN(3) > 0 {
		s.MultBits = d.within(1, min(16, maxProduct-sumBits))
	}
	for range channels {
		if s.MultBits > 0 {
			s.Mult = append(s.Mult, d.in(0, 1<<s.MultBits-1))
		}
		// Shifts that bring typical sums near the output's range, and any others.
		near := max(0, sumBits+s.MultBits-out.Format.Bits-d.within(0, 6))
		if d.IntN(6) == 0 {
			near = d.within(0, 63)
		}
		s.Shift = append(s.Shift, min(63, near))
	}
	lo, hi := out.Format.Range()
	s.Lo, s.Hi = lo, hi
	if d.IntN(2) == 0 {
		s.Lo = d.in(lo, hi)
		s.Hi = d.in(s.Lo, hi)
	}
	return s
}

// conv makes a convolution of in; nil where the random window does not fit.
func (d dice) conv(name string, in *Value) *Node {
	c := &Conv{Window: d.window(), Transposed: d.IntN(2) == 0, Group: 1, WeightBits: d.within(2, 16), BiasBits: d.within(2, 40)}
	out := Shape{C: d.within(1, 6)}
	if d.IntN(2) == 0 {
		c.Group = in.Shape.C
		out.C = c.Group * d.within(1, 2)
	}
	for i, to := range []*int{&out.H, &out.W} {
		size := [2]int{in.Shape.H, in.Shape.W}[i]
		*to = c.OutSize(i, size)
		if c.Transposed {
			*to = (size-1)*c.Stride[i] - c.Before[i] - c.After[i] + c.span(i) + d.within(0, max(c.Stride[i], c.Dilation[i])-1)
		}
		if *to < 1 {
			return nil
		}
	}
	lo, hi := Format{Bits: c.WeightBits, Signed: true}.Range()
	for range out.C * in.Shape.C / c.Group * c.Kernel[0] * c.Kernel[1] {
		c.Weight = append(c.Weight, int32(d.in(lo, hi)))
	}
	for range out.C {
		lo, hi := Format{Bits: c.BiasBits, Signed: true}.Range()
		c.Bias = append(c.Bias, d.in(lo, hi))
	}
	// Wide enough, or so narrow that it wraps.
	c.AccBits = d.within(36, 42)
	if d.IntN(3) == 0 {
		c.AccBits = d.within(2, 20)
	}
	v := d.value(name+"_out", out)
	c.Scale = d.scale(out.C, v, max(c.AccBits, c.BiasBits)+1)
	return &Node{Name: name, In: []*Value{in}, Out: v, Op: c}
}

// pool makes a maximum pooling of in; nil where the random window does not fit.
func (d dice) pool(name string, in *Value) *Node {
	p := &MaxPool{Window: d.window()}
	out := Shape{in.Shape.C, p.OutSize(0, in.Shape.H), p.OutSize(1, in.Shape.W)}
	for i, sizes := range [2][2]int{{out.H, in.Shape.H}, {out.W, in.Shape.W}} {
		for o := range sizes[0] {
			if !p.meets(i, o, sizes[1]) {
				return nil
			}
		}
	}
	if out.H < 1 || out.W < 1 {
		return nil
	}
	return &Node{Name: name, In: []*Value{in}, Op: p,
		Out: &Value{Name: name + "_out", Shape: out, Format: in.Format, Zero: in.Zero}}
}

// node makes a random node that reads in, and perhaps other values; nil where the dice fall badly.
func (d dice) node(name string, in *Value, others []*Value) *Node {
	switch d.IntN(8) {
	case 0:
		n := &Node{Name: name, In: []*Value{in}, Op: &Requant{}, Out: d.value(name+"_out", in.Shape)}
		n.Op.(*Requant).Scale = d.scale(in.Shape.C, n.Out, in.Format.Bits+1)
		return n
	case 1:
		return d.pool(name, in)
	case 2:
		n := &Node{Name: name, In: []*Value{in}, Op: &Concat{}}
		s := in.Shape
		for _, v := range others {
			if v.Shape.H == s.H && v.Shape.W == s.W && v.Format == in.Format && v.Zero == in.Zero {
				n.In = append(n.In, v)
				s.C += v.Shape.C
			}
		}
		n.Out = &Value{Name: name + "_out", Shape: s, Format: in.Format, Zero: in.Zero}
		return n
	}
	return d.conv(name, in)
}

// net makes a network of some nodes; every value that nothing reads is an output.
func (d dice) net() *Net {
	net := &Net{Name: `a "net"`}
	values := []*Value{}
	for i := range d.within(1, 2) {
		in := d.value(fmt.Sprintf("in/%d", i), Shape{d.within(1, 4), d.within(1, 9), d.within(1, 9)})
		net.Inputs = append(net.Inputs, in)
		values = append(values, in)
	}
	for len(net.Nodes) < d.within(1, 7) {
		n := d.node(fmt.Sprintf("node %d", len(net.Nodes)), values[d.IntN(len(values))], values)
		if n == nil || n.Out.Shape.Size() > 1000 {
			continue
		}
		net.Nodes = append(net.Nodes, n)
		values = append(values, n.Out)
	}
	read := map[*Value]bool{}
	for _, n := range net.Nodes {
		for _, v := range n.In {
			read[v] = true
		}
	}
	if last := values[len(values)-1]; d.IntN(2) == 0 {
		v := &Value{Name: "classes", Shape: Shape{1, last.Shape.H, last.Shape.W}, Format: Format{Bits: d.within(8, 16)}}
		net.Nodes = append(net.Nodes, &Node{Name: "argmax", In: []*Value{last}, Out: v, Op: &ArgMax{}})
		values = append(values, v)
	}
	for _, v := range values {
		if !read[v] && !slices.Contains(net.Inputs, v) {
			net.Outputs = append(net.Outputs, v)
		}
	}
	return net
}

func (d dice) inputs(net *Net) []*Tensor {
	var ts []*Tensor
	for _, v := range net.Inputs {
		ts = append(ts, d.tensor(v))
	}
	return ts
}
