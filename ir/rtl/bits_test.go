package rtl

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The builder looks through what only moves bits, and makes an operation only where none will do.
func TestSliceAndPackAreSimple(t *testing.T) {
	m := NewModule("m", "")
	a, b, bit := m.In("a", U(8).Vec(4)), m.In("b", S(5)), m.In("bit", U(1))
	named := m.Pack(U(13), a.Lanes(0, 1), b).Named("both")
	c := m.Const(S(4).Vec(2), 0)
	c.Imms[0], c.Imms[1] = -3, 5 // 1101, 0101
	table := []struct {
		what string
		n    *Node
		want string // operation, type, operands, immediates
	}{
		{"all of it", a.Slice(0, a.Type), "input u8x4"},
		{"all of it, otherwise", a.Slice(0, U(32)), "bitcast u32 a"},
		{"whole lanes", a.Slice(8, U(8).Vec(2)), "lanes u8x2 a [1]"},
		{"lanes of another sign", a.Slice(8, S(8)), "slice s8 a [8]"},
		{"within lanes", a.Slice(3, U(7).Vec(3)), "slice u7x3 a [3]"},
		{"of a slice", a.Slice(3, U(20)).Slice(4, U(6)), "slice u6 a [7]"},
		{"of lanes", a.Lanes(1, 2).Slice(4, U(6)), "slice u6 a [12]"},
		{"of a bitcast", a.Bitcast(U(32)).Slice(16, U(8)), "lanes u8 a [2]"},
		{"of an operand of a pack", m.Pack(U(37), b, a).Slice(7, U(9)), "slice u9 a [2]"},
		{"across operands", m.Pack(U(37), b, a).Slice(3, U(9)).Args[0], "pack u37 b a"},
		{"of an operand of a join", m.Join(a.Lanes(0, 1), a.Lanes(2, 1)).Slice(9, U(3)), "slice u3 a [17]"},
		{"of what has a name", named.Slice(9, U(2)), "slice u2 both [9]"},
		{"of a constant", c.Slice(2, U(3)), "const u3 [7]"},
		{"one operand", m.Pack(S(32), a), "bitcast s32 a"},
		{"lanes of one type", m.Pack(U(8).Vec(5), a, a.Lanes(0, 1)).Args[0], "input u8x4"},
		{"a pack in a pack", m.Pack(U(14), m.Pack(U(6), b, bit), a.Lanes(0, 1)), "pack u14 b bit %"},
		{"a pack with a name", m.Pack(U(14), named, bit), "pack u14 both bit"},
		{"constants", m.Pack(S(9), c, m.Bit(true)), "const s9 [-163]"},
		{"parity of a bit", bit.Parity(), "input u1"},
		{"parity", a.Parity(), "parity u1 a"},
	}
	for _, c := range table {
		got := c.n.Op.String() + " " + c.n.Type.String()
		for _, a := range c.n.Args {
			name := a.Name
			if name == "" {
				name = "%"
			}
			got += " " + name
		}
		if len(c.n.Imms) > 0 {
			got += " " + immediates(c.n.Imms)
		}
		assert.Equal(t, c.want, got, c.what)
	}
	for what, bad := range map[string]func(){
		"beyond the end":    func() { a.Slice(30, U(3)) },
		"before the start":  func() { a.Slice(-1, U(3)) },
		"too few bits":      func() { m.Pack(U(14), b, a.Lanes(0, 1)) },
		"of another module": func() { m.Pack(U(6), b, NewModule("n", "").In("x", U(1))) },
	} {
		assert.Panics(t, bad, what)
	}
}
