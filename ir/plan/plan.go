// Package plan maps an integer network onto streaming stages. In: a fixed.Net and a target. Out: for
// every stage its folding, for every stream its lanes and buffer depth, and the exact schedule. It
// knows nothing of how a stage is built from registers.
package plan

import "rampart/ir/fixed"

// Plan is a pipeline of stages joined by streams. Stages stand in topological order.
type Plan struct {
	Name    string
	Inputs  []*Stream
	Outputs []*Stream
	Stages  []*Stage
	Streams []*Stream
}

// Stream carries the pixels of one tensor in raster order. A pixel is Beats beats of Lanes lanes,
// channels in ascending order; lanes past the last channel of a segment are padding and hold zero.
type Stream struct {
	Name   string
	Value  *fixed.Value
	Lanes  int
	Layout []int // channel in each lane of a pixel, Beats*Lanes entries; -1 is padding
	Depth  int   // beats that the buffer at the stream's source holds
	Skip   bool  // a skip connection: its buffer is a skip memory
	From   *Stage
	To     *Stage // nil for a network output
}

// Beats is the number of beats of one pixel.
func (s *Stream) Beats() int { return len(s.Layout) / s.Lanes }

// FrameBeats is the number of beats of one image.
func (s *Stream) FrameBeats() int { return s.Beats() * s.Value.Shape.H * s.Value.Shape.W }

// Kind says what a stage does.
type Kind string

// The kinds of stage.
const (
	Conv   Kind = "conv"   // window, matrix-vector unit, requantiser
	Pool   Kind = "pool"   // window, maximum
	Scale  Kind = "scale"  // requantiser alone
	Fork   Kind = "fork"   // the same stream to several users
	Concat Kind = "concat" // pixel by pixel, first input's beats first
	ArgMax Kind = "argmax"
)

// Stage is one pipeline stage; it buffers each of its output streams.
type Stage struct {
	Name string
	Kind Kind
	Node *fixed.Node // nil for a fork
	In   []*Stream
	Out  []*Stream
	Fold Folding // conv and pool
	Walk [2]Walk // conv and pool: rows, columns
	Rows int     // conv and pool: image rows that the line buffer holds
}

// Folding is how much of a stage's work is done in one cycle.
type Folding struct {
	PE   int // output channels at a time
	Taps int // kernel positions at a time: 1, the kernel's rows, or all of it
	Cw   int // input channels at a time, the words of the line buffer
}

// SIMD is the number of products that one PE adds in a cycle.
func (f Folding) SIMD() int { return f.Taps * f.Cw }

// Walk is how a window moves along one dimension. Tap t of output o lies at input
// start(o) + t*Step, where start goes from Start by Advance each time the phase, which counts outputs
// from Phase0 modulo Phases, wraps. A convolution has one phase; a transposed one has as many as its
// stride and picks its kernel elements by phase.
type Walk struct {
	In, Out int // sizes
	Taps    int
	Step    int
	Start   int
	Advance int
	Phases  int
	Phase0  int
}
