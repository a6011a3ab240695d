package verilog

import "rampart/ir/rtl"

func shlLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, by := n.Args[0], n.Args[1]
	k, ok := uniform(by)
	switch {
	case !ok:
		return binary{"<<", l.lane(s, a, at, w), l.amount(s, by, at, w)}
	case k < 0 || k >= int64(w):
		return zero(w)
	case k == 0:
		return l.lane(s, a, at, w)
	}
	return concat{[]expr{l.lane(s, a, at, w-int(k)), zero(int(k))}}
}

// shrLane shifts within the operand's width; what comes in from above is its sign or zero.
func shrLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, by := n.Args[0], n.Args[1]
	from := a.Type.Bits
	if k, ok := uniform(by); ok {
		x := l.operand(s, a, at)
		switch {
		case (k < 0 || k >= int64(from)) && !a.Type.Signed:
			return zero(w)
		case k < 0 || k >= int64(from):
			k = int64(from) - 1
		}
		return resize(part(x, int(k), from-int(k)), a.Type.Signed, w)
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
