// Package functional runs integer networks fast and exactly. In: a fixed.Net, images, patches (changes to
// weights, constants or activations). Out: the activations that fixed.Eval would give, and for a patched
// frame what differs from the golden one, found by following the difference alone. It knows no memories, no
// cycles and no campaigns: see sim/fault for what a fault means here.
//
// An Engine is a network with its weights packed for the kernels; a Worker runs frames on it. A worker keeps each
// activation twice, golden and as it is now, the sums of each convolution, and for each value the marks of pixels
// where the two may differ. Strike visits the nodes whose inputs have marks, in order. A convolution
//
//   - changes the sums of a struck weight's channel by what the weight changed times its inputs (conv_patch.go);
//   - finds what changed inputs add to the sums that read them: pair of channels by pair, by strips of sums in
//     registers (gather.go), pixel by pixel where there are few (scatter.go), or where many pixels changed output by
//     output, by products of eight bits with the changes alone (bytes.go); sums are computed anew where none of
//     these suits;
//   - requantises the sums that were reached and marks the pixels that then differ (settle.go).
//
// An engine may observe some outputs alone (observe.go). Where that is the mask, scores are not followed everywhere: a
// pixel whose winner leads by more than the changes ahead of the last two convolutions can possibly move scores apart
// keeps its class. tail.go has the bound and its proof, verdict.go applies it.
//
// All that is in integers, and sums wrap, so that the result is that of computing everything anew. What the
// kernels cannot hold (accumulators above 32 bits that are not proved to need fewer, borders out of proportion)
// and patches that meet each other in one product are computed output by output in 64 bits (conv_exact.go).
package functional
