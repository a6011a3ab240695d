package fixed_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

func TestIntervalBits(t *testing.T) {
	for want, r := range map[int][]fixed.Interval{
		2:  {{0, 0}, {0, 1}, {-2, 1}},
		3:  {{0, 2}, {-3, 0}, {-4, 3}},
		8:  {{0, 64}, {-65, 0}, {-128, 127}},
		9:  {{0, 128}, {-129, 0}},
		40: {{-1 << 39, 1<<39 - 1}},
	} {
		for _, i := range r {
			assert.Equal(t, want, i.Bits(), "%v", i)
		}
	}
}

func TestVerifyFindsAWidthOneTooSmall(t *testing.T) {
	net := chain()
	acc := fixed.Accumulators(net)
	require.Len(t, acc, 2)
	// Weights 7 and -7, then 3 and 1, on inputs of 0 to 255.
	assert.Equal(t, fixed.Interval{-7 * 255, 7 * 255}, acc[0].Range)
	assert.Equal(t, 12, acc[0].Bits)
	acc[0].Conv.AccBits, acc[1].Conv.AccBits = 12, 12
	require.NoError(t, fixed.Verify(net))
	acc[1].Conv.AccBits = 11
	assert.EqualError(t, fixed.Verify(net),
		"node conv_b: its accumulator of 11 bits overflows: sums reach -1785 to 1785; make it 12 bits wide")
}

func TestRangesFollowTheClamps(t *testing.T) {
	net := chain()
	net.Nodes[0].Op.(*fixed.Conv).Scale.Hi = 99
	r := fixed.Ranges(net)
	assert.Equal(t, []fixed.Interval{{0, 99}, {0, 99}, {0, 255}, {0, 255}}, r[net.Nodes[3].Out], "joined and pooled")
	assert.Equal(t, []fixed.Interval{{-8, 7}, {-8, 7}, {-8, 7}, {-8, 7}}, r[net.Nodes[4].Out])
	assert.Equal(t, []fixed.Interval{{0, 3}}, r[net.Nodes[5].Out])
}

// spy makes a convolution show its accumulators: wrapped, without bias or scale.
func spy(n *fixed.Node, accBits int) *fixed.Node {
	conv := *n.Op.(*fixed.Conv)
	out := *n.Out
	out.Format, out.Zero = fixed.Format{Bits: 32, Signed: true}, 0
	lo, hi := out.Format.Range()
	conv.AccBits = accBits
	conv.Bias = make([]int64, out.Shape.C)
	conv.Scale = fixed.Scale{Shift: make([]int, out.Shape.C), Lo: lo, Hi: hi}
	return &fixed.Node{Name: n.Name, In: n.In, Out: &out, Op: &conv}
}

// extreme is the input that makes the greatest (or least) sum of a convolution with one output
// channel and a kernel as large as the image.
func extreme(in *fixed.Value, conv *fixed.Conv, greatest bool) *fixed.Tensor {
	x := fixed.NewTensor(in.Shape)
	lo, hi := in.Format.Range()
	for i, w := range conv.Weight {
		x.Data[i] = int32(lo)
		if (w > 0) == greatest {
			x.Data[i] = int32(hi)
		}
	}
	return x
}

// The proof is tight: an input reaches the bound, and an accumulator one bit
// narrower wraps on it.
func TestBoundIsReached(t *testing.T) {
	wrapped := 0
	for seed := range uint64(60) {
		d := nettest.New(seed)
		shape := fixed.Shape{d.Within(1, 4), d.Within(1, 4), d.Within(1, 4)}
		in := &fixed.Value{Name: "x", Shape: shape, Format: fixed.Format{Bits: d.Within(2, 8), Signed: d.IntN(2) == 0}}
		c := &fixed.Conv{Window: fixed.Window{Kernel: [2]int{shape.H, shape.W}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}},
			Group: 1, WeightBits: 8, BiasBits: 32, AccBits: 32, Bias: []int64{0}, Scale: fixed.Scale{Shift: []int{0}, Hi: 255}}
		for range shape.Size() {
			c.Weight = append(c.Weight, int32(d.Within(-128, 127)))
		}
		n := &fixed.Node{Name: "c", In: []*fixed.Value{in}, Out: &fixed.Value{Name: "y", Shape: fixed.Shape{1, 1, 1}, Format: fixed.Format{Bits: 8}}, Op: c}
		net := &fixed.Net{Inputs: n.In, Outputs: []*fixed.Value{n.Out}, Nodes: []*fixed.Node{n}}
		require.NoError(t, fixed.Check(net))
		acc := fixed.Accumulators(net)[0]
		wide := spy(n, acc.Bits)
		narrow := spy(n, acc.Bits-1)
		for _, greatest := range []bool{true, false} {
			x := extreme(in, c, greatest)
			want := acc.Range.Lo
			if greatest {
				want = acc.Range.Hi
			}
			out, err := fixed.EvalNode(t.Context(), wide, []*fixed.Tensor{x})
			require.NoError(t, err)
			assert.Equal(t, want, int64(out.Data[0]), "seed %d", seed)
			out, err = fixed.EvalNode(t.Context(), narrow, []*fixed.Tensor{x})
			require.NoError(t, err)
			if int64(out.Data[0]) != want {
				wrapped++
			}
		}
	}
	assert.GreaterOrEqual(t, wrapped, 60, "each network wraps at one end at least")
}

// An accumulator of the proved width computes what a wide one computes.
func TestProvedWidthNeverWraps(t *testing.T) {
	convs := 0
	for seed := range uint64(150) {
		d := nettest.New(1000 + seed)
		net := d.Net(d.Within(1, 7))
		for _, a := range fixed.Accumulators(net) {
			a.Conv.AccBits = max(a.Conv.AccBits, a.Bits)
			convs++
		}
		require.NoError(t, fixed.Verify(net))
		got := map[*fixed.Value]*fixed.Tensor{}
		_, err := fixed.EvalAll(t.Context(), net, d.Inputs(net), func(v *fixed.Value, x *fixed.Tensor) { got[v] = x })
		require.NoError(t, err)
		for _, a := range fixed.Accumulators(net) {
			if a.Bits > 32 {
				continue // the spy shows 32 bits
			}
			tight := spy(a.Node, a.Bits)
			wide := spy(a.Node, 61)
			in := []*fixed.Tensor{got[a.Node.In[0]]}
			x, err := fixed.EvalNode(t.Context(), tight, in)
			require.NoError(t, err)
			y, err := fixed.EvalNode(t.Context(), wide, in)
			require.NoError(t, err)
			require.Equal(t, y.Data, x.Data, "seed %d, %s", seed, a.Node.Name)
		}
	}
	assert.Greater(t, convs, 150)
}
