package hw

import (
	"rampart/ir/rtl"
)

// drain serialises groups of results onto output beats: value holds lanes lanes of a group, shifted
// out one beat a cycle, and beat counts the beats of a pixel. The last group of a pixel may be short.
func drain(m *rtl.Module, result, valid *rtl.Node, lanes int, out outSpec) (value, beatValid, beat *rtl.Node) {
	if out.group == 1 {
		beat, _ = counter(m, "beat", out.beats, valid)
		return result.Lanes(0, lanes), valid, beat
	}
	busy := m.Reg("draining", rtl.U(1), 0)
	beat, pixelLast := counter(m, "beat", out.beats, busy.Q)
	part := m.Reg("drain_part", index(out.group), 0)
	last := part.Q.EqI(int64(out.group - 1)).Or(pixelLast).Named("drain_last")
	part.SetIf(busy.Q, last.MuxI(0, part.Q.AddI(1)))
	busy.Set(valid.Or(busy.Q.And(last.Not())))

	total := result.Type.Lanes
	held := m.Reg("drain", result.Type, 0)
	shifted := m.Join(held.Q.Lanes(lanes, total-lanes), m.Const(result.Type.Elem().Vec(lanes), 0))
	held.SetIf(valid.Or(busy.Q), valid.Mux(result, shifted))
	return held.Q.Lanes(0, lanes), busy.Q, beat
}
