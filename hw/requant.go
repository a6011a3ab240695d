package hw

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// requantSpec is what a requantiser depends on; the per-channel constants come from outside.
type requantSpec struct {
	lanes           int
	accBits         int
	biasBits        int
	multBits        int // 0: shift alone
	shiftBits       int
	rounding        fixed.Rounding
	zero, low, high int64
	out             rtl.Type
}

// requant scales, shifts, rounds and clamps. bias, mult and shift come one cycle after acc, as the
// words of memories that are addressed when acc is there.
func (b *builder) requant(s requantSpec) *rtl.Module {
	return b.shared("requant", fmt.Sprintf("%+v", s), func(name string) *rtl.Module {
		m := rtl.NewModule(name, fmt.Sprintf(
			"Requantiser, %d lanes: clamp(((acc + bias) * mult + round) >> shift) + %d, %d, %d).", s.lanes, s.zero, s.low, s.high))
		acc, valid := m.In("acc", rtl.S(s.accBits).Vec(s.lanes)), m.In("valid", rtl.U(1))
		bias := m.In("bias", rtl.S(s.biasBits).Vec(s.lanes))
		shift := rtl.U(s.shiftBits).Vec(s.lanes)
		p := pipe{m: m, valid: valid}

		operand := p.stage("operand", acc)
		sum := p.stage("sum", operand.Add(bias))
		if s.multBits > 0 {
			mult := m.DelayIf("mult_held", p.before, m.In("mult", rtl.U(s.multBits).Vec(s.lanes)))
			held := m.DelayIf("shift_1", p.before, m.In("shift", shift))
			sum = p.stage("product", sum.Mul(mult))
			held = m.DelayIf("shift_2", p.before, held)
			p.round(s, sum, held)
		} else {
			held := m.DelayIf("shift_1", p.before, m.In("shift", shift))
			p.round(s, sum, held)
		}
		if got, want := p.stages, plan.RequantStages(s.multBits > 0, s.rounding == fixed.HalfEven); got != want {
			panic(fmt.Sprintf("BUG: hw: requantiser has %d stages, not %d", got, want))
		}
		return m
	})
}

// pipe is a pipeline under construction: each stage is enabled by the valid bit that reaches it.
type pipe struct {
	m      *rtl.Module
	valid  *rtl.Node // of the present stage's input
	before *rtl.Node // of the stage before
	stages int
}

func (p *pipe) stage(name string, v *rtl.Node) *rtl.Node {
	q := p.m.DelayIf(name, p.valid, v)
	p.before, p.valid = p.valid, p.m.Delay(name+"_valid", p.valid)
	p.stages++
	return q
}

// round ends the pipeline: shift with rounding to nearest, zero point, clamp.
func (p *pipe) round(s requantSpec, v, shift *rtl.Node) {
	m := p.m
	one := m.Const(rtl.U(1), 1)
	most := 1<<s.shiftBits - 1 // the greatest shift that the memory can hold
	half := one.ShlBy(shift, rtl.U(min(most+1, 64)).Vec(s.lanes)).Shr(1).Named("half")
	t := rtl.S(min(64, max(v.Type.Bits, half.Type.Bits+1)+1)).Vec(s.lanes)
	biased := m.Node(rtl.OpAdd, t, nil, v, half).Named("biased")
	y := biased.ShrBy(shift).Named("shifted_full")
	if s.rounding == fixed.HalfEven {
		back := y.ShlBy(shift, t)
		tie := m.All(back.Eq(biased), shift.EqI(0).Not()).Named("tie")
		held := p.m.DelayIf("tie_held", p.valid, tie)
		y = p.stage("shifted", y)
		even := y.Shr(1).Shl(1)
		y = p.stage("rounded", held.Mux(even, y))
	} else {
		y = p.stage("shifted", y)
	}
	// Clamped before the zero point is added, so that the addition is narrow.
	low, high := s.low-s.zero, s.high-s.zero
	within := signed(int(low), int(high)).Vec(s.lanes)
	y = y.Max(m.Const(signed(int(low), int(low)), low)).Min(m.Const(signed(int(high), int(high)), high)).To(within)
	out := p.stage("clamped", y.AddI(s.zero).To(s.out.Vec(s.lanes)))
	m.Out("y", out)
	m.Out("y_valid", p.valid)
}
