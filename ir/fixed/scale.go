package fixed

// Apply requantises v, an accumulator plus bias of channel c, to the output's integer; zero is the
// output's zero point. See Scale for the formula.
func (s *Scale) Apply(c int, v, zero int64) int64 {
	if s.Mult != nil {
		v *= s.Mult[c]
	}
	v = s.Rounding.shift(v, s.Shift[c]) + zero
	return min(max(v, s.Lo), s.Hi)
}

// shift is v / 2^k, rounded.
func (r Rounding) shift(v int64, k int) int64 {
	if k == 0 {
		return v
	}
	half := int64(1) << (k - 1)
	y := (v + half) >> k
	if r == HalfEven && v&(half<<1-1) == half {
		y &^= 1
	}
	return y
}

// Wrap reduces v modulo 2^bits to the signed range of that width.
func Wrap(v int64, bits int) int64 {
	k := 64 - bits
	return v << k >> k
}
