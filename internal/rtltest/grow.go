package rtltest

import (
	"slices"

	"rampart/ir/rtl"
)

// growers says, per operation, how to make a random node of it.
var growers = map[rtl.Op]func(g *generator, op rtl.Op) *rtl.Node{
	rtl.OpConst: func(g *generator, op rtl.Op) *rtl.Node {
		t := g.someType()
		return g.m.Node(op, t, g.values(t))
	},
	rtl.OpAdd: (*generator).binary,
	rtl.OpSub: (*generator).binary,
	rtl.OpMul: (*generator).binary,
	rtl.OpAnd: (*generator).binary,
	rtl.OpOr:  (*generator).binary,
	rtl.OpXor: (*generator).binary,
	rtl.OpNot: (*generator).unary,
	rtl.OpShl: (*generator).shift,
	rtl.OpShr: (*generator).shift,
	rtl.OpEq:  (*generator).compare,
	rtl.OpLt:  (*generator).compare,
	rtl.OpMin: (*generator).binary,
	rtl.OpMax: (*generator).binary,
	rtl.OpMux: func(g *generator, op rtl.Op) *rtl.Node {
		t := g.resultFor(g.any())
		return g.m.Node(op, t, nil, g.bits(g.fitting(t)), g.fitting(t), g.fitting(t))
	},
	rtl.OpCast: (*generator).unary,
	rtl.OpSat:  (*generator).unary,
	rtl.OpSum: func(g *generator, op rtl.Op) *rtl.Node {
		return g.m.Node(op, g.someType().Elem(), nil, g.any())
	},
	rtl.OpStretch: func(g *generator, op rtl.Op) *rtl.Node {
		a := g.any()
		k := 1 + g.r.IntN(max(1, min(3, maxLanes/a.Type.Lanes)))
		return g.m.Node(op, a.Type.Vec(a.Type.Lanes*k), []int64{int64(k)}, a)
	},
	rtl.OpLanes: func(g *generator, op rtl.Op) *rtl.Node {
		a := g.any()
		lo := g.r.IntN(a.Type.Lanes)
		return g.m.Node(op, a.Type.Vec(1+g.r.IntN(a.Type.Lanes-lo)), []int64{int64(lo)}, a)
	},
	rtl.OpParity:  func(g *generator, op rtl.Op) *rtl.Node { return g.m.Node(op, rtl.U(1), nil, g.any()) },
	rtl.OpJoin:    (*generator).joined,
	rtl.OpSelect:  (*generator).selected,
	rtl.OpBitcast: (*generator).recast,
	rtl.OpSlice: func(g *generator, op rtl.Op) *rtl.Node {
		a := g.any()
		t := g.typeOf(1 + g.r.IntN(a.Type.Width()))
		return g.m.Node(op, t, []int64{int64(g.r.IntN(a.Type.Width() - t.Width() + 1))}, a)
	},
	rtl.OpPack: (*generator).packed,
}

// growOps are the keys of growers in the order of rtl.Ops.
var growOps = slices.DeleteFunc(rtl.Ops(), func(op rtl.Op) bool { return growers[op] == nil })

// any is some node of the pool, of late more likely.
func (g *generator) any() *rtl.Node {
	n := len(g.pool)
	if g.r.IntN(2) == 0 {
		return g.pool[n-1-g.r.IntN(min(n, 8))]
	}
	return g.pool[g.r.IntN(n)]
}

// resultFor is a random type with the lanes of n, or with lanes at will where n is a scalar.
func (g *generator) resultFor(n *rtl.Node) rtl.Type {
	t := g.someType()
	if n.Type.Lanes > 1 {
		t.Lanes = n.Type.Lanes
	}
	for t.Width() > maxWidth {
		t.Bits = (t.Bits + 1) / 2
	}
	return t
}

// fitting is a node that an elementwise operation of result t may have as operand.
func (g *generator) fitting(t rtl.Type) *rtl.Node {
	for range 8 {
		if n := g.any(); n.Type.Lanes == 1 || n.Type.Lanes == t.Lanes {
			return n
		}
	}
	return g.as(g.any(), g.someType().Vec(t.Lanes))
}

// as is n in another type, lanes spread, cut or summed.
func (g *generator) as(n *rtl.Node, t rtl.Type) *rtl.Node {
	switch {
	case n.Type == t:
		return n
	case n.Type.Lanes == 1 || n.Type.Lanes == t.Lanes:
	case n.Type.Lanes > t.Lanes:
		n = n.Lanes(g.r.IntN(n.Type.Lanes-t.Lanes+1), t.Lanes)
	default:
		n = g.m.Node(rtl.OpSum, t.Elem(), nil, n)
	}
	return g.m.Node(rtl.OpCast, t, nil, n)
}

