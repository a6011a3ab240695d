package kernel

import "math/bits"

func changesAVX512(from []int32, dx []uint32, at []int32, n int, now, was []int16, step, pairs, pixels int, table []int32) int {
	checkChanges(from, dx, at, n, now, was, step, pairs, pixels, table)
	if pixels == 0 || pairs == 0 {
		return changesGo(from, dx, at, n, now, was, step, pairs, pixels, table)
	}
	if per := Lanes / pairs; step == 2*pairs && per > 1 && per*pairs == Lanes && pixels >= per {
		before := &pairsBefore[bits.TrailingZeros(uint(per))]
		whole := pixels &^ (per - 1)
		n = flatChanges512(first(from), first(dx), first(at), n, first(now), first(was), whole/per, per, first(table), before)
		from, now, was, table, pixels = from[whole:], now[whole*step:], was[whole*step:], table[whole*pairs:], pixels-whole
		if pixels == 0 {
			return n
		}
	}
	return changes512(first(from), first(dx), first(at), n, first(now), first(was), 2*step, pairs, pixels, first(table))
}

// pairsBefore has, for 1, 2, 4, 8 and 16 pixels to a vector, the pairs that lie before each pixel.
var pairsBefore = func() (all [5][Lanes]uint32) {
	for i := range all {
		for p := range Lanes {
			all[i][p] = 1<<(p*Lanes>>i) - 1
		}
	}
	return all
}()

type gatherRun func(acc *int32, accStep int, from *int32, fromStep, until, rows int, dx *uint32, at *int32, w *int16, shift, rowStep int)

// The functions for each span and advance, in ascending order of the vectors of a strip: 1, 2, 3, 4 of AVX-512, 2
// and 4 of AVX2.
var (
	gathers512 = [8][3][]gatherRun{
		1: {1: {gather512x1x1x1, gather512x1x1x2, gather512x1x1x3, gather512x1x1x4}},
		2: {1: {gather512x2x1x1, gather512x2x1x2, gather512x2x1x3, gather512x2x1x4}, 2: {gather512x2x2x1, gather512x2x2x2, gather512x2x2x3, gather512x2x2x4}},
		3: {1: {gather512x3x1x1, gather512x3x1x2, gather512x3x1x3, gather512x3x1x4}, 2: {gather512x3x2x1, gather512x3x2x2, gather512x3x2x3, gather512x3x2x4}},
		4: {1: {gather512x4x1x1, gather512x4x1x2, gather512x4x1x3, gather512x4x1x4}, 2: {gather512x4x2x1, gather512x4x2x2, gather512x4x2x3, gather512x4x2x4}},
		5: {1: {gather512x5x1x1, gather512x5x1x2, gather512x5x1x3, gather512x5x1x4}},
		7: {1: {gather512x7x1x1, gather512x7x1x2, gather512x7x1x3}},
	}
	gathers256 = [8][3][]gatherRun{
		1: {1: {gather256x1x1x2, gather256x1x1x4}},
		2: {1: {gather256x2x1x2, gather256x2x1x4}, 2: {gather256x2x2x2, gather256x2x2x4}},
		3: {1: {gather256x3x1x2, gather256x3x1x4}, 2: {gather256x3x2x2, gather256x3x2x4}},
		4: {1: {gather256x4x1x2}, 2: {gather256x4x2x2}},
		5: {1: {gather256x5x1x2}},
		7: {1: {gather256x7x1x2}},
	}
)

func gatherAVX512(acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan) {
	gatherStrips(&gathers512, acc, accStep, from, fromStep, until, rows, dx, at, w, shift, f)
}

func gatherAVX2(acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan) {
	gatherStrips(&gathers256, acc, accStep, from, fromStep, until, rows, dx, at, w, shift, f)
}

// gatherStrips cuts a strip into those that there are functions for, the widest first.
func gatherStrips(shapes *[8][3][]gatherRun, acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan) {
	checkGather(acc, accStep, from, fromStep, until, rows, f)
	var runs []gatherRun
	if f.Span < len(shapes) && f.Advance < len(shapes[0]) {
		runs = shapes[f.Span][f.Advance]
	}
	if len(runs) == 0 {
		gatherGo(acc, accStep, from, fromStep, until, rows, dx, at, w, shift, f)
		return
	}
	for b := 0; b < f.Blocks && rows > 0; {
		n := min(len(runs), f.Blocks-b)
		runs[n-1](first(acc[b*Lanes:]), 4*accStep, first(from), 4*fromStep, 4*until, rows, first(dx), first(at), first(w), 2*(shift+2*b*Lanes), 2*f.RowStep)
		b += n
	}
}
