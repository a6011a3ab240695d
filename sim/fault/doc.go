// Package fault says what can go wrong, and which of it a campaign tries. In: a design with its memory map, an
// integer network or a float one; a campaign's description. Out: the population of bits, faults with texts
// that replay anywhere, and the numbers and batches in which they are tried. It runs nothing: engines
// translate a fault, and package result keeps what it did.
//
// # Campaigns
//
// A campaign is a YAML file. What is in brackets may be left out; * marks what then holds.
//
//	name: TEXT
//	[seed: N]                       1 *; all that is drawn follows from it
//	space: hardware                 the bits of memories and registers
//	     | parameters               the bits of a network's numbers, struck before the run
//	     | activations              the bits of every node's output, struck in every image
//	[format: fixed | fp32]          the integer network *, or the float one with normalisations as trained
//	[select: ...]                   what may be struck: see below; everything *
//	[model: ...]                    what one fault does: flip *
//	[when: ...]                     hardware: uniform * over the run's cycles, start (before the run: memories that
//	                                nothing writes), {cycle: N}, {frame: N} (uniform over the cycles of an image);
//	                                else: always *, {frame: N} (a parameter from that image on, an
//	                                activation in it alone)
//	plan: ...                       which faults are tried
//	[images: all | N | [N, ...]]    that each fault meets: all *, the first N, or those
//	[critical: {miou_drop: X, class_iou: X, share: X, worst_share: X}]
//	                                from where on a changed mask is critical rather than tolerable: see
//	                                result.Thresholds; what is left out does not apply
//	[cross_check: N]                how many faults of hardware to replay on a cycle engine; 0 *
//
// Shares may be written as 0.05 or 5%.
//
// # Select
//
//	memories, layers, kinds, tensors: PATTERN or [PATTERN, ...]   * any characters, ? any one, !PATTERN not
//	bits: N, FROM-TO or a list      of a number, 0 the least significant
//	element: N                      one element of each tensor; {tf: [H, W, IN, OUT]}, {tflite: [OUT, H, W, IN]}
//	number: N                       one tensor of those that training made, counted in the network's order
//
// Kinds of hardware are weights, bias, requant, line, fifo, skip and register; of parameters weight, bias,
// mult, shift, gamma, beta, mean and var; of activations the operators. All that is given must be met.
//
// # Models
//
//	flip                                                one bit inverted
//	{type: stuck, value: 0 | 1 | both *}                one bit that keeps its value
//	{type: multibit, bits: K, pattern: adjacent * | random}          K bits of a word
//	{type: cluster, interleave: K, shapes: [{cells: 1x2, share: 70%}, {cells: [[0,0], [1,1]], share: 30%}]}
//	                                                    neighbours in the array of a memory: see Layout
//	{type: several, count: K, spread: anywhere * | one | each}       independent bits at one time; each: K in
//	                                                    every memory or tensor, or all where there are fewer
//	{type: accumulate, rate: X, frames: K}              upsets per bit and image, over the first K images (all *):
//	                                                    their number is Poisson's, places and times are drawn
//	{type: zeros, count: K | share: X, spread: one * | each}         elements of tensors that become 0
//	{type: random, count: K | share: X, spread: ..., values: bits * | unit}    that become any value
//
// # Plans
//
//	exhaustive                      every fault
//	{random: N}                     N faults, each as likely, none twice
//	{stratified: {by: [...], margin: X, confidence: X, t: X, p: ..., allocation: ...}}
//	{sequential: {by: [...], width: X, confidence: X, batch: N, max: N}}
//	{list: [FAULT, ...]}            those; or {list: {file: NAME}} with a fault on each line
//
// Strata differ in memory, layer, tensor, kind or bit, or several of these; without by there is one. A
// stratified sample has the size of sample.Margin at an expected share p (0.5 *; or a list such as [{bits: 0-3,
// p: 1%}]) in each stratum, allocation each *; or that size for the whole, dealt out as proportional,
// neyman (by p, see sample.Neyman), equal, or uniform (one draw). Confidence is 0.95 *; t, the normal quantile that goes with it, can be
// given as studies round it. A sequential one draws batch (100 *) faults of each stratum and half as many
// again until the interval is no longer than width: see sample.Sequence.
//
// Read takes configurations of TensorFI2 as well, see tensorfi.go.
package fault
