// Package onnxtest writes small ONNX files for tests of whole commands. In: a model as a few Go values. Out:
// the bytes of an ONNX file. It knows the file format and nothing of what becomes of the network.
package onnxtest

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is a network of opset 13 with float inputs, outputs and weights.
type Model struct {
	Inputs, Outputs []Port
	Nodes           []Node
	Weights         []Weight
}

// Port is an input or output and its shape: batch, channels, height, width.
type Port struct {
	Name  string
	Shape [4]int
}

// Node is an operator, called as its output; attributes hold ints, a single one as an int attribute.
type Node struct {
	Op    string
	In    []string
	Out   string
	Ints  map[string][]int // of attributes that hold several
	Attrs map[string]int   // of attributes that hold one
}

// Weight is a constant tensor.
type Weight struct {
	Name string
	Dims []int
	Data []float32
}

// The field numbers below are those of onnx.proto.

// Encode gives the bytes of the file.
func (m Model) Encode() []byte {
	var g []byte
	for _, n := range m.Nodes {
		g = message(g, 1, n.encode())
	}
	g = text(g, 2, "test")
	for _, w := range m.Weights {
		g = message(g, 5, w.encode())
	}
	for _, p := range m.Inputs {
		g = message(g, 11, p.encode())
	}
	for _, p := range m.Outputs {
		g = message(g, 12, p.encode())
	}
	return message(message(integer(nil, 1, 7), 7, g), 8, integer(text(nil, 1, ""), 2, 13))
}

func (n Node) encode() []byte {
	var b []byte
	for _, in := range n.In {
		b = text(b, 1, in)
	}
	b = text(text(text(b, 2, n.Out), 3, n.Out), 4, n.Op)
	for _, name := range slices.Sorted(maps.Keys(n.Ints)) {
		a := text(nil, 1, name)
		for _, v := range n.Ints[name] {
			a = integer(a, 8, v)
		}
		b = message(b, 5, integer(a, 20, 7))
	}
	for _, name := range slices.Sorted(maps.Keys(n.Attrs)) {
		b = message(b, 5, integer(integer(text(nil, 1, name), 3, n.Attrs[name]), 20, 2))
	}
	return b
}

func (w Weight) encode() []byte {
	var b, data []byte
	for _, d := range w.Dims {
		b = integer(b, 1, d)
	}
	for _, v := range w.Data {
		data = protowire.AppendFixed32(data, math.Float32bits(v))
	}
	return message(text(integer(b, 2, 1), 8, w.Name), 9, data)
}

func (p Port) encode() []byte {
	var shape []byte
	for _, d := range p.Shape {
		shape = message(shape, 1, integer(nil, 1, d))
	}
	tensor := message(integer(nil, 1, 1), 2, shape)
	return message(text(nil, 1, p.Name), 2, message(nil, 1, tensor))
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func integer(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// Builder grows a model with random weights, the same for the same calls. Each method adds an operator and
// gives the name of its output.
type Builder struct {
	Model
	rng *rand.Rand
}

// NewBuilder starts a model whose input x has c channels of h x w.
func NewBuilder(c, h, w int) *Builder {
	b := &Builder{rng: rand.New(rand.NewPCG(1, 1))}
	b.Inputs = []Port{{"x", [4]int{1, c, h, w}}}
	return b
}

// weight adds random weights whose products sum to about 1.
func (b *Builder) weight(name string, fan int, dims ...int) string {
	size := 1
	for _, d := range dims {
		size *= d
	}
	w := Weight{Name: name, Dims: dims, Data: make([]float32, size)}
	for i := range w.Data {
		w.Data[i] = float32(b.rng.NormFloat64() / math.Sqrt(float64(fan)))
	}
	b.Weights = append(b.Weights, w)
	return name
}

// Conv is a convolution from cin to cout channels with a k x k kernel that keeps the size (k odd).
func (b *Builder) Conv(name, in string, cin, cout, k int) string {
	w := b.weight(name+".weight", cin*k*k, cout, cin, k, k)
	bias := b.weight(name+".bias", 16, cout)
	return b.Add(Node{Op: "Conv", In: []string{in, w, bias}, Out: name,
		Ints: map[string][]int{"kernel_shape": {k, k}, "pads": {k / 2, k / 2, k / 2, k / 2}}})
}

// Up is a transposed convolution that doubles the size.
func (b *Builder) Up(name, in string, cin, cout int) string {
	w := b.weight(name+".weight", cin, cin, cout, 2, 2)
	return b.Add(Node{Op: "ConvTranspose", In: []string{in, w}, Out: name,
		Ints: map[string][]int{"kernel_shape": {2, 2}, "strides": {2, 2}}})
}

// Pool is a maximum over k x k pixels without overlap.
func (b *Builder) Pool(name, in string, k int) string {
	return b.Add(Node{Op: "MaxPool", In: []string{in}, Out: name, Ints: map[string][]int{"kernel_shape": {k, k}, "strides": {k, k}}})
}

// Relu is max(x, 0).
func (b *Builder) Relu(name, in string) string {
	return b.Add(Node{Op: "Relu", In: []string{in}, Out: name})
}

// Channels is an operator along the channel axis: Concat, Softmax or ArgMax.
func (b *Builder) Channels(op, name string, in ...string) string {
	return b.Add(Node{Op: op, In: in, Out: name, Attrs: map[string]int{"axis": 1}})
}

// Add adds a node.
func (b *Builder) Add(n Node) string {
	b.Nodes = append(b.Nodes, n)
	return n.Out
}

// Output makes a value of c channels of h x w an output of the network.
func (b *Builder) Output(name string, c, h, w int) {
	b.Outputs = append(b.Outputs, Port{name, [4]int{1, c, h, w}})
}

// UNet is a network of two levels with a skip connection, from c channels of h x w (both even) to classes.
func UNet(c, h, w, classes int) Model {
	b := NewBuilder(c, h, w)
	enc := b.Relu("enc_relu", b.Conv("enc", "x", c, 3, 3))
	low := b.Relu("low_relu", b.Conv("low", b.Pool("pool", enc, 2), 3, 4, 3))
	joined := b.Channels("Concat", "joined", b.Up("up", low, 4, 3), enc)
	b.Output(b.Conv("head", joined, 6, classes, 1), classes, h, w)
	return b.Model
}
