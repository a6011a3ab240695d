package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// mac is a matrix-vector unit: every cycle pe outputs take simd products each. Lane s*pe+p of w is the
// weight between input s and output p. valid comes with a result of pe accumulators in lanes of acc.
func (b *builder) mac(pe, simd int, act, weight rtl.Type, accBits int) *rtl.Module {
	name := fmt.Sprintf("mac_%dx%d_%s_%s_acc%d", pe, simd, act, weight, accBits)
	return b.module(name, func(name string) *rtl.Module {
		m := rtl.NewModule(name, fmt.Sprintf("Matrix-vector unit: %d outputs, %d products each a cycle, %d-bit accumulators.", pe, simd, accBits))
		x, w := m.In("x", act.Vec(simd)), m.In("w", weight.Vec(pe*simd))
		valid, first, last := m.In("valid", rtl.U(1)), m.In("first", rtl.U(1)), m.In("last", rtl.U(1))

		products := m.DelayIf("products", valid, x.Stretch(pe).Mul(w))
		valid, first, last = m.Delay("valid_0", valid), m.Delay("first_0", first), m.Delay("last_0", last)
		sums, level, stages := products, 0, 0
		for n := simd; n > 1; n = (n + 1) / 2 {
			sums = halve(m, sums, n, pe)
			if level++; level%2 == 0 && stages < plan.TreeStages(simd) {
				stages++
				sums = m.DelayIf(fmt.Sprintf("sums_%d", stages), valid, sums)
				valid = m.Delay(fmt.Sprintf("valid_%d", stages), valid)
				first = m.Delay(fmt.Sprintf("first_%d", stages), first)
				last = m.Delay(fmt.Sprintf("last_%d", stages), last)
			}
		}
		acc := m.Reg("accumulators", rtl.S(accBits).Vec(pe), 0)
		t := acc.Q.Type
		acc.SetIf(valid, first.Mux(sums.To(t), m.Node(rtl.OpAdd, t, nil, acc.Q, sums)))
		m.Out("acc", acc.Q)
		m.Out("acc_valid", m.Delay("acc_full", valid.And(last)))
		return m
	})
}

// halve adds the upper half of n partial sums, pe lanes each, to the lower half; an odd one is carried.
func halve(m *rtl.Module, v *rtl.Node, n, pe int) *rtl.Node {
	half := n / 2
	sum := v.Lanes(0, half*pe).Add(v.Lanes(half*pe, half*pe))
	if n%2 == 0 {
		return sum
	}
	return m.Join(sum, v.Lanes(2*half*pe, pe).To(sum.Type.Vec(pe)))
}
