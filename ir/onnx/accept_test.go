package onnx

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

// decoded is the graph of a model that must be accepted.
func decoded(t *testing.T, m *modelProto) *graph.Graph {
	t.Helper()
	g, err := Decode("net.onnx", m.encode())
	require.NoError(t, err)
	return g
}

// TestWeightEncodings: the same weights in every encoding give the same convolution.
func TestWeightEncodings(t *testing.T) {
	want := decoded(t, conv(asIs)).String()
	raw := func(size int, put func(b []byte, v float32) []byte) func(*tensorProto) {
		return func(w *tensorProto) {
			for _, v := range w.float32s {
				w.raw = put(w.raw, v)
			}
			assert.Len(t, w.raw, size*len(w.float32s))
			w.float32s = nil
		}
	}
	half := func(v float32) uint16 { // exact for the test's weights, which are normal and short
		fraction, exponent := math.Frexp(float64(v))
		return uint16(exponent+14)<<10 | uint16(fraction*2048)&1023
	}
	top := func(v float32) uint16 { return uint16(math.Float32bits(v) >> 16) }
	for name, f := range map[string]func(*tensorProto){
		"float, raw": raw(4, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint32(b, math.Float32bits(v)) }),
		"double, raw": raw(8, func(b []byte, v float32) []byte {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(v)))
		}),
		"half, raw":   raw(2, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, half(v)) }),
		"bfloat, raw": raw(2, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, top(v)) }),
		"double": func(w *tensorProto) {
			for _, v := range w.float32s {
				w.float64s = append(w.float64s, float64(v))
			}
			w.float32s = nil
		},
		"half": func(w *tensorProto) {
			for _, v := range w.float32s {
				w.int32s = append(w.int32s, int64(half(v)))
			}
			w.float32s = nil
		},
		"bfloat": func(w *tensorProto) {
			for _, v := range w.float32s {
				w.int32s = append(w.int32s, int64(top(v)))
			}
			w.float32s = nil
		},
	} {
		typ := map[byte]dataType{'f': typeFloat, 'd': typeDouble, 'h': typeFloat16, 'b': typeBFloat16}[name[0]]
		m := conv(func(w *tensorProto) { f(w); w.typ = typ })
		assert.Equal(t, want, decoded(t, m).String(), name)
	}
}

func TestHalfSpecials(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0: 0, 1: math.Ldexp(1, -24), 0x03ff: math.Ldexp(1023, -24), 0x0400: math.Ldexp(1, -14), 0x3c00: 1, 0xc000: -2, 0x7bff: 65504,
		0x7c00: math.Inf(1), 0xfc00: math.Inf(-1),
	} {
		assert.Equal(t, want, fromFloat16(bits), "%#x", bits)
	}
	assert.True(t, math.IsNaN(fromFloat16(0x7e00)))
}

// TestWhereWeightsComeFrom: initialisers, initialisers listed as inputs, constants and identities of them
// are all the same.
func TestWhereWeightsComeFrom(t *testing.T) {
	want := decoded(t, conv(asIs)).String()
	listed := conv(asIs)
	listed.graph.inputs = append([]*valueInfo{port("w", 3, 2, 3, 3)}, listed.graph.inputs...)
	assert.Equal(t, want, decoded(t, listed).String())

	constant := model(
		&nodeProto{op: "Constant", outputs: []string{"k"}, attrs: []*attrProto{{name: "value", typ: attrTensor, t: floatTensor("", 3, 2, 3, 3)}}},
		node("Identity", "k2", []string{"k"}), node("Conv", "y", []string{"x", "k2"}))
	assert.Equal(t, want, decoded(t, constant).String())
}

// TestOrder: nodes that stand in any order, and nodes that nothing needs, give the same network.
func TestOrder(t *testing.T) {
	a, b, y := node("Relu", "a", []string{"x"}), node("MaxPool", "b", []string{"a"}, ints("kernel_shape", 1, 1)),
		node("Concat", "y", []string{"a", "b"}, integer("axis", -3))
	want := decoded(t, model(a, b, y)).String()
	assert.Equal(t, want, decoded(t, model(y, b, node("Unheard", "z", []string{"b"}), a)).String())
}

