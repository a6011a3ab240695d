package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allocate gives zeroed memory for one case; see TestStaysInside for another than heap.
type allocate func(bytes int) []byte

func heap(bytes int) []byte { return make([]byte, bytes) }

// fill makes a slice of n elements.
func fill[T any](mem allocate, n int, value func() T) []T {
	var zero T
	bytes := mem(n * int(unsafe.Sizeof(zero)))
	v := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(bytes))), n)
	for i := range v {
		v[i] = value()
	}
	return v
}

// A draw makes a random call of one kernel. What it returns makes the call on a set, with inputs and memory of
// its own, and gives what was written and what lies around it.
type draw func(r *rand.Rand) func(s *Set, mem allocate) any

var draws = map[string]draw{
	"dense": drawDense, "scatter": drawScatter, "requantise": drawRequantise, "argmax": drawArgMax, "diff": drawDiff,
}

// element draws activations and weights for one case: any, extremes, or a few values.
func element(r *rand.Rand) func() int16 {
	kind := r.IntN(3)
	return func() int16 {
		switch kind {
		case 0:
			return int16(r.Uint32())
		case 1:
			return []int16{math.MinInt16, math.MaxInt16, 0, -1}[r.IntN(4)]
		}
		return int16(r.IntN(3)) - 1
	}
}

// again gives a stream of the same values at each call.
func again(r *rand.Rand) func() *rand.Rand {
	a, b := r.Uint64(), r.Uint64()
	return func() *rand.Rand { return rand.New(rand.NewPCG(a, b)) }
}

func drawDense(r *rand.Rand) func(*Set, allocate) any {
	pixels, blocks, step, offs := r.IntN(40), r.IntN(6), r.IntN(20), make([]int32, r.IntN(20))
	for i := range offs {
		offs[i] = int32(r.IntN(50))
	}
	n := 0
	if len(offs) > 0 && pixels > 0 {
		n = span(pixels, step, int(slices.Max(offs))+2)
	}
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		acc := fill(mem, pixels*blocks*Lanes, r.Int32)
		x, w := fill(mem, n, element(r)), fill(mem, blocks*len(offs)*Lanes*2, element(r))
		s.Dense(acc, x, step, slices.Clone(offs), w, pixels, blocks)
		return slices.Clone(acc)
	}
}

func drawScatter(r *rand.Rand) func(*Set, allocate) any {
	base, pairStep, pairs := r.IntN(20), r.IntN(300), make([]int32, r.IntN(6))
	for i := range pairs {
		pairs[i] = int32(r.IntN(9))
	}
	segs := make([]Segment, r.IntN(5))
	sums, weights := 0, 0
	for i := range segs {
		g := Segment{int32(r.IntN(100)), int32(r.IntN(100)), int32(r.IntN(1 + []int{30, 200}[r.IntN(2)]))}
		segs[i] = g
		if len(pairs) > 0 {
			sums = max(sums, base+int(g.Acc+g.Lanes))
			weights = max(weights, int(g.W+2*g.Lanes)+int(slices.Max(pairs))*pairStep)
		}
	}
	sums = max(sums, base)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		acc, w := fill(mem, sums, r.Int32), fill(mem, weights, element(r))
		low, high := element(r), element(r)
		dx := fill(mem, len(pairs), func() uint32 { return uint32(uint16(low())) | uint32(uint16(high()))<<16 })
		n := 0
		s.Scatter(acc, base, segs, dx, fill(mem, len(pairs), func() int32 { n++; return pairs[n-1] }), pairStep, w)
		return slices.Clone(acc)
	}
}

func drawRequantise(r *rand.Rand) func(*Set, allocate) any {
	k, constants := randomScale(r, 1+r.IntN(40))
	if r.IntN(3) == 0 { // what ir/fixed would not admit wraps in all sets alike
		constants.Mult = make([]int64, k.channels)
		for i := range constants.Mult {
			constants.Mult[i], constants.Bias[i] = r.Int64N(1<<(31+r.IntN(2))), r.Int64()
		}
		k = NewScale(constants)
	}
	n, pixels := k.channels, r.IntN(20)
	yStep, accStep := n+r.IntN(4), n+r.IntN(4)
	if r.IntN(3) == 0 {
		yStep, accStep = n, n
	}
	withDelta, repeat := r.IntN(2) == 0, again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		sum := func() int32 { return randomSum(r) }
		y := fill(mem, span(pixels, yStep, n), element(r))
		acc := fill(mem, span(pixels, accStep, n), sum)
		var delta []int32
		if withDelta {
			delta = fill(mem, len(acc), sum)
		}
		s.Requantise(y, yStep, acc, delta, accStep, pixels, k)
		return slices.Clone(y)
	}
}

