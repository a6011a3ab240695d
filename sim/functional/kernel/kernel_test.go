package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
)

// everySet runs a test on each set of the machine.
func everySet(t *testing.T, test func(t *testing.T, s *Set)) {
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) { test(t, s) })
	}
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
	assert.ErrorContains(t, err, `no kernel set "abacus" on this machine; it has `)
}

// A pixel of two channels, another beside it, two taps, one block.
func TestDenseByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		w := make([]int16, 2*Lanes*2)
		w[0], w[1] = 3, -5               // tap 0, lane 0
		w[2*Lanes], w[2*Lanes+1] = 7, 11 // tap 1, lane 0
		w[2*15], w[2*15+1] = math.MinInt16, math.MinInt16
		acc := slices.Repeat([]int32{99}, 2*Lanes)
		s.Dense(acc, []int16{1, 10, 2, 20, math.MinInt16, math.MinInt16}, 2, []int32{0, 2}, w, 2, 1)
		want := make([]int32, 2*Lanes)
		want[0], want[Lanes] = 3-50+14+220, 6-100-18*32768
		want[15], want[Lanes+15] = -11*32768, -22*32768
		assert.Equal(t, want, acc)
	})
}

// The sum of -32768 squared, twice, is 2^31, which wraps.
func TestDenseWraps(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		low := slices.Repeat([]int16{math.MinInt16}, 6*Lanes)
		acc := make([]int32, Lanes)
		s.Dense(acc, low[:2], 0, []int32{0}, low, 1, 1)
		assert.Equal(t, slices.Repeat([]int32{math.MinInt32}, Lanes), acc)
		s.Dense(acc, low[:2], 0, []int32{0, 0, 0}, low, 1, 1)
		assert.Equal(t, slices.Repeat([]int32{math.MinInt32}, Lanes), acc)
		s.Dense(acc, low[:2], 0, []int32{0, 0}, low, 1, 1)
		assert.Equal(t, make([]int32, Lanes), acc)
	})
}

func TestScatterByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		acc := []int32{100, 100, 100, 100, 100, 100}
		w := []int16{
			1, 2, 3, 4, // pair 0, lanes 0 and 1
			5, 6, 7, 8, // pair 1
			9, 10, 11, 12, // pair 2
		}
		minus1, top := uint32(0xffff), uint32(0x8000<<16)
		s.Scatter(acc, 1, []Segment{{Acc: 0, W: 0, Lanes: 2}, {Acc: 3, W: 2, Lanes: 1}}, []uint32{minus1, top | 3}, []int32{2, 0}, 4, w)
		assert.Equal(t, []int32{
			100, 100 - 9 + 3 - 2*32768, 100 - 11 + 9 - 4*32768,
			100, 100 - 11 + 9 - 4*32768, 100,
		}, acc)
	})
}

func TestDiffByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		a, b := make([]int16, 130), make([]int16, 130)
		b[0], b[63], b[64], b[129] = 1, math.MinInt16, -1, 256
		mask := []uint64{5, 5, 5, 5}
		s.Diff(mask, a, b)
		assert.Equal(t, []uint64{1 | 1<<63, 1, 2, 5}, mask)
	})
}

func TestArgMaxByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		mask := []uint8{9, 9, 9, 9, 77}
		s.ArgMax(mask, []int16{
			-3, -2, -2, 5,
			7, 6, 7, 9,
			math.MinInt16, math.MinInt16, math.MinInt16, 0,
			-1, 0, math.MaxInt16,
		}, 4, 3, 4)
		assert.Equal(t, []uint8{1, 0, 0, 2, 77}, mask)
	})
}

// Requantise is what ir/fixed says it is, for whatever ir/fixed admits.
func TestRequantiseIsFixedScale(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			k, constants := randomScale(r, 1+r.IntN(40))
			rounding := fixed.HalfUp
			if constants.Even {
				rounding = fixed.HalfEven
			}
			f := fixed.Scale{Mult: constants.Mult, Shift: constants.Shift, Rounding: rounding, Lo: constants.Lo, Hi: constants.Hi}
			n := k.Channels()
			acc, delta := make([]int32, 3*n), make([]int32, 3*n)
			for i := range acc {
				acc[i], delta[i] = randomSum(r), randomSum(r)
			}
			for _, delta := range [][]int32{nil, delta} {
				got, want := make([]int16, 3*n), make([]int16, 3*n)
				s.Requantise(got, n, acc, delta, n, 3, k)
				for i, a := range acc {
					if delta != nil {
						a += delta[i]
					}
					want[i] = int16(f.Apply(i%n, fixed.Wrap(int64(a), constants.AccBits)+constants.Bias[i%n], constants.Zero))
				}
				require.Equal(t, want, got, "%+v", constants)
			}
		}
	})
}

