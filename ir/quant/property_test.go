package quant_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
)

// evaluate runs the integer network on a real image and gives every value.
func evaluate(t *testing.T, r *quant.Result, image []*graph.Tensor) map[*fixed.Value]*fixed.Tensor {
	t.Helper()
	var in []*fixed.Tensor
	for i, x := range image {
		in = append(in, r.Input(i, x))
	}
	got := map[*fixed.Value]*fixed.Tensor{}
	_, err := fixed.EvalAll(t.Context(), r.Net, in, func(v *fixed.Value, x *fixed.Tensor) { got[v] = x })
	require.NoError(t, err)
	return got
}

func lookup(t *testing.T, r *quant.Result, v *fixed.Value) quant.Value {
	t.Helper()
	q, ok := r.Lookup(v)
	require.True(t, ok, v.Name)
	return q
}

// ratio is the real factor of a channel's requantisation.
func ratio(s *fixed.Scale, c int) float64 {
	m := 1.0
	if s.Mult != nil {
		m = float64(s.Mult[c])
	}
	return math.Ldexp(m, -s.Shift[c])
}

// Every random network quantises under every option, and each node computes, within rounding, the
// float operator on the reals that its input integers stand for, with the reals that its weights
// stand for.
func TestEveryLayerIsTheFloatLayer(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(250) {
		d := newDice(seed)
		g := d.graph(t)
		opt := d.options()
		opt.PlainBias = true // or biases are not the float network's
		images := d.images(g, 3)
		r, err := quant.QuantizeMulti(t.Context(), g, images, opt)
		require.NoError(t, err, "seed %d", seed)
		require.NoError(t, fixed.Verify(r.Net))
		simple := g.Clone()
		require.NoError(t, graph.Simplify(simple))
		ops := map[string]graph.Op{}
		for _, n := range simple.Nodes {
			ops[n.Name] = n.Op
		}
		got := evaluate(t, r, images[0])
		for i, n := range r.Net.Nodes {
			kinds[n.Op.Kind()]++
			checkLayer(t, seed, r, r.Layers[i], ops[n.Name], got)
			checkScales(t, r, n)
		}
	}
	for _, kind := range []string{"conv", "maxpool", "concat", "requant", "argmax"} {
		assert.Greater(t, kinds[kind], 25, kind)
	}
}

func checkScales(t *testing.T, r *quant.Result, n *fixed.Node) {
	var s *fixed.Scale
	switch op := n.Op.(type) {
	case *fixed.Conv:
		s = &op.Scale
		require.Equal(t, r.Options.WeightBits, op.WeightBits)
	case *fixed.Requant:
		s = &op.Scale
	default:
		return
	}
	if r.Options.Scales == quant.Pow2 {
		require.Nil(t, s.Mult)
		fraction, _ := math.Frexp(lookup(t, r, n.Out).Scale)
		require.Equal(t, 0.5, fraction, "a power of two")
		return
	}
	for _, m := range s.Mult {
		require.True(t, m >= 1<<15 && m < 1<<16, "a normalised multiplier: %d", m)
	}
}

func checkLayer(t *testing.T, seed uint64, r *quant.Result, report quant.Layer, op graph.Op, got map[*fixed.Value]*fixed.Tensor) {
	n := report.Node
	out := lookup(t, r, n.Out)
	var in []*graph.Tensor
	for _, v := range n.In {
		in = append(in, lookup(t, r, v).Real(got[v]))
	}
	slack := make([]float64, n.Out.Shape.C) // per channel, beyond half a step of the output
	scale := &fixed.Scale{}
	relu := false
	switch fop := n.Op.(type) {
	case *fixed.Conv:
		if report.Saturated > 0 {
			return
		}
		op, slack = rounded(t, seed, r, report, fop, op)
		scale, relu = &fop.Scale, fop.Scale.Lo == n.Out.Zero
	case *fixed.Requant:
		scale, relu = &fop.Scale, fop.Scale.Lo == n.Out.Zero
	}
	want := in[0]
	if op != nil {
		want = op.Eval(in)
	}
	lo, hi := n.Out.Format.Range()
	if relu {
		lo = scale.Lo
	}
	least, most := float64(lo-out.Zero)*out.Scale, float64(hi-out.Zero)*out.Scale
	plane := n.Out.Shape.H * n.Out.Shape.W
	for i, y := range out.Real(got[n.Out]).Data {
		w := min(max(float64(want.Data[i]), least), most)
		room := 1e-6 * math.Abs(w)
		if scale.Shift != nil { // the others are exact
			room = 0.5*out.Scale*(1+1e-6) + slack[i/plane] + 1e-4*math.Abs(w)
		}
		require.InDelta(t, w, float64(y), room, "seed %d, %s %s, element %d; %+v", seed, report.Kind, report.Name, i, r.Options)
	}
}