func drawArgMax(r *rand.Rand) func(*Set, allocate) any {
	pixels, channels := r.IntN(20), 1+r.IntN([]int{9, 70, 256}[r.IntN(3)])
	step := r.IntN(2*channels + 1)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		mask := fill(mem, pixels, func() uint8 { return uint8(r.Uint32()) })
		s.ArgMax(mask, fill(mem, span(pixels, step, channels), element(r)), step, channels, pixels)
		return slices.Clone(mask)
	}
}

func drawDiff(r *rand.Rand) func(*Set, allocate) any {
	n, rare := r.IntN(400), 1+r.IntN(100)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		a, mask := fill(mem, n, element(r)), fill(mem, (n+63)/64, r.Uint64)
		i := 0
		b := fill(mem, n, func() int16 {
			i++
			if r.IntN(rare) == 0 {
				return a[i-1] ^ 1<<r.IntN(16)
			}
			return a[i-1]
		})
		s.Diff(mask, a, b)
		return slices.Clone(mask)
	}
}

// compare makes a call on a set and on the Go set.
func compare(s *Set, call func(*Set, allocate) any, mem allocate) error {
	sets := Sets()
	want, got := call(sets[len(sets)-1], heap), call(s, mem)
	if !assert.ObjectsAreEqual(want, got) {
		return fmt.Errorf("set %s gives %v, set go %v", s.Name, got, want)
	}
	return nil
}

func TestEverySetIsTheGoSet(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			everySet(t, func(t *testing.T, s *Set) {
				r := rand.New(rand.NewPCG(5, 6))
				for i := range 400 {
					require.NoError(t, compare(s, draw(r), heap), "case %d", i)
				}
			})
		})
	}
}

// A set that is wrong in one bit of one element is found out, whichever kernel it is.
func TestCompareSeesOneWrongLane(t *testing.T) {
	set, err := Named("go")
	require.NoError(t, err)
	wrong := *set
	wrong.Name = "wrong"
	wrong.Dense = func(acc []int32, x []int16, step int, offs []int32, w []int16, pixels, blocks int) {
		set.Dense(acc, x, step, offs, w, pixels, blocks)
		spoil(acc)
	}
	wrong.Scatter = func(acc []int32, base int, segs []Segment, dx []uint32, pairs []int32, pairStep int, w []int16) {
		set.Scatter(acc, base, segs, dx, pairs, pairStep, w)
		spoil(acc)
	}
	wrong.Requantise = func(y []int16, yStep int, acc, delta []int32, accStep, pixels int, k *Scale) {
		set.Requantise(y, yStep, acc, delta, accStep, pixels, k)
		spoil(y)
	}
	wrong.ArgMax = func(mask []uint8, x []int16, step, channels, pixels int) {
		set.ArgMax(mask, x, step, channels, pixels)
		spoil(mask)
	}
	wrong.Diff = func(mask []uint64, a, b []int16) {
		set.Diff(mask, a, b)
		spoil(mask)
	}
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			call := draw(r)
			for compare(&wrong, call, heap) == nil { // a call of no elements cannot go wrong
				assert.Empty(t, call(set, heap))
				call = draw(r)
			}
			assert.ErrorContains(t, compare(&wrong, call, heap), "set wrong gives")
		})
	}
}

func spoil[T ~uint8 | ~int16 | ~int32 | ~uint64](v []T) {
	if len(v) > 0 {
		v[len(v)*2/3] ^= 1
	}
}

func FuzzSets(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		for name, draw := range draws {
			for _, s := range Sets() {
				require.NoError(t, compare(s, draw(rand.New(rand.NewPCG(a, b))), heap), name)
			}
		}
	})
}
