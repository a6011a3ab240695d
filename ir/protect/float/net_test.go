package float

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/metrics"
	"rampart/internal/npy"
	"rampart/ir/graph"
	"rampart/ir/onnx"
)

// dice makes random networks.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 11))} }

func (d dice) pick(choices ...int) int { return choices[d.IntN(len(choices))] }

// noise is n values of about a size that itself varies by up to 2^spread from one to the next.
func (d dice) noise(n int, spread float64) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(d.NormFloat64() * math.Exp2(spread*(2*d.Float64()-1)))
	}
	return s
}

// net is a builder of a network.
type net struct {
	dice
	t *testing.T
	*graph.Graph
}

func newNet(t *testing.T, seed uint64, in graph.Shape) (net, *graph.Value) {
	n := net{newDice(seed), t, &graph.Graph{Name: "random"}}
	return n, n.Input("x", in)
}

func (n net) add(op graph.Op, in ...*graph.Value) *graph.Value {
	name := fmt.Sprintf("%s%d", op.Kind(), len(n.Nodes))
	v, err := n.Add(name, op, "v_"+name, in...)
	require.NoError(n.t, err)
	return v
}

// conv is a convolution of the same size; the weights of its channels differ a lot.
func (n net) conv(x *graph.Value, out, k, group int, bias bool) *graph.Value {
	w := graph.NewWindow(k, k)
	w.Before, w.After = [2]int{k / 2, k / 2}, [2]int{k / 2, k / 2}
	c := &graph.Conv{Window: w, Group: group, Out: out, Weight: n.noise(out*x.Shape.C/group*k*k, 0.3)}
	n.uneven(kernel{c.Weight, x.Shape.C, out, group, k * k, false})
	if bias {
		c.Bias = n.noise(out, 1)
	}
	return n.add(c, x)
}

func (n net) up(x *graph.Value, out, group int) *graph.Value {
	w := graph.NewWindow(2, 2)
	w.Stride = [2]int{2, 2}
	c := &graph.ConvTranspose{Window: w, Group: group, Out: out, Weight: n.noise(out*x.Shape.C/group*4, 0.3)}
	n.uneven(kernel{c.Weight, x.Shape.C, out, group, 4, true})
	return n.add(c, x)
}

// uneven multiplies output channels with powers far apart.
func (n net) uneven(k kernel) {
	factor := make([]float32, k.out)
	for o := range factor {
		factor[o] = float32(math.Exp2(6 * (n.Float64() - 0.5)))
	}
	k.each(func(_, o int, w []float32) {
		for i := range w {
			w[i] *= factor[o] / float32(math.Sqrt(float64(k.in*k.taps)))
		}
	})
}

func (n net) norm(x *graph.Value) *graph.Value {
	c := x.Shape.C
	v := n.noise(c, 2)
	for i := range v {
		v[i] = v[i]*v[i] + 0.01
	}
	return n.add(&graph.BatchNorm{Gamma: n.noise(c, 1), Beta: n.noise(c, 1), Mean: n.noise(c, 1), Var: v, Eps: 1e-5}, x)
}

func (n net) relu(x *graph.Value) *graph.Value { return n.add(&graph.Relu{}, x) }

func (n net) pool(x *graph.Value) *graph.Value {
	w := graph.NewWindow(2, 2)
	w.Stride = [2]int{2, 2}
	return n.add(&graph.MaxPool{Window: w}, x)
}

func (n net) outputs(values ...*graph.Value) *graph.Graph {
	n.Graph.Outputs = values
	require.NoError(n.t, graph.Check(n.Graph))
	return n.Graph
}

// randomNet is a U-shaped network with what the importer gives in many combinations: normalisations as nodes
// or not, before or after rectifiers, depthwise and grouped kernels, skips that several layers read.
func randomNet(t *testing.T, seed uint64) *graph.Graph {
	n, x := newNet(t, seed, graph.Shape{C: 1 + int(seed%4), H: 8, W: 12})
	block := func(v *graph.Value, out int) *graph.Value {
		switch n.IntN(5) {
		case 0: // pre-activation
			return n.conv(n.relu(n.norm(v)), out, n.pick(1, 3), 1, n.IntN(2) == 0)
		case 1:
			v = n.relu(n.norm(n.norm(n.conv(v, out, 3, 1, false))))
			return n.relu(n.norm(n.conv(v, out, 3, out, true))) // depthwise
		case 2:
			v = n.relu(n.conv(v, 4, 1, 1, true))
			return n.relu(n.conv(v, 2*out, 3, 2, true))
		case 3:
			return n.norm(n.relu(n.conv(v, out, 3, 1, true)))
		}
		return n.relu(n.norm(n.conv(v, out, 3, 1, n.IntN(2) == 0)))
	}
	skip := block(x, 4)
	deep := block(n.pool(skip), 6)
	up := n.relu(n.up(deep, 4, n.pick(1, 2)))
	joined := n.add(&graph.Concat{}, up, skip, up)
	a := block(joined, 5)
	b := block(n.add(&graph.Concat{}, a, skip), 4)
	head := n.conv(b, 3, 1, 1, true)
	if n.IntN(2) == 0 {
		return n.outputs(head, a)
	}
	return n.outputs(n.add(&graph.Softmax{}, head), n.conv(a, 1, 1, 1, false))
}

