package hw

import (
	"slices"

	"rampart/ir/rtl"
)

// index is the type of a counter or address with n values.
func index(n int) rtl.Type { return rtl.U(rtl.BitsFor(n - 1)) }

// counter counts enabled cycles modulo n. last is 1 on its final value. A counter with one value is a
// constant and costs nothing.
func counter(m *rtl.Module, name string, n int, enable *rtl.Node) (q, last *rtl.Node) {
	if n == 1 {
		return m.Const(rtl.U(1), 0), m.Bit(true)
	}
	r := m.Reg(name, index(n), 0)
	last = r.Q.EqI(int64(n - 1)).Named(name + "_last")
	r.SetIf(enable, last.MuxI(0, r.Q.AddI(1)))
	return r.Q, last
}

// table is a constant function of idx, given by its values from 0 on; equal tables of a name are one.
func table(m *rtl.Module, name string, idx *rtl.Node, values []int64) *rtl.Node {
	t := rtl.U(1)
	lo, hi, same := values[0], values[0], true
	for _, v := range values {
		lo, hi, same = min(lo, v), max(hi, v), same && v == values[0]
	}
	for !holds(t, lo, hi) {
		if t.Bits++; lo < 0 {
			t.Signed = true
		}
	}
	if same {
		return m.Const(t, lo)
	}
	for _, n := range m.Nodes {
		if n.Name == name && n.Op == rtl.OpConst && slices.Equal(n.Imms, values) {
			return n.Select(idx, 1)
		}
	}
	return m.Node(rtl.OpConst, t.Vec(len(values)), values).Named(name).Select(idx, 1)
}

func holds(t rtl.Type, lo, hi int64) bool {
	a, b := t.Range()
	return a <= lo && hi <= b
}

// signed is the least signed type for values from lo to hi.
func signed(lo, hi int) rtl.Type {
	t := rtl.S(1)
	for !holds(t, int64(lo), int64(hi)) {
		t.Bits++
	}
	return t
}

// wrapAdd is (v + by) mod n for v < n.
func wrapAdd(m *rtl.Module, v *rtl.Node, by, n int) *rtl.Node {
	if by %= n; by == 0 {
		return v
	}
	over := v.AddI(int64(by))
	return over.LtI(int64(n)).Mux(over, over.AddI(int64(-n))).To(index(n))
}

// clamp limits v, which is known to lie in [lo, hi], to [least, most].
func clamp(v *rtl.Node, m *rtl.Module, lo, hi, least, most int) *rtl.Node {
	if lo < least {
		v = v.Max(m.Const(signed(least, least), int64(least)))
	}
	if hi > most {
		v = v.Min(m.Const(signed(most, most), int64(most)))
	}
	return v
}

// within tells whether v, known to lie in [lo, hi], is in [0, n); nil where it always is.
func within(m *rtl.Module, v *rtl.Node, lo, hi, n int) *rtl.Node {
	var below, above *rtl.Node
	if lo < 0 {
		below = v.LtI(0).Not()
	}
	if hi >= n {
		above = v.LtI(int64(n))
	}
	if below == nil && above == nil {
		return nil
	}
	return m.All(below, above)
}

// delay is v after k cycles, through registers name_1, name_2, ...
func delay(m *rtl.Module, name string, v *rtl.Node, k int) *rtl.Node {
	for i := 1; i <= k; i++ {
		v = m.Delay(name+"_"+string(rune('0'+i)), v)
	}
	return v
}
