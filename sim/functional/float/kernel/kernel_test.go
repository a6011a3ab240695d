package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	nan    = float32(math.NaN())
	inf    = float32(math.Inf(1))
	negNaN = math.Float32frombits(0xffc00001)
	minus0 = math.Float32frombits(1 << 31)
)

// everySet runs a test on each set of the machine.
func everySet(t *testing.T, test func(t *testing.T, s *Set)) {
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
}

// bits is how activations are compared: every bit counts, save those of a NaN.
func bits(v []float32) []uint32 {
	out := make([]uint32, len(v))
	for i, x := range v {
		if out[i] = math.Float32bits(x); x != x {
			out[i] = 0x7fc00000
		}
	}
	return out
}

// noise draws numbers of ordinary size, and every now and then one from a corner of the format.
func noise(r *rand.Rand, n int) []float32 {
	corners := []float32{0, minus0, nan, negNaN, inf, -inf, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -1e-39, 1e-30, 1, -1}
	rare := 1 + r.IntN(40)
	out := make([]float32, n)
	for i := range out {
		switch r.IntN(rare + 1) {
		case 0:
			out[i] = corners[r.IntN(len(corners))]
		case 1:
			out[i] = float32(r.NormFloat64() * 1e-39) // subnormal
		default:
			out[i] = float32(r.NormFloat64())
		}
	}
	return out
}

func TestSets(t *testing.T) {
	sets := Sets()
	require.NotEmpty(t, sets)
	assert.Equal(t, "go", sets[len(sets)-1].Name)
	for _, s := range sets {
		got, err := Named(s.Name)
		require.NoError(t, err)
		assert.Equal(t, s.Name, got.Name)
	}
	_, err := Named("abacus")
	assert.ErrorContains(t, err, `no float kernel set "abacus" on this machine; it has `)
}

// Two channels of two rows of two columns, two taps.
func TestConvByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		x := append([]float32{1, 2, 3, 10, 20, 30}, make([]float32, Slack)...)
		y := slices.Repeat([]float32{99}, 10)
		s.Conv(y, x, Area{Rows: 2, Cols: 2, YRow: 3, YPlane: 5, XRow: 3}, NewTaps([]int32{1, 0}), []float32{2, 100, 5, 1000}, []float32{0.5, 7})
		assert.Equal(t, []float32{9.5, 16.5, 99, 90.5, 160.5, 1207, 2307, 99, 12007, 23007}, y)
	})
}

// The sum is taken in the order of the taps, every product and every sum rounded: a fused multiply-add, or
// another order, gives something else in each of these.
func TestConvRounds(t *testing.T) {
	a := math.Float32frombits(0x3f800001) // the square of 1+u is 1+2u when rounded
	for name, c := range map[string]struct{ x, w, want []float32 }{
		"product":   {[]float32{a, a}, []float32{-a, a}, []float32{0}},
		"order":     {[]float32{1e8, -1e8, 1}, []float32{1, 1, 1}, []float32{1}},
		"order 2":   {[]float32{1, 1e8, -1e8}, []float32{1, 1, 1}, []float32{0}},
		"subnormal": {[]float32{1e-30, 1}, []float32{1e-10, 0}, []float32{1e-40}},
		"zero":      {[]float32{minus0}, []float32{1}, []float32{0}},
		"overflow":  {[]float32{1e38, 1e38}, []float32{10, -10}, []float32{nan}},
	} {
		everySet(t, func(t *testing.T, s *Set) {
			offs, y := []int32{}, []float32{99}
			for i := range c.x {
				offs = append(offs, int32(i))
			}
			s.Conv(y, append(c.x, make([]float32, Slack)...), Area{Rows: 1, Cols: 1}, NewTaps(offs), c.w, []float32{0})
			assert.Equal(t, bits(c.want), bits(y), name)
		})
	}
	everySet(t, func(t *testing.T, s *Set) {
		y := []float32{99}
		s.Conv(y, append([]float32{minus0}, make([]float32, Slack)...), Area{Rows: 1, Cols: 1}, NewTaps([]int32{0}), []float32{1}, []float32{minus0})
		assert.Equal(t, bits([]float32{minus0}), bits(y))
		s.Conv(y, nil, Area{Rows: 1, Cols: 1}, NewTaps(nil), nil, []float32{minus0})
		assert.Equal(t, bits([]float32{minus0}), bits(y), "no taps")
	})
}

