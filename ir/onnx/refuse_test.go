package onnx

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// relu is x -> y, the least network that is accepted.
func relu() *modelProto { return model(node("Relu", "y", []string{"x"})) }

// change gives relu with one thing wrong.
func change(f func(*modelProto)) *modelProto {
	m := relu()
	f(m)
	return m
}

func onInput(f func(*tensorType)) *modelProto {
	return change(func(m *modelProto) { f(m.graph.inputs[0].typ.tensor) })
}

// conv is a convolution of x by a changed weight tensor.
func conv(f func(*tensorProto), attrs ...*attrProto) *modelProto {
	m := model(node("Conv", "y", []string{"x", "w"}, attrs...))
	f(m.graph.initializers[0])
	return m
}

func asIs(*tensorProto) {}

// TestRefusals: every model is refused with exactly these messages, each "place: what; remedy".
func TestRefusals(t *testing.T) {
	damaged := "; the file is damaged; export it again"
	for _, c := range []struct {
		name string
		m    *modelProto
		want []string
	}{
		{"two unknown operators and what depends on them", model(
			node("Resize", "a", []string{"x"}), node("Frobnicate", "b", []string{"a"}), node("Relu", "y", []string{"b"})), []string{
			"n_a: operator Resize is not supported; use a transposed convolution to upsample",
			"n_b: operator Frobnicate is not supported; supported are ArgMax, BatchNormalization, Concat, Constant, Conv, ConvTranspose, Dropout, Identity, MaxPool, Relu, Softmax",
		}},
		{"quantised", model(node("QuantizeLinear", "a", []string{"x", "bias", "c2"}), node("Relu", "y", []string{"a"})), []string{
			"n_a: operator QuantizeLinear is not supported; quantised models are not read; export the float model and quantise with calibration images",
		}},
		{"domain", change(func(m *modelProto) { m.graph.nodes[0].domain = "com.example" }), []string{
			"n_y: operator Relu of domain com.example is not supported; supported are " + strings.Join(supported(), ", "),
		}},
		{"operator set", change(func(m *modelProto) { m.opsets[0].version = 19 }), []string{
			"operator set version 19 is not one of 9 to 18; export with opset_version=13",
		}},
		{"only another domain's operator set", change(func(m *modelProto) { m.opsets[0].domain = "other" }), []string{
			"operator set version 0 is not one of 9 to 18; export with opset_version=13",
		}},
		{"attributes", model(node("MaxPool", "y", []string{"x"}, integer("axis", 1), ints("strides", 0, 1), ints("pads", 1, 1), text("auto_pad", "ODD"))), []string{
			"n_y: attribute axis of MaxPool is not supported; known are auto_pad, ceil_mode, dilations, kernel_shape, pads, storage_order, strides",
			"n_y: attribute strides holds 0; numbers from 1 to 1048576 are supported",
			"n_y: attribute pads has 2 numbers, not 4; only operators on height and width are supported",
			"n_y: auto_pad ODD is not known; export with explicit pads",
			"n_y: attribute kernel_shape is missing" + damaged,
		}},
		{"attribute type", model(node("MaxPool", "y", []string{"x"}, integer("kernel_shape", 2))), []string{
			"n_y: attribute kernel_shape has type 2, not 7" + damaged,
		}},
		{"attribute twice", model(node("Softmax", "y", []string{"x"}, integer("axis", 1), integer("axis", 1))), []string{
			"n_y: attribute axis is given twice" + damaged,
		}},
		{"padding twice", conv(asIs, ints("pads", 1, 1, 1, 1), text("auto_pad", "SAME_UPPER")), []string{
			"n_y: pads [1 1 1 1] and auto_pad SAME_UPPER exclude each other; export with one of them",
		}},
		{"kernel shape", conv(asIs, ints("kernel_shape", 3, 2)), []string{
			"n_y: kernel_shape [3 2] is not that of the weights [3 2 3 3]" + damaged,
		}},
		{"groups", conv(asIs, integer("group", 2)), []string{
			"n_y: weights [3 2 3 3] in 2 groups do not fit 2 input channels; correct the network and export it again",
		}},
		{"kernel too large", conv(asIs, ints("dilations", 3, 3)), []string{
			"n_y: kernel 3x3 with dilation 3x3 does not fit an image of 6 rows with padding 0 and 0; correct the network and export it again",
		}},
		{"NaN", conv(func(w *tensorProto) { w.float32s[7] = float32(math.NaN()) }), []string{
			"n_y: tensor w: element 7 is NaN as float32; train or export the model again; weights must be finite",
		}},
		{"too large for float32", conv(func(w *tensorProto) {
			w.float32s, w.typ, w.float64s = nil, typeDouble, make([]float64, 54)
			w.float64s[3] = -1e300
		}), []string{
			"n_y: tensor w: element 3 is -Inf as float32; train or export the model again; weights must be finite",
		}},
		{"external data", conv(func(w *tensorProto) { w.location, w.float32s = 1, nil }), []string{
			"n_y: tensor w: its data lie in another file; " + externalRemedy,
		}},
		{"segments", conv(func(w *tensorProto) { w.segment = true }), []string{
			"n_y: tensor w: its data are split into segments; save the model again with a current exporter",
		}},
		{"integer weights", conv(func(w *tensorProto) { w.typ = 3 }), []string{
			"n_y: tensor w: it holds int8 where float numbers are needed; export the float model, before quantisation",
		}},
		{"too few data", conv(func(w *tensorProto) { w.float32s = w.float32s[1:] }), []string{
			"n_y: tensor w: dimensions [3 2 3 3] tell of more elements than there are data" + damaged,
		}},
		{"too many data", conv(func(w *tensorProto) { w.float32s = append(w.float32s, 1) }), []string{
			"n_y: tensor w: dimensions [3 2 3 3] do not fit the 0 bytes and 55 numbers of data" + damaged,
		}},
		{"huge dimensions", conv(func(w *tensorProto) { w.dims = []int64{1 << 40, 1 << 40, 1 << 40, 1 << 40} }), []string{
			"n_y: tensor w: dimensions [1099511627776 1099511627776 1099511627776 1099511627776] tell of more elements than there are data" + damaged,
		}},
		{"negative dimension", conv(func(w *tensorProto) { w.dims[0] = -3 }), []string{
			"n_y: tensor w: dimensions [-3 2 3 3] are not all positive" + damaged,
		}},
		{"computed weights", model(node("Relu", "a", []string{"x"}), node("Conv", "y", []string{"x", "a"})), []string{
			"n_y: its weights a are computed by the network; only constant weights are supported; export with weights in the file",
		}},
		{"constant activation", model(node("Relu", "y", []string{"w"})), []string{
			"n_y: input w is a constant; only weights and biases may be constant",
		}},
		{"missing inputs", model(node("Conv", "y", []string{"x", ""})), []string{
			"n_y: Conv has 2 inputs or lacks one that it needs" + damaged,
		}},
		{"unknown value", model(node("Relu", "y", []string{"z"})), []string{
			"n_y: nothing computes its input z" + damaged,
		}},
		{"unknown output", change(func(m *modelProto) { m.graph.outputs[0].name = "q" }), []string{
			"q: nothing computes this output" + damaged,
		}},
		{"constant output", change(func(m *modelProto) { m.graph.outputs[0].name = "w" }), []string{
			"w: the output is a constant; export without it",
		}},
		{"computed twice", model(node("Relu", "y", []string{"x"}), node("Concat", "y", []string{"x"}, integer("axis", 1))), []string{
			"y: the value is computed or given twice" + damaged,
		}},
		{"cycle", model(node("Relu", "a", []string{"b"}), node("Relu", "b", []string{"a"}), node("Relu", "y", []string{"a"})), []string{
			"n_a: the nodes form a cycle, and this one waits for it" + damaged,
		}},
		{"concat axis", model(node("Concat", "y", []string{"x", "x"}, integer("axis", 2))), []string{
			"n_y: Concat along axis 2 is not supported; only the channel axis, 1, is",
		}},
		{"concat sizes", model(node("MaxPool", "a", []string{"x"}, ints("kernel_shape", 2, 2)), node("Concat", "y", []string{"x", "a"}, integer("axis", 1))), []string{
			"n_y: joins images of 6x6 and 5x5; correct the network and export it again",
		}},
		{"softmax of old operator sets", change(func(m *modelProto) {
			m.graph.nodes[0].op, m.opsets[0].version = "Softmax", 12
		}), []string{
			"n_y: Softmax of operator set 12 runs over channels, height and width together; export with opset_version=13 or later",
		}},
		{"argmax", model(node("ArgMax", "y", []string{"x"}, integer("axis", 1), integer("select_last_index", 1))), []string{
			"n_y: ArgMax with select_last_index is not supported; export with select_last_index=0",
		}},
		{"argmax within", model(node("ArgMax", "a", []string{"x"}, integer("axis", 1), integer("keepdims", 0)), node("Relu", "y", []string{"a"})), []string{
			"n_y: input a has no channel dimension; export ArgMax with keepdims=1, or as the last operator",
		}},
		{"indices", change(func(m *modelProto) {
			m.graph.nodes = []*nodeProto{{name: "p", op: "MaxPool", inputs: []string{"x"}, outputs: []string{"a", "y"}, attrs: []*attrProto{ints("kernel_shape", 1, 1)}}}
		}), []string{
			"p: output 1 (y) of MaxPool is used; export for inference, with the first output alone",
		}},
		{"training", model(&nodeProto{
			name: "bn", op: "BatchNormalization", inputs: []string{"x", "c2", "c2", "c2", "c2"}, outputs: []string{"y", "m", "v"},
		}), []string{
			"bn: BatchNormalization is in training mode; call model.eval() before the export",
		}},
		{"variance", model(node("BatchNormalization", "y", []string{"x", "c2", "c2", "c2", "c2"}, &attrProto{name: "epsilon", typ: attrFloat, f: -1})), []string{
			"n_y: variance 0.125 of channel 0 plus epsilon -1 is not positive; correct the network and export it again",
		}},
		{"negative variance", change(func(m *modelProto) {
			m.graph.nodes = []*nodeProto{node("BatchNormalization", "y", []string{"x", "c2", "c2", "c2", "v"})}
			m.graph.initializers = append(m.graph.initializers, &tensorProto{name: "v", dims: []int64{2}, typ: typeFloat, float32s: []float32{1, -2}})
		}), []string{
			"n_y: variance -2 of channel 1 plus epsilon 1e-05 is not positive; correct the network and export it again",
		}},
		{"empty constant", model(node("Constant", "k", nil), node("Conv", "y", []string{"x", "k"})), []string{
			"n_k: Constant does not hold one value" + damaged,
		}},
		{"batch", onInput(func(x *tensorType) { x.shape.dims[0].value = 4 }), []string{
			"x: the batch size is fixed at 4; export with batch 1 or a dynamic batch",
		}},
		{"dynamic size", onInput(func(x *tensorType) { x.shape.dims[3] = &dimProto{param: "width"} }), []string{
			"x: the height or width is dynamic; export with a fixed image size, or give it with --size",
		}},
		{"dynamic channels", onInput(func(x *tensorType) { x.shape.dims[1].value = -1 }), []string{
			"x: the number of channels is dynamic; export with a fixed number of channels",
		}},
		{"huge input", onInput(func(x *tensorType) { x.shape.dims[2].value = 1 << 60 }), []string{
			"x: the shape 2x1152921504606846976x6 is too large; no dimension may exceed 1048576",
		}},
		{"rank", onInput(func(x *tensorType) { x.shape.dims = x.shape.dims[1:] }), []string{
			"x: the input is not batch x channels x height x width; export a network of images, with shapes",
		}},
		{"no shape", onInput(func(x *tensorType) { x.shape = nil }), []string{
			"x: the input is not batch x channels x height x width; export a network of images, with shapes",
		}},
		{"half input", onInput(func(x *tensorType) { x.elem = 10 }), []string{
			"x: the input holds float16; export with float (float32) inputs",
		}},
		{"sequence input", change(func(m *modelProto) { m.graph.inputs[0].typ.tensor = nil }), []string{
			"x: the input is not a tensor; export a network whose inputs are images",
		}},
		{"sparse weights", change(func(m *modelProto) { m.graph.sparse = 2 }), []string{
			"2 weight tensors are sparse; export dense weights",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, refusals(t, c.m))
		})
	}
	_, err := Decode("net.onnx", relu().encode())
	require.NoError(t, err, "the model that the cases change must itself be accepted")
}

func TestRefusesWhatIsNoModel(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "f: it holds no network; give a complete ONNX file; export or copy it again"},
		"text":        {[]byte("# a page of text\n"), "not an ONNX file, or damaged or cut short"},
		"no opset":    {change(func(m *modelProto) { m.opsets = nil }).encode(), "it tells no operator set version"},
		"no outputs":  {change(func(m *modelProto) { m.graph.outputs = nil }).encode(), "its network has no outputs"},
		"two graphs":  {append(relu().encode(), relu().encode()...), "a part that may occur once occurs twice"},
		"wrong types": {putInt(nil, 7, 1), "field 7 has wire type 0, not 2"},
	} {
		_, err := Decode("f", c.data)
		assert.ErrorContains(t, err, c.want, name)
	}
	_, err := Read("no/such/file.onnx")
	assert.EqualError(t, err, "no/such/file.onnx: no such file or directory; give the path of an ONNX file")
	_, err = Read(os.TempDir())
	assert.ErrorContains(t, err, "it is a folder")
}
