package kernel

import (
	"fmt"
	"strings"
)

// Lanes is the number of accumulators of a block: those of 16 output channels at one pixel. Where a layer
// has fewer channels, a block may as well hold two or four neighbouring pixels, with the union of their
// windows as offsets and weights of 0 where a pixel does not take part.
const Lanes = 16

// Set is one implementation of every kernel. All sets give the same results, bit for bit.
type Set struct {
	Name string

	// Dense overwrites accumulators with sums of products over a run of pixels. For p < pixels, b < blocks,
	// l < Lanes, with S = len(offs):
	//
	//	acc[(p*blocks+b)*Lanes+l] = sum over s < S of x[p*step+offs[s]]*w[i] + x[p*step+offs[s]+1]*w[i+1]
	//	                            with i = ((b*S+s)*Lanes+l)*2
	Dense func(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int)

	// Scatter adds the effect of changed input channels of one pixel to the accumulators that read it.
	// dx[j] holds the two differences, modulo 2^16 each, of channel pair pairs[j], the lower channel in the
	// low half. For all segments g, all j and l < g.Lanes, with i = g.W + pairs[j]*pairStep + 2*l:
	//
	//	acc[base+g.Acc+l] += int16(dx[j])*w[i] + int16(dx[j]>>16)*w[i+1]
	Scatter func(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16)

	// Requantise turns accumulators of a run of pixels into activations, for p < pixels and every channel c
	// of k: y[p*yStep+c] = k.Apply(c, acc[p*accStep+c] + delta[p*accStep+c]). A nil delta adds nothing.
	// Nothing else of y is written. y must not overlap acc or delta.
	Requantise func(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale)

	// ArgMax gives mask[p], for p < pixels, the lowest channel that holds the maximum of
	// x[p*step : p*step+channels]. There are 1 to 256 channels.
	ArgMax func(mask []uint8, x []int16, step, channels, pixels int)

	// Diff sets bit i%64 of mask[i/64] where a[i] and b[i] differ, and clears all other bits of the
	// (len(a)+63)/64 words. a and b are of one length.
	Diff func(mask []uint64, a, b []int16)

	// Changes lists the pairs of channels that differ in a run of pixels, after n entries that are there. For
	// p < pixels in turn from[p] becomes the number of entries so far, and each pair j < pairs for which
	// now[p*step+2*j] or the element behind it differs from was adds one: dx gets both differences, modulo
	// 2^16 each and the lower channel in the low half, at gets table[p*pairs+j]. from[pixels] becomes the
	// number in the end, which is also the result. Up to Lanes elements of dx and of at behind the entries are
	// overwritten: there is room for n+pixels*pairs+Lanes.
	Changes func(from []int32, dx []uint32, at []int32, n int, now, was []int16, step, pairs, pixels int, table []int32) int

	// Gather adds up what entries of Changes make of a strip of accumulators: those of Lanes*f.Blocks lanes, row
	// after row. The entries of row r < rows are from[r*fromStep] <= i < from[r*fromStep+until]. Each adds to the
	// target rows r*f.Advance+k, k < f.Span. The sums overwrite acc: for each target row t and l < Lanes*f.Blocks
	//
	//	acc[t*accStep+l] = sum over those entries of int16(dx[i])*w[j] + int16(dx[i]>>16)*w[j+1]
	//	                   with j = shift + at[i] + k*f.RowStep + 2*l
	//
	// There are (rows-1)*f.Advance+f.Span target rows if rows is not 0, else none. Span is not less than Advance.
	// Entries that lead outside w are the caller's fault and may not be noticed.
	Gather func(acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan)

	// Settle requantises the pixels of todo, bit p for pixel p, and gives the bits of those that are not as they
	// were: y[p*yStep+c] becomes k.Apply(c, acc[p*accStep+c]+delta[p*accStep+c]) where that differs from
	// was[p*yStep+c]. Elsewhere y holds was already. Where a block holds several pixels those outside todo may be
	// settled along with those of todo. A nil delta adds nothing.
	Settle func(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) uint64

	// Sway sums up the changes of a run of pixels, weighted: for p < pixels
	//
	//	s[p] = sum over c < len(by) of |now[p*step+c]-was[p*step+c]|*by[c]
	//
	// The number of channels is even, no weight is negative, no difference is above 32767 and no sum above 2^31-1.
	Sway func(s []int32, now, was []int16, step, pixels int, by []int16)

	// Exceed sets bit p%64 of mask[p/64], for p < len(limit), where the sum of a window of s is above the limit, and
	// clears all other bits of the words that it needs. It tells whether any bit is set. The window of p is
	// s[y*row+x+p] for y < height, x < width, and no sum is above 2^31-1.
	Exceed func(mask []uint64, s []int32, row, height, width int, limit []int32) bool

	// Pack turns the changes of a run of pixels into bytes: for p < pixels, c < channels
	//
	//	to[p*toStep+c] = now[p*step+c] - was[p*step+c] + 128
	//
	// Where a change does not fit, that byte is any and the result is false. Nothing else of to is written.
	Pack func(to []uint8, toStep int, now, was []int16, step, channels, pixels int) bool

	// DenseBytes is Dense with unsigned activations and signed weights of 8 bits, in fours of input channels. The
	// sums begin with start. For p < pixels, b < blocks, l < Lanes, with S = len(offs):
	//
	//	acc[(p*blocks+b)*Lanes+l] = start[b*Lanes+l] + sum over s < S, i < 4 of
	//	                            x[p*step+offs[s]+i]*w[((b*S+s)*Lanes+l)*4+i]
	//
	DenseBytes func(acc []int32, x []uint8, step int, offs []int32, w []int8, start []int32, pixels, blocks int)

	// Bytes says that DenseBytes takes less time than Dense.
	Bytes bool
}

// Fan is how the entries of Gather spread over rows.
type Fan struct{ Span, Advance, Blocks, RowStep int }

// Targets is the number of rows that a number of rows of entries reaches.
func (f Fan) Targets(rows int) int {
	if rows == 0 {
		return 0
	}
	return (rows-1)*f.Advance + f.Span
}

// Segment is a run of neighbouring accumulators that one input pixel reaches, and the weights it reaches
// them by: see Set.Scatter. A 3x3 convolution of stride 1 over accumulators [row][column][channel] has one
// segment for each kernel row, of three pixels' channels.
type Segment struct{ Acc, W, Lanes int32 }

// Sets lists the sets that this machine can run, the fastest first: "avx512", which needs AVX-512 F, BW, DQ, VL
// and VNNI, "avx2", and always "go". GODEBUG=cpu.avx512f=off or cpu.avx2=off hides what a CPU has.
func Sets() []*Set {
	return append(assembly(), &Set{"go", denseGo, scatterGo, requantiseGo, argMaxGo, diffGo, changesGo, gatherGo, settleGo, swayGo, exceedGo, packGo, denseBytesGo, false})
}

// Named finds a set of this machine.
func Named(name string) (*Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no kernel set %q on this machine; it has %s", name, strings.Join(names, ", "))
}
