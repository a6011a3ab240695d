package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// mac is a matrix-vector unit: every cycle pe outputs take simd products each. Lane s*pe+p of w is the
// weight between input s and output p. valid comes with a result of pe accumulators in lanes of acc. With a
// checksum, of a type with bits, another accumulator takes the products with c, whose lane s is the sum of the
// weights of input s, and fault tells where it and the sum of all others came to differ.
func (b *builder) mac(pe, simd int, act, weight, checksum rtl.Type, accBits int) *rtl.Module {
	name := fmt.Sprintf("mac_%dx%d_%s_%s_acc%d", pe, simd, act, weight, accBits)
	doc := fmt.Sprintf("Matrix-vector unit: %d outputs, %d products each a cycle, %d-bit accumulators.", pe, simd, accBits)
	checked := checksum.Bits > 0
	if checked {
		name += fmt.Sprintf("_sum_%s", checksum)
		doc += "\nOne more is the checksum: what comes of the sums of the weights is the sum of what comes of the weights."
	}
	return b.module(name, func(name string) *rtl.Module {
		m := rtl.NewModule(name, doc)
		x, w := m.In("x", act.Vec(simd)), m.In("w", weight.Vec(pe*simd))
		valid, first, last := m.In("valid", rtl.U(1)), m.In("first", rtl.U(1)), m.In("last", rtl.U(1))

		products := m.DelayIf("products", valid, x.Stretch(pe).Mul(w))
		var check *rtl.Node
		if checked {
			check = m.DelayIf("check_products", valid, x.Mul(m.In("c", checksum.Vec(simd))))
		}
		valid, first, last = m.Delay("valid_0", valid), m.Delay("first_0", first), m.Delay("last_0", last)
		sums, level, stages := products, 0, 0
		for n := simd; n > 1; n = (n + 1) / 2 {
			sums = halve(m, sums, n, pe)
			if checked {
				check = halve(m, check, n, 1)
			}
			if level++; level%2 == 0 && stages < plan.TreeStages(simd) {
				stages++
				sums = m.DelayIf(fmt.Sprintf("sums_%d", stages), valid, sums)
				if checked {
					check = m.DelayIf(fmt.Sprintf("check_sum_%d", stages), valid, check)
				}
				valid = m.Delay(fmt.Sprintf("valid_%d", stages), valid)
				first = m.Delay(fmt.Sprintf("first_%d", stages), first)
				last = m.Delay(fmt.Sprintf("last_%d", stages), last)
			}
		}
		acc := accumulate(m, "accumulators", rtl.S(accBits).Vec(pe), sums, valid, first)
		full := m.Delay("acc_full", valid.And(last))
		m.Out("acc", acc)
		m.Out("acc_valid", full)
		if checked {
			m.Out("fault", verify(m, acc, accumulate(m, "check", rtl.S(accBits), check, valid, first), full))
		}
		return m
	})
}

// accumulate adds valid values up, from each first one on anew, wrapped to t.
func accumulate(m *rtl.Module, name string, t rtl.Type, v, valid, first *rtl.Node) *rtl.Node {
	acc := m.Reg(name, t, 0)
	acc.SetIf(valid, first.Mux(v.To(t), m.Node(rtl.OpAdd, t, nil, acc.Q, v)))
	return acc.Q
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
