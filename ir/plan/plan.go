// Package plan maps an integer network onto streaming stages. In: a fixed.Net and a target. Out: for
// every stage its folding, for every stream its lanes and buffer depth, and the exact schedule. It
// knows nothing of how a stage is built from registers.
package plan

import "rampart/ir/fixed"

// Plan is a pipeline of stages joined by streams. Stages stand in topological order.
type Plan struct {
	Name     string
	Inputs   []*Stream
	Outputs  []*Stream
	Stages   []*Stage
	Streams  []*Stream
	Estimate Estimate
}

// Estimate is what the schedule says of a plan. The simulators agree with every figure.
type Estimate struct {
	CyclesPerFrame int64 `json:"cycles_per_frame"` // between images, when they come without pause
	LatencyCycles  int64 `json:"latency_cycles"`   // from the first input beat to the last output beat of the first image
	WarmupFrames   int   `json:"warmup_frames"`    // images after which the pace is steady
	LeastBuffers   bool  `json:"least_buffers"`    // proved: a join's buffer of a beat less would slow the pipeline or stop it
	Multipliers    int   `json:"multipliers"`
	MACsPerFrame   int64 `json:"macs_per_frame"`
	Resources
}

// Utilisation is the share of multiplier cycles that do a multiplication of the network; 0 where there are
// no multipliers.
func (e Estimate) Utilisation() float64 {
	if e.Multipliers == 0 {
		return 0
	}
	return float64(e.MACsPerFrame) / (float64(e.Multipliers) * float64(e.CyclesPerFrame))
}

// Stream carries the pixels of one tensor in raster order. A pixel is Beats beats of Lanes lanes,
// channels in ascending order; lanes past the last channel of a segment are padding and mean nothing.
type Stream struct {
	Name   string
	Value  *fixed.Value
	Lanes  int
	Layout []int // channel in each lane of a pixel, Beats*Lanes entries; -1 is padding
	Depth  int   // beats that the buffer at the stream's source holds; 0 for a network input
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
	Clip   Kind = "clip" // bounds on each channel
	Vote   Kind = "vote" // one channel of several alike
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
	PE   int // output channels at a time; a pool has none
	TapY int // kernel rows at a time: 1 or all of Walk[0].Taps
	TapX int // kernel columns at a time: 1 or all of Walk[1].Taps
	Cw   int // input channels at a time, the words of the line buffer
}

// SIMD is the number of products that one PE adds in a cycle.
func (f Folding) SIMD() int { return f.TapY * f.TapX * f.Cw }

// Multipliers is the number of products in a cycle.
func (f Folding) Multipliers() int { return f.PE * f.SIMD() }
