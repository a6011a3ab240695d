package verilog

import "rampart/ir/rtl"

func shlLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, by := n.Args[0], n.Args[1]
	k, ok := l.fixedAmount(by)
	switch {
	case !ok:
		return binary{"<<", l.lane(s, a, at, w), l.amount(s, by, at, w)}
	case k >= w:
		return zero(w)
	case k == 0:
		return l.lane(s, a, at, w)
	}
	return concat{[]expr{l.lane(s, a, at, w-k), zero(k)}}
}

// shrLane shifts within the operand's width; what comes in from above is its sign or zero.
func shrLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, by := n.Args[0], n.Args[1]
	from := a.Type.Bits
	if k, ok := l.fixedAmount(by); ok {
		if k >= from && !a.Type.Signed {
			return zero(w)
		}
		k = min(k, from-1)
		return resize(part(l.operand(s, a, at), k, from-k), a.Type.Signed, w)
	}
	x := l.lane(s, a, at, from)
	var shifted expr = binary{">>", x, l.amount(s, by, at, from)}
	if a.Type.Signed {
		// The cast around keeps an unsigned context from turning the shift into a logical one.
		shifted = cast{signed: false, x: binary{">>>", asSigned(x), l.amount(s, by, at, from)}}
	}
	if w == from {
		return shifted
	}
	return resize(l.temp(s, n, shifted), a.Type.Signed, w)
}

// fixedAmount is a shift amount that is the same for all lanes and always; beyond any width it is MaxBits.
func (l *lowering) fixedAmount(by *rtl.Node) (int, bool) {
	v, ok := l.plan.fixed(by)
	if !ok {
		return 0, false
	}
	if !v.IsInt64() || v.Int64() > rtl.MaxBits {
		return rtl.MaxBits, true
	}
	return int(v.Int64()), true
}

// amount is a shift amount for a value of w bits. Amounts that are wide compared with w are clamped,
// since some tools take no more than 32 bits there.
func (l *lowering) amount(s *scope, by *rtl.Node, at index, w int) expr {
	need := rtl.BitsFor(w)
	if by.Type.Bits <= max(need, 8) {
		return asUnsigned(l.lane(s, by, at, by.Type.Bits))
	}
	x := l.operand(s, by, at)
	return cond{unary{"|", part(x, need, by.Type.Bits-need)}, number(need, int64(w)), part(x, 0, need)}
}