// Ties and shift 0 are where rounding modes part.
func TestRequantiseTies(t *testing.T) {
	acc := []int32{-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6}
	for name, c := range map[string]struct {
		shift int
		even  bool
		want  []int16
	}{
		"up by 1":   {1, false, []int16{-3, -2, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3, 3}},
		"even by 1": {1, true, []int16{-3, -2, -2, -2, -1, 0, 0, 0, 1, 2, 2, 2, 3}},
		"up by 2":   {2, false, []int16{-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2}},
		"even by 2": {2, true, []int16{-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2}},
		"up by 0":   {0, false, []int16{-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6}},
		"even by 0": {0, true, []int16{-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			everySet(t, func(t *testing.T, s *Set) {
				k := NewScale(Constants{AccBits: 32, Bias: []int64{0}, Shift: []int{c.shift}, Even: c.even, Lo: -100, Hi: 100})
				y := make([]int16, len(acc))
				s.Requantise(y, 1, acc, nil, 1, len(acc), k)
				assert.Equal(t, c.want, y)
			})
		})
	}
}

func TestRefuses(t *testing.T) {
	good := func() Constants {
		return Constants{AccBits: 32, Bias: []int64{0, 0}, Mult: []int64{1, 1}, Shift: []int{0, 0}, Hi: 1}
	}
	for name, spoil := range map[string]func(*Constants){
		"no channels":  func(c *Constants) { *c = Constants{AccBits: 32} },
		"shifts":       func(c *Constants) { c.Shift = c.Shift[:1] },
		"multipliers":  func(c *Constants) { c.Mult = c.Mult[:1] },
		"accumulator":  func(c *Constants) { c.AccBits = 33 },
		"zero point":   func(c *Constants) { c.Zero = 1 << 31 },
		"clamp":        func(c *Constants) { c.Lo = 2 },
		"wide clamp":   func(c *Constants) { c.Hi = 1 << 15 },
		"shift":        func(c *Constants) { c.Shift[1] = 64 },
		"multiplier":   func(c *Constants) { c.Mult[1] = 1 << 32 },
		"negative one": func(c *Constants) { c.Mult[0] = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := good()
			assert.NotPanics(t, func() { NewScale(c) })
			spoil(&c)
			assert.Panics(t, func() { NewScale(c) })
		})
	}
}

// A slice that is one element short is refused before anything is written, by every kernel of every set.
func TestShortSlices(t *testing.T) {
	k, _ := randomScale(rand.New(rand.NewPCG(3, 4)), 18)
	everySet(t, func(t *testing.T, s *Set) {
		acc, x, w, mask := make([]int32, 64), make([]int16, 10), make([]int16, 192), make([]uint64, 2)
		y, bytes := make([]int16, 36), make([]uint8, 3)
		segs := []Segment{{0, 0, 16}, {16, 32, 4}}
		eights, weights := make([]uint8, 12), make([]int8, 384)
		for name, call := range map[string]func(short int){
			"dense acc":        func(n int) { s.Dense(acc[:64-n], x, 4, []int32{4, 0, 2}, w, 2, 2) },
			"dense x":          func(n int) { s.Dense(acc, x[:10-n], 4, []int32{4, 0, 2}, w, 2, 2) },
			"dense w":          func(n int) { s.Dense(acc, x, 4, []int32{4, 0, 2}, w[:192-n], 2, 2) },
			"scatter acc":      func(n int) { s.Scatter(acc[:25-n], 5, segs, []uint32{1, 2}, []int32{0, 1}, 40, w) },
			"scatter w":        func(n int) { s.Scatter(acc, 5, segs, []uint32{1, 2}, []int32{1, 0}, 40, w[:80-n]) },
			"scatter pairs":    func(n int) { s.Scatter(acc, 5, segs, []uint32{1, 2}, []int32{1, 0}[:2-n], 40, w) },
			"requantise y":     func(n int) { s.Requantise(y[:36-n], 18, acc, nil, 20, 2, k) },
			"requantise acc":   func(n int) { s.Requantise(y, 18, acc[:38-n], nil, 20, 2, k) },
			"requantise delta": func(n int) { s.Requantise(y, 18, acc, acc[:38-n], 20, 2, k) },
			"argmax mask":      func(n int) { s.ArgMax(bytes[:3-n], x, 3, 4, 3) },
			"argmax x":         func(n int) { s.ArgMax(bytes, x[:10-n], 3, 4, 3) },
			"sway s":           func(n int) { s.Sway(acc[:3-n], x, x, 3, 3, w[:4]) },
			"sway now":         func(n int) { s.Sway(acc, x[:10-n], x, 3, 3, w[:4]) },
			"sway was":         func(n int) { s.Sway(acc, x, x[:10-n], 3, 3, w[:4]) },
			"exceed mask":      func(n int) { s.Exceed(mask[:1-n], acc, 1, 2, 2, acc[:62]) },
			"exceed s":         func(n int) { s.Exceed(mask, acc[:64-n], 2, 2, 3, acc[:60]) },
			"pack to":          func(n int) { s.Pack(bytes[:3-n], 1, x, x, 3, 1, 3) },
			"pack now":         func(n int) { s.Pack(bytes, 1, x[:7-n], x, 3, 1, 3) },
			"pack was":         func(n int) { s.Pack(bytes, 1, x, x[:7-n], 3, 1, 3) },
			"bytes acc":        func(n int) { s.DenseBytes(acc[:64-n], eights, 4, []int32{4, 0, 2}, weights, acc, 2, 2) },
			"bytes x":          func(n int) { s.DenseBytes(acc, eights[:12-n], 4, []int32{4, 0, 2}, weights, acc, 2, 2) },
			"bytes w":          func(n int) { s.DenseBytes(acc, eights, 4, []int32{4, 0, 2}, weights[:384-n], acc, 2, 2) },
			"bytes start":      func(n int) { s.DenseBytes(acc, eights, 4, []int32{4, 0, 2}, weights, acc[:32-n], 2, 2) },
			"diff mask":        func(n int) { s.Diff(mask[:2-n], w[:65], w[:65]) },
			"diff b":           func(n int) { s.Diff(mask, w[:65], w[:65-n]) },
		} {
			assert.NotPanics(t, func() { call(0) }, name)
			assert.Panics(t, func() { call(1) }, name)
		}
		assert.Panics(t, func() { s.Dense(acc, x, 1, []int32{0, -1}, w, 1, 1) }, "negative offset")
		assert.Panics(t, func() { s.Scatter(acc, 0, segs, []uint32{1}, []int32{-1}, 1, w) }, "negative pair")
		assert.Panics(t, func() { s.ArgMax(bytes, make([]int16, 257), 0, 257, 1) }, "channels")
		assert.Panics(t, func() { s.ArgMax(bytes, x, 0, 0, 1) }, "channels")
	})
}

