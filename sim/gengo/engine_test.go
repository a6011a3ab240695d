package gengo_test

import "rampart/ir/rtl"

// convEngine is a convolution engine in miniature, of pe times simd lanes: beats go into a line
// buffer, from which windows of three words meet the rows of a matrix; accumulators, a requantiser and
// an output register that stalls the whole while it is full and not taken.
func convEngine(pe, simd int) *rtl.Design {
	const window, columns = 3, 40
	m := rtl.NewModule("conv_engine", "Line buffer, matrix-vector unit, requantiser.")
	inValid, inData := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(8).Vec(simd))
	outReady := m.In("out_ready", rtl.U(1))

	column := m.Reg("column", rtl.U(rtl.BitsFor(columns-1)), 0)
	step := m.Reg("step", rtl.U(2), 0)
	busy := m.Reg("busy", rtl.U(1), 0)
	full := m.Reg("out_full", rtl.U(1), 0)
	inFlight := m.Reg("in_flight", rtl.U(1), 0)
	ready := m.All(busy.Q.Not(), full.Q.Not(), inFlight.Q.Not()).Named("ready")
	accept := inValid.And(ready).Named("accept")
	last := step.Q.EqI(window - 1).Named("last_step")
	busy.Set(accept.Or(busy.Q.And(last.Not())))
	step.SetIf(busy.Q, last.MuxI(0, step.Q.AddI(1)))
	at := column.Q.AddI(1)
	column.SetIf(accept, at.EqI(columns).MuxI(0, at))

	lines := m.Mem("lines", rtl.MemLine, inData.Type, columns, nil)
	m.WritePort(lines, column.Q, inData, accept)
	x := m.ReadPort(lines, "line_word", column.Q.Add(step.Q).To(column.Q.Type), busy.Q)
	rows := make([][]int64, window)
	for r := range rows {
		for l := range pe * simd {
			rows[r] = append(rows[r], int64((l*37+r*101)%255-127))
		}
	}
	weights := m.Mem("weights", rtl.MemWeights, rtl.S(8).Vec(pe*simd), window, rows)
	w := m.ReadPort(weights, "weight_word", step.Q, busy.Q)

	mac := m.Inst("mac", macUnit(pe, simd), map[string]*rtl.Node{
		"x": x, "w": w, "valid": m.Delay("valid", busy.Q),
		"first": m.Delay("first", step.Q.EqI(0)), "last": m.Delay("last", busy.Q.And(last)),
	})
	scaled := mac.Port("sums").Mul(m.Const(rtl.U(8), 181)).AddI(1 << 14).Shr(15)
	done := mac.Port("done")
	out := m.DelayIf("out", done, scaled.Sat(rtl.S(8).Vec(pe)))
	inFlight.SetIf(accept.Or(done), accept)
	full.SetIf(done.Or(outReady), done)
	m.Out("in_ready", ready)
	m.Out("out_valid", full.Q)
	m.Out("out_data", out)
	return rtl.NewDesign(m)
}

func macUnit(pe, simd int) *rtl.Module {
	m := rtl.NewModule("mac", "Products, a tree of adders, accumulators.")
	x, w := m.In("x", rtl.U(8).Vec(simd)), m.In("w", rtl.S(8).Vec(pe*simd))
	valid, first, last := m.In("valid", rtl.U(1)), m.In("first", rtl.U(1)), m.In("last", rtl.U(1))
	sums := m.DelayIf("products", valid, x.Stretch(pe).Mul(w))
	valid, first, last = m.Delay("valid_1", valid), m.Delay("first_1", first), m.Delay("last_1", last)
	for n := simd; n > 1; n /= 2 {
		sums = sums.Lanes(0, n/2*pe).Add(sums.Lanes(n/2*pe, n/2*pe))
	}
	acc := m.Reg("accumulators", rtl.S(28).Vec(pe), 0)
	acc.SetIf(valid, first.Mux(sums, acc.Q.Add(sums)).To(acc.Q.Type))
	m.Out("sums", acc.Q)
	m.Out("done", m.Delay("accumulated", valid.And(last)))
	return m
}
