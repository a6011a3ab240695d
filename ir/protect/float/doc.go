// Package float makes a float network stand upsets better at no cost at run time. In: a network, batch
// normalisations as nodes or folded, and a list of passes. Out: the network with other numbers in it, and a
// report of each pass: what it touched, how far, what it left out and why. It must not know integers, hardware
// and faults; what a pass is worth is for campaigns to tell.
//
// A pass stands in the file of its name, by which policies call it:
//
//	mantissa               values near a power of two move to where no flip of an exponent bit is as bad
//	equalise               channels are scaled so that no layer's weights are far larger than the next one's
//	absorb_bias            high biases move through a rectifier into the next layer
//	recondition_batchnorm  normalisations get other numbers of the same effect
//	prune                  small weights become zero, or the channels of the least weight go
//
// Passes run in the order of the policy; Orders says which order would undo a pass, and Read refuses it.
package float
