package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// laneRanges bounds one exact lane by the operands' lanes; sources can have any value of their type.
var laneRanges = map[rtl.Op]func(n *rtl.Node, a []span) span{
	rtl.OpAdd: func(_ *rtl.Node, a []span) span { return addSpans(a[0], a[1]) },
	rtl.OpSub: func(n *rtl.Node, a []span) span {
		if n.Args[0] == n.Args[1] {
			return point(new(big.Int))
		}
		return span{new(big.Int).Sub(a[0].lo, a[1].hi), new(big.Int).Sub(a[0].hi, a[1].lo)}
	},
	rtl.OpMul: mulRange,
	rtl.OpNot: func(_ *rtl.Node, a []span) span {
		return span{new(big.Int).Not(a[0].hi), new(big.Int).Not(a[0].lo)}
	},
	rtl.OpAnd:  bitwiseRange((*big.Int).And),
	rtl.OpOr:   bitwiseRange((*big.Int).Or),
	rtl.OpXor:  bitwiseRange((*big.Int).Xor),
	rtl.OpShl:  shlRange,
	rtl.OpShr:  shrRange,
	rtl.OpEq:   eqRange,
	rtl.OpLt:   ltRange,
	rtl.OpMin:  func(_ *rtl.Node, a []span) span { return span{lesser(a[0].lo, a[1].lo), lesser(a[0].hi, a[1].hi)} },
	rtl.OpMax:  func(_ *rtl.Node, a []span) span { return span{greater(a[0].lo, a[1].lo), greater(a[0].hi, a[1].hi)} },
	rtl.OpMux:  muxRange,
	rtl.OpCast: func(_ *rtl.Node, a []span) span { return a[0] },
	rtl.OpSat: func(n *rtl.Node, a []span) span {
		t := rangeOf(n.Type)
		return a[0].above(t.lo).below(t.hi)
	},
}

// vectorRanges bounds the lanes of operations that move lanes or mix them.
var vectorRanges = map[rtl.Op]func(r ranges, n *rtl.Node) []span{
	rtl.OpConst: func(_ ranges, n *rtl.Node) []span {
		var out []span
		for _, v := range n.Imms {
			out = append(out, point(exactValue(n.Type, v)))
		}
		return out
	},
	rtl.OpSum: func(r ranges, n *rtl.Node) []span {
		total := point(new(big.Int))
		for i := range n.Args[0].Type.Lanes {
			total = addSpans(total, r.lane(n.Args[0], i))
		}
		return []span{total}
	},
	rtl.OpParity: parityRange,
	rtl.OpStretch: func(r ranges, n *rtl.Node) []span {
		var out []span
		for i := range n.Type.Lanes {
			out = append(out, r.lane(n.Args[0], i/int(n.Imms[0])))
		}
		return out
	},
	rtl.OpLanes: func(r ranges, n *rtl.Node) []span { return r[n.Args[0].ID].wrapped[n.Imms[0]:][:n.Type.Lanes] },
	rtl.OpJoin: func(r ranges, n *rtl.Node) []span {
		var out []span
		for _, a := range n.Args {
			out = append(out, r[a.ID].wrapped...)
		}
		return out
	},
	rtl.OpSelect:  selectRange,
	rtl.OpBitcast: movedRange,
	rtl.OpSlice:   movedRange,
	rtl.OpPack:    movedRange,
}

func addSpans(a, b span) span {
	return span{new(big.Int).Add(a.lo, b.lo), new(big.Int).Add(a.hi, b.hi)}
}

func mulRange(_ *rtl.Node, a []span) span {
	var all []span
	for _, x := range []*big.Int{a[0].lo, a[0].hi} {
		for _, y := range []*big.Int{a[1].lo, a[1].hi} {
			all = append(all, point(new(big.Int).Mul(x, y)))
		}
	}
	return unionOf(all)
}

// bitwiseRange is exact for single values; else the least type that holds both operands bounds the
// result, and of unsigned operands an and is no more than either, an or no less.
func bitwiseRange(f func(z, x, y *big.Int) *big.Int) func(n *rtl.Node, a []span) span {
	return func(n *rtl.Node, a []span) span {
		if a[0].isPoint() && a[1].isPoint() {
			return point(f(new(big.Int), a[0].lo, a[1].lo))
		}
		if n.Op == rtl.OpXor && n.Args[0] == n.Args[1] {
			return point(new(big.Int))
		}
		s := rangeOf(common(n.Args[0].Type, n.Args[1].Type))
		if s.lo.Sign() < 0 {
			return s
		}
		switch n.Op {
		case rtl.OpAnd:
			s.hi = lesser(a[0].hi, a[1].hi)
		case rtl.OpOr:
			s.lo = greater(a[0].lo, a[1].lo)
		}
		return s
	}
}

