package float

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

// highBias is a normalised channel far above zero and one that is not, read by what the test adds.
func highBias(t *testing.T, read func(n net, v *graph.Value) *graph.Value) *graph.Graph {
	n, x := newNet(t, 3, graph.Shape{C: 1, H: 4, W: 4})
	v := n.add(&graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{0.5, -0.5}}, x)
	v = n.add(&graph.BatchNorm{Gamma: []float32{-1, 1}, Beta: []float32{10, 2}, Mean: []float32{0, 0}, Var: []float32{1, 1}}, v)
	return n.outputs(read(n, n.relu(v)))
}

func TestAbsorbBiasByHand(t *testing.T) {
	g := highBias(t, func(n net, v *graph.Value) *graph.Value {
		return n.add(&graph.Conv{Window: graph.NewWindow(1, 2), Group: 1, Out: 2, Weight: []float32{1, 2, 3, 4, -1, 0, 5, 6}}, v)
	})
	after, r := price(t, g, AbsorbBias{}, noises(g, 3))
	assert.Equal(t, []float32{3, 2}, after.Nodes[1].Op.(*graph.BatchNorm).Beta, "10 - 3*|gamma| = 7; 2 - 3 is not above 0")
	assert.Equal(t, []float32{21, -7}, after.Nodes[3].Op.(*graph.Conv).Bias, "7*(1+2) and 7*(-1+0)")
	assert.Equal(t, Nearly, r.Keeps)
	assert.Less(t, r.Price.Relative, near, "no input makes the channel less than 7")
	assert.Equal(t, 1.0, figure(t, r, "channels absorbed"))
	assert.Equal(t, 7.0, figure(t, r, "largest bias absorbed"))
	assert.Contains(t, r.Notes, Note{"", "exact where a channel's values stay above what was absorbed: 99.865 % of them, if they are normally distributed"})

	// Where a value is less than what was absorbed, the difference is what it lacks, times the weights.
	low := noises(g, 1)
	low.Inputs[0][0] = &graph.Tensor{Shape: g.Inputs[0].Shape, Data: make([]float32, 16)}
	low.Inputs[0][0].Data[5] = 10 // makes the channel 10 - 5 = 5, of which 7 are absorbed
	p, err := low.Compare(t.Context(), g, after)
	require.NoError(t, err)
	assert.InDelta(t, 2*2, p.Absolute, 1e-5)

	two, r := price(t, g, AbsorbBias{Deviations: 1}, nil)
	assert.Equal(t, []float32{1, 1}, two.Nodes[1].Op.(*graph.BatchNorm).Beta)
	assert.Equal(t, 2.0, figure(t, r, "channels absorbed"))
}

