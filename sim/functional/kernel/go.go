package kernel

import "math/bits"

// This file is the set "go", which runs everywhere and says in the fewest words what the kernels do.

func denseGo(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int) {
	checkDense(acc, x, step, offs, w, pixels, blocks)
	for p := range pixels {
		for b := range blocks {
			sum := (*[Lanes]int32)(acc[(p*blocks+b)*Lanes:])
			clear(sum[:])
			for s, off := range offs {
				at := p*step + int(off)
				dot(sum, int32(x[at]), int32(x[at+1]), (*[2 * Lanes]int16)(w[(b*len(offs)+s)*Lanes*2:]))
			}
		}
	}
}

// dot adds x0 and x1, each times its weight, to every lane.
func dot(sum *[Lanes]int32, x0, x1 int32, w *[2 * Lanes]int16) {
	for l := range sum {
		sum[l] += x0*int32(w[2*l]) + x1*int32(w[2*l+1])
	}
}

func scatterGo(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16) {
	checkScatter(acc, base, segs, dx, pairs, pairStep, w)
	if len(dx) == 0 {
		return
	}
	for _, g := range segs {
		sum := acc[base+int(g.Acc):][:g.Lanes]
		for j, d := range dx {
			row := w[int(g.W)+int(pairs[j])*pairStep:][:2*len(sum)]
			d0, d1 := int32(int16(d)), int32(int16(d>>16))
			for l := range sum {
				sum[l] += d0*int32(row[2*l]) + d1*int32(row[2*l+1])
			}
		}
	}
}

func requantiseGo(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
	checkRequantise(y, yStep, acc, delta, accStep, pixels, k)
	for p := range pixels {
		to, from := y[p*yStep:][:k.channels], acc[p*accStep:][:k.channels]
		if delta == nil {
			for c, a := range from {
				to[c] = k.Apply(c, a)
			}
			continue
		}
		by := delta[p*accStep:][:k.channels]
		for c, a := range from {
			to[c] = k.Apply(c, a+by[c])
		}
	}
}

func argMaxGo(mask []uint8, x []int16, step, channels, pixels int) {
	checkArgMax(mask, x, step, channels, pixels)
	for p := range pixels {
		v := x[p*step:][:channels]
		best := 0
		for c, e := range v {
			if e > v[best] {
				best = c
			}
		}
		mask[p] = uint8(best)
	}
}

func diffGo(mask []uint64, a, b []int16) {
	checkDiff(mask, a, b)
	clear(mask[:(len(a)+63)/64])
	for i, e := range a {
		if e != b[i] {
			mask[i/64] |= 1 << (i % 64)
		}
	}
}

func changesGo(from []int32, dx []uint32, at []int32, n int, now, was []int16, step, pairs, pixels int, table []int32) int {
	checkChanges(from, dx, at, n, now, was, step, pairs, pixels, table)
	for p := range pixels {
		from[p] = int32(n)
		a, b, places := now[p*step:][:2*pairs], was[p*step:][:2*pairs], table[p*pairs:][:pairs]
		for j, place := range places {
			d := uint32(uint16(a[2*j]-b[2*j])) | uint32(uint16(a[2*j+1]-b[2*j+1]))<<16
			if d != 0 {
				dx[n], at[n] = d, place
				n++
			}
		}
	}
	from[pixels] = int32(n)
	return n
}

func gatherGo(acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan) {
	checkGather(acc, accStep, from, fromStep, until, rows, f)
	lanes := f.Blocks * Lanes
	for t := range f.Targets(rows) {
		clear(acc[t*accStep:][:lanes])
	}
	for r := range rows {
		for i := from[r*fromStep]; i < from[r*fromStep+until]; i++ {
			d0, d1 := int32(int16(dx[i])), int32(int16(dx[i]>>16))
			for k := range f.Span {
				sum := acc[(r*f.Advance+k)*accStep:][:lanes]
				row := w[shift+int(at[i])+k*f.RowStep:][:2*lanes]
				for l := range sum {
					sum[l] += d0*int32(row[2*l]) + d1*int32(row[2*l+1])
				}
			}
		}
	}
}

func settleGo(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) (changed uint64) {
	checkSettle(y, was, yStep, acc, delta, accStep, todo, k)
	for ; todo != 0; todo &= todo - 1 {
		p := bits.TrailingZeros64(todo)
		for c := range k.channels {
			a := acc[p*accStep+c]
			if delta != nil {
				a += delta[p*accStep+c]
			}
			if v := k.Apply(c, a); v != was[p*yStep+c] {
				y[p*yStep+c] = v
				changed |= 1 << p
			}
		}
	}
	return changed
}