// randomScale draws constants of a class that ir/fixed admits: products stay within 62 bits.
func randomScale(r *rand.Rand, channels int) (*Scale, Constants) {
	c := Constants{AccBits: 1 + r.IntN(32), Even: r.IntN(2) == 0}
	biasBits := 1 + r.IntN(32)
	multBits := min(1+r.IntN(32), 62-1-max(c.AccBits, biasBits))
	for range channels {
		c.Bias = append(c.Bias, fixed.Wrap(r.Int64(), biasBits))
		c.Shift = append(c.Shift, r.IntN(64))
		if r.IntN(2) == 0 { // so that something is left
			c.Shift[len(c.Shift)-1] = max(0, max(c.AccBits, biasBits)+multBits-r.IntN(24))
		}
		c.Mult = append(c.Mult, r.Int64N(1<<multBits))
		if r.IntN(8) == 0 {
			c.Mult[len(c.Mult)-1] = 1<<multBits - 1
		}
	}
	if r.IntN(6) == 0 {
		c.Mult = nil
	}
	a, b := int64(int16(r.Uint32())), int64(int16(r.Uint32()))
	c.Lo, c.Hi, c.Zero = min(a, b), max(a, b), int64(int16(r.Uint32()))
	if r.IntN(2) == 0 {
		c.Lo, c.Hi = math.MinInt16, math.MaxInt16
	}
	return NewScale(c), c
}

// narrowScale is one of 10 bits at most, which single precision does. Many sums lie on a half or near it.
func narrowScale(r *rand.Rand, channels int) *Scale {
	lo := int64(r.IntN(1000) - 500)
	c := Constants{AccBits: 8 + r.IntN(25), Even: r.IntN(2) == 0, Lo: lo, Hi: lo + int64(r.IntN(500)), Zero: int64(r.IntN(600) - 300)}
	for range channels {
		shift := r.IntN(24)
		c.Shift = append(c.Shift, shift)
		c.Mult = append(c.Mult, []int64{1, 3, r.Int64N(1<<16) + 1}[r.IntN(3)])
		c.Bias = append(c.Bias, r.Int64N(1<<9<<shift)/c.Mult[len(c.Mult)-1])
	}
	return NewScale(c)
}

// randomSum draws an accumulator, often an extreme or small one.
func randomSum(r *rand.Rand) int32 {
	switch r.IntN(4) {
	case 0:
		return []int32{math.MinInt32, math.MaxInt32, -1, 0, 1, math.MinInt32 + 1}[r.IntN(6)]
	case 1:
		return int32(r.IntN(64) - 32)
	}
	return int32(r.Uint32()) >> r.IntN(32)
}