func TestAbsorbBiasReaders(t *testing.T) {
	up := func(stride int, pad [2]int) func(n net, v *graph.Value) *graph.Value {
		return func(n net, v *graph.Value) *graph.Value {
			w := graph.NewWindow(2, 2)
			w.Stride, w.Before, w.After = [2]int{stride, stride}, pad, pad
			return n.add(&graph.ConvTranspose{Window: w, Group: 1, Out: 3, Weight: n.noise(2*3*4, 0)}, v)
		}
	}
	for name, c := range map[string]struct {
		pass     AbsorbBias
		read     func(n net, v *graph.Value) *graph.Value
		absorbed float64
		exact    bool
		left     string // of channel 0
	}{
		"valid":           {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.conv(v, 2, 1, 1, true) }, 1, true, ""},
		"padded":          {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.conv(v, 2, 3, 1, true) }, 0, true, "Conv3 reads it with zero padding"},
		"padded, allowed": {AbsorbBias{Padding: AllowPadded}, func(n net, v *graph.Value) *graph.Value { return n.conv(v, 2, 3, 1, true) }, 1, false, ""},
		"depthwise":       {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.conv(v, 2, 1, 2, false) }, 1, true, ""},
		"pooled":          {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.conv(n.pool(v), 2, 1, 1, true) }, 1, true, ""},
		"normalised":      {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.norm(v) }, 1, true, ""},
		"transposed":      {AbsorbBias{Padding: AllowPadded}, up(2, [2]int{}), 0, true, "ConvTranspose3 reads it with other weights at other pixels"},
		"transposed edge": {AbsorbBias{}, up(1, [2]int{}), 0, true, "ConvTranspose3 reads it with other weights at other pixels"},
		"transposed even": {AbsorbBias{}, up(1, [2]int{1, 1}), 1, true, ""},
		"two readers": {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value {
			return n.add(&graph.Concat{}, n.conv(v, 1, 1, 1, true), n.norm(v))
		}, 1, true, ""},
		"one of two padded": {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value {
			return n.add(&graph.Concat{}, n.conv(v, 1, 1, 1, true), n.conv(v, 1, 3, 1, true))
		}, 0, true, "Conv4 reads it with zero padding"},
		"twice":  {AbsorbBias{}, func(n net, v *graph.Value) *graph.Value { return n.conv(n.add(&graph.Concat{}, v, v), 2, 1, 1, true) }, 1, true, ""},
		"output": {AbsorbBias{}, func(_ net, v *graph.Value) *graph.Value { return v }, 0, true, "v_Relu2 is an output of the network"},
	} {
		t.Run(name, func(t *testing.T) {
			g := highBias(t, c.read)
			after, r := price(t, g, c.pass, noises(g, 2))
			assert.Equal(t, c.absorbed, figure(t, r, "channels absorbed"))
			if c.exact {
				assert.Less(t, r.Price.Relative, near)
			} else {
				assert.Greater(t, r.Price.Relative, 10*near)
				assert.Contains(t, r.Notes, Note{"Conv3", "channel 0: wrong along the border, where its zero padding is"})
				inner(t, g, after)
			}
			if c.absorbed == 0 {
				assert.Equal(t, g.String(), after.String())
				assert.Equal(t, Bits, r.Keeps)
			}
			if c.left != "" {
				assert.Contains(t, r.Left, Note{"BatchNormalization1", "channel 0: " + c.left})
			}
		})
	}
}

// inner asserts that two networks differ along the border alone.
func inner(t *testing.T, before, after *graph.Graph) {
	m := noises(before, 1)
	was, err := before.Eval(t.Context(), m.Inputs[0]...)
	require.NoError(t, err)
	now, err := after.Eval(t.Context(), m.Inputs[0]...)
	require.NoError(t, err)
	s := was[0].Shape
	for i, v := range was[0].Data {
		if y, x := i/s.W%s.H, i%s.W; y > 0 && y < s.H-1 && x > 0 && x < s.W-1 {
			assert.InDelta(t, v, now[0].Data[i], 1e-4)
		}
	}
}

// Without a normalisation nothing is known of the spread.
func TestAbsorbBiasUnnormalised(t *testing.T) {
	g := trained(t, "scenes_unet_xs")
	after, r := price(t, g, AbsorbBias{}, nil)
	assert.Equal(t, g.String(), after.String())
	assert.Contains(t, r.Left, Note{"/enc.0/enc.0.0/Conv", "channels 0-3: no normalisation tells their mean and spread"})
}

// The trained networks have no bias so high: only with next to no margin is anything absorbed, and that costs.
func TestAbsorbBiasTrained(t *testing.T) {
	m := scenes(t, 2)
	for _, name := range []string{"scenes_unet_xs_bn", "scenes_unet_t_bn"} {
		g := trained(t, name)
		for _, a := range []AbsorbBias{{}, {Padding: AllowPadded}, {Deviations: 0.1, Padding: AllowPadded}} {
			_, r := price(t, g, a, m)
			t.Logf("%s, %v: %v channels, largest %.3g; %v", name, a, figure(t, r, "channels absorbed"), figure(t, r, "largest bias absorbed"), r.Price)
			if a.Deviations == 0 {
				assert.Zero(t, figure(t, r, "channels absorbed"))
				assert.Zero(t, r.Price.Absolute)
			} else {
				assert.Positive(t, figure(t, r, "channels absorbed"))
				assert.Greater(t, r.Price.Relative, 1e-3)
			}
		}
	}
}