// bits is n as one bit per lane.
func (g *generator) bits(n *rtl.Node) *rtl.Node { return g.as(n, rtl.U(1).Vec(n.Type.Lanes)) }

// bit is n as one bit.
func (g *generator) bit(n *rtl.Node) *rtl.Node { return g.as(n, rtl.U(1)) }

// unsigned is n as an unsigned value with as many lanes, in few bits more often than not.
func (g *generator) unsigned(n *rtl.Node) *rtl.Node {
	if !n.Type.Signed && g.r.IntN(3) == 0 {
		return n
	}
	return g.as(n, rtl.U(1+g.r.IntN(7)).Vec(n.Type.Lanes))
}

// address is an unsigned scalar that sometimes exceeds the memory's depth.
func (g *generator) address(mem *rtl.Mem) *rtl.Node {
	return g.as(g.any(), rtl.U(rtl.BitsFor(mem.Depth-1)+g.r.IntN(2)))
}

// moore is a node that depends on no input port, or a constant where luck finds none.
func (g *generator) moore() *rtl.Node {
	for range 30 {
		if n := g.any(); g.isMoore(n) {
			return n
		}
	}
	for _, n := range g.pool {
		if n.State() {
			return n
		}
	}
	return g.m.Bit(true)
}

func (g *generator) isMoore(n *rtl.Node) bool {
	if known, ok := g.mooreOK[n]; ok {
		return known
	}
	is := n.Op != rtl.OpInput
	for _, a := range n.Args {
		is = is && g.isMoore(a)
	}
	g.mooreOK[n] = is
	return is
}

func (g *generator) binary(op rtl.Op) *rtl.Node {
	t := g.resultFor(g.any())
	return g.m.Node(op, t, nil, g.fitting(t), g.fitting(t))
}

func (g *generator) unary(op rtl.Op) *rtl.Node {
	a := g.any()
	return g.m.Node(op, g.resultFor(a), nil, a)
}

func (g *generator) shift(op rtl.Op) *rtl.Node {
	t := g.resultFor(g.any())
	return g.m.Node(op, t, nil, g.fitting(t), g.unsigned(g.fitting(t)))
}

func (g *generator) compare(op rtl.Op) *rtl.Node {
	t := rtl.U(1).Vec(g.resultFor(g.any()).Lanes)
	return g.m.Node(op, t, nil, g.fitting(t), g.fitting(t))
}

func (g *generator) joined(op rtl.Op) *rtl.Node {
	a := g.any()
	args, total := []*rtl.Node{a}, a.Type.Lanes
	for range g.r.IntN(3) {
		n := g.any()
		if total+n.Type.Lanes <= maxLanes && (total+n.Type.Lanes)*a.Type.Bits <= maxWidth {
			args, total = append(args, g.as(n, a.Type.Vec(n.Type.Lanes))), total+n.Type.Lanes
		}
	}
	return g.m.Node(op, a.Type.Vec(total), nil, args...)
}

func (g *generator) selected(op rtl.Op) *rtl.Node {
	a := g.any()
	group := 1 + g.r.IntN(a.Type.Lanes)
	for a.Type.Lanes%group != 0 {
		group--
	}
	index := g.as(g.any(), rtl.U(1+g.r.IntN(4)))
	return g.m.Node(op, a.Type.Vec(group), nil, a, index)
}

func (g *generator) recast(op rtl.Op) *rtl.Node {
	a := g.any()
	return g.m.Node(op, g.typeOf(a.Type.Width()), nil, a)
}

func (g *generator) packed(op rtl.Op) *rtl.Node {
	a := g.any()
	args, width := []*rtl.Node{a}, a.Type.Width()
	for range g.r.IntN(4) {
		if n := g.any(); width+n.Type.Width() <= maxWidth {
			args, width = append(args, n), width+n.Type.Width()
		}
	}
	return g.m.Node(op, g.typeOf(width), nil, args...)
}

// typeOf is a random type of so many bits, of few lanes where there is one.
func (g *generator) typeOf(width int) rtl.Type {
	most := min(width, rtl.MaxBits)
	bits := 1 + g.r.IntN(most)
	for width%bits != 0 || width/bits > maxLanes && width > maxLanes && bits < most {
		if bits++; bits > most {
			bits = 1
			break
		}
	}
	return rtl.Type{Lanes: width / bits, Bits: bits, Signed: g.r.IntN(2) == 0}
}
