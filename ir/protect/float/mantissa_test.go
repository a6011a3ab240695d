package float

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

var levels = []Level{P0, P1, P2, P3}

// plain is the rule as the study states it, value by value, in 64-bit floats.
func plain(l Level, v float32) float32 {
	u := math.Float32bits(v)
	m := 1.0
	for i := range 23 {
		m += float64(u>>i&1) * math.Ldexp(1, i-23)
	}
	empty, full := m <= limits[l].low, m >= limits[l].upp
	switch sign, e := u&(1<<31), u>>23&0xff; e {
	case 127, 125:
		if empty {
			return math.Float32frombits(sign | (e-1)<<23 | 0x7fffff)
		}
	case 123, 119, 111, 95, 63:
		if empty {
			return math.Float32frombits(sign | (e-1)<<23 | 0x7fffff)
		}
		if full {
			return math.Float32frombits(sign | (e+1)<<23)
		}
	}
	return v
}

func bits(values []float32) []uint32 {
	out := make([]uint32, len(values))
	for i, v := range values {
		out[i] = math.Float32bits(v)
	}
	return out
}

func TestMantissaGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/mantissa.txt")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var level Level
		var from, to uint32
		_, err := fmt.Sscanf(line, "%s %x %x", &level, &from, &to)
		require.NoError(t, err, line)
		values := []float32{math.Float32frombits(from)}
		n := newRule(level).apply(values)
		assert.Equal(t, to, math.Float32bits(values[0]), line)
		assert.Equal(t, to != from, n.empty+n.full == 1, line)
		if math.Float32bits(values[0]) != from {
			assert.Equal(t, to < from, n.empty == 1, line)
			seen[fmt.Sprint(level, from>>31, from>>23&0xff, n)] = true
		}
	}
	assert.Len(t, seen, 4*2*(2+2*5), "each level, sign and exponent in each direction")
}

// The vectors that the text of the rule gives.
func TestMantissaExamples(t *testing.T) {
	for _, c := range []struct {
		level    Level
		from, to float32
	}{
		{P3, 1.05, 0.99999994}, {P3, -1.05, -0.99999994}, {P2, 1.04, 0.99999994}, {P0, 1, 0.99999994}, {P0, 1.002, 1.002},
		{P0, 0.1249, 0.1249}, {P1, 0.1249, 0.125}, {P1, -0.1249, -0.125}, {P3, 0.5, 0.5}, {P3, 2, 2}, {P3, 0, 0},
		{P3, 0x1p-64, 0x1.fffffep-65}, {P3, -0x1p-64, -0x1.fffffep-65}, {P3, 0x1.fffffep-64, 0x1p-63},
	} {
		values := []float32{c.from}
		newRule(c.level).apply(values)
		assert.Equal(t, math.Float32bits(c.to), math.Float32bits(values[0]), "%s of %v", c.level, c.from)
	}
	for _, v := range []float32{float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, math.SmallestNonzeroFloat32} {
		values := []float32{v}
		newRule(P3).apply(values)
		assert.Equal(t, math.Float32bits(v), math.Float32bits(values[0]))
	}
}

// No 32-bit mantissa lies between a limit as a 64-bit float and the decimal number, but 32-bit limits would
// decide otherwise.
func TestMantissaLimitsAreDecimal(t *testing.T) {
	differs := 0
	for l, decimal := range map[Level][2]string{P0: {"1.001", "1.999"}, P1: {"1.01", "1.99"}, P2: {"1.05", "1.95"}, P3: {"1.1", "1.9"}} {
		r := newRule(l)
		for i, text := range decimal {
			exact, ok := new(big.Rat).SetString(text)
			require.True(t, ok)
			edge := []uint32{r[123].empty, r[123].full}[i] // the first fraction on the far side
			at := func(f uint32) int { return new(big.Rat).SetFloat64(1 + float64(f)/oneUp).Cmp(exact) }
			if i == 0 {
				assert.True(t, at(edge-1) <= 0 && at(edge) > 0, text)
			} else {
				assert.True(t, at(edge-1) < 0 && at(edge) >= 0, text)
			}
			narrow := float64(float32([]float64{limits[l].low, limits[l].upp}[i]))
			if new(big.Rat).SetFloat64(narrow).Cmp(exact) == 1-2*i {
				differs++
			}
		}
	}
	assert.Positive(t, differs)
}

