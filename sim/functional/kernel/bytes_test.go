package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func drawPack(r *rand.Rand) func(*Set, allocate) any {
	pixels, channels := r.IntN(20), 1+r.IntN(70)
	step, toStep := channels+r.IntN(2)*r.IntN(9), channels+r.IntN(2)*r.IntN(5)
	far := r.IntN(3) == 0
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		was := fill(mem, span(pixels, step, channels), element(r))
		i := -1
		now := fill(mem, len(was), func() int16 {
			i++
			if d := r.IntN(256) - 128; !far && int(int16(int(was[i])+d)) == int(was[i])+d {
				return was[i] + int16(d)
			}
			if far && r.IntN(9) == 0 {
				return int16(r.Uint32())
			}
			return was[i]
		})
		to := fill(mem, span(pixels, toStep, channels), func() uint8 { return uint8(r.Uint32()) })
		if !s.Pack(to, toStep, now, was, step, channels, pixels) {
			clear(to)
			spoil(to)
		}
		return slices.Clone(to)
	}
}

func drawDenseBytes(r *rand.Rand) func(*Set, allocate) any {
	pixels, blocks, step := r.IntN(40), r.IntN(5), r.IntN(9)
	offs := make([]int32, r.IntN(12))
	reach := 0
	for i := range offs {
		offs[i] = int32(r.IntN(60))
		reach = max(reach, int(offs[i])+4)
	}
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		acc := fill(mem, pixels*blocks*Lanes, r.Int32)
		x := fill(mem, span(pixels, step, reach), func() uint8 { return uint8(r.Uint32()) })
		w := fill(mem, blocks*len(offs)*Lanes*4, func() int8 { return int8(r.Uint32()) })
		start := fill(mem, blocks*Lanes, r.Int32)
		s.DenseBytes(acc, x, step, offs, w, start, pixels, blocks)
		return slices.Clone(acc)
	}
}

// What just fits a byte is packed, one more is refused, and a difference of 17 bits too.
func TestPackByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		to := []uint8{1, 2, 3, 4}
		assert.True(t, s.Pack(to, 3, []int16{5, -28, 9, 300, 7}, []int16{5, 100, 9, 173, 7}, 3, 1, 2))
		assert.Equal(t, []uint8{128, 2, 3, 255}, to)
		assert.True(t, s.Pack(to, 3, []int16{5, -28, 9}, []int16{5, 100, 9}, 3, 2, 1))
		assert.Equal(t, []uint8{128, 0, 3, 255}, to)
		for _, pair := range [][2]int16{{0, 129}, {128, 0}, {32767, -32768}, {-32768, 32767}, {-32768, 0}} {
			assert.False(t, s.Pack(to, 1, pair[:1], pair[1:], 1, 1, 1), pair)
		}
	})
}

func TestDenseBytesByHand(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		acc, w, start := make([]int32, 2*Lanes), make([]int8, 2*Lanes*4), make([]int32, Lanes)
		start[3] = 1000
		copy(w[3*4:], []int8{1, -2, 3, -128})
		copy(w[(Lanes+3)*4:], []int8{0, 0, 5, 0})
		s.DenseBytes(acc, []uint8{10, 20, 30, 255, 7, 8, 9, 1}, 2, []int32{0, 2}, w, start, 2, 1)
		assert.Equal(t, int32(1000+10-40+90-128*255+5*7), acc[3])
		assert.Equal(t, int32(1000+30-510+21-128*8+5*9), acc[Lanes+3])
		assert.Zero(t, acc[2])
	})
}
