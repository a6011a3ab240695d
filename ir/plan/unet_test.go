package plan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// sketch draws networks node by node; weights are zero where only timing is of interest.
type sketch struct {
	nettest.Dice
	t   testing.TB
	net *fixed.Net
}

var uint8s = fixed.Format{Bits: 8}

func newSketch(t testing.TB, seed uint64, c, h, w int) (*sketch, *fixed.Value) {
	in := &fixed.Value{Name: "in", Shape: fixed.Shape{C: c, H: h, W: w}, Format: uint8s}
	return &sketch{nettest.New(seed), t, &fixed.Net{Name: "sketch", Inputs: []*fixed.Value{in}}}, in
}

func (s *sketch) add(op fixed.Op, shape fixed.Shape, in ...*fixed.Value) *fixed.Value {
	name := fmt.Sprintf("%s%d", op.Kind(), len(s.net.Nodes))
	out := &fixed.Value{Name: name + "_out", Shape: shape, Format: uint8s}
	s.net.Nodes = append(s.net.Nodes, &fixed.Node{Name: name, In: in, Out: out, Op: op})
	return out
}

// finish checks the network, whose outputs are given.
func (s *sketch) finish(outs ...*fixed.Value) *fixed.Net {
	s.net.Outputs = outs
	s.t.Helper()
	require.NoError(s.t, fixed.Check(s.net))
	return s.net
}

func scaleOf(channels int) fixed.Scale {
	return fixed.Scale{Shift: make([]int, channels), Hi: 255}
}

// conv adds a convolution of the window to c channels.
func (s *sketch) conv(in *fixed.Value, c int, w fixed.Window) *fixed.Value {
	op := &fixed.Conv{
		Window: w, Group: 1, WeightBits: 8, BiasBits: 32, AccBits: 32, Scale: scaleOf(c),
		Weight: make([]int32, c*in.Shape.C*w.Kernel[0]*w.Kernel[1]), Bias: make([]int64, c),
	}
	return s.add(op, fixed.Shape{C: c, H: w.OutSize(0, in.Shape.H), W: w.OutSize(1, in.Shape.W)}, in)
}

// same is a window that keeps sizes.
func same(k, dilation int) fixed.Window {
	p := (k - 1) * dilation
	return fixed.Window{
		Kernel: [2]int{k, k}, Stride: [2]int{1, 1}, Dilation: [2]int{dilation, dilation},
		Before: [2]int{p / 2, p / 2}, After: [2]int{p - p/2, p - p/2},
	}
}

// up adds a transposed convolution of kernel and stride to c channels of the given size.
func (s *sketch) up(in *fixed.Value, c, k, stride int, size fixed.Shape) *fixed.Value {
	op := &fixed.Conv{
		Window:     fixed.Window{Kernel: [2]int{k, k}, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}},
		Transposed: true, Group: 1, WeightBits: 8, BiasBits: 32, AccBits: 32, Scale: scaleOf(c),
		Weight: make([]int32, c*in.Shape.C*k*k), Bias: make([]int64, c),
	}
	for d, n := range [2][2]int{{in.Shape.H, size.H}, {in.Shape.W, size.W}} {
		if least := (n[0]-1)*stride + k; least > n[1] {
			op.Before[d] = (least - n[1]) / 2
			op.After[d] = least - n[1] - op.Before[d]
		}
	}
	return s.add(op, fixed.Shape{C: c, H: size.H, W: size.W}, in)
}

func (s *sketch) pool(in *fixed.Value, k int) *fixed.Value {
	op := &fixed.MaxPool{Window: fixed.Window{Kernel: [2]int{k, k}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}}
	if k > 2 {
		op.Before, op.After = [2]int{1, 1}, [2]int{1, 1}
	}
	return s.add(op, fixed.Shape{C: in.Shape.C, H: op.OutSize(0, in.Shape.H), W: op.OutSize(1, in.Shape.W)}, in)
}

func (s *sketch) requant(in *fixed.Value) *fixed.Value {
	return s.add(&fixed.Requant{Scale: scaleOf(in.Shape.C)}, in.Shape, in)
}

func (s *sketch) concat(in ...*fixed.Value) *fixed.Value {
	shape := in[0].Shape
	shape.C = 0
	for _, v := range in {
		shape.C += v.Shape.C
	}
	return s.add(&fixed.Concat{}, shape, in...)
}

// unet draws a U-Net of the given levels with odd sizes, 1 or 2 convolutions a block, residual
// concatenations, at times two skips into one concatenation, a requantiser on a skip, or a second head.
func unet(t *testing.T, seed uint64, levels int) *fixed.Net {
	t.Helper()
	dice := nettest.New(seed)
	least := 3 << levels
	s, v := newSketch(t, seed, dice.Within(1, 4), dice.Within(least, 2*least), dice.Within(least, 2*least))
	width := s.Within(2, 5)
	block := func(v *fixed.Value, c int) *fixed.Value {
		first := v
		for range s.Within(1, 2) {
			v = s.conv(v, c, same(s.Pick(1, 3, 3), s.Pick(1, 1, 2)))
		}
		if s.IntN(4) == 0 {
			v = s.concat(v, first)
		}
		return v
	}
	var skips [][]*fixed.Value
	for l := range levels {
		v = block(v, width<<l)
		skip := []*fixed.Value{v}
		if s.IntN(3) == 0 {
			skip[0] = s.requant(v)
		}
		if s.IntN(3) == 0 {
			skip = append(skip, s.conv(v, s.Within(1, 3), same(s.Pick(1, 3), 1)))
		}
		skips = append(skips, skip)
		v = s.pool(v, s.Pick(2, 2, 3))
	}
	v = block(v, width<<levels)
	outs := []*fixed.Value{}
	for l := levels - 1; l >= 0; l-- {
		if s.IntN(6) == 0 {
			outs = append(outs, v)
		}
		v = s.up(v, width<<l, s.Pick(2, 2, 3, 4), 2, skips[l][0].Shape)
		v = block(s.concat(append(skips[l], v)...), width<<l)
	}
	v = s.conv(v, s.Within(2, 6), same(1, 1))
	return s.finish(append(outs, v)...)
}