// TestIdentities: identities and dropout vanish, and outputs keep their names.
func TestIdentities(t *testing.T) {
	g := decoded(t, model(node("Identity", "a", []string{"x"}), node("Relu", "b", []string{"a"}),
		node("Dropout", "c", []string{"b"}), node("Identity", "y", []string{"c"})))
	assert.Equal(t, "graph \"test\"\ninput \"x\" 2x6x6\nnode \"n_b\" Relu(\"x\") -> \"y\" 2x6x6\noutput \"y\"\n", g.String())

	copies := model(node("Relu", "a", []string{"x"}), node("Identity", "y", []string{"a"}), node("Identity", "z", []string{"x"}))
	copies.graph.outputs = []*valueInfo{port("a"), port("y"), port("z")}
	g = decoded(t, copies)
	var names []string
	for _, v := range g.Outputs {
		names = append(names, v.Name)
	}
	assert.Equal(t, []string{"a", "y", "z"}, names)
	x := graph.NewTensor(graph.Shape{C: 2, H: 6, W: 6})
	x.Data[5], x.Data[9] = -1, 2
	out, err := g.Eval(context.Background(), x)
	require.NoError(t, err)
	assert.Equal(t, out[0].Data, out[1].Data)
	assert.Equal(t, x.Data, out[2].Data)
	assert.NotEqual(t, x.Data, out[0].Data)
}

// TestNames: nodes without a name get one, and names that occur twice are told apart.
func TestNames(t *testing.T) {
	a, b := node("Relu", "a", []string{"x"}), node("Relu", "b", []string{"a"})
	a.name, b.name = "", "same"
	c := node("Relu", "y", []string{"b"})
	c.name = "same"
	g := decoded(t, model(a, b, c))
	assert.Equal(t, "Relu_a", g.Nodes[0].Name)
	assert.Equal(t, "same", g.Nodes[1].Name)
	assert.Equal(t, "same_2", g.Nodes[2].Name)
}

func TestDynamicSizes(t *testing.T) {
	m := model(node("Relu", "y", []string{"x"}))
	m.graph.inputs = []*valueInfo{port("x", -1, 3, -1, 8), port("unused", -1, -1)}
	g, err := Options{Height: 5, Width: 7}.Decode("net.onnx", m.encode())
	require.NoError(t, err)
	require.Len(t, g.Inputs, 1)
	assert.Equal(t, graph.Shape{C: 3, H: 5, W: 8}, g.Inputs[0].Shape, "only what the file leaves open is taken from the options")
}

// TestOldSoftmax: before operator set 13, a softmax over everything is a softmax over channels where the
// image is one pixel.
func TestOldSoftmax(t *testing.T) {
	m := model(node("MaxPool", "a", []string{"x"}, ints("kernel_shape", 6, 6)), node("Softmax", "y", []string{"a"}))
	m.opsets[0].version = 9
	g := decoded(t, m)
	assert.Equal(t, "Softmax", g.Nodes[1].Op.Kind())
}

func TestArgMaxWithoutChannelDimension(t *testing.T) {
	g := decoded(t, model(node("ArgMax", "y", []string{"x"}, integer("axis", 1), integer("keepdims", 0))))
	assert.Equal(t, graph.Shape{C: 1, H: 6, W: 6}, g.Outputs[0].Shape)
}

