package graph

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slowConv is the definition of a convolution: every product that exists, summed in float64.
func slowConv(c *Conv, x *Tensor, y Shape) []float64 {
	per, out := x.Shape.C/c.Group, make([]float64, y.Size())
	for o := range y.C {
		for oy := range y.H {
			for ox := range y.W {
				sum := 0.0
				if c.Bias != nil {
					sum = float64(c.Bias[o])
				}
				for i := range per {
					for ky := range c.Kernel[0] {
						for kx := range c.Kernel[1] {
							iy, ix := oy*c.Stride[0]-c.Before[0]+ky*c.Dilation[0], ox*c.Stride[1]-c.Before[1]+kx*c.Dilation[1]
							if iy >= 0 && iy < x.Shape.H && ix >= 0 && ix < x.Shape.W {
								sum += float64(c.Weight[((o*per+i)*c.Kernel[0]+ky)*c.Kernel[1]+kx]) * x.at(o/(c.Out/c.Group)*per+i, iy, ix)
							}
						}
					}
				}
				out[(o*y.H+oy)*y.W+ox] = sum
			}
		}
	}
	return out
}

// slowTransposed is the definition of a transposed convolution from the output's side: output row o takes
// kernel row k from input row (o + before - k*dilation)/stride where that is whole and inside.
func slowTransposed(c *ConvTranspose, x *Tensor, y Shape) []float64 {
	perIn, perOut, out := x.Shape.C/c.Group, c.Out/c.Group, make([]float64, y.Size())
	source := func(dim, o, k, size int) (int, bool) {
		n := o + c.Before[dim] - k*c.Dilation[dim]
		return n / c.Stride[dim], n >= 0 && n%c.Stride[dim] == 0 && n/c.Stride[dim] < size
	}
	for o := range y.C {
		for oy := range y.H {
			for ox := range y.W {
				sum := 0.0
				if c.Bias != nil {
					sum = float64(c.Bias[o])
				}
				for i := range perIn {
					in := o/perOut*perIn + i
					for ky := range c.Kernel[0] {
						for kx := range c.Kernel[1] {
							iy, okY := source(0, oy, ky, x.Shape.H)
							ix, okX := source(1, ox, kx, x.Shape.W)
							if okY && okX {
								sum += float64(c.Weight[((in*perOut+o%perOut)*c.Kernel[0]+ky)*c.Kernel[1]+kx]) * x.at(in, iy, ix)
							}
						}
					}
				}
				out[(o*y.H+oy)*y.W+ox] = sum
			}
		}
	}
	return out
}

// slowPool is the definition of a maximum pooling: what is outside the image is less than anything.
func slowPool(m *MaxPool, x *Tensor, y Shape) []float64 {
	out := make([]float64, y.Size())
	for c := range y.C {
		for oy := range y.H {
			for ox := range y.W {
				best := math.Inf(-1)
				for ky := range m.Kernel[0] {
					for kx := range m.Kernel[1] {
						iy, ix := oy*m.Stride[0]-m.Before[0]+ky*m.Dilation[0], ox*m.Stride[1]-m.Before[1]+kx*m.Dilation[1]
						if iy >= 0 && iy < x.Shape.H && ix >= 0 && ix < x.Shape.W {
							best = max(best, x.at(c, iy, ix))
						}
					}
				}
				out[(c*y.H+oy)*y.W+ox] = best
			}
		}
	}
	return out
}

func (t *Tensor) at(c, y, x int) float64 {
	return float64(t.Data[(c*t.Shape.H+y)*t.Shape.W+x])
}

func noise(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64())
	}
	return out
}

func randomWindow(r *rand.Rand) Window {
	two := func(low, n int) [2]int { return [2]int{low + r.IntN(n), low + r.IntN(n)} }
	return Window{Kernel: two(1, 4), Stride: two(1, 3), Dilation: two(1, 2), Before: two(0, 3), After: two(0, 3)}
}

// TestCeilMode holds sizes to PyTorch's, whose exporter ceil_mode comes from; 0 is a window that does not fit.
func TestCeilMode(t *testing.T) {
	for _, c := range []struct{ size, kernel, stride, pad, floor, ceil int }{
		{5, 2, 2, 0, 2, 3},
		{6, 2, 2, 0, 3, 3},
		{5, 3, 2, 0, 2, 2},
		{6, 3, 2, 0, 2, 3},
		{3, 2, 2, 1, 2, 2}, // a third window would begin in the padding after the image
		{1, 2, 2, 0, 0, 1}, // the only window hangs over
		{2, 4, 3, 0, 0, 1},
		{1, 2, 1, 0, 0, 0},
		{1, 3, 2, 0, 0, 0},
	} {
		for ceil, want := range map[bool]int{false: c.floor, true: c.ceil} {
			pool := &MaxPool{Window: NewWindow(1, c.kernel), CeilMode: ceil}
			pool.Stride[1], pool.Before[1], pool.After[1] = c.stride, c.pad, c.pad
			got, err := pool.Infer([]Shape{{C: 1, H: 1, W: c.size}})
			if want == 0 {
				assert.ErrorContains(t, err, "does not fit", "%+v", c)
				continue
			}
			require.NoError(t, err, "%+v", c)
			assert.Equal(t, Shape{C: 1, H: 1, W: want}, got, "%+v, rounded up: %v", c, ceil)
			x := &Tensor{Shape{C: 1, H: 1, W: c.size}, noise(rand.New(rand.NewPCG(1, 1)), c.size)}
			y := pool.Eval([]*Tensor{x})
			assert.InDeltaSlice(t, slowPool(pool, x, got), y.Data, 1e-9)
		}
	}
}

