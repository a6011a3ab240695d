// Package code has error-detecting and error-correcting codes over the bits of memory words. In: the width of a
// word, how it is cut into code words, and words or flips of their bits. Out: check bits, corrected words, what was
// seen, and the parity-check matrices that hardware is made of. It must not know what a memory is, nor how hardware
// is described: all here is arithmetic on bits.
//
// All codes are linear and systematic: data bits stay as they are, check bits follow. The syndrome of a stored word
// is the xor of the columns of its bits that are 1; it is zero for what was encoded, and depends on nothing but the
// flips since then. So does all that a decoder does to a struck word, which Layout.Judge tells without the word.
//
// Check bits for a number of data bits (as Codes gives them):
//
//	data bits    8  16  32  64 128 256
//	Parity       1   1   1   1   1   1
//	SECDED       5   6   7   8   9  10
//	DAEC         7   8   9  10  12  14
//
// A bit string is a []uint64 in which bit i is bit i%64 of element i/64; it has as many elements as it needs, and
// bits past its length are zero in what this package returns, and ignored in what it is given.
//
// Where to look:
//
//	code.go             a code: its matrix, what a syndrome means, the check of what it promises
//	hsiao.go, daec.go   the matrices
//	layout.go           how a stored word is made of code words
//	decode.go           encoding, decoding, and what becomes of flips
//	inplace.go          check bits in the spare bits of small weights
package code