// All fractions of all exponents, by a stride that no pattern of bits has, and random values.
func TestMantissaIsTheRule(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var values []float32
	for u := uint32(0); u < 0xffffffff-2503; u += 2503 {
		values = append(values, math.Float32frombits(u))
	}
	for _, e := range []uint32{127, 125, 123, 119, 111, 95, 63} {
		for range 20000 {
			values = append(values, math.Float32frombits(r.Uint32()&0x807fffff|e<<23))
		}
	}
	for _, l := range levels {
		got := append([]float32(nil), values...)
		n := newRule(l).apply(got)
		changed := uint32(0)
		for i, v := range values {
			want := plain(l, v)
			if math.Float32bits(got[i]) != math.Float32bits(want) {
				require.Equal(t, math.Float32bits(want), math.Float32bits(got[i]), "%s of %x", l, math.Float32bits(v))
			}
			if math.Float32bits(want) != math.Float32bits(v) {
				changed++
			}
		}
		assert.Equal(t, changed, n.empty+n.full)
		again := append([]float32(nil), got...)
		assert.Zero(t, newRule(l).apply(again), "what was moved stays")
		assert.Equal(t, bits(got), bits(again))
	}
}

// The largest relative changes that the levels allow.
func TestMantissaChange(t *testing.T) {
	for i, l := range levels {
		limit := limits[l]
		g := &graph.Graph{Nodes: []*graph.Node{{Name: "n", Op: &graph.Conv{Weight: []float32{0, 0, 0.3}}}}}
		w := g.Nodes[0].Op.(*graph.Conv).Weight
		r := newRule(l)
		for k, want := range []float64{1 - 1/limit.low, 2/limit.upp - 1} {
			u := []uint32{127<<23 | (r[127].empty - 1), 123<<23 | r[123].full}[k]
			w[k] = math.Float32frombits(u)
			before := &graph.Graph{Nodes: []*graph.Node{{Name: "n", Op: &graph.Conv{Weight: append([]float32(nil), w...)}}}}
			var report Report
			require.NoError(t, Mantissa{Level: l}.run(g, &report))
			report.compare(before, g)
			assert.Equal(t, int64(1), report.Touched)
			assert.InDelta(t, want, report.Largest, 3e-7)
			percent := [][2]float64{{0.10, 0.05}, {0.99, 0.50}, {4.76, 2.56}, {9.09, 5.26}}[i][k]
			assert.InDelta(t, percent, 100*report.Largest, 0.005)
		}
	}
}

func TestMantissaMeasured(t *testing.T) {
	bn := &graph.BatchNorm{Gamma: []float32{1}, Beta: []float32{-1}, Mean: []float32{1}, Var: []float32{1}}
	g := &graph.Graph{Nodes: []*graph.Node{{Name: "n", Op: bn}}}
	below := math.Nextafter32(1, 0)
	require.NoError(t, Mantissa{Level: P0}.run(g, &Report{}))
	assert.Equal(t, &graph.BatchNorm{Gamma: []float32{below}, Beta: []float32{-below}, Mean: []float32{1}, Var: []float32{1}}, bn)
	require.NoError(t, Mantissa{Level: P0, Measured: true}.run(g, &Report{}))
	assert.Equal(t, []float32{below}, bn.Mean)
	assert.Equal(t, []float32{below}, bn.Var)
}

// normals are values as trained weights are.
func normals(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(0.03 * r.NormFloat64())
	}
	return values
}

func BenchmarkMantissa(b *testing.B) {
	values := normals(1 << 20)
	work := make([]float32, len(values))
	for _, c := range []struct {
		name string
		do   func([]float32)
	}{
		{"table", func(v []float32) { newRule(P3).apply(v) }},
		{"plain", func(v []float32) { branching(v, limits[P3].low, limits[P3].upp) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(4 * int64(len(values)))
			for b.Loop() {
				copy(work, values)
				c.do(work)
			}
		})
	}
}

// branching is the plain loop at its best: by exponent first, then by mantissa.
func branching(values []float32, low, upp float64) {
	for i, v := range values {
		u := math.Float32bits(v)
		e := u >> 23 & 0xff
		switch e {
		case 127, 125, 123, 119, 111, 95, 63:
		default:
			continue
		}
		m := float64(math.Float32frombits(u&0x7fffff | 127<<23))
		switch {
		case m <= low:
			values[i] = math.Float32frombits(u&^0x7fffff - 1)
		case m >= upp && e < 125:
			values[i] = math.Float32frombits(u&^0x7fffff + 1<<23)
		}
	}
}
