// Package nettest makes random integer networks and inputs for the tests of every engine. In: a seed.
// Out: networks that pass fixed.Check and use every operator with unusual shapes. It knows no engine.
package nettest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"rampart/ir/fixed"
)

// Dice draws networks and inputs.
type Dice struct {
	*rand.Rand
	seed uint64
}

// New is dice that fall the same way for the same seed.
func New(seed uint64) Dice { return Dice{rand.New(rand.NewPCG(seed, 7)), seed} }

// Within is a number from lo to hi.
func (d Dice) Within(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// In is a number of an interval.
func (d Dice) In(lo, hi int64) int64 { return lo + d.Int64N(hi-lo+1) }

func (d Dice) signed(bits int) int64 { return d.In(fixed.Format{Bits: bits, Signed: true}.Range()) }

// Pick is one of the choices.
func (d Dice) Pick(choices ...int) int { return choices[d.IntN(len(choices))] }

func (d Dice) value(name string, s fixed.Shape) *fixed.Value {
	v := &fixed.Value{Name: name, Shape: s, Format: fixed.Format{Bits: d.Within(2, 16), Signed: d.IntN(2) == 0}}
	v.Zero = d.In(v.Format.Range())
	return v
}

// Tensor is a random image of a value's format, corners of its range included.
func (d Dice) Tensor(v *fixed.Value) *fixed.Tensor {
	t := fixed.NewTensor(v.Shape)
	lo, hi := v.Format.Range()
	for i := range t.Data {
		t.Data[i] = int32([]int64{lo, hi, d.In(lo, hi), d.In(lo, hi), d.In(lo, hi)}[d.IntN(5)])
	}
	return t
}

// Inputs are a random image for each input of a network.
func (d Dice) Inputs(net *fixed.Net) []*fixed.Tensor {
	images := make([]*fixed.Tensor, len(net.Inputs))
	for i, v := range net.Inputs {
		images[i] = d.Tensor(v)
	}
	return images
}

// window is a random kernel; its padding may exceed the kernel.
func (d Dice) window() fixed.Window {
	var w fixed.Window
	for i := range 2 {
		w.Kernel[i], w.Stride[i], w.Dilation[i] = d.Within(1, 4), d.Within(1, 3), d.Within(1, 3)
		w.Before[i], w.After[i] = d.Within(0, 3), d.Within(0, 3)
	}
	return w
}

func (d Dice) scale(out *fixed.Value, sumBits int) fixed.Scale {
	s := fixed.Scale{Rounding: fixed.Rounding(d.IntN(2))}
	if d.IntN(3) > 0 {
		s.MultBits = d.Within(1, min(32, 62-sumBits))
	}
	for range out.Shape.C {
		if s.MultBits > 0 {
			s.Mult = append(s.Mult, d.In(0, 1<<s.MultBits-1))
		}
		// Mostly a shift that brings sums near the output's range, at times any other.
		near := max(0, sumBits+s.MultBits-out.Format.Bits-d.Within(0, 6))
		s.Shift = append(s.Shift, min(63, d.Pick(near, near, near, d.Within(0, 63))))
	}
	s.Lo, s.Hi = out.Format.Range()
	if d.IntN(2) == 0 {
		s.Lo = d.In(s.Lo, s.Hi)
		s.Hi = d.In(s.Lo, s.Hi)
	}
	return s
}

func (d Dice) conv(name string, in *fixed.Value) *fixed.Node {
	c := &fixed.Conv{
		Window: d.window(), Transposed: d.IntN(2) == 0, Group: 1,
		WeightBits: d.Within(2, 16), BiasBits: d.Pick(32, d.Within(2, 48)), AccBits: d.Pick(d.Within(33, 45), 32, d.Within(2, 24)),
	}
	outC := d.Within(1, 7)
	if g := d.Within(1, 4); d.IntN(3) == 0 && in.Shape.C%g == 0 {
		c.Group, outC = g, g*d.Within(1, 3)
	}
	size := func(dim, n int) int {
		if !c.Transposed {
			return c.OutSize(dim, n)
		}
		least := (n-1)*c.Stride[dim] - c.Before[dim] - c.After[dim] + (c.Kernel[dim]-1)*c.Dilation[dim] + 1
		return least + d.Within(0, max(c.Stride[dim], c.Dilation[dim])-1)
	}
	for range outC * in.Shape.C / c.Group * c.Kernel[0] * c.Kernel[1] {
		c.Weight = append(c.Weight, int32(d.signed(c.WeightBits)))
	}
	for range outC {
		c.Bias = append(c.Bias, d.signed(c.BiasBits))
	}
	out := d.value(name+"_out", fixed.Shape{C: outC, H: size(0, in.Shape.H), W: size(1, in.Shape.W)})
	if d.IntN(6) == 0 { // only an output or an argmax may take it
		out.Format, out.Zero = fixed.Format{Bits: d.Within(17, 32), Signed: true}, 0
	}
	c.Scale = d.scale(out, max(c.AccBits, c.BiasBits)+1)
	return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: out, Op: c}
}

