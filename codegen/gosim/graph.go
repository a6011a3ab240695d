package gosim

import (
	"encoding/binary"
	"math/big"
	"slices"

	"rampart/ir/rtl"
)

// val is one value of a module as the generator sees it: an rtl node after equal nodes were merged,
// casts that change nothing removed and constants folded. Its Go type follows from its interval.
type val struct {
	id   int
	op   rtl.Op
	typ  rtl.Type // lanes, and for a bitcast the bits; the interval is what decides otherwise
	args []*val
	imms []int64 // those of the node; of operations on packed bits, the bits of each operand behind them
	rng  interval
	wrap bool // the exact result may lie outside typ
	name string
	doc  string
}

func (v *val) row() opRow { return opTable[v.op] }

// gotype is the Go type of one lane.
func (v *val) gotype() gotype { return holding(v.rng) }

func (v *val) vector() bool { return v.typ.Lanes > 1 }

func (v *val) source() bool { return v.row().shape == source }

// oneBit tells whether every lane is 0 or 1.
func (v *val) oneBit() bool { return v.rng.within(interval{zero, one}) }

// lit is lane i of a constant.
func (v *val) lit(i int) *big.Int {
	if !v.typ.Signed && v.typ.Bits == 64 {
		return new(big.Int).SetUint64(uint64(v.imms[i]))
	}
	return big.NewInt(v.imms[i])
}

// fixed tells whether every lane is the same known number.
func (v *val) fixed() (*big.Int, bool) { return v.rng.lo, v.rng.single() && !v.source() }

// graph is the values of one module, operands before users.
type graph struct {
	vals []*val
	of   []*val // by rtl node ID
	seen map[string]*val
}

// newGraph is the graph of m. port gives the value of an instance's output inside the instance's module.
func newGraph(m *rtl.Module, port func(*rtl.Node) *val) *graph {
	g := &graph{of: make([]*val, len(m.Nodes)), seen: map[string]*val{}}
	for i, n := range m.Nodes {
		if n.Op != rtl.OpOut {
			g.of[i] = g.node(n)
			continue
		}
		if v := port(n); v.op == rtl.OpConst {
			g.of[i] = g.make(rtl.OpConst, v.typ, v.imms, nil, nil)
		} else {
			g.of[i] = g.node(n)
			g.of[i].rng = v.rng
		}
	}
	return g
}

// node is the value of n, whose operands were visited before.
func (g *graph) node(n *rtl.Node) *val {
	if n.Op.Info().Source {
		return g.push(&val{op: n.Op, typ: n.Type, rng: typeInterval(n.Type), name: n.Name, doc: n.Doc})
	}
	args := make([]*val, len(n.Args))
	for i, a := range n.Args {
		args[i] = g.of[a.ID]
	}
	v := g.make(n.Op, n.Type, n.Imms, args, n)
	if v.name == "" && !v.source() && v.op != rtl.OpConst {
		v.name, v.doc = n.Name, n.Doc
	}
	return v
}

func (g *graph) push(v *val) *val {
	v.id = len(g.vals)
	g.vals = append(g.vals, v)
	return v
}

// make is the value of an operation, simplified. n is the node it stands for, which operations on packed bits
// need for the bits of their operands, since an operand itself may have become a narrower value.
func (g *graph) make(op rtl.Op, t rtl.Type, imms []int64, args []*val, n *rtl.Node) *val {
	v := &val{op: op, typ: t, imms: imms, args: args}
	if v.packed() {
		v.imms = slices.Clone(imms)
		for _, a := range n.Args {
			v.imms = append(v.imms, int64(a.Type.Bits))
		}
		if same := g.byLanes(v); same != nil {
			return same
		}
	}
	g.bound(v)
	if v.wrap && v.row().shape == moving { // wrapping before the move is the same
		v.args = append([]*val{}, args...)
		for i, a := range args {
			if op != rtl.OpSelect || i == 0 {
				v.args[i] = g.make(rtl.OpCast, t.Vec(a.typ.Lanes), nil, []*val{a}, nil)
			}
		}
		v.wrap = false
		g.bound(v)
	}
	if s := g.simpler(v); s != nil {
		return s
	}
	key := v.key()
	if old := g.seen[key]; old != nil {
		return old
	}
	g.seen[key] = g.push(v)
	return v
}

