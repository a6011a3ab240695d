package code

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fitting is random lanes within their limits.
func fitting(p *InPlace, random *rand.Rand) []int64 {
	lanes := make([]int64, p.Lanes)
	for i := range lanes {
		low, high := p.Limits(i)
		lanes[i] = low + random.Int64N(high-low+1)
	}
	return lanes
}

// Every flip is corrected and every two are detected, whether they strike data or check bits.
func TestInPlaceExhaustively(t *testing.T) {
	for width := 3; width <= 16; width++ {
		for _, lanes := range []int{LeastLanes(width), LeastLanes(width) + 1, 8, 16} {
			if lanes < LeastLanes(width) {
				continue
			}
			t.Run(fmt.Sprintf("%dx%d", width, lanes), func(t *testing.T) {
				p, err := NewInPlace(lanes, width)
				require.NoError(t, err)
				require.NoError(t, p.Group.Code.Check())
				require.Equal(t, lanes*width, p.Group.Code.Bits())
				values := fitting(p, rand.New(rand.NewPCG(1, uint64(width))))
				stored, misfits := p.Encode(values)
				require.Empty(t, misfits)
				word := PackLanes(stored, width)
				for a := range lanes * width {
					for b := -1; b < a; b++ {
						struck := slices.Clone(word)
						Flip(struck, a)
						if b >= 0 {
							Flip(struck, b)
						}
						in := make([]int64, lanes)
						UnpackLanes(in, struck, width, true)
						read, outcome, inverted := p.Decode(in)
						if b >= 0 {
							require.Equal(t, Detected, outcome)
							require.Empty(t, inverted)
							continue
						}
						require.Equal(t, Corrected, outcome)
						require.Equal(t, []int{a}, inverted)
						require.Equal(t, values, read)
					}
				}
			})
		}
	}
}

// Values at the limits of their lanes survive, and those beyond are named.
func TestInPlaceLimits(t *testing.T) {
	p, err := NewInPlace(8, 8)
	require.NoError(t, err)
	assert.Equal(t, 57, p.Group.Code.Data)
	assert.Equal(t, 7, p.Checks())
	for _, lanes := range [][]int64{
		{-64, 63, -64, 63, -1, 0, 63, 127}, {0, 0, 0, 0, 0, 0, 0, -128}, {-64, -64, -64, -64, -64, -64, -64, 0},
	} {
		stored, misfits := p.Encode(lanes)
		require.Empty(t, misfits)
		for i, v := range stored {
			assert.True(t, v >= -128 && v <= 127)
			if i >= p.Checks() {
				assert.Equal(t, lanes[i], v, "a free lane is stored as it is")
			}
		}
		read, outcome, inverted := p.Decode(stored)
		assert.Equal(t, lanes, read)
		assert.Equal(t, Clean, outcome)
		assert.Empty(t, inverted)
	}
	stored, misfits := p.Encode([]int64{64, 0, -65, 63, -64, 0, 127, -129})
	assert.Nil(t, stored)
	assert.Equal(t, []int{0, 2, 6, 7}, misfits)
	assert.Panics(t, func() { p.Misfits(make([]int64, 7)) })
}

func TestInPlaceRoundTrips(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		width := 3 + random.IntN(14)
		p, err := NewInPlace(LeastLanes(width)+random.IntN(20), width)
		require.NoError(t, err)
		lanes := fitting(p, random)
		stored, misfits := p.Encode(lanes)
		require.Empty(t, misfits)
		read, outcome, _ := p.Decode(stored)
		require.Equal(t, Clean, outcome)
		require.Equal(t, lanes, read)
	}
}

func TestLeastLanes(t *testing.T) {
	want := map[int]int{3: 5, 4: 6, 5: 6, 6: 7, 7: 7, 8: 7, 9: 7, 10: 8, 11: 8, 12: 8, 13: 8, 14: 8, 15: 8, 16: 8}
	for width, lanes := range want {
		assert.Equal(t, lanes, LeastLanes(width), "%d bits", width)
		_, err := NewInPlace(lanes-1, width)
		assert.EqualError(t, err, fmt.Sprintf("%d lanes of %d bits: check bits fit into %d and more", lanes-1, width, lanes))
	}
	for _, width := range []int{2, 17} {
		_, err := NewInPlace(100, width)
		assert.ErrorContains(t, err, "3 to 16")
	}
}

func TestLanesPack(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for width := 1; width <= 64; width++ {
		lanes := make([]int64, 9)
		for i := range lanes {
			lanes[i] = int64(random.Uint64()) >> (64 - width)
		}
		word := PackLanes(lanes, width)
		for i, v := range lanes {
			for bit := range width {
				require.Equal(t, v>>bit&1 == 1, Bit(word, i*width+bit))
			}
		}
		read := make([]int64, 9)
		UnpackLanes(read, word, width, true)
		assert.Equal(t, lanes, read)
		UnpackLanes(read, word, width, false)
		assert.Equal(t, word, PackLanes(read, width))
		if width < 64 {
			assert.Zero(t, slices.IndexFunc(read, func(v int64) bool { return v < 0 })+1)
		}
	}
}
