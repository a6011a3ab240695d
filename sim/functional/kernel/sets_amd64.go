package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./asm .

// assembly lists the sets of the instructions that this CPU has and the operating system saves.
func assembly() []*Set {
	var sets []*Set
	x := &cpu.X86
	avx2 := x.HasAVX && x.HasAVX2
	if avx2 && x.HasBMI2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512VNNI {
		changes := changesGo
		if x.HasAVX512VPOPCNTDQ {
			changes = changesAVX512
		}
		sets = append(sets, &Set{"avx512", denseAVX512, scatterAVX512, requantiseAVX512, argMaxAVX, diffAVX512, changes, gatherAVX512, settleAVX512, swayAVX512, exceedAVX512, packAVX512, denseBytesAVX512, true})
	}
	if avx2 {
		sets = append(sets, &Set{"avx2", denseAVX2, scatterAVX2, requantiseAVX2, argMaxAVX, diffAVX2, changesGo, gatherAVX2, settleAVX2, swayGo, exceedGo, packGo, denseBytesGo, false})
	}
	return sets
}

// first is where v begins. The assembly does not look at the length.
func first[T any](v []T) *T { return unsafe.SliceData(v) }

// A denseTile computes so many tiles of neighbouring pixels; its steps are in bytes and n is not 0.
type denseTile func(acc *int32, accStep int, x *int16, step int, offs *int32, n int, w *int16, tiles int)

// The functions of AVX-512 for one block and for two, of AVX2 for one; number i is for tiles of i+1 pixels.
var (
	oneBlock512 = [...]denseTile{
		dense512x1x1, dense512x2x1, dense512x3x1, dense512x4x1, dense512x5x1, dense512x6x1,
		dense512x7x1, dense512x8x1, dense512x9x1, dense512x10x1, dense512x11x1, dense512x12x1,
	}
	twoBlocks512 = [...]denseTile{
		dense512x1x2, dense512x2x2, dense512x3x2, dense512x4x2, dense512x5x2, dense512x6x2,
		dense512x7x2, dense512x8x2, dense512x9x2, dense512x10x2, dense512x11x2, dense512x12x2,
	}
	oneBlock256 = [...]denseTile{dense256x1, dense256x2, dense256x3, dense256x4, dense256x5, dense256x6}
)

func denseAVX512(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int) {
	checkDense(acc, x, step, offs, w, pixels, blocks)
	b := 0
	for ; b+2 <= blocks; b += 2 {
		denseBlocks(twoBlocks512[:], acc, x, step, offs, w, pixels, b, blocks)
	}
	if b < blocks {
		denseBlocks(oneBlock512[:], acc, x, step, offs, w, pixels, b, blocks)
	}
}

func denseAVX2(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int) {
	checkDense(acc, x, step, offs, w, pixels, blocks)
	for b := range blocks {
		denseBlocks(oneBlock256[:], acc, x, step, offs, w, pixels, b, blocks)
	}
}

// denseBlocks computes the blocks from b that tiles are for.
func denseBlocks(tiles []denseTile, acc []int32, x []int16, step int, offs []int32, w []int16, pixels, b, blocks int) {
	if pixels == 0 {
		return
	}
	if len(offs) == 0 {
		clear(acc[:pixels*blocks*Lanes])
		return
	}
	large, size, small := tiling(pixels, len(tiles))
	run := func(p, size, count int) {
		tiles[size-1](&acc[(p*blocks+b)*Lanes], blocks*Lanes*4, first(x[p*step:]), step*2, first(offs), len(offs), &w[b*len(offs)*Lanes*2], count)
	}
	run(0, size, large)
	if small > 0 {
		run(large*size, size-1, small)
	}
}

func scatterAVX512(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16) {
	checkScatter(acc, base, segs, dx, pairs, pairStep, w)
	if len(segs) > 0 && len(dx) > 0 {
		scatter512(first(acc[base:]), fields(segs), len(segs), first(dx), first(pairs), len(dx), 2*pairStep, first(w))
	}
}

func scatterAVX2(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16) {
	checkScatter(acc, base, segs, dx, pairs, pairStep, w)
	if len(segs) > 0 && len(dx) > 0 {
		scatter256(first(acc[base:]), fields(segs), len(segs), first(dx), first(pairs), len(dx), 2*pairStep, first(w))
	}
}

// fields is how the assembly sees segments.
func fields(segs []Segment) *[3]int32 { return (*[3]int32)(unsafe.Pointer(first(segs))) }

func requantiseAVX512(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
	checkRequantise(y, yStep, acc, delta, accStep, pixels, k)
	f := requantiseUp512
	if k.even {
		f = requantiseEven512
	}
	requantiseVectors(f, Lanes, y, yStep, acc, delta, accStep, pixels, k)
}

func requantiseAVX2(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
	checkRequantise(y, yStep, acc, delta, accStep, pixels, k)
	f := requantiseUp256
	if k.even {
		f = requantiseEven256
	}
	requantiseVectors(f, Lanes/2, y, yStep, acc, delta, accStep, pixels, k)
}

type requantiseRun func(y *int16, yStep int, acc, delta *int32, accStep, pixels int, mult, add, shift, sign, tie *int64, lo, hi, zero int64, wrap uint64, lanes int)

// requantiseVectors calls f for so many channels at a time.
func requantiseVectors(f requantiseRun, lanes int, y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
	if k.wide {
		requantiseGo(y, yStep, acc, delta, accStep, pixels, k)
		return
	}
	run := func(at, channel, pixels, yStep, accStep, lanes int) {
		if pixels == 0 || lanes == 0 {
			return
		}
		i := place(channel)
		var d *int32
		if delta != nil {
			d = &delta[at]
		}
		f(&y[at], 2*yStep, &acc[at], d, 4*accStep, pixels, &k.mult[i], &k.add[i], &k.shift[i], &k.sign[i], &k.tie[i], k.lo, k.hi, k.zero, k.wrap, lanes)
	}
	if lanes%k.channels == 0 && yStep == k.channels && accStep == k.channels {
		n := pixels * k.channels
		run(0, 0, n/lanes, lanes, lanes, lanes)
		run(n/lanes*lanes, 0, 1, 0, 0, n%lanes)
		return
	}
	for c := 0; c < k.channels; c += lanes {
		run(c, c, pixels, yStep, accStep, min(lanes, k.channels-c))
	}
}

func diffAVX512(mask []uint64, a, b []int16) {
	checkDiff(mask, a, b)
	diff512(first(mask), first(a), first(b), len(a))
}

func diffAVX2(mask []uint64, a, b []int16) {
	checkDiff(mask, a, b)
	words := len(a) / 64
	if words > 0 {
		diff256(first(mask), first(a), first(b), words)
	}
	diffGo(mask[words:], a[words*64:], b[words*64:])
}

func argMaxAVX(mask []uint8, x []int16, step, channels, pixels int) {
	checkArgMax(mask, x, step, channels, pixels)
	if channels >= 8 {
		if pixels > 0 {
			argMaxMany(first(mask), first(x), 2*step, pixels, channels)
		}
		return
	}
	var absent [8]uint16
	for c := channels; c < len(absent); c++ {
		absent[c] = 0xffff
	}
	// Eight elements are read of each pixel, so the last few may not be for assembly.
	whole := pixels
	for whole > 0 && (whole-1)*step+len(absent) > len(x) {
		whole--
	}
	if whole > 0 {
		argMax8(first(mask), first(x), 2*step, whole, &absent)
	}
	argMaxGo(mask[whole:], x[min(whole*step, len(x)):], step, channels, pixels-whole)
}
