package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// maxFlatStretch is the most lanes whose repetition is written as a concatenation.
const maxFlatStretch = 8

// whole is all bits of n, packed, as an operand.
func (l *lowering) whole(n *rtl.Node) expr {
	switch w := l.nets[n]; {
	case w != nil:
		return ref{w}
	case n.Type.Lanes == 1:
		return l.lane(l.top, n, constant(0), n.Type.Bits)
	case l.plan.place[n.ID] != wired && l.wholeable(n):
		return l.computeWhole(n)
	}
	return ref{l.wireFor(n)}
}

// wholeable tells whether the packed bits of n, a vector or a constant, can be written as one
// expression rather than lane by lane.
func (l *lowering) wholeable(n *rtl.Node) bool {
	if l.plan.constant(n) != nil {
		return true
	}
	switch n.Op {
	case rtl.OpJoin, rtl.OpSelect, rtl.OpBitcast, rtl.OpSlice, rtl.OpPack:
		return true
	case rtl.OpLanes:
		return l.wholeOperand(n.Args[0])
	case rtl.OpStretch:
		a := n.Args[0]
		return a.Type.Lanes == 1 || a.Type.Lanes <= maxFlatStretch && l.wholeOperand(a)
	case rtl.OpCast:
		a := n.Args[0]
		return a.Type.Bits == n.Type.Bits && l.wholeOperand(a)
	case rtl.OpAnd, rtl.OpOr, rtl.OpXor, rtl.OpNot:
		return l.bitwise(n, n.Args)
	case rtl.OpMux:
		return n.Args[0].Type.Lanes == 1 && l.bitwise(n, n.Args[1:])
	}
	return false
}

func (l *lowering) wholeOperand(n *rtl.Node) bool {
	return l.nets[n] != nil || l.plan.place[n.ID] == wired || n.Type.Lanes > 1 && l.wholeable(n)
}

// bitwise tells whether the lanes of n need not be told apart: all operands have its bits.
func (l *lowering) bitwise(n *rtl.Node, args []*rtl.Node) bool {
	for _, a := range args {
		if a.Type.Bits != n.Type.Bits || a.Type.Lanes > 1 && !l.wholeOperand(a) {
			return false
		}
	}
	return true
}

// computeWhole is the packed bits of n, a vector that is wholeable.
func (l *lowering) computeWhole(n *rtl.Node) expr {
	if values := l.plan.constant(n); values != nil {
		return packedConst(n.Type, values)
	}
	arg := func(i int) expr { return l.spread(n.Args[i], n.Type.Lanes) }
	switch n.Op {
	case rtl.OpJoin, rtl.OpPack:
		return l.join(n)
	case rtl.OpSlice:
		return part(ref{l.packed(n.Args[0])}, int(n.Imms[0]), n.Type.Width())
	case rtl.OpSelect:
		return l.selected(l.top, n)
	case rtl.OpBitcast:
		return l.whole(n.Args[0])
	case rtl.OpCast:
		return arg(0)
	case rtl.OpLanes:
		return part(ref{l.packed(n.Args[0])}, int(n.Imms[0])*n.Type.Bits, n.Type.Width())
	case rtl.OpStretch:
		return l.stretched(n)
	case rtl.OpNot:
		return inverted("~", arg(0))
	case rtl.OpMux:
		return cond{l.lane(l.top, n.Args[0], constant(0), 1), arg(1), arg(2)}
	case rtl.OpAnd:
		return binary{"&", arg(0), arg(1)}
	case rtl.OpOr:
		return binary{"|", arg(0), arg(1)}
	case rtl.OpXor:
		return binary{"^", arg(0), arg(1)}
	}
	panic("BUG: verilog: " + n.Op.String() + " is not written as a whole")
}

// spread is n packed, its one lane repeated where the result has more.
func (l *lowering) spread(n *rtl.Node, lanes int) expr {
	e := l.whole(n)
	if n.Type.Lanes == lanes {
		return e
	}
	return repeated(e, lanes)
}

