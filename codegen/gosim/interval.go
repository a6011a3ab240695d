package gosim

import (
	"fmt"
	"math/big"

	"rampart/ir/rtl"
)

// interval is a range of integers, both ends included. It tells which Go type holds a value and where
// no wrap is needed.
type interval struct{ lo, hi *big.Int }

var (
	zero = big.NewInt(0)
	one  = big.NewInt(1)
)

func point(v *big.Int) interval { return interval{v, v} }

func bitsInterval(bits int, signed bool) interval {
	if signed {
		half := new(big.Int).Lsh(one, uint(bits-1))
		return interval{new(big.Int).Neg(half), new(big.Int).Sub(half, one)}
	}
	return interval{zero, new(big.Int).Sub(new(big.Int).Lsh(one, uint(bits)), one)}
}

// typeInterval is the interval of a lane of t.
func typeInterval(t rtl.Type) interval { return bitsInterval(t.Bits, t.Signed) }

func (r interval) String() string { return fmt.Sprintf("[%s, %s]", r.lo, r.hi) }

func (r interval) within(s interval) bool { return r.lo.Cmp(s.lo) >= 0 && r.hi.Cmp(s.hi) <= 0 }

func (r interval) single() bool { return r.lo.Cmp(r.hi) == 0 }

func (r interval) union(s interval) interval {
	return interval{least(r.lo, s.lo), greatest(r.hi, s.hi)}
}

func least(a, b *big.Int) *big.Int {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

func greatest(a, b *big.Int) *big.Int {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

// hull is the interval of f over the corners of a and b; exact for functions monotone in each operand.
func hull(a, b interval, f func(x, y *big.Int) *big.Int) interval {
	r := point(f(a.lo, b.lo))
	for _, v := range []*big.Int{f(a.lo, b.hi), f(a.hi, b.lo), f(a.hi, b.hi)} {
		r = r.union(point(v))
	}
	return r
}

func add(x, y *big.Int) *big.Int { return new(big.Int).Add(x, y) }
func sub(x, y *big.Int) *big.Int { return new(big.Int).Sub(x, y) }
func mul(x, y *big.Int) *big.Int { return new(big.Int).Mul(x, y) }

// shiftLimit caps shift amounts: a shift that far leaves nothing of a 64-bit value.
var shiftLimit = big.NewInt(128)

func shl(x, y *big.Int) *big.Int { return new(big.Int).Lsh(x, uint(least(y, shiftLimit).Uint64())) }

// shr is the floor of x / 2^y: big.Int shifts right arithmetically.
func shr(x, y *big.Int) *big.Int { return new(big.Int).Rsh(x, uint(least(y, shiftLimit).Uint64())) }

func bitwise(a, b interval, f func(z, x, y *big.Int) *big.Int) interval {
	if a.single() && b.single() {
		return point(f(new(big.Int), a.lo, b.lo))
	}
	u := a.union(b)
	bits := max(u.lo.BitLen(), u.hi.BitLen()) // of the magnitude; -2^n counts one too many, which is harmless
	if u.lo.Sign() >= 0 {
		return bitsInterval(max(1, bits), false)
	}
	return bitsInterval(bits+1, true)
}

func andInterval(a, b interval) interval {
	r := bitwise(a, b, (*big.Int).And)
	if r.single() {
		return r
	}
	for _, x := range []interval{a, b} {
		if x.lo.Sign() >= 0 { // an and with it clears its sign and can only make it less
			r = interval{zero, least(greatest(r.hi, zero), x.hi)}
		}
	}
	return r
}

// truth is the interval of a comparison that is surely true, surely false, or open.
func truth(yes, no bool) interval {
	switch {
	case yes:
		return point(one)
	case no:
		return point(zero)
	}
	return interval{zero, one}
}

func clampInterval(a, to interval) interval {
	lo := least(greatest(a.lo, to.lo), to.hi)
	hi := greatest(least(a.hi, to.hi), to.lo)
	return interval{lo, hi}
}
