package interp

import (
	"math/bits"

	"rampart/ir/rtl"
)

// evalFunc computes c.val from the values of c.args.
type evalFunc func(m *Machine, c *cell)

// evaluators says what every operation computes. Sums, differences, products and shifts of int64 are
// exact modulo 2^64, which is all that Type.Wrap looks at. Constants, inputs and state have none.
var evaluators = map[rtl.Op]evalFunc{
	rtl.OpOut: follow,

	rtl.OpAdd: binary(func(a, b int64) int64 { return a + b }),
	rtl.OpSub: binary(func(a, b int64) int64 { return a - b }),
	rtl.OpMul: binary(func(a, b int64) int64 { return a * b }),
	rtl.OpAnd: binary(func(a, b int64) int64 { return a & b }),
	rtl.OpOr:  binary(func(a, b int64) int64 { return a | b }),
	rtl.OpXor: binary(func(a, b int64) int64 { return a ^ b }),
	rtl.OpNot: typed1(func(t, _ rtl.Type, a int64) int64 { return t.Wrap(^a) }),
	rtl.OpShl: binary(func(a, b int64) int64 { return a << uint64(b) }),
	rtl.OpShr: typed2(func(t, ta, _ rtl.Type, a, b int64) int64 { return t.Wrap(shiftRight(ta, a, uint64(b))) }),
	rtl.OpEq:  typed2(func(_, ta, tb rtl.Type, a, b int64) int64 { return bit(a == b && beyond(ta, a) == beyond(tb, b)) }),
	rtl.OpLt:  typed2(func(_, ta, tb rtl.Type, a, b int64) int64 { return bit(less(ta, a, tb, b)) }),
	rtl.OpMin: typed2(func(t, ta, tb rtl.Type, a, b int64) int64 { return t.Wrap(lesser(ta, a, tb, b)) }),
	rtl.OpMax: typed2(func(t, ta, tb rtl.Type, a, b int64) int64 { return t.Wrap(greater(ta, a, tb, b)) }),
	rtl.OpMux: mux,

	rtl.OpCast:    typed1(func(t, _ rtl.Type, a int64) int64 { return t.Wrap(a) }),
	rtl.OpSat:     typed1(saturate),
	rtl.OpSum:     sum,
	rtl.OpParity:  parity,
	rtl.OpStretch: stretch,
	rtl.OpLanes:   lanes,
	rtl.OpJoin:    join,
	rtl.OpSelect:  selectGroup,
	rtl.OpBitcast: bitcast,
	rtl.OpSlice:   slice,
	rtl.OpPack:    pack,
}

// lane is lane l of a value; a scalar meets every lane.
func lane(v []int64, l int) int64 {
	if len(v) == 1 {
		return v[0]
	}
	return v[l]
}

// binary makes an elementwise operation of f, whose result is wrapped to the node's type.
func binary(f func(a, b int64) int64) evalFunc {
	return func(m *Machine, c *cell) {
		a, b := m.value(c.args[0]), m.value(c.args[1])
		for l := range c.val {
			c.val[l] = c.t.Wrap(f(lane(a, l), lane(b, l)))
		}
	}
}

// typed1 makes an elementwise operation of f, which sees the types of result and operand.
func typed1(f func(t, ta rtl.Type, a int64) int64) evalFunc {
	return func(m *Machine, c *cell) {
		a := m.value(c.args[0])
		for l := range c.val {
			c.val[l] = f(c.t, c.args[0].t, lane(a, l))
		}
	}
}

