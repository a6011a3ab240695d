package verilog

import (
	"math/big"

	"rampart/ir/rtl"
)

// span is a range of integers, both ends included.
type span struct{ lo, hi *big.Int }

func (s span) holds(v *big.Int) bool { return s.lo.Cmp(v) <= 0 && v.Cmp(s.hi) <= 0 }

func (s span) within(t span) bool { return t.holds(s.lo) && t.holds(s.hi) }

func (s span) isPoint() bool { return s.lo.Cmp(s.hi) == 0 }

func point(v *big.Int) span { return span{v, v} }

func unionOf(all []span) span {
	s := all[0]
	for _, t := range all[1:] {
		s = s.union(t)
	}
	return s
}

func (s span) union(t span) span {
	if t.lo.Cmp(s.lo) < 0 {
		s.lo = t.lo
	}
	if t.hi.Cmp(s.hi) > 0 {
		s.hi = t.hi
	}
	return s
}

// below and above cut a span off at a bound.
func (s span) below(v *big.Int) span { return span{lesser(s.lo, v), lesser(s.hi, v)} }
func (s span) above(v *big.Int) span { return span{greater(s.lo, v), greater(s.hi, v)} }

func lesser(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func greater(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func disjoint(a, b span) bool { return a.hi.Cmp(b.lo) < 0 || b.hi.Cmp(a.lo) < 0 }

// rangeOf is every value that a lane of type t can hold.
func rangeOf(t rtl.Type) span {
	one := big.NewInt(1)
	if t.Signed {
		half := new(big.Int).Lsh(one, uint(t.Bits-1))
		return span{new(big.Int).Neg(half), new(big.Int).Sub(half, one)}
	}
	return span{new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, uint(t.Bits)), one)}
}

// ranges bounds the values of nodes; it is indexed by node ID.
type ranges []nodeRange

// nodeRange is what is known of a node, lane by lane: exact bounds the result before it is wrapped to
// the node's type, wrapped the value.
type nodeRange struct{ exact, wrapped []span }

// findRanges bounds every node of m. What the bounds decide (a comparison that is always true, a sum that
// cannot overflow) is written as such: linters find constant comparisons, readers do too.
func findRanges(m *rtl.Module) ranges {
	r := make(ranges, len(m.Nodes))
	for _, n := range m.Nodes {
		k := nodeRange{exact: r.exact(n), wrapped: make([]span, n.Type.Lanes)}
		for i, s := range k.exact {
			k.wrapped[i] = wrapSpan(n.Type, s)
			if n.Op.Info().Lanes {
				if v := absorbed(n, r.operands(n, i)); v != nil {
					k.wrapped[i] = wrapSpan(n.Type, point(v))
				}
			}
		}
		r[n.ID] = k
	}
	return r
}

// exact bounds the result of n from those of its operands.
func (r ranges) exact(n *rtl.Node) []span {
	if rule := vectorRanges[n.Op]; rule != nil {
		return rule(r, n)
	}
	out := make([]span, n.Type.Lanes)
	rule := laneRanges[n.Op]
	for i := range out {
		out[i] = rangeOf(n.Type)
		if rule != nil {
			out[i] = rule(n, r.operands(n, i))
		}
	}
	return out
}

// operands bounds the operands of n in lane i.
func (r ranges) operands(n *rtl.Node, i int) []span {
	args := make([]span, len(n.Args))
	for k, a := range n.Args {
		args[k] = r.lane(a, i)
	}
	return args
}

// wrapSpan is s wrapped to type t: exact for what fits and for single values.
func wrapSpan(t rtl.Type, s span) span {
	full := rangeOf(t)
	switch {
	case s.within(full):
		return s
	case s.isPoint():
		v := wrapBig(s.lo, t.Bits)
		if t.Signed && v.Bit(t.Bits-1) == 1 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(t.Bits)))
		}
		return point(v)
	}
	return full
}

// lane bounds lane i of n; a scalar meets every lane.
func (r ranges) lane(n *rtl.Node, i int) span {
	all := r[n.ID].wrapped
	if len(all) == 1 {
		return all[0]
	}
	return all[i]
}

// of bounds all lanes of n together.
func (r ranges) of(n *rtl.Node) span { return unionOf(r[n.ID].wrapped) }

// fits tells whether the result of n is exact: wrapping it changes nothing.
func (r ranges) fits(n *rtl.Node) bool { return unionOf(r[n.ID].exact).within(rangeOf(n.Type)) }

// constant is the value of each lane where n can have no other, else nil.
func (r ranges) constant(n *rtl.Node) []*big.Int {
	if n.Op.Info().Source {
		return nil
	}
	var values []*big.Int
	for _, s := range r[n.ID].wrapped {
		if !s.isPoint() {
			return nil
		}
		values = append(values, s.lo)
	}
	return values
}

// fixed is the one value that all lanes of n have at all times.
func (r ranges) fixed(n *rtl.Node) (*big.Int, bool) {
	s := r.of(n)
	return s.lo, s.isPoint() && !n.Op.Info().Source
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
