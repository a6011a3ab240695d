// Package fixed is the integer network, and its evaluator is the meaning of the network: every
// engine equals it bit for bit. In: integers, scales already resolved to multipliers and shifts.
// Out: activations, proofs that no accumulator overflows. It knows no floats and no hardware.
package fixed

// Format is the integer type of an activation tensor.
type Format struct {
	Bits   int // 2 to 16; up to 32 for a network's output
	Signed bool
}

// Shape is channels, height, width of one image.
type Shape struct{ C, H, W int }

// Value is one activation tensor. A real value is (integer - Zero) times a scale that the
// quantiser keeps.
type Value struct {
	Name   string
	Shape  Shape
	Format Format
	Zero   int64
}

// Node is one integer operator; exactly one of the op fields is set.
type Node struct {
	Name string
	In   []*Value
	Out  *Value
	Op   Op
}

// Op is one of *Conv, *MaxPool, *Concat, *Requant, *ArgMax, and of what guards against upsets, *Clip and
// *Vote. Eval is their meaning.
type Op interface {
	Kind() string
}

// Net is an integer network. Nodes stand in topological order.
type Net struct {
	Name    string
	Inputs  []*Value
	Outputs []*Value
	Nodes   []*Node
}

// Window is the geometry of a sliding kernel; index 0 is height, 1 is width.
type Window struct {
	Kernel   [2]int
	Stride   [2]int
	Dilation [2]int
	Before   [2]int // padding above, left
	After    [2]int // padding below, right
}

// Conv is a convolution or a transposed convolution, then a requantisation:
//
//	acc = wrap(sum of Weight * x, AccBits)    x is the input's zero point outside the image
//	y   = requantise(acc + Bias)              see Scale
//
// The zero point of the input is folded into Bias. Weight is [Out][In/Group][kh][kw] for both
// kinds. For a transposed convolution output row o takes kernel row k from input row
// (o + Before - k*Dilation)/Stride where that is whole, and Shape of the output fixes its size;
// columns likewise. Where a stride is above 1 its outputs differ in the kernel elements that they
// take, so that Bias can fold in no zero point but 0; the quantiser sees to that.
type Conv struct {
	Window
	Transposed bool
	Group      int
	WeightBits int
	Weight     []int32
	Bias       []int64 // BiasBits each
	BiasBits   int     // 32 unless a source says otherwise
	AccBits    int     // signed accumulator width, proved enough by Verify
	Scale      Scale
	Checksum   bool // hardware holds the sum of the accumulators to that of the weights' sums; the outputs are the same
}

// Scale is a requantisation, per output channel:
//
//	y = clamp(((acc * Mult + round) >> Shift) + Zero, Lo, Hi)
//
// Mult is nil for shift alone. Zero is the output's zero point (Node.Out.Zero); Lo and Hi hold a
// fused activation. Round is half of 2^Shift, and 0 where Shift is 0. Everything is exact: Check
// refuses widths that could leave 64 bits.
type Scale struct {
	Mult     []int64 // MultBits each, unsigned
	MultBits int     // 0 where Mult is nil
	Shift    []int   // 0 to 63
	Rounding Rounding
	Lo, Hi   int64
}

// Rounding says what happens to the bits shifted out.
type Rounding uint8

// Rounding modes: to nearest, ties upwards (towards plus infinity) or to the even neighbour, which is
// as HalfUp with bit 0 of the shifted value cleared on a tie.
const (
	HalfUp Rounding = iota
	HalfEven
)

// MaxPool is the maximum over a window; padding never wins.
type MaxPool struct{ Window }

// Concat joins channels of inputs that share format and zero point.
type Concat struct{}

// Requant changes scale, per channel: y = requantise(x - the input's zero point), see Scale.
type Requant struct{ Scale Scale }

// ArgMax gives the index of the greatest channel, the lowest on ties; one channel, unsigned.
type ArgMax struct{}

// Kind names the operator in the text form.
func (*Conv) Kind() string    { return "conv" }
func (*MaxPool) Kind() string { return "maxpool" }
func (*Concat) Kind() string  { return "concat" }
func (*Requant) Kind() string { return "requant" }
func (*ArgMax) Kind() string  { return "argmax" }