// TestWindowsAgainstDefinition evaluates random geometries, grouped and padded and dilated, and holds
// every accepted one to the definitions above.
func TestWindowsAgainstDefinition(t *testing.T) {
	accepted := map[string]int{}
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 0))
		group := 1 + r.IntN(3)
		s := Shape{C: group * (1 + r.IntN(3)), H: 1 + r.IntN(9), W: 1 + r.IntN(40)}
		x := &Tensor{s, noise(r, s.Size())}
		w, out := randomWindow(r), group*(1+r.IntN(3))
		weight, bias := noise(r, s.C*out/group*w.Kernel[0]*w.Kernel[1]), noise(r, out)
		if seed%2 == 0 {
			bias = nil
		}
		conv := &Conv{Window: w, Group: group, Out: out, Weight: weight, Bias: bias}
		transposed := &ConvTranspose{Window: w, Group: group, Out: out, Weight: weight, Bias: bias, OutputPad: [2]int{r.IntN(3), r.IntN(3)}}
		pool := &MaxPool{Window: w, CeilMode: r.IntN(2) == 0}
		for _, c := range []struct {
			op   Op
			slow func(Shape) []float64
		}{
			{conv, func(y Shape) []float64 { return slowConv(conv, x, y) }},
			{transposed, func(y Shape) []float64 { return slowTransposed(transposed, x, y) }},
			{pool, func(y Shape) []float64 { return slowPool(pool, x, y) }},
		} {
			y, err := c.op.Infer([]Shape{s})
			if err != nil {
				continue
			}
			accepted[c.op.Kind()]++
			got := c.op.Eval([]*Tensor{x})
			require.Equal(t, y, got.Shape)
			for i, want := range c.slow(y) {
				require.InDelta(t, want, got.Data[i], 1e-4, "seed %d: %s, value %d", seed, c.op.Kind(), i)
			}
		}
	}
	for kind, n := range accepted {
		assert.Greater(t, n, 150, kind)
	}
	assert.Len(t, accepted, 3)
}

// TestPointwise evaluates the operators without geometry on two pixels of three channels.
func TestPointwise(t *testing.T) {
	x := &Tensor{Shape{3, 1, 2}, []float32{1, -2, 3, 5, 3, 5}}
	for _, c := range []struct {
		op   Op
		in   []*Tensor
		want []float32
	}{
		{&Relu{}, []*Tensor{x}, []float32{1, 0, 3, 5, 3, 5}},
		{&ArgMax{}, []*Tensor{x}, []float32{1, 1}}, // ties go to the lowest class
		{&Concat{}, []*Tensor{x, {Shape{1, 1, 2}, []float32{7, 8}}}, []float32{1, -2, 3, 5, 3, 5, 7, 8}},
		{&BatchNorm{
			Gamma: []float32{2, 1, 1}, Beta: []float32{0, 10, 0}, Mean: []float32{1, 3, 0}, Var: []float32{3, 0, 8}, Eps: 1,
		}, []*Tensor{x}, []float32{0, -3, 10, 12, 1, 5. / 3}},
		{&Softmax{}, []*Tensor{{Shape{2, 1, 2}, []float32{0, 1000, float32(math.Log(3)), 1000}}}, []float32{0.25, 0.5, 0.75, 0.5}},
	} {
		assert.InDeltaSlice(t, c.want, c.op.Eval(c.in).Data, 1e-6, c.op.Kind())
	}
}

// TestSameOnAnyNumberOfProcessors: the order of additions does not depend on the parallelism.
func TestSameOnAnyNumberOfProcessors(t *testing.T) {
	g := testNet(t)
	r := rand.New(rand.NewPCG(3, 3))
	x := &Tensor{g.Inputs[0].Shape, noise(r, g.Inputs[0].Shape.Size())}
	many, err := g.Eval(context.Background(), x)
	require.NoError(t, err)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone, err := g.Eval(context.Background(), x)
	require.NoError(t, err)
	assert.Equal(t, alone, many)
}

func TestRunShowsEveryValue(t *testing.T) {
	g := testNet(t)
	x := NewTensor(g.Inputs[0].Shape)
	var names []string
	require.NoError(t, Run(context.Background(), g, []*Tensor{x}, func(v *Value, y *Tensor) {
		assert.Equal(t, v.Shape, y.Shape)
		names = append(names, v.Name)
	}))
	assert.Equal(t, []string{"image", "c1", "n1", "r1", "pool", "c2", "n2", "r2", "up", "nup", "cat", "logits", "probabilities"}, names)
}

func TestRunRefuses(t *testing.T) {
	g := testNet(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := g.Eval(ctx, NewTensor(g.Inputs[0].Shape))
	assert.ErrorIs(t, err, context.Canceled)
	_, err = g.Eval(context.Background())
	assert.EqualError(t, err, "test: the network has 1 inputs; 0 images were given")
	_, err = g.Eval(context.Background(), NewTensor(Shape{3, 8, 9}))
	assert.EqualError(t, err, "image: the input is 3x8x12; an image of 3x8x9 (216 values) was given; give images of the network's channels, height and width")
}
