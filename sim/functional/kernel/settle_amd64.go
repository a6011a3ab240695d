package kernel

import "math/bits"

func settleAVX512(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) (changed uint64) {
	checkSettle(y, was, yStep, acc, delta, accStep, todo, k)
	if k.wide {
		return settleGo(y, was, yStep, acc, delta, accStep, todo, k)
	}
	if todo == 0 {
		return 0
	}
	if !k.near.fine {
		return k.settleExactly(y, was, yStep, acc, delta, accStep, todo)
	}
	n := &k.near
	if f := settlePixels(k.channels, yStep); f != nil && accStep == k.channels {
		per := Lanes / k.channels
		if whole := todo & (1<<min(64, complete(y, was, yStep, acc, delta, k.channels)&^(per-1)) - 1); whole != 0 {
			done, unsure := f(first(y), first(was), 2*yStep, first(acc), first(delta), 4*accStep, whole, k.wrap, Lanes, &n.mult[0], &n.add[0], n.lo, n.hi, n.sure, n.doubt)
			changed |= done
			todo = todo&^whole | unsure
		}
		if todo == 0 {
			return changed
		}
	}
	unsure := uint64(0)
	for c := 0; c < k.channels; c += Lanes {
		done, not := settle512x1(first(y[c:]), first(was[c:]), 2*yStep, first(acc[c:]), part(delta, c), 4*accStep, todo, k.wrap, min(Lanes, k.channels-c), &n.mult[c], &n.add[c], n.lo, n.hi, n.sure, n.doubt)
		changed |= done
		unsure |= not
	}
	return changed | k.settleExactly(y, was, yStep, acc, delta, accStep, unsure)
}

type settleRun func(y, was *int16, yStep int, acc, delta *int32, accStep int, todo uint64, wrap uint64, lanes int, mult, add *float32, lo, hi, sure, doubt float32) (changed, unsure uint64)

// settlePixels is the function that takes several pixels at a time, if there is one for so many channels.
func settlePixels(channels, yStep int) settleRun {
	switch {
	case channels == 8 && yStep > 8:
		return settle512x2apart
	case yStep != channels:
		return nil
	}
	switch channels {
	case 8:
		return settle512x2
	case 4:
		return settle512x4
	case 2:
		return settle512x8
	}
	return nil
}

// complete is the number of pixels that lie in all slices.
func complete(y, was []int16, yStep int, acc, delta []int32, channels int) int {
	n := min((min(len(y), len(was))-channels)/yStep+1, len(acc)/channels)
	if delta != nil {
		n = min(n, len(delta)/channels)
	}
	return n
}

// settleExactly is for what single precision cannot tell.
func (k *Scale) settleExactly(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64) (changed uint64) {
	if todo == 0 {
		return 0
	}
	f := settleUp512
	if k.even {
		f = settleEven512
	}
	for c := 0; c < k.channels; c += Lanes {
		i := place(c)
		changed |= f(first(y[c:]), first(was[c:]), 2*yStep, first(acc[c:]), part(delta, c), 4*accStep, todo, k.wrap, min(Lanes, k.channels-c),
			&k.mult[i], &k.add[i], &k.shift[i], &k.tie[i], k.lo, k.hi, k.zero)
	}
	return changed
}

// part is where v[from:] begins, nil for nil.
func part(v []int32, from int) *int32 {
	if v == nil {
		return nil
	}
	return &v[from]
}

// settleAVX2 requantises runs of pixels and looks at them after.
func settleAVX2(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) (changed uint64) {
	checkSettle(y, was, yStep, acc, delta, accStep, todo, k)
	for todo != 0 {
		p := bits.TrailingZeros64(todo)
		run := bits.TrailingZeros64(^(todo >> p))
		var by []int32
		if delta != nil {
			by = delta[p*accStep:]
		}
		requantiseAVX2(y[p*yStep:], yStep, acc[p*accStep:], by, accStep, run, k)
		for q := p; q < p+run; q++ {
			before := was[q*yStep:][:k.channels]
			for c, v := range y[q*yStep:][:k.channels] {
				if v != before[c] {
					changed |= 1 << q
					break
				}
			}
		}
		todo &^= (1<<run - 1) << p
	}
	return changed
}