// rounded is the float convolution with the weights that the integers stand for. It checks that they
// are the nearest to the model's, and tells how much the rounding of the bias and the float operator's
// own rounding can add, per channel.
func rounded(t *testing.T, seed uint64, r *quant.Result, report quant.Layer, conv *fixed.Conv, op graph.Op) (graph.Op, []float64) {
	n := report.Node
	step := lookup(t, r, n.Out).Scale / lookup(t, r, n.In[0]).Scale
	slack := make([]float64, n.Out.Shape.C)
	perIn, perOut := n.In[0].Shape.C/conv.Group, n.Out.Shape.C/conv.Group
	taps := conv.Kernel[0] * conv.Kernel[1]
	x := lookup(t, r, n.In[0])
	lo, hi := n.In[0].Format.Range()
	greatest := x.Scale * float64(max(hi-x.Zero, x.Zero-lo))
	top := int32(1)<<(conv.WeightBits-1) - 1
	var real []float32
	var bias []float32
	at := func(o, i, k int) int { return (o*perIn+i)*taps + k }
	if c, ok := op.(*graph.ConvTranspose); ok {
		at = func(o, i, k int) int { return ((o/perOut*perIn+i)*perOut+o%perOut)*taps + k }
		copied := *c
		copied.Weight = append(real, c.Weight...)
		op, real, bias = &copied, copied.Weight, c.Bias
	} else {
		copied := *op.(*graph.Conv)
		copied.Weight = append(real, copied.Weight...)
		op, real, bias = &copied, copied.Weight, copied.Bias
	}
	for o := range n.Out.Shape.C {
		scale := step * ratio(&conv.Scale, o)
		slack[o] = 0.5 * scale * x.Scale
		if bias != nil { // the multiplier, of 16 bits, scales the bias too
			slack[o] += math.Abs(float64(bias[o])) / (1 << 16)
		}
		for i := range perIn {
			for k := range taps {
				q := conv.Weight[(o*perIn+i)*taps+k]
				w := &real[at(o, i, k)]
				got := float64(q) * scale
				require.True(t, q >= -top && q <= top, "symmetric")
				if q != top && q != -top {
					require.InDelta(t, float64(*w), got, scale*0.51+math.Abs(got)/(1<<16), "seed %d: a weight of %s channel %d", seed, n.Name, o)
				}
				*w = float32(got)
				slack[o] += 1e-6 * math.Abs(got) * greatest
			}
		}
	}
	return op, slack
}

// With 16 bits throughout the integer network is the float network, end to end.
func TestSixteenBitsAreNearlyFloat(t *testing.T) {
	compared := 0
	for seed := range uint64(80) {
		d := newDice(5000 + seed)
		g := d.graph(t)
		images := d.images(g, 4)
		r, err := quant.QuantizeMulti(t.Context(), g, images, quant.Options{
			WeightBits: 16, ActBits: 16, HeadBits: 20, Calibration: quant.MinMax, Scales: []quant.Scales{quant.General, quant.Pow2}[seed%2],
		})
		require.NoError(t, err, "seed %d", seed)
		simple := g.Clone()
		require.NoError(t, graph.Simplify(simple))
		float := map[string]*graph.Tensor{}
		require.NoError(t, graph.Run(t.Context(), simple, images[1], func(v *graph.Value, x *graph.Tensor) { float[v.Name] = x }))
		got := evaluate(t, r, images[1])
		for _, v := range r.Values {
			want := float[v.Name]
			if want == nil || v.Value.Format.Bits < 16 {
				continue // classes, and rescaled inputs
			}
			compared++
			wide := v.Range[1] - v.Range[0]
			for i, y := range v.Real(got[v.Value]).Data {
				require.InDelta(t, want.Data[i], y, 0.02*wide+1e-9, "seed %d, %s of range %v", seed, v.Name, v.Range)
			}
		}
	}
	assert.Greater(t, compared, 300)
}
