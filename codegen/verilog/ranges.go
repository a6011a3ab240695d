package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// span is a range of integers, both ends included.
type span struct{ lo, hi *big.Int }

func (s span) holds(v *big.Int) bool { return s.lo.Cmp(v) <= 0 && v.Cmp(s.hi) <= 0 }

// rangeOf is every value that a lane of type t can hold.
func rangeOf(t rtl.Type) span {
	one := big.NewInt(1)
	if t.Signed {
		half := new(big.Int).Lsh(one, uint(t.Bits-1))
		return span{new(big.Int).Neg(half), new(big.Int).Sub(half, one)}
	}
	return span{new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, uint(t.Bits)), one)}
}

// valuesOf is every value that a lane of n can hold, exact for constants.
func valuesOf(n *rtl.Node) span {
	if n.Op != rtl.OpConst {
		return rangeOf(n.Type)
	}
	s := span{}
	for i, v := range n.Imms {
		x := exactValue(n.Type, v)
		if i == 0 || x.Cmp(s.lo) < 0 {
			s.lo = x
		}
		if i == 0 || x.Cmp(s.hi) > 0 {
			s.hi = x
		}
	}
	return s
}

// exactRange bounds the exact result of n before it is wrapped to the type of n.
func exactRange(n *rtl.Node) (lo, hi *big.Int) {
	var a []span
	for _, arg := range n.Args {
		a = append(a, valuesOf(arg))
	}
	switch n.Op {
	case rtl.OpAdd:
		return new(big.Int).Add(a[0].lo, a[1].lo), new(big.Int).Add(a[0].hi, a[1].hi)
	case rtl.OpSub:
		return new(big.Int).Sub(a[0].lo, a[1].hi), new(big.Int).Sub(a[0].hi, a[1].lo)
	case rtl.OpNot:
		return new(big.Int).Not(a[0].hi), new(big.Int).Not(a[0].lo)
	case rtl.OpMux:
		a = a[1:]
	case rtl.OpAnd, rtl.OpOr, rtl.OpXor:
		a = []span{bitwiseRange(n.Args)}
	}
	lo, hi = a[0].lo, a[0].hi
	for _, s := range a[1:] {
		if s.lo.Cmp(lo) < 0 {
			lo = s.lo
		}
		if s.hi.Cmp(hi) > 0 {
			hi = s.hi
		}
	}
	return lo, hi
}

// bitwiseRange is the range of the least type that holds both operands.
func bitwiseRange(args []*rtl.Node) span {
	return rangeOf(common(args[0].Type, args[1].Type))
}

// common is the least type that holds every value of both.
func common(a, b rtl.Type) rtl.Type {
	t := rtl.Type{Lanes: 1, Signed: a.Signed || b.Signed}
	for _, x := range []rtl.Type{a, b} {
		bits := x.Bits
		if t.Signed && !x.Signed {
			bits++
		}
		t.Bits = max(t.Bits, bits)
	}
	return t
}