// Every set computes what the set "go" does, and touches nothing else, for any shape.
func TestConvAgainstGo(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		for seed := range uint64(400) {
			r := rand.New(rand.NewPCG(seed, 1))
			a := Area{Rows: r.IntN(15), Cols: r.IntN(40), XRow: r.IntN(60)}
			a.YRow = a.Cols + r.IntN(5)
			a.YPlane = a.Rows*a.YRow + r.IntN(5)
			channels, offs := 1+r.IntN(s.Block), make([]int32, r.IntN(30))
			for i := range offs {
				offs[i] = int32(r.IntN(100))
			}
			x := noise(r, 100+a.Rows*a.XRow+a.Cols+Slack)
			w, bias := noise(r, channels*len(offs)), noise(r, channels)
			want := noise(r, channels*a.YPlane+a.Cols+7)
			got := slices.Clone(want)
			convGo(want, x, a, NewTaps(offs), w, bias)
			s.Conv(got, x, a, NewTaps(offs), w, bias)
			require.Equal(t, bits(want), bits(got), "seed %d: %+v, %d channels, %d taps", seed, a, channels, len(offs))
		}
	})
}

func TestPointwiseByHand(t *testing.T) {
	x := []float32{nan, negNaN, inf, -inf, minus0, 0, -1, 1, 1e-40, -1e-40}
	everySet(t, func(t *testing.T, s *Set) {
		y := make([]float32, len(x))
		s.Relu(y, x)
		assert.Equal(t, bits([]float32{nan, nan, inf, 0, 0, 0, 0, 1, 1e-40, 0}), bits(y))
		s.Affine(y, x, 1e-3, -0.25)
		assert.Equal(t, bits([]float32{nan, nan, inf, -inf, -0.25, -0.25, -0.251, -0.249, -0.25, -0.25}), bits(y))
		s.Affine(y, x, 0, 1)
		assert.Equal(t, bits([]float32{nan, nan, nan, nan, 1, 1, 1, 1, 1, 1}), bits(y))
		for i, b := range x {
			for j := range y {
				y[j] = b
			}
			s.Max(y, x)
			want := make([]float32, len(x))
			for j, a := range x {
				want[j] = max(a, x[i])
			}
			assert.Equal(t, bits(want), bits(y), "with %v", b)
		}
		n, f := s.NonFinite(x)
		assert.Equal(t, []int{2, 2}, []int{n, f})
	})
}

// float32(float64(x)*scale + shift) is rounded three times: the product is not exact in float64.
func TestAffineRounds(t *testing.T) {
	x, scale := float32(3), 1./3+1./(1<<54) // the product is rounded down to 1
	require.Equal(t, 1., float64(x)*scale)
	everySet(t, func(t *testing.T, s *Set) {
		y := make([]float32, 9)
		s.Affine(y, slices.Repeat([]float32{x}, 9), scale, -1)
		assert.Equal(t, make([]float32, 9), y)
	})
}

func TestArgMaxByHand(t *testing.T) {
	pixels := [][3]float32{
		{1, 2, 3}, {3, 3, 1}, {0, minus0, 0}, {nan, 5, inf}, {1, nan, 0}, {-inf, nan, -inf}, {nan, nan, nan}, {-1, -1, nan}, {1, inf, nan}, {-5, -4, -4},
	}
	want := []int32{2, 0, 0, 0, 0, 0, 0, 0, 1, 1}
	x := make([]float32, 3*len(pixels))
	for i, p := range pixels {
		for c, v := range p {
			x[c*len(pixels)+i] = v
		}
	}
	everySet(t, func(t *testing.T, s *Set) {
		class := make([]int32, len(pixels))
		s.ArgMax(class, x, len(pixels), 3)
		assert.Equal(t, want, class)
	})
}

func TestDifferencesByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		for _, n := range []int{0, 1, 7, 8, 9, 16, 31, 40} {
			a := slices.Repeat([]float32{nan}, n)
			b := slices.Repeat([]float32{negNaN}, n)
			assert.Equal(t, []int{n, -1, 0}, []int{s.First(a, b), s.Last(a, b), s.Count(a, b)}, "%d NaNs", n)
			for i := range n {
				b[i] = 0
				assert.Equal(t, []int{i, i, 1}, []int{s.First(a, b), s.Last(a, b), s.Count(a, b)}, "a number and a NaN")
				a[i] = minus0
				assert.Equal(t, []int{i, i, 1}, []int{s.First(b, a), s.Last(b, a), s.Count(b, a)}, "both zeros")
				a[i] = 0
			}
		}
	})
}