// repeated is e as every lane.
func repeated(e expr, lanes int) expr {
	if lanes == 1 {
		return e
	}
	if x, ok := e.(lit); ok && x.v.Sign() == 0 {
		return zero(lanes * x.w)
	}
	return repl{n: lanes, x: e}
}

// packedConst writes a vector of constants: one value repeated, or the list.
func packedConst(t rtl.Type, values []*big.Int) expr {
	for _, v := range values {
		if v.Cmp(values[0]) != 0 {
			return lanesOf(t, values)
		}
	}
	return repeated(integer(values[0], t.Bits), t.Lanes)
}

// lanesOf lists the lanes of a constant, highest first.
func lanesOf(t rtl.Type, values []*big.Int) expr {
	var parts []expr
	for i := len(values) - 1; i >= 0; i-- {
		parts = append(parts, integer(values[i], t.Bits))
	}
	return concat{parts}
}

// join concatenates the operands, the last one highest.
func (l *lowering) join(n *rtl.Node) expr {
	var parts []expr
	for i := len(n.Args) - 1; i >= 0; {
		a, times := n.Args[i], 0
		for ; i >= 0 && n.Args[i] == a; i-- {
			times++
		}
		e := l.whole(a)
		if times > 1 {
			e = repl{n: times, x: e}
		}
		parts = append(parts, e)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return concat{parts}
}

// stretched concatenates repetitions of the lanes.
func (l *lowering) stretched(n *rtl.Node) expr {
	a, k := n.Args[0], int(n.Imms[0])
	if a.Type.Lanes == 1 {
		return repl{n: k, x: l.whole(a)}
	}
	var parts []expr
	for i := a.Type.Lanes - 1; i >= 0; i-- {
		parts = append(parts, repl{n: k, x: laneOf(l.packed(a), a.Type, constant(i))})
	}
	return concat{parts}
}

func selectLane(l *lowering, s *scope, n *rtl.Node, at index, w int) expr {
	if n.Type.Lanes > 1 {
		return resize(laneOf(l.wireFor(n), n.Type, at), n.Type.Signed, w)
	}
	if w == n.Type.Bits {
		return l.selected(s, n)
	}
	return resize(laneOf(l.wireFor(n), n.Type, at), n.Type.Signed, w)
}

// selected is group Args[1] of Args[0], as an indexed part-select.
func (l *lowering) selected(s *scope, n *rtl.Node) expr {
	from, by := n.Args[0], n.Args[1]
	size, groups := n.Type.Width(), from.Type.Lanes/n.Type.Lanes
	src := l.packed(from)
	if l.plan.of(by).lo.Cmp(big.NewInt(int64(groups))) >= 0 {
		return zero(size)
	}
	if k, ok := l.plan.fixed(by); ok {
		return part(ref{src}, int(k.Int64())*size, size)
	}
	idx := l.operand(s, by, constant(0))
	if groups == 1 {
		return cond{binary{"==", idx, number(idx.width(), 0)}, ref{src}, zero(size)}
	}
	got := expr(pick{net: src, base: groupBase(idx, size, from.Type.Width()), w: size})
	if beyond := l.plan.of(by).hi.Cmp(big.NewInt(int64(groups))) >= 0; beyond {
		got = cond{less(rtl.U(1), idx, number(idx.width(), int64(groups))), got, zero(size)}
	}
	return got
}

// groupBase is idx*size at exactly the bits that index a vector of the given width.
func groupBase(idx expr, size, width int) expr {
	bits := rtl.BitsFor(width - 1)
	shift := 0
	for size>>shift&1 == 0 {
		shift++
	}
	if size == 1<<shift && shift == 0 {
		return asUnsigned(resize(idx, false, bits))
	}
	if size == 1<<shift {
		return concat{[]expr{resize(idx, false, bits-shift), zero(shift)}}
	}
	return binary{"*", asUnsigned(resize(idx, false, bits)), number(bits, int64(size))}
}
