package quant

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"rampart/ir/fixed"
)

func TestMultiplier(t *testing.T) {
	for _, c := range []struct {
		ratio float64
		mult  int64
		shift int
	}{
		{1, 1 << 15, 15}, {0.5, 1 << 15, 16}, {2, 1 << 15, 14}, {0.75, 3 << 14, 16}, {1 << 14, 1 << 15, 1},
		{math.Nextafter(1, 0), 1 << 15, 15}, // rounding carries into the next power
		{0.001, 33554, 25},                  // 0.001 * 2^25 = 33554.4
	} {
		mult, shift := multiplier(c.ratio)
		assert.Equal(t, c.mult, mult, "%v", c.ratio)
		assert.Equal(t, c.shift, shift, "%v", c.ratio)
	}
}

func TestGrids(t *testing.T) {
	u8, s8 := fixed.Format{Bits: 8}, fixed.Format{Bits: 8, Signed: true}
	assert.Equal(t, grid{1.0 / 255, 0, u8}, over(0, 1, u8))
	assert.Equal(t, grid{2.0 / 255, 128, u8}, over(-1, 1, u8))
	assert.Equal(t, grid{2.0 / 127, 0, s8}, over(-1, 2, s8))
	assert.Equal(t, grid{1, 0, u8}, over(0, 0, u8), "nothing but zeros")
	halved := over(-1, 1, u8).at(1.0/255, -1, 1)
	assert.Equal(t, int64(128), halved.zero, "either end loses as much")
	g := over(-1, 1, u8)
	assert.Equal(t, int64(255), g.quantise(5))
	assert.Equal(t, int64(0), g.quantise(-5))
	assert.Equal(t, int64(128), g.quantise(0))
	assert.InDelta(t, 4, g.error(5), 0.01)
}

// histogram is statistics of the given values.
func histogram(values ...float64) *stats {
	s := &stats{}
	for _, v := range values {
		s.lo, s.hi = min(s.lo, v), max(s.hi, v)
	}
	for _, v := range values {
		s.add(v)
	}
	return s
}

// bulk is n values spread over lo to hi.
func bulk(n int, lo, hi float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo + (hi-lo)*float64(i)/float64(n-1)
	}
	return v
}

func TestPercentilesLeaveOutTheRare(t *testing.T) {
	s := histogram(append(bulk(10000, -1, 2), 50, -40)...)
	lo, hi := s.percentiles(99.9)
	assert.InDelta(t, -1, lo, 0.05)
	assert.InDelta(t, 2, hi, 0.05)
	lo, hi = s.percentiles(100)
	assert.Equal(t, [2]float64{-40, 50}, [2]float64{lo, hi})
	lo, hi = histogram(bulk(1000, 1, 2)...).percentiles(99)
	assert.Zero(t, lo)
	assert.InDelta(t, 2, hi, 0.05)
}

func TestLeastErrorCutsOffTheRare(t *testing.T) {
	u4 := fixed.Format{Bits: 4}
	outlier := histogram(append(bulk(100000, 0, 1), 4)...)
	assert.Less(t, outlier.best(shrunk(0, 4, u4)).scale, 1.2/15)
	plain := histogram(bulk(100000, 0, 1)...)
	assert.Greater(t, plain.best(shrunk(0, 1, u4)).scale, 0.9/15)
}

func TestDistortionByHand(t *testing.T) {
	s := histogram(append(bulk(1000, 0, 10), 0, 0, 0)...)
	assert.Equal(t, int64(4), s.zeros)
	// Steps of 1: an error uniform over half a step either way.
	got := s.distortion(grid{scale: 1, format: fixed.Format{Bits: 4}}) / 999
	assert.InDelta(t, 1.0/12, got, 0.002)
	// Steps finer than the bins: the same law without looking.
	got = s.distortion(grid{scale: 0.001, format: fixed.Format{Bits: 14}}) / 999
	assert.InDelta(t, 1e-6/12, got, 1e-9)
	// Half of the values are cut off at 5: the mean of (x-5)^2 over 5 to 10 is 25/3.
	got = s.distortion(grid{scale: 1.0 / 3, format: fixed.Format{Bits: 4}}) / 999
	assert.InDelta(t, 25.0/6, got, 0.05)
}
