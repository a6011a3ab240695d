package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
)

func readVCD(t *testing.T, text string) *rtltest.VCD {
	t.Helper()
	v, err := rtltest.ReadVCD(text)
	require.NoError(t, err)
	return v
}

func TestWaveShowsEveryCycle(t *testing.T) {
	var b bytes.Buffer
	m := machine(t, parse(t, ram), Wave(&b, 2, 6))
	for cycle := range uint64(8) {
		for port, v := range []uint64{cycle % 5, 1, 0, cycle, 1, 0} {
			set(m, port, v)
		}
		m.Step()
	}
	require.NoError(t, m.Close())
	v := readVCD(t, b.String())
	assert.Equal(t, []int64{20, 25, 30, 35, 40, 45, 50, 55}, v.Times)
	assert.Equal(t, 8, v.Width["t.q"])
	assert.Equal(t, 3, v.Width["t.m.read0_addr"])
	// In cycle c the port shows the word at address c-1; word 0 was written with 4 in cycle 4.
	for cycle, want := range map[int64]string{2: "00010001", 3: "00010010", 4: "00010011", 5: "00010100"} {
		for half, clk := range []string{"1", "0"} {
			at := 10*cycle + 5*int64(half)
			assert.Equal(t, clk, v.Values["t.clk"][at], at)
			assert.Equal(t, want, v.Values["t.q"][at], at)
			assert.Equal(t, want, v.Values["t.oq"][at], at)
			assert.Equal(t, want, v.Values["t.m.read0_data"][at], at)
			assert.Equal(t, fmt.Sprintf("%03b", cycle%5), v.Values["t.addr"][at])
			assert.Equal(t, fmt.Sprintf("%08b", cycle), v.Values["t.m.write0_data"][at])
			assert.Equal(t, "1", v.Values["t.m.write0_enable"][at])
			assert.Equal(t, "0", v.Values["t.m.write1_enable"][at])
		}
	}
	assert.NotContains(t, v.Width, "t.m.read1_enable", "that port is always enabled")
}

// Every register of a random hierarchy in every cycle, against a second machine run cycle by cycle.
func TestWaveOfHierarchy(t *testing.T) {
	const cycles = 40
	for _, seed := range []uint64{0, 4, 8, 12} { // those without gaps: slices then join to one run
		d := rtltest.Random(seed, 40)
		s, err := rtltest.RandomStimulus(d, seed, cycles, 3)
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = machine(t, d, Wave(&b, 0, cycles)).Run(context.Background(), s)
		require.NoError(t, err)
		v := readVCD(t, b.String())
		require.Len(t, v.Times, 2*cycles)

		twin, compared := machine(t, d), 0
		for c := range int64(cycles) {
			for _, st := range twin.states {
				if st.Mem == nil {
					require.Equal(t, bitText(st.Type, st.vals), v.Values["top."+st.Path][10*c], "%s at %d", st.Path, c)
					compared++
				}
			}
			step := *s
			step.Limit = c + 1
			step.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool {
				return f.Cycle > c || f.Cycle < c && !f.Model.Stuck()
			})
			trace, err := twin.Run(context.Background(), &step)
			require.NoError(t, err)
			for k, taken := range trace.Taken {
				s.Inputs[k] = s.Inputs[k][twin.ports.In[k].Bytes()*len(taken):]
			}
		}
		assert.Greater(t, compared, cycles)
	}
}

// bitText is a value as binary digits, most significant first.
func bitText(t rtl.Type, vals []int64) string {
	text := ""
	for _, v := range vals {
		text = fmt.Sprintf("%064b", uint64(v))[64-t.Bits:] + text
	}
	return text
}

func TestWaveDoesNotRepeatItself(t *testing.T) {
	var b bytes.Buffer
	m := machine(t, parse(t, ram), Wave(&b, 1, 5))
	for range 2 {
		for range 3 {
			m.Step()
		}
		require.NoError(t, m.Reset())
	}
	for range 9 {
		m.Step()
	}
	require.NoError(t, m.Close())
	assert.Equal(t, []int64{10, 15, 20, 25, 30, 35, 40, 45}, readVCD(t, b.String()).Times)
}

type brokenWriter struct{}

var errDisk = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errDisk }

func TestWaveErrorsAreReported(t *testing.T) {
	d := rtltest.Random(0, 20)
	s, err := rtltest.RandomStimulus(d, 0, 10, 0)
	require.NoError(t, err)
	m := machine(t, d, Wave(brokenWriter{}, 0, 5))
	_, err = m.Run(context.Background(), s)
	require.ErrorIs(t, err, errDisk)
	require.ErrorIs(t, m.Close(), errDisk)
}

func TestIdentifiersAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for n := range 20_000 {
		id := identifier(n)
		require.False(t, seen[id])
		require.NotContains(t, id, " ")
		seen[id] = true
	}
}
