package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// testNet is a small U with every operator save ArgMax: two normalised convolutions, a pool, a normalised
// transposed convolution in two groups, a skip connection, a softmax.
func testNet(t *testing.T) *Graph {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	g := &Graph{Name: "test"}
	add := func(name string, op Op, out string, in ...*Value) *Value {
		v, err := g.Add(name, op, out, in...)
		require.NoError(t, err)
		return v
	}
	conv := func(in, out, k int) *Conv {
		w := NewWindow(k, k)
		w.Before, w.After = [2]int{k / 2, k / 2}, [2]int{k / 2, k / 2}
		return &Conv{Window: w, Group: 1, Out: out, Weight: noise(r, in*out*k*k)}
	}
	norm := func(c int) *BatchNorm {
		v := noise(r, c)
		for i := range v {
			v[i] = v[i]*v[i] + 0.1
		}
		return &BatchNorm{Gamma: noise(r, c), Beta: noise(r, c), Mean: noise(r, c), Var: v, Eps: 1e-5}
	}
	two := NewWindow(2, 2)
	two.Stride = [2]int{2, 2}

	x := g.Input("image", Shape{3, 8, 12})
	skip := add("relu1", &Relu{}, "r1", add("bn1", norm(4), "n1", add("conv1", conv(3, 4, 3), "c1", x)))
	deep := add("maxpool", &MaxPool{Window: two}, "pool", skip)
	deep = add("relu2", &Relu{}, "r2", add("bn2", norm(6), "n2", add("conv2", conv(4, 6, 3), "c2", deep)))
	up := add("up", &ConvTranspose{Window: two, Group: 2, Out: 4, Weight: noise(r, 6*2*4), Bias: noise(r, 4)}, "up", deep)
	up = add("bnup", norm(4), "nup", up)
	head := add("head", conv(8, 5, 1), "logits", add("concat", &Concat{}, "cat", skip, up))
	g.Outputs = []*Value{add("softmax", &Softmax{}, "probabilities", head)}
	require.NoError(t, Check(g))
	return g
}
