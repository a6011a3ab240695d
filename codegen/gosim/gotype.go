package gosim

import "math/big"

// gotype is one of Go's fixed-size integer types. Values live in the narrowest one that holds their
// interval; one-bit values live in a uint8, since Go arrays of bool cannot be computed with.
type gotype struct {
	bits   uint
	signed bool
}

func (t gotype) String() string {
	name := map[uint]string{8: "int8", 16: "int16", 32: "int32", 64: "int64"}[t.bits]
	if t.signed {
		return name
	}
	return "u" + name
}

// bytes is the size of a value of t.
func (t gotype) bytes() int { return int(t.bits / 8) }

// all is the interval of the type's values.
func (t gotype) all() interval { return bitsInterval(int(t.bits), t.signed) }

// holding is the narrowest type for the values of r, which lie in [-2^63, 2^64).
func holding(r interval) gotype {
	for _, bits := range []uint{8, 16, 32, 64} {
		if t := (gotype{bits, r.lo.Sign() < 0}); r.within(t.all()) {
			return t
		}
	}
	panic("BUG: gosim: no Go type holds " + r.String())
}

// holdingBoth is the narrowest type that holds the values of both, if there is one.
func holdingBoth(a, b interval) (gotype, bool) {
	u := a.union(b)
	if u.lo.Sign() < 0 && u.hi.BitLen() > 63 {
		return gotype{}, false
	}
	return holding(u), true
}

// wrap reduces v to the value of t with the same low bits.
func (t gotype) wrap(v *big.Int) *big.Int { return wrapBig(v, int(t.bits), t.signed) }

// wrapBig reads the low bits of v as a number of the given width.
func wrapBig(v *big.Int, bits int, signed bool) *big.Int {
	mod := new(big.Int).Lsh(one, uint(bits))
	r := new(big.Int).Mod(v, mod)
	if signed && r.Bit(bits-1) == 1 {
		r.Sub(r, mod)
	}
	return r
}