// bound sets the interval of v and whether it wraps.
func (g *graph) bound(v *val) {
	v.rng = typeInterval(v.typ)
	if exact := v.row().exact; exact != nil {
		switch r := exact(v); {
		case r.within(v.rng):
			v.rng = r
		case r.single():
			v.rng, v.wrap = point(wrapBig(r.lo, v.typ.Bits, v.typ.Signed)), true
		default:
			v.wrap = true
		}
	}
}

// simpler is a value that v equals and that stands already or is a constant; nil where v is needed.
func (g *graph) simpler(v *val) *val {
	if c, ok := v.fixed(); ok && v.op != rtl.OpConst {
		return g.constant(c, v.typ)
	}
	if (v.op == rtl.OpLanes || v.op == rtl.OpStretch) && v.typ.Lanes == v.args[0].typ.Lanes {
		return v.args[0]
	}
	if a := v.args; v.op == rtl.OpLanes && a[0].op == rtl.OpConst {
		return g.make(rtl.OpConst, a[0].typ.Vec(v.typ.Lanes), a[0].imms[v.imms[0]:][:v.typ.Lanes], nil, nil)
	}
	same := func(a *val) bool { return !v.wrap && a.typ.Lanes == v.typ.Lanes }
	zeroArg := func(i int) bool { c, ok := v.args[i].fixed(); return ok && c.Sign() == 0 }
	switch v.op {
	case rtl.OpCast, rtl.OpSat:
		a := v.args[0]
		if same(a) && (v.op == rtl.OpCast || a.rng.within(typeInterval(v.typ))) {
			return a
		}
	case rtl.OpMux:
		c, known := v.args[0].fixed()
		if v.args[1] == v.args[2] && same(v.args[1]) {
			return v.args[1]
		}
		if known {
			if arm := v.args[2-int(c.Int64())]; same(arm) {
				return arm
			}
		}
	case rtl.OpAdd, rtl.OpOr, rtl.OpXor, rtl.OpSub, rtl.OpShl, rtl.OpShr:
		if zeroArg(1) && same(v.args[0]) {
			return v.args[0]
		}
		if v.op != rtl.OpSub && v.op != rtl.OpShl && v.op != rtl.OpShr && zeroArg(0) && same(v.args[1]) {
			return v.args[1]
		}
	case rtl.OpSelect:
		if c, ok := v.args[1].fixed(); ok && v.inRange() && !v.wrap {
			return g.make(rtl.OpLanes, v.typ, []int64{c.Int64() * int64(v.typ.Lanes)}, v.args[:1], nil)
		}
		if v.groups() == 1 && !v.wrap {
			first := g.make(rtl.OpEq, rtl.U(1), nil, []*val{v.args[1], g.constant(zero, v.args[1].typ)}, nil)
			return g.make(rtl.OpMux, v.typ, nil, []*val{first, v.args[0], g.constant(zero, v.typ)}, nil)
		}
	case rtl.OpAnd:
		for i, a := range v.args {
			b := v.args[1-i]
			if c, ok := a.fixed(); ok && c.Cmp(one) == 0 && b.oneBit() && same(b) {
				return b
			}
		}
	}
	return nil
}

// constant is c in every lane.
func (g *graph) constant(c *big.Int, t rtl.Type) *val {
	imms := make([]int64, t.Lanes)
	for i := range imms {
		imms[i] = int64(new(big.Int).And(c, maxWord).Uint64())
	}
	return g.make(rtl.OpConst, t, imms, nil, nil)
}

var maxWord = new(big.Int).SetUint64(^uint64(0))

// key tells values apart; equal keys, equal values.
func (v *val) key() string {
	b := []byte{byte(v.op), byte(v.typ.Bits), 0}
	if v.typ.Signed {
		b[2] = 1
	}
	b = binary.AppendUvarint(b, uint64(v.typ.Lanes))
	for _, a := range v.args {
		b = binary.AppendUvarint(b, uint64(a.id))
	}
	b = append(b, '|')
	for _, i := range v.imms {
		b = binary.AppendVarint(b, i)
	}
	return string(b)
}
