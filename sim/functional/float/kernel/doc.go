// Package kernel holds the inner loops of the float engine, in several sets that compute the same: assembly
// for CPUs that have it, Go for all. In: slices of activations and weights with strides, see Set. Out: sums,
// normalised activations, maxima, classes, where two runs differ. It knows nothing of networks or faults.
//
// Activations are float32 in planes, row by row. Every operation rounds as IEEE 754 says, products before
// they are added, subnormal numbers included. Results are the same bit for bit in all sets, but for the
// payload and sign of a NaN, which no kernel looks at: a NaN is the same as any other.
//
// A slice too short for what a call asks of it is a panic before anything is read or written.
package kernel
