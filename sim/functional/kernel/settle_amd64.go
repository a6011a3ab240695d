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
	if k.repeats() && yStep == k.channels && accStep == k.channels && k.channels > 1 && k.channels < Lanes {
		pixels := min(len(y), len(was), len(acc))
		if delta != nil {
			pixels = min(pixels, len(delta))
		}
		per := Lanes / k.channels
		if whole := todo & (1<<min(64, pixels/k.channels&^(per-1)) - 1); whole != 0 {
			f := settle512x2
			switch per {
			case 4:
				f = settle512x4
			case 8:
				f = settle512x8
			}
			done, unsure := f(first(y), first(was), 2*yStep, first(acc), first(delta), 4*accStep, whole, k.wrap, Lanes, &n.mult[0], &n.add[0], n.lo, n.hi, n.sure)
			changed |= done
			todo = todo&^whole | unsure
		}
		if todo == 0 {
			return changed
		}
	}
	unsure := uint64(0)
	for c := 0; c < k.channels; c += Lanes {
		done, not := settle512x1(first(y[c:]), first(was[c:]), 2*yStep, first(acc[c:]), part(delta, c), 4*accStep, todo, k.wrap, min(Lanes, k.channels-c), &n.mult[c], &n.add[c], n.lo, n.hi, n.sure)
		changed |= done
		unsure |= not
	}
	return changed | k.settleExactly(y, was, yStep, acc, delta, accStep, unsure)
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