// node is a random node that reads in, and for a concatenation any other value that fits.
func (d Dice) node(name string, in *fixed.Value, values []*fixed.Value) *fixed.Node {
	same := *in
	same.Name = name + "_out"
	switch d.IntN(8) {
	case 0:
		out := d.value(same.Name, in.Shape)
		return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: out, Op: &fixed.Requant{Scale: d.scale(out, in.Format.Bits+1)}}
	case 1, 2:
		op := &fixed.MaxPool{Window: d.window()}
		same.Shape.H, same.Shape.W = op.OutSize(0, in.Shape.H), op.OutSize(1, in.Shape.W)
		return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: &same, Op: op}
	case 3:
		n := &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: &same, Op: &fixed.Concat{}}
		for _, v := range values {
			if v.Shape.H == in.Shape.H && v.Shape.W == in.Shape.W && v.Format == in.Format && v.Zero == in.Zero {
				n.In = append(n.In, v)
				same.Shape.C += v.Shape.C
			}
		}
		return n
	}
	return d.conv(name, in)
}

// Net is a random network that passes fixed.Check; what nothing reads is an output, and so are the classes. Most
// have guards against upsets in them, see guard.
func (d Dice) Net(nodes int) *fixed.Net {
	net := &fixed.Net{Name: "net"}
	for i := range d.Within(1, 2) {
		net.Inputs = append(net.Inputs, d.value(fmt.Sprintf("in%d", i), fixed.Shape{C: d.Within(1, 5), H: d.Within(1, 9), W: d.Within(1, 9)}))
	}
	values := slices.Clone(net.Inputs)
	for len(net.Nodes) < nodes {
		n := d.node(fmt.Sprintf("node%d", len(net.Nodes)), values[d.IntN(len(values))], values)
		grown := *net
		grown.Nodes = append(slices.Clone(net.Nodes), n)
		grown.Outputs = unread(&grown)
		if n.Out.Shape.Size() > 3000 || fixed.Check(&grown) != nil {
			continue
		}
		*net, values = grown, append(values, n.Out)
	}
	last := values[len(values)-1]
	classes := &fixed.Value{Name: "classes", Shape: fixed.Shape{C: 1, H: last.Shape.H, W: last.Shape.W}, Format: fixed.Format{Bits: d.Pick(8, 12)}}
	net.Nodes = append(net.Nodes, &fixed.Node{Name: "argmax", In: []*fixed.Value{last}, Out: classes, Op: &fixed.ArgMax{}})
	net.Outputs = append(unread(net), last)
	net.Inputs = slices.DeleteFunc(net.Inputs, func(v *fixed.Value) bool {
		return !slices.ContainsFunc(net.Nodes, func(n *fixed.Node) bool { return slices.Contains(n.In, v) })
	})
	d.guard(net)
	return net
}

func unread(net *fixed.Net) []*fixed.Value {
	var outs []*fixed.Value
	for _, n := range net.Nodes {
		if !slices.ContainsFunc(net.Nodes, func(m *fixed.Node) bool { return slices.Contains(m.In, n.Out) }) {
			outs = append(outs, n.Out)
		}
	}
	return outs
}