func TestDropoutNotTraining(t *testing.T) {
	for _, c := range []struct{ off, on tensorProto }{
		{tensorProto{typ: typeBool, raw: []byte{0}}, tensorProto{typ: typeBool, raw: []byte{1}}},
		{tensorProto{typ: typeBool, int32s: []int64{0}}, tensorProto{typ: typeBool, int32s: []int64{1}}},
		{tensorProto{typ: typeInt64, int64s: []int64{0}}, tensorProto{typ: typeInt64, int64s: []int64{1}}},
		{tensorProto{typ: typeInt32, raw: make([]byte, 4)}, tensorProto{typ: typeInt32, raw: make([]byte, 3)}},
	} {
		m := model(node("Dropout", "a", []string{"x", "", "mode"}), node("Relu", "y", []string{"a"}))
		c.off.name, c.on.name = "mode", "mode"
		weights := m.graph.initializers
		m.graph.initializers = append(weights, &c.off)
		decoded(t, m)
		m.graph.initializers = append(weights, &c.on)
		_, err := Decode("net.onnx", m.encode())
		assert.ErrorContains(t, err, "Dropout is in training mode")
	}
}

// TestAutoPad: the padding that each mode makes of an image of 6 and of 7.
func TestAutoPad(t *testing.T) {
	for _, c := range []struct {
		mode           string
		size           int64
		stride, kernel int64
		before, after  int
	}{
		{"SAME_UPPER", 6, 1, 3, 1, 1}, {"SAME_UPPER", 6, 2, 3, 0, 1}, {"SAME_LOWER", 6, 2, 3, 1, 0},
		{"SAME_UPPER", 7, 2, 3, 1, 1}, {"SAME_UPPER", 7, 1, 4, 1, 2}, {"SAME_LOWER", 7, 1, 4, 2, 1},
		{"SAME_UPPER", 6, 3, 2, 0, 0}, {"VALID", 7, 2, 3, 0, 0}, {"NOTSET", 7, 2, 3, 0, 0},
	} {
		m := model(node("Conv", "y", []string{"x", "k"}, text("auto_pad", c.mode), ints("strides", c.stride, c.stride)))
		m.graph.inputs = []*valueInfo{port("x", 1, 2, c.size, c.size)}
		m.graph.initializers = append(m.graph.initializers, floatTensor("k", 1, 2, c.kernel, c.kernel))
		w := decoded(t, m).Nodes[0].Op.(*graph.Conv).Window
		assert.Equal(t, [2]int{c.before, c.before}, w.Before, c)
		assert.Equal(t, [2]int{c.after, c.after}, w.After, c)
	}
}

// TestTransposedSizes: output_shape and auto_pad of a transposed convolution of a 6x6 image, kernel 2.
func TestTransposedSizes(t *testing.T) {
	for _, c := range []struct {
		attrs         []*attrProto
		size          int
		before, after int
	}{
		{[]*attrProto{ints("strides", 2, 2)}, 12, 0, 0},
		{[]*attrProto{ints("strides", 2, 2), ints("output_padding", 1, 1)}, 13, 0, 0},
		{[]*attrProto{ints("strides", 2, 2), ints("output_shape", 11, 11)}, 11, 1, 0},
		{[]*attrProto{ints("strides", 2, 2), ints("output_shape", 11, 11), text("auto_pad", "SAME_UPPER")}, 11, 0, 1},
		{[]*attrProto{ints("strides", 2, 2), ints("output_shape", 13, 13)}, 13, 0, 0},
		{[]*attrProto{text("auto_pad", "SAME_UPPER")}, 6, 0, 1},
		{[]*attrProto{text("auto_pad", "SAME_LOWER")}, 6, 1, 0},
		{[]*attrProto{ints("strides", 2, 2), ints("pads", 1, 1, 0, 0)}, 11, 1, 0},
	} {
		g := decoded(t, model(node("ConvTranspose", "y", []string{"x", "wt", "bias"}, c.attrs...)))
		op := g.Nodes[0].Op.(*graph.ConvTranspose)
		assert.Equal(t, graph.Shape{C: 3, H: c.size, W: c.size}, g.Outputs[0].Shape)
		assert.Equal(t, [2]int{c.before, c.before}, op.Before)
		assert.Equal(t, [2]int{c.after, c.after}, op.After)
	}
}
