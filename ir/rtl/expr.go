package rtl

import "fmt"

// Node makes a computed node of module m; it is the one place where computed nodes are born.
func (m *Module) Node(op Op, t Type, imms []int64, args ...*Node) *Node {
	if t.Bits < 1 || t.Bits > MaxBits || t.Lanes < 1 {
		panic(fmt.Sprintf("BUG: rtl: module %s: %s has type %s", m.Name, op, t))
	}
	for _, a := range args {
		if a == nil || a.mod != m {
			panic(fmt.Sprintf("BUG: rtl: module %s: an operand of %s is from another module", m.Name, op))
		}
	}
	return m.add(&Node{Op: op, Type: t, Imms: imms, Args: args})
}

// Const is a constant with the same value in every lane.
func (m *Module) Const(t Type, v int64) *Node {
	imms := make([]int64, t.Lanes)
	for i := range imms {
		imms[i] = t.Wrap(v)
	}
	return m.Node(OpConst, t, imms)
}

// Bit is a constant of type u1.
func (m *Module) Bit(v bool) *Node {
	if v {
		return m.Const(U(1), 1)
	}
	return m.Const(U(1), 0)
}

// Named gives n a name, and an optional comment for the Verilog. A node that has a name keeps it: the
// builder may have found that the expression is a node it knows. Constant scalars stay literals.
func (n *Node) Named(name string, doc ...string) *Node {
	if n.Name != "" || n.Op == OpConst && n.Type.Lanes == 1 {
		return n
	}
	n.mod.claim(name)
	n.Name = name
	if len(doc) > 0 {
		n.Doc = doc[0]
	}
	return n
}

// lit makes v a constant just wide enough, signed only when negative.
func (n *Node) lit(v int64) *Node {
	if v < 0 {
		b := 1
		for v < -1<<(b-1) {
			b++
		}
		return n.mod.Const(S(b), v)
	}
	b := 1
	for b < 63 && v>>b != 0 {
		b++
	}
	return n.mod.Const(U(b), v)
}

func lanes(ns ...*Node) int {
	most := 1
	for _, n := range ns {
		most = max(most, n.Type.Lanes)
	}
	return most
}

// common is the least type that holds every value of all operands, with their lane count.
func common(ns ...*Node) Type {
	t := Type{Lanes: lanes(ns...)}
	for _, n := range ns {
		t.Signed = t.Signed || n.Type.Signed
	}
	for _, n := range ns {
		b := n.Type.Bits
		if t.Signed && !n.Type.Signed {
			b++
		}
		t.Bits = max(t.Bits, b)
	}
	return t
}

// Add is n + b in a type that cannot overflow; the other operand itself where one is constant 0.
func (n *Node) Add(b *Node) *Node {
	if n.zero() {
		return b
	}
	if b.zero() {
		return n
	}
	t := common(n, b)
	t.Bits++
	return n.mod.Node(OpAdd, t, nil, n, b)
}

// AddI is n + v in a type that cannot overflow.
func (n *Node) AddI(v int64) *Node { return n.Add(n.lit(v)) }

// Sub is n - b in a signed type that cannot overflow.
func (n *Node) Sub(b *Node) *Node {
	t := common(n, b)
	t.Bits, t.Signed = t.Bits+1, true
	return n.mod.Node(OpSub, t, nil, n, b)
}

// Mul is n * b in a type that cannot overflow.
func (n *Node) Mul(b *Node) *Node {
	t := Type{Lanes: lanes(n, b), Bits: n.Type.Bits + b.Type.Bits, Signed: n.Type.Signed || b.Type.Signed}
	return n.mod.Node(OpMul, t, nil, n, b)
}

func (n *Node) bitwise(op Op, b *Node) *Node { return n.mod.Node(op, common(n, b), nil, n, b) }

// zero tells whether n is a constant scalar 0; bit whether it is a one-bit constant, and which.
func (n *Node) zero() bool {
	v, ok := n.Const()
	return ok && v == 0 && n.Type.Lanes == 1
}

func (n *Node) bit() (value, ok bool) {
	v, ok := n.Const()
	return v == 1, ok && n.Type == U(1)
}

// And is the bitwise and; Or and Xor likewise. With a one-bit constant it is decided at once.
func (n *Node) And(b *Node) *Node {
	if n.Type == U(1) && b.Type == U(1) {
		for _, p := range [][2]*Node{{n, b}, {b, n}} {
			if v, ok := p[0].bit(); ok && v {
				return p[1]
			} else if ok {
				return p[0]
			}
		}
	}
	return n.bitwise(OpAnd, b)
}

// Or is the bitwise or.
func (n *Node) Or(b *Node) *Node {
	if n.Type == U(1) && b.Type == U(1) {
		for _, p := range [][2]*Node{{n, b}, {b, n}} {
			if v, ok := p[0].bit(); ok && v {
				return p[0]
			} else if ok {
				return p[1]
			}
		}
	}
	return n.bitwise(OpOr, b)
}

// Xor is the bitwise exclusive or.
func (n *Node) Xor(b *Node) *Node { return n.bitwise(OpXor, b) }

// Not inverts every bit.
func (n *Node) Not() *Node {
	if v, ok := n.bit(); ok {
		return n.mod.Bit(!v)
	}
	return n.mod.Node(OpNot, n.Type, nil, n)
}

// Shl is n * 2^k in a type that cannot overflow.
func (n *Node) Shl(k int) *Node {
	t := n.Type
	t.Bits += k
	return n.mod.Node(OpShl, t, nil, n, n.lit(int64(k)))
}