// noises are random inputs for a network.
func noises(g *graph.Graph, images int) *Images {
	d := newDice(99)
	m := &Images{}
	for range images {
		var in []*graph.Tensor
		for _, v := range g.Inputs {
			in = append(in, &graph.Tensor{Shape: v.Shape, Data: d.noise(v.Shape.Size(), 0)})
		}
		m.Inputs = append(m.Inputs, in)
	}
	return m
}

// models are the trained networks of the project, with normalisations as nodes and folded.
var models = []string{"scenes_unet_xs", "scenes_unet_xs_bn", "scenes_unet_t", "scenes_unet_t_bn"}

func trained(t testing.TB, name string) *graph.Graph {
	g, err := onnx.Read(filepath.Join("..", "..", "..", "testdata", "models", name+".onnx"))
	require.NoError(t, err)
	return g
}

// scenes are the first test images, with labels.
func scenes(t testing.TB, images int) *Images {
	read := func(name string) *npy.Array {
		a, err := npy.Read(filepath.Join("..", "..", "..", "testdata", "models", name))
		require.NoError(t, err)
		return a
	}
	pixels, labels := read("scenes_test.images.npy"), read("scenes_test.labels.npy")
	h, w, c := pixels.Shape[1], pixels.Shape[2], pixels.Shape[3]
	m := &Images{Winners: classes, Classes: 6, Ignore: metrics.NoIgnore}
	values := pixels.Floats()
	truth, ok := labels.Ints()
	require.True(t, ok)
	for i := range images {
		x := graph.NewTensor(graph.Shape{C: c, H: h, W: w})
		for p := range h * w {
			for k := range c {
				x.Data[k*h*w+p] = values[(i*h*w+p)*c+k] / 255
			}
			m.Truth = append(m.Truth, uint8(truth[i*h*w+p]))
		}
		m.Inputs = append(m.Inputs, []*graph.Tensor{x})
	}
	return m
}

func classes(_ *graph.Graph, scores *graph.Tensor) []uint8 {
	mask := make([]uint8, scores.Shape.H*scores.Shape.W)
	for i, v := range (&graph.ArgMax{}).Eval([]*graph.Tensor{scores}).Data {
		mask[i] = uint8(v)
	}
	return mask
}

// price is what a pass costs on a copy of a network, and its report.
func price(t *testing.T, g *graph.Graph, p Pass, m *Images) (*graph.Graph, *Report) {
	t.Helper()
	after := g.Clone()
	r, err := Run(context.Background(), after, p, m)
	require.NoError(t, err)
	return after, r
}

func figure(t *testing.T, r *Report, name string) float64 {
	t.Helper()
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Value
		}
	}
	require.Fail(t, "there is no figure "+name)
	return 0
}

// The comparison that the tests of the passes rest on sees one changed weight.
func TestCompareSees(t *testing.T) {
	g := trained(t, "scenes_unet_xs_bn")
	m := scenes(t, 1)
	same, err := m.Compare(t.Context(), g, g.Clone())
	require.NoError(t, err)
	assert.Zero(t, same.Absolute)
	assert.Zero(t, *same.Pixels)
	assert.Equal(t, *same.Before, *same.After)
	assert.Greater(t, *same.Before, 0.9)
	bad := g.Clone()
	graph.Parameters(bad.Nodes[0].Op)[0].Data[0] += 1
	p, err := m.Compare(t.Context(), g, bad)
	require.NoError(t, err)
	assert.Greater(t, p.Relative, 1e-3)
	assert.Positive(t, *p.Pixels)
	assert.Less(t, *p.After, *p.Before)
	graph.Parameters(bad.Nodes[0].Op)[0].Data[0] = float32(math.NaN())
	_, err = m.Compare(t.Context(), g, bad)
	assert.ErrorContains(t, err, "on image 0 it is")
}
