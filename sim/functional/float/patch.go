package float

import (
	"fmt"
	"math"
)

// Tensor says which numbers of a node a Patch changes.
type Tensor uint8

// The tensors. Index counts as the comments say.
const (
	Weight Tensor = iota // Conv and ConvTranspose, in the operator's order
	Bias                 // Conv and ConvTranspose, the channel
	Gamma                // BatchNorm, the channel
	Beta                 // BatchNorm, the channel
	Mean                 // BatchNorm, the channel
	Var                  // BatchNorm, the channel
	Output               // the node's output, or a network input, [channel][row][column], as every reader sees it
)

// String names the tensor.
func (t Tensor) String() string {
	names := [...]string{"weight", "bias", "gamma", "beta", "mean", "var", "output"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("tensor %d", t)
}

// Change is what happens to the 32 bits of a number: new = ((old | Set) &^ Clear) ^ Flip. Bit 31 is the sign,
// 30 to 23 the exponent.
type Change struct{ Flip, Set, Clear uint32 }

// FlipBit inverts one bit, 0 to 31.
func FlipBit(bit int) Change { return Change{Flip: 1 << bit} }

// Replace makes the number v, whatever it was.
func Replace(v float32) Change { return Change{Clear: math.MaxUint32, Flip: math.Float32bits(v)} }

// Apply changes a number.
func (c Change) Apply(v float32) float32 {
	return math.Float32frombits((math.Float32bits(v)|c.Set)&^c.Clear ^ c.Flip)
}

// Patch is one change to the computation of one frame. It meets the number that is there: a parameter as the
// model has it, an activation golden or already hurt by another patch upstream. The patches of one place take
// effect in their order in the list.
type Patch struct {
	Node   int // index into Graph.Nodes; -1-i is network input i, with Output alone
	Tensor Tensor
	Index  int
	Change Change
}
