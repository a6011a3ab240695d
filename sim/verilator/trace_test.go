package verilator_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/sim"
	"rampart/sim/interp"
	"rampart/sim/verilator"
	"rampart/sim/worker"
)

var traced = verilator.Options{Quick: true, Trace: true}

// waveform reads the file of that name in the folder of a program.
func waveform(t *testing.T, b *worker.Built, name string) *rtltest.VCD {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(b.Dir, name))
	require.NoError(t, err)
	v, err := rtltest.ReadVCD(string(data))
	require.NoError(t, err)
	return v
}

func TestTrace(t *testing.T) {
	b, err := verilator.Build(t.Context(), small("traced"), t.TempDir(), traced)
	require.NoError(t, err)
	m := run(t, b)
	tracer, ok := m.(verilator.Tracer)
	require.True(t, ok)
	require.NoError(t, tracer.Trace("wave.vcd"))
	s := &sim.Stimulus{Inputs: [][]byte{{1, 2, 3}}, Limit: 5}
	_, err = m.Run(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, m.Reset()) // which the waveform shows nothing of, nor of cycles that it has
	s.Limit = 6
	_, err = m.Run(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, tracer.Trace(""))
	v := waveform(t, b, "wave.vcd")
	assert.Equal(t, []int64{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55}, v.Times)
	assert.Equal(t, "00000010", v.Values["TOP.traced.in_data"][10], "beat 1 is offered in cycle 1")
	assert.Equal(t, "00000010", v.Values["TOP.traced.beat"][20], "and held in cycle 2")
	require.Error(t, tracer.Trace("no/such/folder/wave.vcd"))

	untraced := start(t, small("traced"), quick)
	require.ErrorContains(t, untraced.(verilator.Tracer).Trace("wave.vcd"), "built with tracing")
}

// Both engines that write waveforms write the same: every variable that both have, at all times, through
// pauses and flips.
func TestTraceIsThatOfTheInterpreter(t *testing.T) {
	const cycles = 60
	for _, seed := range []uint64{1, 5} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 40)
			s, err := rtltest.RandomStimulus(d, seed, cycles, 3)
			require.NoError(t, err)
			var text bytes.Buffer
			ref, err := interp.New(d, interp.Wave(&text, 0, cycles))
			require.NoError(t, err)
			_, err = ref.Run(t.Context(), s)
			require.NoError(t, err)
			want, err := rtltest.ReadVCD(text.String())
			require.NoError(t, err)

			b, err := verilator.Build(t.Context(), d, t.TempDir(), traced)
			require.NoError(t, err)
			m := run(t, b)
			require.NoError(t, m.(verilator.Tracer).Trace("wave.vcd"))
			_, err = m.Run(t.Context(), s)
			require.NoError(t, err)
			require.NoError(t, m.(verilator.Tracer).Trace(""))
			common, err := want.Compare(waveform(t, b, "wave.vcd"), "TOP.")
			require.NoError(t, err)
			ports := len(d.Top.Inputs) + len(d.Top.Outputs) + 1 // and the clock
			assert.Greater(t, common, ports+len(d.Top.Regs), "more than the ports and registers of the top")
			t.Logf("%d of %d variables", common, len(want.Width))
		})
	}
}
