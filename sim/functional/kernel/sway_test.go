package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func drawSway(r *rand.Rand) func(*Set, allocate) any {
	pixels, channels := r.IntN(40), 2*r.IntN(41)
	if r.IntN(2) == 0 {
		channels = 8
	}
	step := channels + r.IntN(2)*r.IntN(9)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		small := func() int16 { return int16(r.IntN(1<<13) - 1<<12) }
		was := fill(mem, span(pixels, step, channels), small)
		now := fill(mem, len(was), small)
		by := fill(mem, channels, func() int16 { return int16(r.IntN(1 << 10)) })
		sway := fill(mem, pixels, r.Int32)
		s.Sway(sway, now, was, step, pixels, by)
		return slices.Clone(sway)
	}
}

func drawExceed(r *rand.Rand) func(*Set, allocate) any {
	pixels, height, width := r.IntN(150), 1+r.IntN(5), 1+r.IntN(5)
	row, most := r.IntN(200), 1+r.IntN(200)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		n := span(height, row, pixels+width-1)
		if pixels == 0 {
			n = 0
		}
		sway := fill(mem, n, func() int32 { return int32(r.IntN(most)) })
		limit := fill(mem, pixels, func() int32 { return int32(r.IntN(most * height * width)) })
		mask := fill(mem, (pixels+63)/64, r.Uint64)
		some := uint64(0)
		if s.Exceed(mask, sway, row, height, width, limit) {
			some = 1
		}
		return append(slices.Clone(mask), some)
	}
}

// A limit that is met is not exceeded, one more is.
func TestExceedByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		sway := []int32{
			1, 2, 3, 4,
			0, 0, 5, 9,
		}
		mask := []uint64{1 << 60}
		assert.True(t, s.Exceed(mask, sway, 4, 2, 2, []int32{3, 9, 21}))
		assert.Equal(t, uint64(0b010), mask[0])
		assert.False(t, s.Exceed(mask, sway, 4, 2, 2, []int32{3, 10, 21}))
		assert.Zero(t, mask[0])
	})
}

func TestSwayByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		sway := make([]int32, 2)
		s.Sway(sway, []int16{1, 2, 0, 255, 0}, []int16{2, 0, 9, 0, 1}, 3, 2, []int16{10, 7})
		assert.Equal(t, []int32{10 + 14, 2550 + 7}, sway)
	})
}
