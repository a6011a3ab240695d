package rtl

import "fmt"

// Type is the type of a value: Lanes elements of Bits bits each. A scalar has one lane.
// Packed, lane 0 holds the least significant bits.
type Type struct {
	Lanes  int
	Bits   int
	Signed bool
}

// MaxBits is the largest number of bits in one lane.
const MaxBits = 64

// U is the type of an unsigned scalar of the given width in bits.
func U(bits int) Type { return Type{Lanes: 1, Bits: bits} }

// S is the type of a two's-complement scalar of the given width in bits.
func S(bits int) Type { return Type{Lanes: 1, Bits: bits, Signed: true} }

// Vec is t with n lanes.
func (t Type) Vec(n int) Type { t.Lanes = n; return t }

// Elem is the type of one lane of t.
func (t Type) Elem() Type { t.Lanes = 1; return t }

// Width is the packed width in bits.
func (t Type) Width() int { return t.Lanes * t.Bits }

// String writes a type as the text form does: u8, s26, s8x4.
func (t Type) String() string {
	sign := "u"
	if t.Signed {
		sign = "s"
	}
	if t.Lanes == 1 {
		return fmt.Sprintf("%s%d", sign, t.Bits)
	}
	return fmt.Sprintf("%s%dx%d", sign, t.Bits, t.Lanes)
}

// Wrap reduces the exact integer v (given modulo 2^64) to the value that a lane of type t holds:
// the low Bits bits, read as two's complement when t is signed. The result is canonical: an int64
// for every type but u64, whose values at or above 2^63 appear as negative int64.
func (t Type) Wrap(v int64) int64 {
	sh := uint(64 - t.Bits)
	if t.Signed {
		return v << sh >> sh
	}
	return int64(uint64(v) << sh >> sh)
}

// Range gives the least and the greatest value of a lane of t. For u64 the greatest is -1, which is
// how the canonical form writes 2^64-1; callers that order values use Less.
func (t Type) Range() (lo, hi int64) {
	if t.Signed {
		return -1 << (t.Bits - 1), 1<<(t.Bits-1) - 1
	}
	if t.Bits == 64 {
		return 0, -1
	}
	return 0, 1<<t.Bits - 1
}

// Fits tells whether every value of t is a value of u as well (lane for lane).
func (t Type) Fits(u Type) bool {
	switch {
	case t.Signed == u.Signed:
		return t.Bits <= u.Bits
	case t.Signed:
		return false
	default:
		return t.Bits < u.Bits
	}
}

// BitsFor is the number of bits that hold the unsigned value max; at least 1.
func BitsFor(max int) int {
	n := 1
	for max>>n != 0 {
		n++
	}
	return n
}
