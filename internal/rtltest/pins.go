package rtltest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim"
)

// Summing is a design with ports of no stream: in each cycle it adds one of them, s9 step, to what another shows,
// s12 sum, or begins anew where a third, clear, is 1. Its one stream ends after a beat.
func Summing() *rtl.Design {
	m := rtl.NewModule("summing", "Adds what a pin says.")
	step, clear := m.In("step", rtl.S(9)), m.In("clear", rtl.U(1))
	valid := m.In("in_valid", rtl.U(1))
	m.In("in_data", rtl.U(3))
	sum := m.Reg("sum_so_far", rtl.S(12), 0)
	sum.Set(clear.Mux(m.Const(rtl.S(1), 0), sum.Q).Add(step).To(sum.Q.Type))
	m.Out("sum", sum.Q)
	m.Out("in_ready", m.Delay("seen", valid).Not())
	m.Out("seen_it", m.Delay("seen_1", valid))
	return rtl.NewDesign(m)
}

// VerifyPins runs Summing on an engine's machine, whole, in pieces, and from a state that was saved: pins are what the
// stimulus says and zero else, and ports of no stream are told at the end.
func VerifyPins(t testing.TB, m sim.Machine) {
	t.Helper()
	pins := []sim.Pin{
		{Cycle: 2, Port: "step", Value: []byte{0xfb, 1}}, // -5
		{Cycle: 4, Port: "clear", Value: []byte{1}},
		{Cycle: 5, Port: "clear", Value: []byte{0}},
		{Cycle: 6, Port: "step", Value: []byte{200, 0}},
	}
	run := func(limit int64, pins []sim.Pin) []byte {
		t.Helper()
		trace, err := m.Run(context.Background(), &sim.Stimulus{Inputs: [][]byte{nil}, Pins: pins, Limit: limit})
		require.NoError(t, err)
		require.Len(t, trace.Final, 2, "sum and seen_it")
		assert.Equal(t, []byte{0}, trace.Final[1])
		return trace.Final[0]
	}
	sum := func(v int) []byte { return []byte{byte(v), byte(v>>8) & 0xf} }

	require.NoError(t, m.Reset())
	assert.Equal(t, sum(-5-5+200+200), run(8, pins), "cleared in cycle 4")
	require.NoError(t, m.Reset())
	for limit, want := range []int{2: 0, 3: -5, 4: -10, 5: -5, 6: -10, 7: 190, 8: 390} {
		if limit >= 2 {
			assert.Equal(t, sum(want), run(int64(limit), pins), "up to cycle %d", limit)
		}
		if limit == 5 {
			require.NoError(t, m.Save(1))
		}
	}
	assert.Equal(t, sum(390), run(11, nil), "pins without a stimulus are zero")
	require.NoError(t, m.Restore(1))
	assert.Equal(t, sum(390), run(8, pins), "from cycle 5 again")

	_, err := m.Run(context.Background(), &sim.Stimulus{Inputs: [][]byte{nil}, Pins: []sim.Pin{{Port: "step", Value: []byte{1}}}, Limit: 20})
	assert.ErrorContains(t, err, "pin step: a value of 1 bytes; it takes 2")
}