// typed2 is typed1 for two operands.
func typed2(f func(t, ta, tb rtl.Type, a, b int64) int64) evalFunc {
	return func(m *Machine, c *cell) {
		a, b := m.value(c.args[0]), m.value(c.args[1])
		ta, tb := c.args[0].t, c.args[1].t
		for l := range c.val {
			c.val[l] = f(c.t, ta, tb, lane(a, l), lane(b, l))
		}
	}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// beyond tells whether a value is 2^63 or more: a u64 that its canonical form writes as negative.
func beyond(t rtl.Type, v int64) bool { return v < 0 && !t.Signed }

// less compares two values as the integers they stand for.
func less(ta rtl.Type, a int64, tb rtl.Type, b int64) bool {
	if x, y := beyond(ta, a), beyond(tb, b); x != y {
		return y
	}
	return a < b
}

func lesser(ta rtl.Type, a int64, tb rtl.Type, b int64) int64 {
	if less(tb, b, ta, a) {
		return b
	}
	return a
}

func greater(ta rtl.Type, a int64, tb rtl.Type, b int64) int64 {
	if less(ta, a, tb, b) {
		return b
	}
	return a
}

// shiftRight is floor(a / 2^by).
func shiftRight(t rtl.Type, a int64, by uint64) int64 {
	if t.Signed {
		return a >> by
	}
	return int64(uint64(a) >> by)
}

func saturate(t, ta rtl.Type, a int64) int64 {
	lo, hi := t.Range()
	switch {
	case less(ta, a, t, lo):
		return lo
	case less(t, hi, ta, a):
		return hi
	}
	return t.Wrap(a)
}

// follow shows the value of an output port of an instance.
func follow(m *Machine, c *cell) { c.val = m.value(c.args[0]) }

// mux looks only at the operand that a scalar selector selects.
func mux(m *Machine, c *cell) {
	sel := m.value(c.args[0])
	if len(sel) == 1 {
		from := m.value(c.args[2-sel[0]])
		for l := range c.val {
			c.val[l] = c.t.Wrap(lane(from, l))
		}
		return
	}
	a, b := m.value(c.args[1]), m.value(c.args[2])
	for l := range c.val {
		from := b
		if sel[l] != 0 {
			from = a
		}
		c.val[l] = c.t.Wrap(lane(from, l))
	}
}

func sum(m *Machine, c *cell) {
	total := int64(0)
	for _, v := range m.value(c.args[0]) {
		total += v
	}
	c.val[0] = c.t.Wrap(total)
}

func parity(m *Machine, c *cell) {
	all := uint64(0)
	for _, v := range m.value(c.args[0]) {
		all ^= uint64(v)
	}
	c.val[0] = int64(bits.OnesCount64(all<<(64-c.args[0].t.Bits)) & 1)
}

func stretch(m *Machine, c *cell) {
	a := m.value(c.args[0])
	for l := range c.val {
		c.val[l] = a[l/int(c.imms[0])]
	}
}

func lanes(m *Machine, c *cell) { copy(c.val, m.value(c.args[0])[c.imms[0]:]) }

func join(m *Machine, c *cell) {
	rest := c.val
	for _, a := range c.args {
		rest = rest[copy(rest, m.value(a)):]
	}
}

func selectGroup(m *Machine, c *cell) {
	a, index := m.value(c.args[0]), uint64(m.value(c.args[1])[0])
	group := len(c.val)
	if index >= uint64(len(a)/group) {
		clear(c.val)
		return
	}
	copy(c.val, a[int(index)*group:])
}

func bitcast(m *Machine, c *cell) {
	a, from := m.value(c.args[0]), c.args[0].t
	if from.Bits == c.t.Bits {
		for l := range c.val {
			c.val[l] = c.t.Wrap(a[l])
		}
		return
	}
	from.Pack(c.pack, a)
	c.t.Unpack(c.val, c.pack)
}

func slice(m *Machine, c *cell) {
	c.args[0].t.Pack(c.pack, m.value(c.args[0]))
	c.t.UnpackAt(c.val, c.pack, int(c.imms[0]))
}

func pack(m *Machine, c *cell) {
	clear(c.pack)
	at := 0
	for _, a := range c.args {
		a.t.PackAt(c.pack, m.value(a), at)
		at += a.t.Width()
	}
	c.t.Unpack(c.val, c.pack)
}
