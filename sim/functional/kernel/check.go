package kernel

import (
	"fmt"
	"math/bits"
)

// The checks panic unless every element that a kernel is to touch lies within its slice. They are all that
// stands between a caller's slip and assembly that reads what is not there, so every set makes them first.

// span is how long a slice must be to hold count runs of size elements that start step apart.
func span(count, step, size int) int {
	if count == 0 {
		return 0
	}
	return (count-1)*step + size
}

// limit keeps sizes so small that no product of two of them overflows.
const limit = 1 << 28

// checkSizes takes sizes or-ed together: that is below the limit where each of them is.
func checkSizes(kernel string, sizes int) {
	if uint(sizes) >= limit {
		panic(fmt.Sprintf("BUG: %s: a size is negative or huge", kernel))
	}
}

func checkLength(kernel, what string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("BUG: %s: %s has %d elements of the %d that are used", kernel, what, have, want))
	}
}

func checkDense(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int) {
	checkSizes("dense", step|pixels|blocks|len(offs))
	checkSizes("dense", pixels*blocks)
	checkLength("dense", "acc", len(acc), pixels*blocks*Lanes)
	checkLength("dense", "w", len(w), blocks*len(offs)*Lanes*2)
	if pixels == 0 || len(offs) == 0 {
		return
	}
	lowest, highest := bounds(offs)
	checkSizes("dense", lowest)
	checkLength("dense", "x", len(x), span(pixels, step, highest+2))
}

func bounds(v []int32) (lowest, highest int) {
	lo, hi := v[0], v[0]
	for _, e := range v {
		lo, hi = min(lo, e), max(hi, e)
	}
	return int(lo), int(hi)
}

// checkScatter looks at sizes in ways that cost little: it is called for every changed pixel.
func checkScatter(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16) {
	checkLength("scatter", "pairs", len(pairs), len(dx))
	if len(dx) == 0 || len(segs) == 0 {
		return
	}
	lowest, highest := bounds(pairs[:len(dx)])
	accEnd, wEnd, signs := 0, 0, lowest|base|pairStep
	for _, g := range segs {
		accEnd, wEnd = max(accEnd, int(g.Acc)+int(g.Lanes)), max(wEnd, int(g.W)+2*int(g.Lanes))
		signs |= int(g.Acc | g.W | g.Lanes)
	}
	if signs < 0 || base >= limit || pairStep >= limit {
		panic(fmt.Sprintf("BUG: scatter: base %d, segments %v, pairs %v of step %d", base, segs, pairs, pairStep))
	}
	checkLength("scatter", "acc", len(acc), base+accEnd)
	checkLength("scatter", "w", len(w), highest*pairStep+wEnd)
}

func checkRequantise(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
	checkSizes("requantise", yStep|accStep|pixels)
	checkLength("requantise", "y", len(y), span(pixels, yStep, k.channels))
	checkLength("requantise", "acc", len(acc), span(pixels, accStep, k.channels))
	if delta != nil {
		checkLength("requantise", "delta", len(delta), span(pixels, accStep, k.channels))
	}
}

func checkArgMax(mask []uint8, x []int16, step, channels, pixels int) {
	checkSizes("argmax", step|pixels|(channels-1)|(256-channels))
	checkLength("argmax", "mask", len(mask), pixels)
	checkLength("argmax", "x", len(x), span(pixels, step, channels))
}

func checkDiff(mask []uint64, a, b []int16) {
	if len(a) != len(b) {
		panic(fmt.Sprintf("BUG: diff of %d and %d elements", len(a), len(b)))
	}
	checkLength("diff", "mask", len(mask), (len(a)+63)/64)
}

func checkChanges(from []int32, dx []uint32, at []int32, n int, now, was []int16, step, pairs, pixels int, table []int32) {
	checkSizes("changes", n|step|pairs|pixels)
	checkSizes("changes", pixels*pairs)
	checkLength("changes", "from", len(from), pixels+1)
	checkLength("changes", "dx", len(dx), n+pixels*pairs+Lanes)
	checkLength("changes", "at", len(at), n+pixels*pairs+Lanes)
	checkLength("changes", "now", len(now), span(pixels, step, 2*pairs))
	checkLength("changes", "was", len(was), span(pixels, step, 2*pairs))
	checkLength("changes", "table", len(table), pixels*pairs)
}

func checkGather(acc []int32, accStep int, from []int32, fromStep, until, rows int, f Fan) {
	checkSizes("gather", accStep|fromStep|until|rows|f.Blocks|f.RowStep|(f.Advance-1)|(f.Span-f.Advance))
	checkSizes("gather", f.Targets(rows))
	checkLength("gather", "acc", len(acc), span(f.Targets(rows), accStep, f.Blocks*Lanes))
	checkLength("gather", "from", len(from), span(rows, fromStep, until+1))
}

func checkSettle(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) {
	checkSizes("settle", yStep|accStep)
	pixels := bits.Len64(todo)
	checkLength("settle", "y", len(y), span(pixels, yStep, k.channels))
	checkLength("settle", "was", len(was), span(pixels, yStep, k.channels))
	checkLength("settle", "acc", len(acc), span(pixels, accStep, k.channels))
	if delta != nil {
		checkLength("settle", "delta", len(delta), span(pixels, accStep, k.channels))
	}
}

func checkSway(s []int32, now, was []int16, step, pixels int, by []int16) {
	checkSizes("sway", step|pixels)
	if len(by)%2 != 0 {
		panic("BUG: sway: an odd number of channels")
	}
	checkLength("sway", "s", len(s), pixels)
	checkLength("sway", "now", len(now), span(pixels, step, len(by)))
	checkLength("sway", "was", len(was), span(pixels, step, len(by)))
}

func checkExceed(mask []uint64, s []int32, row, height, width int, limit []int32) {
	checkSizes("exceed", row|height|width)
	checkLength("exceed", "mask", len(mask), (len(limit)+63)/64)
	if len(limit) > 0 && height > 0 && width > 0 {
		checkLength("exceed", "s", len(s), span(height, row, len(limit)+width-1))
	}
}

func checkPack(to []uint8, toStep int, now, was []int16, step, channels, pixels int) {
	checkSizes("pack", toStep|step|channels|pixels)
	checkLength("pack", "to", len(to), span(pixels, toStep, channels))
	checkLength("pack", "now", len(now), span(pixels, step, channels))
	checkLength("pack", "was", len(was), span(pixels, step, channels))
}

func checkDenseBytes(acc []int32, x []uint8, step int, offs []int32, w []int8, start []int32, pixels, blocks int) {
	checkSizes("dense bytes", step|pixels|blocks|len(offs))
	checkSizes("dense bytes", pixels*blocks)
	checkLength("dense bytes", "acc", len(acc), pixels*blocks*Lanes)
	checkLength("dense bytes", "start", len(start), blocks*Lanes)
	checkLength("dense bytes", "w", len(w), blocks*len(offs)*Lanes*4)
	if pixels == 0 || len(offs) == 0 {
		return
	}
	lowest, highest := bounds(offs)
	checkSizes("dense bytes", lowest)
	checkLength("dense bytes", "x", len(x), span(pixels, step, highest+4))
}
