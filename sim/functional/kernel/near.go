package kernel

import "math"

// near is a requantisation in single precision: acc*mult + add, clamped to a quarter beyond the integers that it may
// become, then rounded to the nearest. That is right where the fraction is not closer to a half than the rounding
// errors may be, which is to say where the distance from the nearest integer is at most sure - doubt*|clamped value|.
// Then it does not matter either where ties go.
type near struct {
	fine                bool      // the errors are so small that few results are in doubt
	mult, add           []float32 // per channel, padded as those of Scale but in order
	lo, hi, sure, doubt float32
}

// newNear bounds the error. The accumulator, the multiplier, the addend and the sum are rounded once each, by
// 2^-24 of their magnitude at most. With v the exact value and a the addend the product is at most |v|+|a|, and the
// error at most (4|v|+4|a|)/2^24 to first order; twice that covers higher orders. Where v is clamped the bound holds
// for the clamped value, as the clamp brings both closer to each other.
func newNear(c Constants, padded int, repeats bool) near {
	const slip = 0x1p-21
	n := near{mult: make([]float32, padded), add: make([]float32, padded), lo: float32(c.Lo) - 0.25, hi: float32(c.Hi) + 0.25, doubt: slip}
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
	n.sure = float32(0.5 - most*slip - 0x1p-20)
	n.fine = most*slip < 0x1p-8
	return n
}
