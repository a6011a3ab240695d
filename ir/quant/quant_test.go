package quant_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
)

// builder makes small graphs by hand.
type builder struct {
	t *testing.T
	*graph.Graph
}

func build(t *testing.T) builder { return builder{t, &graph.Graph{Name: "g"}} }

func (b builder) add(name string, op graph.Op, in ...*graph.Value) *graph.Value {
	b.t.Helper()
	v, err := b.Add(name, op, name, in...)
	require.NoError(b.t, err)
	return v
}

// conv is a 1x1 convolution with one weight and one bias per output channel, the same for all inputs.
func conv(ins int, weights, bias []float32) *graph.Conv {
	c := &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: len(weights), Bias: bias}
	for _, w := range weights {
		for range ins {
			c.Weight = append(c.Weight, w)
		}
	}
	return c
}

// ramp is an image from lo to hi.
func ramp(s graph.Shape, lo, hi float32) []*graph.Tensor {
	x := graph.NewTensor(s)
	for i := range x.Data {
		x.Data[i] = lo + (hi-lo)*float32(i)/float32(len(x.Data)-1)
	}
	return []*graph.Tensor{x}
}

var small = graph.Shape{C: 1, H: 4, W: 4}

func (b builder) quantize(opt quant.Options, images ...*graph.Tensor) *quant.Result {
	b.t.Helper()
	r, err := quant.Quantize(b.t.Context(), b.Graph, images, opt)
	require.NoError(b.t, err)
	return r
}

func (b builder) ops(r *quant.Result) []string {
	var kinds []string
	for _, n := range r.Net.Nodes {
		kinds = append(kinds, n.Op.Kind())
	}
	return kinds
}

func TestPixelsAreTheirOwnIntegers(t *testing.T) {
	b := build(t)
	b.Outputs = []*graph.Value{b.add("c", conv(1, []float32{1}, nil), b.Input("x", graph.Shape{C: 1, H: 16, W: 16}))}
	pixels := make([]uint8, 256)
	for i := range pixels {
		pixels[i] = uint8(i)
	}
	images := picture.Images{N: 1, H: 16, W: 16, C: 1, U8: pixels, Max: 255}
	image := &graph.Tensor{Shape: graph.Shape{C: 1, H: 16, W: 16}, Data: images.Tensor(0, picture.Preprocess{})}
	r := b.quantize(quant.Options{InputRange: images.Range(picture.Preprocess{})}, image)
	assert.Equal(t, 1.0/255, r.Values[0].Scale)
	assert.Zero(t, r.Values[0].Zero)
	for i, v := range r.Input(0, image).Data {
		assert.Equal(t, int32(i), v)
	}
	outside := &graph.Tensor{Shape: image.Shape, Data: make([]float32, 256)}
	outside.Data[0], outside.Data[1] = -3, 3
	assert.Equal(t, []int32{0, 255, 0}, r.Input(0, outside).Data[:3], "it saturates")
}

func TestHeadAndClasses(t *testing.T) {
	b := build(t)
	hidden := b.add("hidden", conv(1, []float32{1, -1}, nil), b.Input("x", small))
	rect := b.add("relu", &graph.Relu{}, hidden)
	logits := b.add("logits", conv(2, []float32{1, -1, 2}, nil), rect)
	b.Outputs = []*graph.Value{b.add("classes", &graph.ArgMax{}, b.add("softmax", &graph.Softmax{}, logits))}
	r := b.quantize(quant.Options{HeadBits: 12}, ramp(small, -1, 1)...)
	assert.Equal(t, []string{"conv", "conv", "argmax"}, b.ops(r))
	require.Len(t, r.Net.Outputs, 2)
	assert.Equal(t, "logits", r.Net.Outputs[0].Name)
	assert.Equal(t, fixed.Format{Bits: 12, Signed: true}, r.Net.Outputs[0].Format)
	assert.Zero(t, r.Net.Outputs[0].Zero)
	assert.Equal(t, fixed.Format{Bits: 2}, r.Net.Outputs[1].Format)
	assert.Equal(t, "relu", r.Net.Nodes[0].Out.Name, "the rectifier went into the convolution")
	assert.Equal(t, fixed.Format{Bits: 8}, r.Net.Nodes[0].Out.Format)
	assert.Zero(t, r.Net.Nodes[0].Out.Zero)
	assert.Equal(t, int64(16), r.Layers[0].MACs/2)
}

