// Package graph is the float network: operators on tensors of one image, as the trained model has
// them. In: what an importer found. Out: shapes, reference values, and the rewrites that precede
// quantisation (one pass per file). It knows no integers, no hardware and no file format.
package graph

import "fmt"

// Shape is channels, height, width of one image; the batch is implied everywhere.
type Shape struct{ C, H, W int }

// Size is the number of elements.
func (s Shape) Size() int { return s.C * s.H * s.W }

// String is CxHxW.
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.C, s.H, s.W) }

// Value is one activation tensor.
type Value struct {
	Name  string
	Shape Shape
}

// Node applies an operator. Nodes of a graph stand in topological order.
type Node struct {
	Name string
	Op   Op
	In   []*Value
	Out  *Value
}

// Graph is a network: one or more inputs, one or more outputs, any DAG between.
type Graph struct {
	Name    string
	Inputs  []*Value
	Outputs []*Value
	Nodes   []*Node
	Heads   []Head // what passes took off the outputs
}

// Head is a final operator that a pass removed because it cannot change which class wins.
type Head struct {
	Kind string // ONNX operator name
	Was  string // the output that the model has
	Now  string // the output that takes its place
}

// Op is one float operator. The concrete types are below.
type Op interface {
	// Kind is the ONNX operator name.
	Kind() string
	// Infer gives the output shape, or an error that says which shape or attribute is wrong.
	Infer(in []Shape) (Shape, error)
	// Eval computes the operator; the result is a fresh tensor.
	Eval(in []*Tensor) *Tensor
}

// Tensor is float32 data of one image, channel-major (CHW).
type Tensor struct {
	Shape Shape
	Data  []float32
}

// Window is the geometry of a sliding kernel; index 0 is height, 1 is width.
type Window struct {
	Kernel   [2]int
	Stride   [2]int
	Dilation [2]int
	Before   [2]int // padding rows above, columns left
	After    [2]int // padding rows below, columns right
}

// Conv is a convolution. Weight is [out][in/Group][kh][kw], Bias [out] or nil.
type Conv struct {
	Window
	Group  int
	Out    int
	Weight []float32
	Bias   []float32
}

// ConvTranspose is a transposed convolution. Weight is [in][out/Group][kh][kw]; OutputPad rows and
// columns are added below and right of the result.
type ConvTranspose struct {
	Window
	Group     int
	Out       int
	OutputPad [2]int
	Weight    []float32
	Bias      []float32
}

// BatchNorm is y = Gamma*(x-Mean)/sqrt(Var+Eps) + Beta, per channel.
type BatchNorm struct {
	Gamma, Beta, Mean, Var []float32
	Eps                    float32
}

// Relu is max(x, 0).
type Relu struct{}

// MaxPool is the maximum over a window; padding never wins. CeilMode rounds the output size up.
type MaxPool struct {
	Window
	CeilMode bool
}

// Concat joins its inputs' channels.
type Concat struct{}

// Softmax is over channels.
type Softmax struct{}

// ArgMax is over channels; the lowest index wins ties. Its output has one channel.
type ArgMax struct{}