// absorbed is the value of n where one operand alone decides all bits that n keeps: an and or a product
// with zeros, zeros shifted left, all bits shifted out, an or with ones, the low bit of twice a value. Else nil.
func absorbed(n *rtl.Node, a []span) *big.Int {
	zeros, ones := new(big.Int), big.NewInt(-1)
	for i, s := range a {
		if !s.isPoint() {
			continue
		}
		empty := wrapBig(s.lo, n.Type.Bits).Sign() == 0
		switch {
		case empty && (n.Op == rtl.OpAnd || n.Op == rtl.OpMul || n.Op == rtl.OpShl && i == 0):
			return zeros
		case n.Op == rtl.OpOr && wrapBig(s.lo, n.Type.Bits).Cmp(wrapBig(ones, n.Type.Bits)) == 0:
			return ones
		}
	}
	switch {
	case n.Op == rtl.OpAdd && n.Type.Bits == 1 && n.Args[0] == n.Args[1]:
		return zeros
	case n.Op == rtl.OpShl && a[1].lo.Cmp(big.NewInt(int64(n.Type.Bits))) >= 0:
		return zeros
	}
	return nil
}

const farShift = 2 * rtl.MaxBits // as good as any greater

// shiftBounds are the least and the greatest amount, cut off at farShift.
func shiftBounds(by span) (lo, hi uint) {
	far := big.NewInt(farShift)
	return uint(lesser(by.lo, far).Int64()), uint(lesser(by.hi, far).Int64())
}

func shlRange(_ *rtl.Node, a []span) span {
	lo, hi := shiftBounds(a[1])
	s := span{new(big.Int).Lsh(a[0].lo, lo), new(big.Int).Lsh(a[0].hi, lo)}
	return s.union(span{new(big.Int).Lsh(a[0].lo, hi), new(big.Int).Lsh(a[0].hi, hi)})
}

func shrRange(_ *rtl.Node, a []span) span {
	lo, hi := shiftBounds(a[1])
	s := span{new(big.Int).Rsh(a[0].lo, lo), new(big.Int).Rsh(a[0].hi, lo)}
	return s.union(span{new(big.Int).Rsh(a[0].lo, hi), new(big.Int).Rsh(a[0].hi, hi)})
}

func truthRange(yes, no bool) span {
	switch {
	case yes:
		return point(big.NewInt(1))
	case no:
		return point(new(big.Int))
	}
	return span{new(big.Int), big.NewInt(1)}
}

func eqRange(n *rtl.Node, a []span) span {
	same := n.Args[0] == n.Args[1] || a[0].isPoint() && a[1].isPoint() && a[0].lo.Cmp(a[1].lo) == 0
	return truthRange(same, disjoint(a[0], a[1]))
}

func ltRange(n *rtl.Node, a []span) span {
	return truthRange(a[0].hi.Cmp(a[1].lo) < 0, n.Args[0] == n.Args[1] || a[0].lo.Cmp(a[1].hi) >= 0)
}

func muxRange(_ *rtl.Node, a []span) span {
	switch {
	case a[0].lo.Sign() > 0:
		return a[1]
	case a[0].hi.Sign() == 0:
		return a[2]
	}
	return a[1].union(a[2])
}

// selectRange knows the group only where the index is constant.
func selectRange(r ranges, n *rtl.Node) []span {
	from, by := n.Args[0], r.of(n.Args[1])
	groups := big.NewInt(int64(from.Type.Lanes / n.Type.Lanes))
	out := make([]span, n.Type.Lanes)
	for i := range out {
		switch {
		case by.lo.Cmp(groups) >= 0:
			out[i] = point(new(big.Int))
		case by.isPoint():
			out[i] = r.lane(from, int(by.lo.Int64())*n.Type.Lanes+i)
		default:
			out[i] = r.of(from).union(point(new(big.Int)))
		}
	}
	return out
}

// movedRange knows the bits where all operands are constant.
func movedRange(r ranges, n *rtl.Node) []span {
	all, at := new(big.Int), uint(0)
	for _, a := range n.Args {
		values := r.constant(a)
		if values == nil {
			return anyOf(n)
		}
		all.Or(all, new(big.Int).Lsh(packBig(a.Type.Bits, values), at))
		at += uint(a.Type.Width())
	}
	if n.Op == rtl.OpSlice {
		all.Rsh(all, uint(n.Imms[0]))
	}
	out := make([]span, n.Type.Lanes)
	for i := range out {
		out[i] = wrapSpan(n.Type, point(wrapBig(new(big.Int).Rsh(all, uint(i*n.Type.Bits)), n.Type.Bits)))
	}
	return out
}

// parityRange knows the bit where the operand is constant.
func parityRange(r ranges, n *rtl.Node) []span {
	values := r.constant(n.Args[0])
	if values == nil {
		return anyOf(n)
	}
	ones := 0
	for all := packBig(n.Args[0].Type.Bits, values); all.Sign() > 0; all.Rsh(all, 1) {
		ones += int(all.Bit(0))
	}
	return []span{point(big.NewInt(int64(ones % 2)))}
}

// anyOf is any value of its type in each lane of n.
func anyOf(n *rtl.Node) []span {
	out := make([]span, n.Type.Lanes)
	for i := range out {
		out[i] = rangeOf(n.Type)
	}
	return out
}