func TestAnOutputBeforeItsRectifierStays(t *testing.T) {
	b := build(t)
	sum := b.add("sum", conv(1, []float32{1}, []float32{-0.5}), b.Input("x", small))
	b.Outputs = []*graph.Value{sum, b.add("relu", &graph.Relu{}, sum)}
	r := b.quantize(quant.Options{}, ramp(small, 0, 1)...)
	assert.Equal(t, []string{"conv", "requant"}, b.ops(r))
	assert.NotZero(t, r.Net.Outputs[0].Zero, "values of both signs: a zero point")
	assert.Equal(t, int64(0), r.Net.Nodes[1].Op.(*fixed.Requant).Scale.Lo)
}

// What is joined shares a scale; an input, pooled or not, is brought to it.
func TestConcatOfInputs(t *testing.T) {
	b := build(t)
	x := b.Input("x", small)
	y := b.add("y", conv(1, []float32{5}, nil), x)
	same := graph.MaxPool{Window: graph.NewWindow(3, 3)}
	same.Before, same.After = [2]int{1, 1}, [2]int{1, 1}
	pooled := b.add("pooled", &same, x)
	b.Outputs = []*graph.Value{b.add("joined", &graph.Concat{}, x, y, pooled, x)}
	r := b.quantize(quant.Options{InputRange: [2]float64{0, 1}}, ramp(small, 0, 1)...)
	assert.Equal(t, []string{"conv", "maxpool", "requant", "requant", "concat"}, b.ops(r))
	join := r.Net.Nodes[4]
	assert.Same(t, join.In[0], join.In[3], "one change of scale per value")
	assert.Equal(t, 1.0/255, r.Values[0].Scale)
	for _, v := range append(join.In, join.Out) {
		assert.InDelta(t, 5.0/255, lookup(t, r, v).Scale, 1e-3)
	}
	assert.Equal(t, "x_rescaled", join.In[0].Name)
}

func TestTransposedInputHasZeroPointZero(t *testing.T) {
	b := build(t)
	y := b.add("y", conv(1, []float32{1}, nil), b.Input("x", small))
	up := &graph.ConvTranspose{Window: graph.NewWindow(2, 2), Group: 1, Out: 1, Weight: []float32{1, 2, 3, 4}}
	up.Stride = [2]int{2, 2}
	b.Outputs = []*graph.Value{b.add("up", up, y)}
	r := b.quantize(quant.Options{}, ramp(small, -1, 2)...)
	v := r.Net.Nodes[1].In[0]
	assert.Equal(t, fixed.Format{Bits: 8, Signed: true}, v.Format)
	assert.Zero(t, v.Zero)
	assert.NotZero(t, r.Net.Inputs[0].Zero, "nothing forbids one here")
}

func TestDeadChannelsAndLargeBiases(t *testing.T) {
	for _, scales := range []quant.Scales{quant.General, quant.Pow2} {
		b := build(t)
		// A dead channel with a bias, one whose bias dwarfs its weights, an ordinary one.
		c := conv(1, []float32{0, 1e-7, 0.5}, []float32{0.25, 3, 0})
		b.Outputs = []*graph.Value{b.add("c", c, b.Input("x", small))}
		image := ramp(small, 0, 1)
		r := b.quantize(quant.Options{Scales: scales}, image...)
		assert.Equal(t, 1, r.Layers[0].Dead)
		assert.Equal(t, 1, r.Layers[0].Raised)
		assert.Zero(t, r.Layers[0].Saturated)
		out := lookup(t, r, r.Net.Outputs[0])
		got := out.Real(evaluate(t, r, image)[out.Value])
		for i, want := range []float64{0.25, 3} {
			assert.InDelta(t, want, float64(got.Data[i*16]), 2*out.Scale, scales)
		}
	}
}

// Convolutions from a group back to itself, whose power-of-two scales would lift each other for ever.
func TestCircleOfScales(t *testing.T) {
	b := build(t)
	x := b.Input("x", small)
	first := b.add("first", conv(1, []float32{1, 1}, nil), x)
	other := b.add("other", &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{600, -600, 400, -400}, Bias: []float32{1, 1}}, first)
	back := b.add("back", &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{900, -900, 800, -800}, Bias: []float32{1, 1}}, other)
	b.Outputs = []*graph.Value{b.add("joined", &graph.Concat{}, first, back)}
	r := b.quantize(quant.Options{Scales: quant.Pow2, WeightBits: 2}, ramp(small, 0, 1)...)
	for _, v := range r.Values {
		assert.Less(t, v.Scale, 1e3, "%s was lifted without end", v.Name)
	}
}