// Shr is floor(n / 2^k) in the least type.
func (n *Node) Shr(k int) *Node {
	t := n.Type
	t.Bits = max(1, t.Bits-k)
	return n.mod.Node(OpShr, t, nil, n, n.lit(int64(k)))
}

// ShrBy is floor(n / 2^by), lane by lane, in the type of n.
func (n *Node) ShrBy(by *Node) *Node { return n.mod.Node(OpShr, n.Type.Vec(lanes(n, by)), nil, n, by) }

// ShlBy is n * 2^by, lane by lane, wrapped to t.
func (n *Node) ShlBy(by *Node, t Type) *Node { return n.mod.Node(OpShl, t, nil, n, by) }

func (n *Node) compare(op Op, b *Node) *Node {
	return n.mod.Node(op, U(1).Vec(lanes(n, b)), nil, n, b)
}

// Eq is n == b.
func (n *Node) Eq(b *Node) *Node { return n.compare(OpEq, b) }

// EqI is n == v.
func (n *Node) EqI(v int64) *Node { return n.Eq(n.lit(v)) }

// Ne is n != b.
func (n *Node) Ne(b *Node) *Node { return n.Eq(b).Not() }

// Lt is n < b.
func (n *Node) Lt(b *Node) *Node { return n.compare(OpLt, b) }

// LtI is n < v.
func (n *Node) LtI(v int64) *Node { return n.Lt(n.lit(v)) }

// Ge is n >= b.
func (n *Node) Ge(b *Node) *Node { return n.Lt(b).Not() }

// Min is the lesser of n and b; Max the greater.
func (n *Node) Min(b *Node) *Node { return n.mod.Node(OpMin, common(n, b), nil, n, b) }

// Max is the greater of n and b.
func (n *Node) Max(b *Node) *Node { return n.mod.Node(OpMax, common(n, b), nil, n, b) }

// Mux is a where n is 1, else b.
func (n *Node) Mux(a, b *Node) *Node {
	if v, ok := n.bit(); ok && lanes(a) == lanes(a, b) && lanes(b) == lanes(a, b) {
		if v {
			return a
		}
		return b
	}
	t := common(a, b)
	t.Lanes = lanes(n, a, b)
	return n.mod.Node(OpMux, t, nil, n, a, b)
}

// MuxI is the constant a where n is 1, else b.
func (n *Node) MuxI(a int64, b *Node) *Node { return n.Mux(n.lit(a), b) }

// To is n wrapped to t; n itself where it has that type already. Lane counts must agree.
func (n *Node) To(t Type) *Node {
	if n.Type == t {
		return n
	}
	if n.Type.Lanes != t.Lanes {
		panic(fmt.Sprintf("BUG: rtl: module %s: cast of %s to %s", n.mod.Name, n.Type, t))
	}
	if v, ok := n.Const(); ok && n.Name == "" && t.Lanes == 1 {
		return n.mod.Const(t, v)
	}
	return n.mod.Node(OpCast, t, nil, n)
}

// Sat is n clamped to the range of t, which has as many lanes.
func (n *Node) Sat(t Type) *Node { return n.mod.Node(OpSat, t, nil, n) }

// Sum is the sum of all lanes, in a type that cannot overflow.
func (n *Node) Sum() *Node {
	t := n.Type.Elem()
	t.Bits += BitsFor(n.Type.Lanes - 1)
	return n.mod.Node(OpSum, t, nil, n)
}

// Stretch repeats each lane k times: a0 a0 a1 a1.
func (n *Node) Stretch(k int) *Node {
	if k == 1 {
		return n
	}
	return n.mod.Node(OpStretch, n.Type.Vec(n.Type.Lanes*k), []int64{int64(k)}, n)
}

// Lanes is count lanes of n from lane lo on.
func (n *Node) Lanes(lo, count int) *Node {
	if lo == 0 && count == n.Type.Lanes {
		return n
	}
	return n.mod.Node(OpLanes, n.Type.Vec(count), []int64{int64(lo)}, n)
}

// Join puts the lanes of all operands, which share an element type, one after another.
func (m *Module) Join(ns ...*Node) *Node {
	if len(ns) == 1 {
		return ns[0]
	}
	t := ns[0].Type.Elem()
	total := 0
	for _, n := range ns {
		if n.Type.Elem() != t {
			panic(fmt.Sprintf("BUG: rtl: module %s: join of %s and %s", m.Name, t, n.Type))
		}
		total += n.Type.Lanes
	}
	return m.Node(OpJoin, t.Vec(total), nil, ns...)
}

// Select is group idx of n, in groups of the given number of lanes; zero beyond the last.
func (n *Node) Select(idx *Node, group int) *Node {
	if group == n.Type.Lanes {
		return n
	}
	return n.mod.Node(OpSelect, n.Type.Vec(group), nil, n, idx)
}

// All is the and of one-bit scalars; Any the or.
func (m *Module) All(ns ...*Node) *Node { return fold(m, (*Node).And, true, ns) }

// Any is the or of one-bit scalars.
func (m *Module) Any(ns ...*Node) *Node { return fold(m, (*Node).Or, false, ns) }

func fold(m *Module, f func(a, b *Node) *Node, empty bool, ns []*Node) *Node {
	var acc *Node
	for _, n := range ns {
		switch {
		case n == nil:
		case acc == nil:
			acc = n
		default:
			acc = f(acc, n)
		}
	}
	if acc == nil {
		return m.Bit(empty)
	}
	return acc
}
