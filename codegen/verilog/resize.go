package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// sliceable tells whether bits of e can be named.
func sliceable(e expr) bool {
	switch e.(type) {
	case ref, slice, lane, lit:
		return true
	}
	return false
}

// part is bits lo to lo+w-1 of e, which is sliceable.
func part(e expr, lo, w int) expr {
	if lo == 0 && w == e.width() {
		return e
	}
	switch e := e.(type) {
	case ref:
		return slice{net: e.net, lo: lo, w: w}
	case slice:
		return slice{net: e.net, lo: e.lo + lo, w: w}
	case lane:
		e.off, e.w = e.off+lo, w
		return e
	case lit:
		return lit{w: w, v: wrapBig(new(big.Int).Rsh(e.v, uint(lo)), w)}
	}
	panic("BUG: verilog: part of an expression that has no name")
}

// resize truncates e, or extends it by its sign or by zeros, to w bits. Truncation and sign extension
// need a sliceable e; compute sees to it.
func resize(e expr, signed bool, w int) expr {
	from := e.width()
	switch {
	case w == from:
		return e
	case w < from:
		return part(e, 0, w)
	}
	if x, ok := e.(lit); ok {
		return extendLit(x, signed, w)
	}
	if !signed {
		return concat{[]expr{zero(w - from), e}}
	}
	sign := expr(part(e, from-1, 1))
	if from == 1 {
		return repl{n: w, x: sign}
	}
	if w-from > 1 {
		sign = repl{n: w - from, x: sign}
	}
	return concat{[]expr{sign, e}}
}

func extendLit(x lit, signed bool, w int) expr {
	if !signed || x.v.Bit(x.w-1) == 0 {
		return lit{w: w, v: x.v}
	}
	v := new(big.Int).Sub(x.v, new(big.Int).Lsh(big.NewInt(1), uint(x.w)))
	return lit{w: w, v: wrapBig(v, w), signed: true}
}

func zero(w int) expr { return lit{w: w, v: new(big.Int)} }

func number(w int, v int64) lit { return lit{w: w, v: wrapBig(big.NewInt(v), w)} }

// integer is v at w bits; negative values that fit print as such.
func integer(v *big.Int, w int) lit {
	return lit{w: w, v: wrapBig(v, w), signed: v.Sign() < 0 && w > 1 && rangeOf(rtl.S(w)).holds(v)}
}

// asSigned is e for the rules of signed operators.
func asSigned(e expr) expr {
	if e.isSigned() {
		return e
	}
	if x, ok := e.(lit); ok {
		x.signed = true
		return x
	}
	return cast{signed: true, x: e}
}

// asUnsigned is e for the rules of unsigned operators.
func asUnsigned(e expr) expr {
	if !e.isSigned() {
		return e
	}
	if x, ok := e.(lit); ok {
		x.signed = false
		return x
	}
	return cast{signed: false, x: e}
}
