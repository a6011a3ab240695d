package functional_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/sim/functional"
)

// builder makes networks as one trains them, with rows of more than a machine word of pixels, and channels that fill
// vectors or do not.
type builder struct {
	nettest.Dice
	net  *fixed.Net
	bits int
}

func (b *builder) value(s fixed.Shape) *fixed.Value {
	f := fixed.Format{Bits: b.bits, Signed: b.IntN(4) == 0}
	v := &fixed.Value{Name: fmt.Sprintf("v%d", len(b.net.Nodes)), Shape: s, Format: f}
	lo, hi := f.Range()
	if b.IntN(2) == 0 {
		v.Zero = b.In(lo, hi)
	}
	return v
}

func (b *builder) add(op fixed.Op, out *fixed.Value, in ...*fixed.Value) *fixed.Value {
	b.net.Nodes = append(b.net.Nodes, &fixed.Node{Name: fmt.Sprintf("n%d", len(b.net.Nodes)), In: in, Out: out, Op: op})
	return out
}

// conv is a convolution whose outputs spread over their range.
func (b *builder) conv(in *fixed.Value, channels int, w fixed.Window, transposed bool, group int) *fixed.Value {
	c := &fixed.Conv{Window: w, Transposed: transposed, Group: group, WeightBits: 8, BiasBits: 32, AccBits: 32}
	s := fixed.Shape{C: channels}
	size := func(d, n int) int {
		if transposed {
			return (n-1)*w.Stride[d] - w.Before[d] - w.After[d] + (w.Kernel[d]-1)*w.Dilation[d] + 1
		}
		return w.OutSize(d, n)
	}
	s.H, s.W = size(0, in.Shape.H), size(1, in.Shape.W)
	n := in.Shape.C / group * w.Kernel[0] * w.Kernel[1]
	for range channels * n {
		c.Weight = append(c.Weight, int32(b.Within(-128, 127)))
	}
	out := b.value(s)
	c.Scale = fixed.Scale{MultBits: 16, Rounding: fixed.Rounding(b.IntN(2))}
	lo, hi := out.Format.Range()
	c.Scale.Lo, c.Scale.Hi = lo, hi
	if b.IntN(2) == 0 {
		c.Scale.Lo = out.Zero
	}
	shift := 22
	for k := n; k > 1; k /= 4 {
		shift++
	}
	for range channels {
		c.Bias = append(c.Bias, b.In(-1<<12, 1<<12))
		c.Scale.Mult = append(c.Scale.Mult, b.In(1<<14, 1<<16-1))
		c.Scale.Shift = append(c.Scale.Shift, shift)
	}
	return b.add(c, out, in)
}

func square(kernel, stride, dilation, pad int) fixed.Window {
	p := [2]int{pad, pad}
	return fixed.Window{Kernel: [2]int{kernel, kernel}, Stride: [2]int{stride, stride}, Dilation: [2]int{dilation, dilation}, Before: p, After: p}
}

// unet is a network with one skip connection around a smaller image.
func (b *builder) unet() *fixed.Net {
	in := b.value(fixed.Shape{C: b.Within(1, 5), H: 2 * b.Within(2, 5), W: 2 * b.Within(20, 75)})
	in.Name = "in"
	b.net.Inputs = []*fixed.Value{in}
	wide := func() int { return b.Pick(2, 3, 4, 6, 8, 8, 11, 16, 16, 20, 24, 32, 40) }
	x := b.conv(in, wide(), square(3, 1, 1, 1), false, 1)
	half := b.IntN(2)
	skip := b.conv(x, wide(), square(2*half+1, 1, 1, half), false, 1)
	small := *skip
	small.Name, small.Shape.H, small.Shape.W = fmt.Sprintf("v%d", len(b.net.Nodes)), in.Shape.H/2, in.Shape.W/2
	x = b.add(&fixed.MaxPool{Window: square(2, 2, 1, 0)}, &small, skip)
	switch b.IntN(4) {
	case 0:
		x = b.conv(x, x.Shape.C*b.Within(1, 2), square(3, 1, 1, 1), false, x.Shape.C)
	case 1:
		x = b.conv(x, wide(), square(3, 1, 2, 2), false, 1)
	case 2:
		x = b.conv(x, wide(), square(5, 1, 1, 2), false, 1)
	}
	up := square(2, 2, 1, 0)
	if b.IntN(3) == 0 {
		up = square(4, 2, 1, 1)
	}
	x = b.conv(x, b.Pick(skip.Shape.C, wide()), up, true, 1)
	if x.Format != skip.Format || x.Zero != skip.Zero {
		like := *skip
		like.Name, like.Shape = fmt.Sprintf("v%d", len(b.net.Nodes)), x.Shape
		lo, hi := like.Format.Range()
		r := &fixed.Requant{Scale: fixed.Scale{Lo: lo, Hi: hi, Shift: make([]int, like.Shape.C)}}
		x = b.add(r, &like, x)
	}
	both := *x
	both.Name, both.Shape.C = fmt.Sprintf("v%d", len(b.net.Nodes)), x.Shape.C+skip.Shape.C
	x = b.add(&fixed.Concat{}, &both, skip, x)
	x = b.conv(x, wide(), square(3, 1, 1, 1), false, 1)
	scores := b.conv(x, b.Within(2, 12), square(1, 1, 1, 0), false, 1)
	mask := &fixed.Value{Name: "mask", Shape: fixed.Shape{C: 1, H: scores.Shape.H, W: scores.Shape.W}, Format: fixed.Format{Bits: 8}}
	b.add(&fixed.ArgMax{}, mask, scores)
	b.net.Outputs = []*fixed.Value{scores, mask}
	return b.net
}

func TestWideNetworks(t *testing.T) {
	for _, k := range sets() {
		t.Run(k.Name, func(t *testing.T) {
			var work functional.Stats
			for seed := range uint64(16) {
				d := nettest.New(seed)
				b := builder{Dice: d, net: &fixed.Net{Name: "unet"}, bits: d.Pick(8, 8, 8, 5, 12, 16)}
				net := b.unet()
				require.NoError(t, fixed.Check(net), "seed %d", seed)
				s := start(t, net, d.Inputs(net), k)
				require.NoError(t, unequal("run", net, s.golden, s.w.Tensor), "seed %d", seed)
				s.e.SetFew(d.Pick(0, 0, 32))
				for range 12 {
					ps := anyPatches(d, net)
					if d.IntN(2) == 0 {
						ps = ps[:1]
					}
					require.NoError(t, s.e.Validate(ps), "seed %d: %+v\n%.3000s", seed, ps, fixed.Print(net))
					require.NoError(t, s.check(ps), "seed %d: %+v\n%.3000s", seed, ps, fixed.Print(net))
					work.MACs += s.w.Strike(ps).Stats.MACs
				}
			}
			require.NotZero(t, work.MACs)
		})
	}
}
