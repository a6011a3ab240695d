package gosim

import (
	"math/big"

	"rampart/ir/rtl"
)

// opRow is what the generator knows of one operation.
type opRow struct {
	// exact is the interval of the exact result before it is wrapped; nil takes the type's own.
	exact func(v *val) interval
	// lane writes the exact result modulo 2^n for one lane, given operands of that lane; it is
	// complete, up to the wrap to the node's type. nil for operations that move lanes or have no
	// operands, which have code of their own.
	lane func(v *val, x []expr) expr
	// shape says how the lanes of the result come from lanes of the operands.
	shape shape
}

// shape classifies how lanes move.
type shape uint8

const (
	source      shape = iota + 1 // a value from outside the node graph
	constant                     // immediates
	elementwise                  // lane i from lane i of every operand
	moving                       // lanes are copied from other lanes
	folding                      // one result from many lanes
)

// opTable has a row for every operation of rtl.
var opTable = map[rtl.Op]opRow{
	rtl.OpInput:   {shape: source},
	rtl.OpReg:     {shape: source},
	rtl.OpRead:    {shape: source},
	rtl.OpOut:     {shape: source},
	rtl.OpConst:   {shape: constant, exact: constInterval},
	rtl.OpAdd:     {shape: elementwise, exact: corners(add), lane: modular("+")},
	rtl.OpSub:     {shape: elementwise, exact: corners(sub), lane: modular("-")},
	rtl.OpMul:     {shape: elementwise, exact: corners(mul), lane: modular("*")},
	rtl.OpAnd:     {shape: elementwise, exact: pair(andInterval), lane: logical("&", "&&", precAnd)},
	rtl.OpOr:      {shape: elementwise, exact: bits((*big.Int).Or), lane: logical("|", "||", precOr)},
	rtl.OpXor:     {shape: elementwise, exact: bits((*big.Int).Xor), lane: modular("^")},
	rtl.OpNot:     {shape: elementwise, exact: notInterval, lane: laneNot},
	rtl.OpShl:     {shape: elementwise, exact: corners(shl), lane: laneShl},
	rtl.OpShr:     {shape: elementwise, exact: corners(shr), lane: laneShr},
	rtl.OpEq:      {shape: elementwise, exact: eqInterval, lane: laneCompare},
	rtl.OpLt:      {shape: elementwise, exact: ltInterval, lane: laneCompare},
	rtl.OpMin:     {shape: elementwise, exact: corners(least), lane: laneMinMax("min")},
	rtl.OpMax:     {shape: elementwise, exact: corners(greatest), lane: laneMinMax("max")},
	rtl.OpMux:     {shape: elementwise, exact: muxInterval, lane: laneMux},
	rtl.OpCast:    {shape: elementwise, exact: argInterval, lane: laneCast},
	rtl.OpSat:     {shape: elementwise, exact: satInterval, lane: laneSat},
	rtl.OpSum:     {shape: folding, exact: sumInterval},
	rtl.OpParity:  {shape: folding, exact: bitInterval},
	rtl.OpStretch: {shape: moving, exact: argInterval},
	rtl.OpLanes:   {shape: moving, exact: argInterval},
	rtl.OpJoin:    {shape: moving, exact: joinInterval},
	rtl.OpSelect:  {shape: moving, exact: selectInterval},
	rtl.OpBitcast: {shape: folding},
	rtl.OpSlice:   {shape: folding},
	rtl.OpPack:    {shape: folding},
}

func corners(f func(x, y *big.Int) *big.Int) func(*val) interval {
	return func(v *val) interval { return hull(v.args[0].rng, v.args[1].rng, f) }
}

func pair(f func(a, b interval) interval) func(*val) interval {
	return func(v *val) interval { return f(v.args[0].rng, v.args[1].rng) }
}

func bits(f func(z, x, y *big.Int) *big.Int) func(*val) interval {
	return func(v *val) interval { return bitwise(v.args[0].rng, v.args[1].rng, f) }
}

func constInterval(v *val) interval {
	r := point(v.lit(0))
	for i := range v.imms {
		r = r.union(point(v.lit(i)))
	}
	return r
}

func notInterval(v *val) interval {
	a := v.args[0].rng
	return interval{new(big.Int).Not(a.hi), new(big.Int).Not(a.lo)}
}

// bitInterval is that of a bit of which nothing is known.
func bitInterval(*val) interval { return bitsInterval(1, false) }

func eqInterval(v *val) interval {
	a, b := v.args[0], v.args[1]
	apart := a.rng.hi.Cmp(b.rng.lo) < 0 || b.rng.hi.Cmp(a.rng.lo) < 0
	return truth(a == b || a.rng.single() && b.rng.single() && !apart, apart)
}

func ltInterval(v *val) interval {
	a, b := v.args[0], v.args[1]
	return truth(a.rng.hi.Cmp(b.rng.lo) < 0, a == b || a.rng.lo.Cmp(b.rng.hi) >= 0)
}

func muxInterval(v *val) interval {
	c, a, b := v.args[0].rng, v.args[1].rng, v.args[2].rng
	switch {
	case c.lo.Sign() > 0:
		return a
	case c.hi.Sign() == 0:
		return b
	}
	return a.union(b)
}

func argInterval(v *val) interval { return v.args[0].rng }

func satInterval(v *val) interval { return clampInterval(v.args[0].rng, typeInterval(v.typ)) }

func sumInterval(v *val) interval {
	n := big.NewInt(int64(v.args[0].typ.Lanes))
	return interval{mul(v.args[0].rng.lo, n), mul(v.args[0].rng.hi, n)}
}

func joinInterval(v *val) interval {
	r := v.args[0].rng
	for _, a := range v.args[1:] {
		r = r.union(a.rng)
	}
	return r
}

// groups is the number of groups of the operand of a select.
func (v *val) groups() int { return v.args[0].typ.Lanes / v.typ.Lanes }

// inRange tells whether the index of a select is always that of a whole group.
func (v *val) inRange() bool { return v.args[1].rng.hi.Cmp(big.NewInt(int64(v.groups()))) < 0 }

func selectInterval(v *val) interval {
	if v.inRange() {
		return v.args[0].rng
	}
	if v.args[1].rng.lo.Cmp(big.NewInt(int64(v.groups()))) >= 0 {
		return point(zero)
	}
	return v.args[0].rng.union(point(zero))
}
