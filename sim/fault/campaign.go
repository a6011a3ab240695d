package fault

import (
	"rampart/internal/yamlform"
	"rampart/sim/fault/result"
)

// Campaign is the description of a campaign, as a YAML file gives it; the package's comment lists the keys. It
// knows no network: Resolve joins it with a population.
type Campaign struct {
	Name       string
	Seed       uint64
	Space      Space
	Format     Format
	Select     Select
	Model      Model
	When       When // as each upset has it, or Uniform, or a frame of hardware
	Plan       Plan
	Images     Images
	Critical   result.Thresholds
	CrossCheck int64 // faults to replay on a cycle engine

	file string
	at   map[string]yamlform.Pos // where each key stands
}

// Uniform is the time of upsets that may strike in any cycle of the run, each as likely.
const Uniform WhenKind = 255

// Model is what one fault does.
type Model struct {
	Type ModelType

	Stuck      StuckAt    // of StuckModel
	Bits       int        // of MultiBit: how many
	Pattern    Pattern    // of MultiBit
	Interleave int        // of Cluster, see Layout
	Shapes     []Shape    // of Cluster
	Count      int64      // of Several, Zeros, Random: how many bits or elements
	Share      float64    // of Zeros, Random: the part of the elements, where Count is 0
	Spread     Spread     // of Several, Zeros, Random
	Values     ValueRange // of Random
	Rate       float64    // of Accumulate: upsets per bit and frame
	Frames     int64      // of Accumulate: 0 for as many as there are images
}

// ModelType is a kind of fault.
type ModelType string

// The models.
const (
	FlipModel  ModelType = "flip"       // one bit inverted
	StuckModel ModelType = "stuck"      // one bit that keeps its value
	MultiBit   ModelType = "multibit"   // several bits of a word
	Cluster    ModelType = "cluster"    // neighbours in the physical array
	Several    ModelType = "several"    // independent bits at one time
	Accumulate ModelType = "accumulate" // upsets at a rate, over frames
	Zeros      ModelType = "zeros"      // elements that become 0
	Random     ModelType = "random"     // elements that become any value
)

// StuckAt is the values that bits are stuck at.
type StuckAt string

// The values: both make two faults of each bit.
const (
	StuckAt0    StuckAt = "0"
	StuckAt1    StuckAt = "1"
	StuckAtBoth StuckAt = "both"
)

// Pattern says how the bits of a word are chosen.
type Pattern string

// The patterns.
const (
	Adjacent Pattern = "adjacent" // neighbours, of which the drawn bit is the lowest
	Anywhere Pattern = "random"   // any bits of the word
)

// Spread says over what the bits or elements of one fault spread.
type Spread string

// The spreads. Each keeps to the stratum that the fault is drawn from.
const (
	SpreadAny   Spread = "anywhere"
	SpreadStore Spread = "one"  // one memory or tensor, the larger the likelier
	SpreadEvery Spread = "each" // as many in every memory or tensor
)

// ValueRange says which values Random draws from.
type ValueRange string

// The ranges.
const (
	AnyBits ValueRange = "bits" // every pattern of bits
	Unit    ValueRange = "unit" // floats from 0 to below 1
)

// Shape is a cluster of cells that one particle upsets together.
type Shape struct {
	Cells []Cell  // beside the drawn one, which is row 0, column 0; listed where it is hit as well
	Share float64 // of the clusters
}

// Cell is a place in the physical array.
type Cell struct{ Row, Column int }

// Plan says which faults are tried.
type Plan struct {
	Type PlanType

	By         []By    // of Stratified and Sequential: what tells strata apart
	Confidence float64 // of intervals, below 1
	Margin     float64 // of Stratified, see sample.Margin
	T          float64 // of Stratified: the normal quantile; 0 for that of Confidence
	P          []Guess // of Stratified: expected shares, the last that meets a bit counts; 0.5 where none does
	Allocation Allocation
	Width      float64  // of Sequential, see sample.Sequence
	Batch, Max int64    // of Sequential
	N          int64    // of RandomPlan
	Faults     []string // of ListPlan
	File       string   // that they come from, "" where the campaign lists them; see ReadList
	SHA256     string   // of that file
}

// PlanType is a kind of plan.
type PlanType string

// The plans.
const (
	Exhaustive PlanType = "exhaustive"
	Stratified PlanType = "stratified"
	Sequential PlanType = "sequential"
	RandomPlan PlanType = "random"
	ListPlan   PlanType = "list"
)

// By is what strata differ in.
type By string

// What strata may differ in. The bit is that of a number: words of several numbers have several of one bit.
const (
	ByMemory By = "memory"
	ByLayer  By = "layer"
	ByTensor By = "tensor"
	ByKind   By = "kind"
	ByBit    By = "bit"
)

// Allocation says how a stratified sample is dealt out.
type Allocation string

// The allocations. Each gives every stratum the sample that its own margin needs; the others take the
// sample that the whole needs, and share it out.
const (
	Each         Allocation = "each"
	Proportional Allocation = "proportional"
	Neyman       Allocation = "neyman"
	Equal        Allocation = "equal"
	UniformDraw  Allocation = "uniform" // one draw over all bits: strata get what falls into them
)

// Guess is the expected share of faults that count, in a part of the population.
type Guess struct {
	Select Select
	P      float64
}

// Images says which images each fault meets: all, or those of a list, or the first so many.
type Images struct {
	First int64
	List  []int64
}