func TestSameTwice(t *testing.T) {
	d := newDice(11)
	g := d.graph(t)
	images := d.images(g, 9)
	var first *quant.Result
	for range 3 {
		r, err := quant.QuantizeMulti(t.Context(), g, images, quant.Options{})
		require.NoError(t, err)
		if first == nil {
			first = r
		}
		assert.Equal(t, fixed.Print(first.Net), fixed.Print(r.Net))
		for i, v := range r.Values {
			assert.Equal(t, first.Values[i].Scale, v.Scale)
		}
	}
}

func TestQuantizeRefuses(t *testing.T) {
	good := func() builder {
		b := build(t)
		b.Outputs = []*graph.Value{b.add("c", conv(1, []float32{1}, nil), b.Input("x", small))}
		return b
	}
	image := ramp(small, 0, 1)
	for want, c := range map[string]struct {
		b      builder
		opt    quant.Options
		images []*graph.Tensor
	}{
		"weight bits: 1 is not possible; choose 2 to 16":       {good(), quant.Options{WeightBits: 1}, image},
		"activation bits: 17 is not possible":                  {good(), quant.Options{ActBits: 17}, image},
		"input bits: 17 is not possible":                       {good(), quant.Options{InputBits: 17}, image},
		"head bits: 33 is not possible; choose 2 to 32":        {good(), quant.Options{HeadBits: 33}, image},
		"scales: odd is not possible; choose general or pow2":  {good(), quant.Options{Scales: "odd"}, image},
		"calibration: odd is not possible":                     {good(), quant.Options{Calibration: "odd"}, image},
		"percentile: 40 is not possible":                       {good(), quant.Options{Percentile: 40}, image},
		"choose halfup or halfeven":                            {good(), quant.Options{Rounding: 2}, image},
		"input range: [1 0] is not possible":                   {good(), quant.Options{InputRange: [2]float64{1, 0}}, image},
		"there are no calibration images":                      {good(), quant.Options{}, nil},
		"an image of 1x1x2":                                    {good(), quant.Options{}, ramp(graph.Shape{C: 1, H: 1, W: 2}, 0, 1)},
		"x: calibration image 0 makes it infinite or not":      {good(), quant.Options{}, ramp(small, 0, float32(math.Inf(1)))},
		"quantisation knows no Softmax here":                   {softmaxInside(t), quant.Options{}, image},
		"it calculates with the result of an argmax; end the ": {argmaxInside(t), quant.Options{}, image},
	} {
		t.Run(want, func(t *testing.T) {
			_, err := quant.Quantize(t.Context(), c.b.Graph, c.images, c.opt)
			assert.ErrorContains(t, err, want)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := quant.Quantize(ctx, good().Graph, image, quant.Options{})
	assert.ErrorIs(t, err, context.Canceled)
}

func softmaxInside(t *testing.T) builder {
	b := build(t)
	s := b.add("s", &graph.Softmax{}, b.add("c", conv(1, []float32{1, 2}, nil), b.Input("x", small)))
	b.Outputs = []*graph.Value{b.add("d", conv(2, []float32{1}, nil), s)}
	return b
}

func argmaxInside(t *testing.T) builder {
	b := build(t)
	m := b.add("m", &graph.ArgMax{}, b.add("c", conv(1, []float32{1, 2}, nil), b.Input("x", small)))
	b.Outputs = []*graph.Value{b.add("d", &graph.Concat{}, m, b.add("e", conv(1, []float32{1}, nil), m))}
	return b
}

func TestUnseenLogitsAndInputsHaveRoom(t *testing.T) {
	b := build(t)
	b.Outputs = []*graph.Value{b.add("c", conv(1, []float32{1}, nil), b.Input("x", small))}
	image := ramp(small, 0, 0.1)
	image[0].Data[15] = 1 // rare, and yet not cut off at the input
	r := b.quantize(quant.Options{}, image...)
	assert.Equal(t, 1.0/255, r.Values[0].Scale)
	assert.InDelta(t, 2.0/(1<<15), lookup(t, r, r.Net.Outputs[0]).Scale, 1e-6, "logits twice as great fit")
}

// A rectifier that never lets anything through, on a value whose scale is next to nothing.
func TestRequantOfNothing(t *testing.T) {
	b := build(t)
	b.Outputs = []*graph.Value{b.add("r", &graph.Relu{}, b.Input("x", small))}
	for _, scales := range []quant.Scales{quant.General, quant.Pow2} {
		image := ramp(small, -1e-30, 0)
		r := b.quantize(quant.Options{Scales: scales}, image...)
		for _, v := range evaluate(t, r, image)[r.Net.Outputs[0]].Data {
			assert.Zero(t, v)
		}
	}
}
