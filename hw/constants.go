package hw

import (
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// requantOf is the requantiser of a convolution.
func requantOf(op *fixed.Conv, n *fixed.Node) requantSpec {
	return withScale(requantSpec{accBits: op.AccBits, biasBits: op.BiasBits}, op.Scale, n)
}

func withScale(s requantSpec, sc fixed.Scale, n *fixed.Node) requantSpec {
	most := 0
	for _, v := range sc.Shift {
		most = max(most, v)
	}
	s.shiftBits, s.rounding = rtl.BitsFor(most), sc.Rounding
	if sc.Mult != nil {
		s.multBits = sc.MultBits
	}
	s.zero, s.low, s.high, s.out = n.Out.Zero, sc.Lo, sc.Hi, elemType(n.Out)
	return s
}

// requantise adds the memories of the constants, read by beat, and the requantiser behind them.
func (b *builder) requantise(f *frame, s *plan.Stage, spec requantSpec, bias []int64, sc fixed.Scale, acc, valid, beat *rtl.Node) (y, yValid *rtl.Node) {
	m := f.m
	spec.lanes = f.out.Lanes
	shift := make([]int64, len(sc.Shift))
	for i, v := range sc.Shift {
		shift[i] = int64(v)
	}
	in := map[string]*rtl.Node{"acc": acc, "valid": valid}
	constant := func(name, tensor string, kind rtl.MemKind, t rtl.Type, values []int64) {
		words, elems := perBeat(f.out, values)
		mem := m.Mem(name, kind, t.Vec(spec.lanes), len(words), words)
		mem.Tensor = s.Node.Name + "." + tensor
		b.note(s, mem, elems)
		in[name] = m.ReadPort(mem, name+"_word", beat, valid)
	}
	constant("bias", "bias", rtl.MemBias, rtl.S(spec.biasBits), bias)
	if spec.multBits > 0 {
		constant("mult", "multiplier", rtl.MemRequant, rtl.U(spec.multBits), sc.Mult)
	}
	constant("shift", "shift", rtl.MemRequant, rtl.U(spec.shiftBits), shift)
	r := m.Inst("requant", b.requant(spec), in)
	return r.Port("y"), r.Port("y_valid")
}

// perBeat lays per-channel values out as the beats of a stream; elems holds the channel of each lane.
func perBeat(s *plan.Stream, values []int64) (words [][]int64, elems [][]int) {
	for b := 0; b < s.Beats(); b++ {
		word, elem := make([]int64, s.Lanes), make([]int, s.Lanes)
		for l := range word {
			c := s.Layout[b*s.Lanes+l]
			if elem[l] = c; c >= 0 {
				word[l] = values[c]
			}
		}
		words, elems = append(words, word), append(elems, elem)
	}
	return words, elems
}
