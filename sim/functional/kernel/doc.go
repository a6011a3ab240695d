// Package kernel holds the inner loops of the integer engine, in several sets that compute the same to the
// bit: assembly for CPUs that have it, Go for all. In: slices of activations, weights and accumulators with
// strides, see Set. Out: sums, requantised activations, masks. It knows nothing of networks, layers or faults.
//
// Activations are int16 and lie [row][column][channel] with the channels of a pixel padded to an even
// number; weights are int16 in pairs of input channels; accumulators are int32 and wrap. A wider activation
// (16 bits unsigned) is the caller's to shift into int16.
//
// A slice too short for what a call asks of it is a panic before anything is read or written.
package kernel
