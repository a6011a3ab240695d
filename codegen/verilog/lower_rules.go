package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// laneRules computes lanes, per operation. Sources have nets and constants are written by
// constLane; the test of this table holds it against rtl.Ops.
var laneRules map[rtl.Op]laneRule

func init() { // rules call lane, which looks them up here
	laneRules = map[rtl.Op]laneRule{
		rtl.OpAdd:     modular("+"),
		rtl.OpSub:     modular("-"),
		rtl.OpMul:     mulLane,
		rtl.OpAnd:     modular("&"),
		rtl.OpOr:      modular("|"),
		rtl.OpXor:     modular("^"),
		rtl.OpNot:     notLane,
		rtl.OpShl:     shlLane,
		rtl.OpShr:     shrLane,
		rtl.OpEq:      eqLane,
		rtl.OpLt:      ltLane,
		rtl.OpMin:     extremeLane,
		rtl.OpMax:     extremeLane,
		rtl.OpMux:     muxLane,
		rtl.OpCast:    castLane,
		rtl.OpSat:     satLane,
		rtl.OpSum:     sumLane,
		rtl.OpParity:  parityLane,
		rtl.OpStretch: stretchLane,
		rtl.OpLanes:   lanesLane,
		rtl.OpJoin:    joinLane,
		rtl.OpSelect:  selectLane,
		rtl.OpBitcast: bitcastLane,
		rtl.OpSlice:   sliceLane,
		rtl.OpPack:    packLane,
	}
}

// constLane is a lane of a constant; where lanes differ and the index is not known, of its table.
func (l *lowering) constLane(n *rtl.Node, values []*big.Int, at index, w int) expr {
	if v, same := l.plan.fixed(n); same {
		return integer(v, w)
	}
	if at.isConst() {
		return integer(values[at.k], w)
	}
	return resize(laneOf(l.wireFor(n), n.Type, at), n.Type.Signed, w)
}

// modular is for operators whose low bits follow from the operands' low bits alone.
func modular(op string) laneRule {
	return func(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
		a, b := l.lane(s, n.Args[0], at, w), l.lane(s, n.Args[1], at, w)
		if w == 1 && (op == "+" || op == "-") {
			return binary{"^", a, b}
		}
		if w == 1 && n.Type == rtl.U(1) && logical[op] != "" {
			return binary{logical[op], a, b}
		}
		if k, ok := b.(lit); ok && op == "+" && k.signed {
			return binary{"-", a, negate(k)}
		}
		return binary{op, a, b}
	}
}

// negate is minus k in the same bits.
func negate(k lit) lit { return lit{w: k.w, v: wrapBig(new(big.Int).Neg(k.v), k.w)} }

// logical are the operators that people write between conditions.
var logical = map[string]string{"&": "&&", "|": "||"}

// mulLane multiplies as signed where an operand is, so that synthesis sees through the extensions.
func mulLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, b := l.lane(s, n.Args[0], at, w), l.lane(s, n.Args[1], at, w)
	switch {
	case w == 1:
		return binary{"&", a, b}
	case n.Args[0].Type.Signed || n.Args[1].Type.Signed:
		return binary{"*", asSigned(a), asSigned(b)}
	}
	return binary{"*", asUnsigned(a), asUnsigned(b)}
}

func notLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	x := l.lane(s, n.Args[0], at, w)
	if w > 1 || n.Type != rtl.U(1) {
		return inverted("~", x)
	}
	if b, ok := x.(binary); ok && negated[b.op] != "" {
		b.op = negated[b.op]
		return b
	}
	return inverted("!", x)
}

// inverted is op x; two inversions are none.
func inverted(op string, x expr) expr {
	if u, ok := x.(unary); ok && (u.op == op || u.width() == 1 && (u.op == "~" || u.op == "!")) {
		return u.x
	}
	return unary{op, x}
}

// negated turns a comparison round.
var negated = map[string]string{"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

func eqLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, b := n.Args[0], n.Args[1]
	if v, ok := l.plan.fixed(b); ok && a.Type.Elem() == rtl.U(1) {
		x := l.lane(s, a, at, 1)
		if v.Sign() == 0 {
			x = inverted("!", x)
		}
		return resize(x, false, w)
	}
	t := common(a.Type, b.Type)
	return resize(binary{"==", l.lane(s, a, at, t.Bits), l.lane(s, b, at, t.Bits)}, false, w)
}

func ltLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, b := n.Args[0], n.Args[1]
	if v, ok := l.plan.fixed(b); ok && v.Sign() == 0 { // a is negative
		return resize(part(l.operand(s, a, at), a.Type.Bits-1, 1), false, w)
	}
	t := common(a.Type, b.Type)
	return resize(less(t, l.lane(s, a, at, t.Bits), l.lane(s, b, at, t.Bits)), false, w)
}

// less is a < b, both holding values of t.
func less(t rtl.Type, a, b expr) expr {
	if t.Signed {
		return binary{"<", asSigned(a), asSigned(b)}
	}
	return binary{"<", asUnsigned(a), asUnsigned(b)}
}

// extremeLane is for min and max.
func extremeLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a, b := l.operand(s, n.Args[0], at), l.operand(s, n.Args[1], at)
	ta, tb := n.Args[0].Type, n.Args[1].Type
	va, vb := l.plan.of(n.Args[0]), l.plan.of(n.Args[1])
	resA, resB := resize(a, ta.Signed, w), resize(b, tb.Signed, w)
	if n.Op == rtl.OpMax {
		resA, resB = resB, resA
	}
	switch {
	case va.hi.Cmp(vb.lo) <= 0:
		return resA
	case vb.hi.Cmp(va.lo) <= 0:
		return resB
	}
	t := common(ta, tb)
	return cond{less(t, resize(a, ta.Signed, t.Bits), resize(b, tb.Signed, t.Bits)), resA, resB}
}

func muxLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	return cond{l.lane(s, n.Args[0], at, 1), l.lane(s, n.Args[1], at, w), l.lane(s, n.Args[2], at, w)}
}

func castLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	return l.lane(s, n.Args[0], at, w)
}

// satLane clamps to the range of n's type, leaving out the bounds that the operand cannot pass.
func satLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	a := n.Args[0]
	values, bounds := l.plan.of(a), rangeOf(n.Type)
	x := l.operand(s, a, at)
	result := resize(x, a.Type.Signed, w)
	cmp := asUnsigned
	if a.Type.Signed {
		cmp = asSigned
	}
	if values.lo.Cmp(bounds.lo) < 0 {
		below := expr(binary{"<", cmp(x), cmp(integer(bounds.lo, a.Type.Bits))})
		if bounds.lo.Sign() == 0 {
			below = part(x, a.Type.Bits-1, 1)
		}
		result = cond{below, integer(bounds.lo, w), result}
	}
	if values.hi.Cmp(bounds.hi) > 0 {
		above := binary{">", cmp(x), cmp(integer(bounds.hi, a.Type.Bits))}
		result = cond{above, integer(bounds.hi, w), result}
	}
	return result
}

func stretchLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	if n.Args[0].Type.Lanes == 1 {
		at = constant(0)
	}
	return l.lane(s, n.Args[0], at.div(int(n.Imms[0])), w)
}

func lanesLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	if n.Type.Lanes == 1 {
		at = constant(0)
	}
	return l.lane(s, n.Args[0], at.add(int(n.Imms[0])), w)
}

func joinLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	if !at.isConst() {
		return resize(laneOf(l.wireFor(n), n.Type, at), n.Type.Signed, w)
	}
	k := at.k
	for _, a := range n.Args {
		if k < a.Type.Lanes {
			return l.lane(s, a, constant(k), w)
		}
		k -= a.Type.Lanes
	}
	panic("BUG: verilog: lane beyond a join")
}

func bitcastLane(l *lowering, _ *scope, n *rtl.Node, at index, w int) expr {
	var e expr
	from := l.packed(n.Args[0])
	switch {
	case n.Type.Lanes == 1:
		e = ref{from}
	default:
		e = laneOf(from, n.Type, at)
	}
	return resize(e, n.Type.Signed, w)
}

// sliceLane is bits of a net, from the slice's first bit on.
func sliceLane(l *lowering, _ *scope, n *rtl.Node, at index, w int) expr {
	from, lo := l.packed(n.Args[0]), int(n.Imms[0])
	if at.isConst() {
		return resize(part(ref{from}, lo+at.k*n.Type.Bits, n.Type.Bits), n.Type.Signed, w)
	}
	return resize(lane{net: from, at: at, bits: n.Type.Bits, off: lo, w: n.Type.Bits}, n.Type.Signed, w)
}

// packLane is the concatenation of a scalar, or a lane of it.
func packLane(l *lowering, _ *scope, n *rtl.Node, at index, w int) expr {
	if n.Type.Lanes == 1 && w == n.Type.Bits {
		return l.join(n)
	}
	return resize(laneOf(l.wireFor(n), n.Type, at), n.Type.Signed, w)
}
