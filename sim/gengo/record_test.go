package gengo_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/nettest"
	"rampart/internal/rtltest"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/access"
	"rampart/sim/gengo"
	"rampart/sim/interp"
)

// recording is a design's recording program.
func recording(t testing.TB, d *rtl.Design) sim.Machine {
	t.Helper()
	b, err := gengo.Build(t.Context(), d, t.TempDir(), gengo.Options{Record: true})
	require.NoError(t, err)
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// sameRecord runs a stimulus on the interpreter and on generated Go, both recording, from reset, in two
// pieces, and wants the same bytes of both and the same traces as without recording.
func sameRecord(t *testing.T, d *rtl.Design, s *sim.Stimulus, limit int64) *access.Record {
	t.Helper()
	reference, err := interp.New(d, interp.Record())
	require.NoError(t, err)
	plain, err := interp.New(d)
	require.NoError(t, err)
	engines := []sim.Machine{plain, reference, recording(t, d)}
	traces, records := make([]*sim.Trace, len(engines)), make([][]byte, len(engines))
	for i, m := range engines {
		require.NoError(t, m.Reset())
		half := *s
		half.Limit = limit / 2
		half.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool { return f.Cycle >= half.Limit })
		_, err := m.Run(t.Context(), &half)
		require.NoError(t, err)
		require.NoError(t, m.Save(1), "a snapshot does not end the record")
		rest := *s
		rest.Limit = limit
		rest.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool { return f.Cycle < half.Limit && !f.Model.Stuck() })
		traces[i], err = m.Run(t.Context(), &rest)
		require.NoError(t, err)
		if i > 0 {
			records[i], err = m.(access.Recorder).Accesses()
			require.NoError(t, err)
		}
	}
	require.Equal(t, traces[0], traces[1])
	require.Equal(t, traces[0], traces[2])
	require.Equal(t, records[1], records[2])
	r, err := access.Parse(d, records[2])
	require.NoError(t, err)
	assert.Equal(t, limit, r.Cycles)

	require.NoError(t, engines[2].Restore(1))
	_, err = engines[2].(access.Recorder).Accesses()
	require.ErrorContains(t, err, "taken back")
	require.NoError(t, engines[2].Reset())
	r2, err := access.Of(d, engines[2])
	require.NoError(t, err)
	assert.Zero(t, r2.Cycles, "a reset begins the record anew")
	return r
}

// uses counts the uses of all memories in a record.
func uses(d *rtl.Design, r *access.Record) (reads, writes int64) {
	for _, s := range d.States() {
		if s.Mem != nil {
			for _, p := range r.Memory(s.Path).Reads {
				reads += p.Uses
			}
			for _, p := range r.Memory(s.Path).Writes {
				writes += p.Uses
			}
		}
	}
	return reads, writes
}

// Whatever the generated program leaves out when nothing changes, it records each access.
func TestRecordIsTheInterpreters(t *testing.T) {
	reads, writes := int64(0), int64(0)
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 30+10*int(seed))
			s, err := rtltest.RandomStimulus(d, seed, 400, 10)
			require.NoError(t, err)
			r, w := uses(d, sameRecord(t, d, s, 400))
			reads, writes = reads+r, writes+w
		})
	}
	assert.Greater(t, reads, int64(3000))
	assert.Greater(t, writes, int64(1000))
}

func TestRecordOfNetworks(t *testing.T) {
	for seed := uint64(1); seed <= 4; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dice := nettest.New(seed)
			p, err := plan.New(t.Context(), dice.Net(dice.Within(1, 4)), plan.Target{Multipliers: 40 * int(seed)})
			require.NoError(t, err)
			h, err := hw.Build(p)
			require.NoError(t, err)
			s, err := rtltest.RandomStimulus(h.Design, seed, 3000, 0)
			require.NoError(t, err)
			reads, writes := uses(h.Design, sameRecord(t, h.Design, s, 3000))
			assert.Positive(t, reads)
			assert.Positive(t, writes)
		})
	}
}

// A module whose memory is read while nothing else moves does not rest.
func TestRecordOfARestingModule(t *testing.T) {
	m := rtl.NewModule("idle", "Reads the same word again and again, beyond the depth too.")
	valid, data := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(3))
	m.In("out_ready", rtl.U(1))
	at := m.DelayIf("at", valid, data)
	mem := m.Mem("mem", rtl.MemLine, rtl.U(8), 5, nil)
	m.WritePort(mem, at, m.Const(rtl.U(8), 9), m.Bit(true))
	m.Out("in_ready", m.Bit(true))
	m.Out("out_valid", m.Bit(false))
	m.Out("out_data", m.ReadPort(mem, "word", at, nil))
	d := rtl.NewDesign(m)
	r := sameRecord(t, d, &sim.Stimulus{Inputs: [][]byte{{7}}}, 100)
	p := r.Memory("mem")
	assert.EqualValues(t, 100, p.Reads[0].Uses)
	assert.EqualValues(t, 1, p.Writes[0].Uses, "word 7 is not there")
	u, ok := p.Reads[0].Last(0, 1000)
	assert.True(t, ok, "word 7 reads as word 0")
	assert.Equal(t, access.Use{Cycle: 99, Word: 0, Ordinal: 99}, u)
}

func TestOrdinaryProgramsKeepNoRecord(t *testing.T) {
	d := convEngine(2, 2)
	for _, e := range both(t, d) {
		_, err := access.Of(d, e.Machine)
		require.ErrorContains(t, err, "keeps no record", e.Name)
	}
}
