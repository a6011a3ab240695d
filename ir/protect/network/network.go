// Package network guards the arithmetic of integer networks against upsets. In: a fixed.Net, rules that say
// which layers get which guards, calibration images. Out: another fixed.Net with bounds, checksums and votes in
// it, and a report of what was done and what it costs. What it adds are operators of ir/fixed, so that Verilog
// and HLS C have them alike. It knows nothing of memories, of registers, or of how a stage is built.
//
// Checksums and votes keep every output. Bounds keep those of the images that they were taken from, as far as
// they hold all numbers of these; of other images they may change some.
package network

import "rampart/internal/yamlform"

// Rule gives the layers that its patterns meet guards. Layers are the nodes of the network; a pattern, as in
// internal/pattern, meets the name of the node, or of its stage in a plan. Bounds of what merely moves numbers,
// pools and concatenations, are for patterns that name them in full.
type Rule struct {
	Layers    []string
	Clip      *Clip // nil for none
	Checksum  bool
	Duplicate *Duplicate // nil for none

	at map[string]yamlform.Pos // by key
}

// Clip bounds the numbers that a layer makes by those of the calibration images. Where all channels have the
// same bounds a layer's own clamp is narrowed, which costs nothing; else there is a stage of its own.
type Clip struct {
	Per        Per
	Margin     float64 // by how much of their distance bounds are moved apart on either side
	Percentile float64 // the share of numbers at most the upper bound, and of those at least the lower one; 1 is all
	Above      bool    // upper bounds alone
	Flag       bool    // and an alarm where a number is outside
}

// Per says what has bounds of its own.
type Per string

// What has bounds of its own.
const (
	PerLayer   Per = "layer"
	PerChannel Per = "channel"
)

// Duplicate computes some channels of a convolution several times and lets the results vote.
type Duplicate struct {
	Channels Choice
	Copies   int // in all: 2 or 3
	By       Measure
}

// Choice is which channels: one of the three is set.
type Choice struct {
	Count int
	Share float64
	List  []int
}

// Measure says which channels come first where they are not listed.
type Measure string

// What channels are compared by.
const (
	ByWeight     Measure = "weight"     // the sum of the magnitudes of a channel's weights, times its scale
	ByActivation Measure = "activation" // the mean distance of its numbers from the zero point, over the calibration images
)

// The guards, as reports and messages name them: by their keys.
const (
	clipKey      = "clip"
	checksumKey  = "checksum"
	duplicateKey = "duplicate"
)

// guards lists the guards that the rule gives.
func (r *Rule) guards() (all []string) {
	if r.Clip != nil {
		all = append(all, clipKey)
	}
	if r.Checksum {
		all = append(all, checksumKey)
	}
	if r.Duplicate != nil {
		all = append(all, duplicateKey)
	}
	return all
}
