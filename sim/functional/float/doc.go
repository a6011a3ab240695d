// Package float runs float32 networks fast and exactly. In: a graph.Graph, its batch normalisations in place,
// images, patches (changes to bits of parameters or activations). Out: the activations that graph.Run would
// give, and for a patched frame what differs from the golden one. It knows no campaigns: see sim/fault for
// what a fault means here.
//
// Results are those of package graph, bit for bit: a convolution sums in float32 in the order input channel,
// kernel row, kernel column (a transposed one: input channel, input row, kernel column), each product rounded
// before it is added, and leaves out taps in the padding; a batch normalisation is affine in float64. So
// nothing can be computed from a difference: whatever sees a change is summed anew, and the golden run only
// tells where to stop.
//
// NaN is NaN whatever its payload and sign: two of them are no difference, and a patch of an activation that
// is NaN changes the bits of 0x7fc00000. Rectifier and maximum pooling give NaN where they see one, as
// PyTorch does. (ONNX Runtime 1.30 agrees for the rectifier, but not for the pooling: there a number that
// comes after a NaN in the window takes its place.) The class of a pixel is found by comparing each channel
// with the greatest before it, and NaN is greater than nothing: NaN in channel 0 wins, for nothing is greater
// than it, and in any other channel it loses.
package float
