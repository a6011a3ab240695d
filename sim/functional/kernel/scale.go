package kernel

import "fmt"

// Constants are those of a requantisation: as in ir/fixed, except that the output is at most 16 bits wide
// and signed, and the accumulator at most 32 bits.
type Constants struct {
	AccBits int     // 1 to 32, to which the accumulator wraps
	Bias    []int64 // per channel; the number of channels
	Mult    []int64 // per channel, 0 to 2^32-1; nil multiplies by 1
	Shift   []int   // per channel, 0 to 63
	Even    bool    // ties go to the even neighbour; otherwise upwards
	Zero    int64   // within 2^30 of 0
	Lo, Hi  int64   // Lo <= Hi, both int16
}

// Scale is Constants laid out for vectors. It does not change and may be shared.
type Scale struct {
	channels int
	wrap     uint64 // 32 - AccBits
	even     bool
	wide     bool // a multiplier does not fit int32, so that only the Go set can do it

	// The value before the clamp is (acc*mult + add) >> shift, where add is bias*mult + half of 2^shift, all
	// modulo 2^64. It is clamped to lo and hi, which are Lo and Hi less Zero, and Zero is added last.
	lo, hi, zero int64

	// Per channel, padded to whole blocks with zeros, or with the same channels again where repeats says so;
	// each block of 16 holds the even channels first.
	mult, add, shift []int64
	sign             []int64 // bit 63 shifted by shift: extends the sign after a logical shift
	tie              []int64 // for Even: the bits that are all 0 on a tie; -1 for shift 0

	near near
}

// NewScale lays out c.
func NewScale(c Constants) *Scale {
	n := len(c.Bias)
	if n == 0 || len(c.Shift) != n || c.Mult != nil && len(c.Mult) != n {
		panic(fmt.Sprintf("BUG: %d biases, %d multipliers, %d shifts", n, len(c.Mult), len(c.Shift)))
	}
	const far = 1 << 30
	if c.AccBits < 1 || c.AccBits > 32 || c.Zero < -far || c.Zero > far || c.Lo < -1<<15 || c.Hi >= 1<<15 || c.Lo > c.Hi {
		panic(fmt.Sprintf("BUG: accumulator of %d bits, zero point %d, clamp %d to %d", c.AccBits, c.Zero, c.Lo, c.Hi))
	}
	s := &Scale{channels: n, wrap: uint64(32 - c.AccBits), even: c.Even, lo: c.Lo - c.Zero, hi: c.Hi - c.Zero, zero: c.Zero}
	padded := (n + Lanes - 1) / Lanes * Lanes
	for _, p := range []*[]int64{&s.mult, &s.add, &s.shift, &s.sign, &s.tie} {
		*p = make([]int64, padded)
	}
	for lane := range padded {
		ch := lane
		if s.repeats() {
			ch = lane % n
		}
		if ch >= n {
			break
		}
		mult, bias, shift := int64(1), c.Bias[ch], c.Shift[ch]
		if c.Mult != nil {
			mult = c.Mult[ch]
		}
		if mult < 0 || mult >= 1<<32 || shift < 0 || shift > 63 {
			panic(fmt.Sprintf("BUG: multiplier %d, shift %d of channel %d", mult, shift, ch))
		}
		s.wide = s.wide || mult >= 1<<31
		i := place(lane)
		s.mult[i], s.add[i], s.shift[i] = mult, bias*mult, int64(shift)
		s.sign[i], s.tie[i] = int64(uint64(1)<<63>>shift), -1
		if shift > 0 {
			s.add[i] += 1 << (shift - 1)
			s.tie[i] = 1<<shift - 1
		}
	}
	s.near = newNear(c, padded, s.repeats())
	return s
}

// place is where the constants of channel c lie: the even channels of each block of 16 go before the odd.
func place(c int) int { return c&^15 | c&1<<3 | c&15>>1 }

// repeats says whether a block holds a whole number of pixels. Then vectors can span pixels that lie without
// gaps.
func (s *Scale) repeats() bool { return Lanes%s.channels == 0 }

// Channels is the number of channels.
func (s *Scale) Channels() int { return s.channels }

// Apply gives the activation of channel c:
//
//	clamp((((wrap(acc, AccBits) + Bias[c])*Mult[c] + half of 2^Shift[c]) >> Shift[c]) + Zero, Lo, Hi)
//
// modulo 2^64 before the shift, where the half is 0 for shift 0 and, with Even, bit 0 of a tie's shifted
// value is cleared.
func (s *Scale) Apply(c int, acc int32) int16 {
	i := place(c)
	t := int64(acc<<s.wrap>>s.wrap)*s.mult[i] + s.add[i]
	y := t >> s.shift[i]
	if s.even && t&s.tie[i] == 0 {
		y &^= 1
	}
	return int16(min(max(y, s.lo), s.hi) + s.zero)
}
