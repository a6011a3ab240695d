package plan

import "math/bits"

// The figures in this file are the contract between the schedule and the blocks in hw: how many clock
// edges lie between two events of a stage. hw builds its pipelines from them, and the simulators
// prove both.

// FIFOLatency is from the push of a beat to the first cycle in which it can be popped.
const FIFOLatency = 2

// issueToWindow is from the issue of a step to its window at the matrix-vector unit: address, memory,
// rotation.
const issueToWindow = 3

// TreeStages is the number of register stages inside the adder tree of n products: one behind every
// second level.
func TreeStages(n int) int { return bits.Len(uint(n-1)) / 2 }

// RequantStages is the number of register stages of a requantiser: operand and bias, sum, product
// (if it multiplies), shift, tie correction (if it rounds to even), clamp.
func RequantStages(multiplies, even bool) int {
	n := 4
	if multiplies {
		n++
	}
	if even {
		n++
	}
	return n
}

// clipStages is from a beat to the same within its bounds: the bounds' memory, the bounded beat.
const clipStages = 2

// voteStages is from a pixel's last beat to the first of what is voted.
const voteStages = 1

// Serialise is from a group's results to its first output beat: none where a beat carries them all.
func Serialise(groupBeats int) int {
	if groupBeats == 1 {
		return 0
	}
	return 1
}