func TestPointwiseAgainstGo(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		for seed := range uint64(300) {
			r := rand.New(rand.NewPCG(seed, 2))
			n, channels := r.IntN(50), 1+r.IntN(12)
			a, b := noise(r, n), noise(r, n)
			for i := range a {
				if r.IntN(4) > 0 {
					b[i] = a[i]
				}
			}
			scale, shift := r.NormFloat64(), r.NormFloat64()
			for name, f := range map[string]func(*Set, []float32){
				"affine": func(s *Set, y []float32) { s.Affine(y, a, scale, shift) },
				"relu":   func(s *Set, y []float32) { s.Relu(y, a) },
				"max":    func(s *Set, y []float32) { s.Max(y, a) },
			} {
				want, got := noise(r, n+9), []float32(nil)
				copy(want, b)
				got = slices.Clone(want)
				f(Sets()[len(Sets())-1], want[:n:n])
				f(s, got[:n:n])
				require.Equal(t, bits(want), bits(got), "%s, seed %d", name, seed)
			}
			counts := func(s *Set) []int {
				nans, infs := s.NonFinite(a)
				return []int{s.First(a, b), s.Last(a, b), s.Count(a, b), nans, infs}
			}
			require.Equal(t, counts(Sets()[len(Sets())-1]), counts(s), "seed %d", seed)
			x := noise(r, (channels-1)*60+n)
			want, got := make([]int32, n+9), make([]int32, n+9)
			argMaxGo(want[:n], x, 60, channels)
			s.ArgMax(got[:n], x, 60, channels)
			require.Equal(t, want, got, "seed %d", seed)
		}
	})
}

// A slice that is one element short is refused before anything is written, by every kernel of every set.
func TestShortSlices(t *testing.T) {
	x, y, w := make([]float32, 100), make([]float32, 100), make([]float32, 4)
	taps := NewTaps([]int32{3, 7})
	a := Area{Rows: 3, Cols: 4, YRow: 5, YPlane: 20, XRow: 6}
	everySet(t, func(t *testing.T, s *Set) {
		for name, call := range map[string]func(short int){
			"conv y":    func(n int) { s.Conv(y[:34-n], x, a, taps, w, w[:2]) },
			"conv x":    func(n int) { s.Conv(y, x[:23+Slack-n], a, taps, w, w[:2]) },
			"conv w":    func(n int) { s.Conv(y, x, a, taps, w[:4-n], w[:2]) },
			"affine":    func(n int) { s.Affine(y[:20-n], x[:20], 1, 1) },
			"relu":      func(n int) { s.Relu(y[:20-n], x[:20]) },
			"max":       func(n int) { s.Max(y[:20-n], x[:20]) },
			"argmax":    func(n int) { s.ArgMax(make([]int32, 9), x[:29-n], 10, 3) },
			"first":     func(n int) { s.First(y[:20-n], x[:20]) },
			"last":      func(n int) { s.Last(y[:20], x[:20-n]) },
			"count":     func(n int) { s.Count(y[:20-n], x[:20]) },
			"no bias":   func(n int) { s.Conv(y, x, a, taps, w, w[:1-n]) },
			"negative":  func(n int) { s.Conv(y, x, a, NewTaps([]int32{int32(-n)}), w, w[:1]) },
			"channels":  func(n int) { s.ArgMax(make([]int32, 1), x, 1, 1-n) },
			"row":       func(n int) { s.Conv(y, x, Area{Rows: 1, Cols: 1, YRow: -n}, taps, w, w[:1]) },
			"many rows": func(n int) { s.Conv(y, x, Area{Rows: 1 + n<<30, Cols: 1}, taps, w, w[:1]) },
		} {
			assert.NotPanics(t, func() { call(0) }, name)
			assert.Panics(t, func() { call(1) }, name)
		}
	})
}

func BenchmarkConv(b *testing.B) {
	for _, s := range Sets() {
		for _, width := range []int{16, 128} {
			for _, channels := range []int{1, s.Block} {
				b.Run(s.Name+"/"+map[int]string{16: "narrow", 128: "wide"}[width]+"/"+map[bool]string{true: "one", false: "block"}[channels == 1], func(b *testing.B) {
					r := rand.New(rand.NewPCG(1, 1))
					const in, rows = 16, 24
					step := width + 1
					plane := step * (rows + 2)
					var offs []int32
					for c := range in {
						for k := range 9 {
							offs = append(offs, int32(c*plane+k/3*step+k%3))
						}
					}
					x, y := make([]float32, in*plane+Slack+2), make([]float32, channels*plane)
					for i := range x {
						x[i] = r.Float32()
					}
					w := make([]float32, channels*len(offs))
					taps := NewTaps(offs)
					for b.Loop() {
						s.Conv(y, x, Area{Rows: rows, Cols: width, YRow: step, YPlane: plane, XRow: step}, taps, w, w[:channels])
					}
					b.ReportMetric(float64(channels*rows*width*len(offs)*b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
				})
			}
		}
	}
}
