package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
)

// vcd is a waveform read back: per variable, by its path, the width and the value at each time.
type vcd struct {
	width  map[string]int
	values map[string]map[int64]string
	times  []int64
}

// readVCD is strict about all that the writer may write.
func readVCD(t *testing.T, text string) *vcd {
	t.Helper()
	v := &vcd{width: map[string]int{}, values: map[string]map[int64]string{}}
	ids, now := map[string]string{}, map[string]string{}
	var scopes []string
	body := false
	snap := func() {
		for path, value := range now {
			v.values[path][v.times[len(v.times)-1]] = value
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Fields(line)
		switch {
		case f[0] == "$timescale":
		case f[0] == "$scope":
			require.Len(t, f, 4)
			scopes = append(scopes, f[2])
		case f[0] == "$upscope":
			scopes = scopes[:len(scopes)-1]
		case f[0] == "$var":
			require.Len(t, f, 6, line)
			path := strings.Join(append(scopes, f[4]), ".")
			require.NotContains(t, v.width, path)
			require.NotContains(t, ids, f[3])
			width, err := strconv.Atoi(f[2])
			require.NoError(t, err)
			ids[f[3]], v.width[path], v.values[path] = path, width, map[int64]string{}
		case f[0] == "$enddefinitions":
			require.Empty(t, scopes)
			body = true
		case f[0][0] == '#':
			require.True(t, body)
			if len(v.times) > 0 {
				snap()
			}
			at, err := strconv.ParseInt(f[0][1:], 10, 64)
			require.NoError(t, err)
			v.times = append(v.times, at)
		case f[0][0] == 'b':
			path := ids[f[1]]
			require.Len(t, f[0][1:], v.width[path], line)
			now[path] = f[0][1:]
		default:
			path := ids[f[0][1:]]
			require.Equal(t, 1, v.width[path], line)
			now[path] = f[0][:1]
		}
	}
	snap()
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
	assert.Equal(t, []int64{2, 3, 4, 5}, v.times)
	assert.Equal(t, 8, v.width["t.q"])
	assert.Equal(t, 3, v.width["t.m.read0_addr"])
	// In cycle c the port shows the word at address c-1; word 0 was written with 4 in cycle 4.
	for at, want := range map[int64]string{2: "00010001", 3: "00010010", 4: "00010011", 5: "00010100"} {
		assert.Equal(t, want, v.values["t.q"][at], at)
		assert.Equal(t, want, v.values["t.oq"][at], at)
		assert.Equal(t, want, v.values["t.m.read0_data"][at], at)
		assert.Equal(t, fmt.Sprintf("%03b", at%5), v.values["t.addr"][at])
		assert.Equal(t, fmt.Sprintf("%08b", at), v.values["t.m.write0_data"][at])
		assert.Equal(t, "1", v.values["t.m.write0_enable"][at])
		assert.Equal(t, "0", v.values["t.m.write1_enable"][at])
	}
	assert.NotContains(t, v.width, "t.m.read1_enable", "that port is always enabled")
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
		require.Len(t, v.times, cycles)

		twin, compared := machine(t, d), 0
		for c := range int64(cycles) {
			for _, st := range twin.states {
				if st.Mem == nil {
					require.Equal(t, bitText(st.Type, st.vals), v.values["top."+st.Path][c], "%s at %d", st.Path, c)
					compared++
				}
			}
			step := *s
			step.Limit = c + 1
			step.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool { return f.Cycle != c })
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
	assert.Equal(t, []int64{1, 2, 3, 4}, readVCD(t, b.String()).times)
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
