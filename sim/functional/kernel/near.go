package kernel

import "math"

// near is a requantisation in single precision: acc*mult + add to the nearest integer, clamped to lo and hi. It
// is right where the fraction is not closer to a half than the rounding errors may be, which is to say where the
// distance from the nearest integer is not above sure. Then it does not matter either where ties go.
type near struct {
	fine         bool      // the errors are so small that few results are in doubt
	mult, add    []float32 // per channel, padded as those of Scale but in order
	lo, hi, sure float32
}

// newNear bounds the error. The accumulator, the multiplier, the addend and the sum are rounded once each, by
// 2^-24 of their magnitude at most. With v the exact value and a the addend the product is at most |v|+|a|, and the
// error at most (4|v|+4|a|)/2^24 to first order. It counts for values within the clamp or one step outside it, for
// others lie so far from the last half that they clamp as they should. Twice the bound covers higher orders.
func newNear(c Constants, padded int, repeats bool) near {
	n := near{mult: make([]float32, padded), add: make([]float32, padded), lo: float32(c.Lo), hi: float32(c.Hi)}
	most := 0.0
	for lane := range padded {
		ch := lane
		if repeats {
			ch %= len(c.Bias)
		}
		if ch >= len(c.Bias) {
			break
		}
		mult := 1.0
		if c.Mult != nil {
			mult = float64(c.Mult[ch])
		}
		mult = math.Ldexp(mult, -c.Shift[ch])
		add := float64(c.Bias[ch])*mult + float64(c.Zero)
		n.mult[lane], n.add[lane] = float32(mult), float32(add)
		most = max(most, math.Abs(add))
	}
	reach := float64(max(c.Hi, -c.Hi, c.Lo, -c.Lo)) + 2
	doubt := (reach + most) * 0x1p-21
	n.sure = float32(0.5 - doubt)
	n.fine = doubt < 0x1p-8
	return n
}
