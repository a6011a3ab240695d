package kernel

import (
	"fmt"
	"math"
	"math/bits"
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
	"changes": drawChanges, "gather": drawGather, "settle": drawSettle, "sway": drawSway, "exceed": drawExceed,
	"pack": drawPack, "dense bytes": drawDenseBytes,
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

func drawChanges(r *rand.Rand) func(*Set, allocate) any {
	pixels, pairs, n, rare := r.IntN(70), 1+r.IntN(40), r.IntN(9), 1+r.IntN(20)
	if r.IntN(2) == 0 {
		pairs = 1 << r.IntN(5)
	}
	step := 2*pairs + r.IntN(3)*r.IntN(9)
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		was := fill(mem, span(pixels, step, 2*pairs), element(r))
		i := 0
		now := fill(mem, len(was), func() int16 {
			i++
			if r.IntN(rare) == 0 {
				return was[i-1] ^ 1<<r.IntN(16)
			}
			return was[i-1]
		})
		from, table := fill(mem, pixels+1, r.Int32), fill(mem, pixels*pairs, r.Int32)
		dx, at := fill(mem, n+pixels*pairs+Lanes, r.Uint32), fill(mem, n+pixels*pairs+Lanes, r.Int32)
		end := s.Changes(from, dx, at, n, now, was, step, pairs, pixels, table)
		return slices.Concat([]int32{int32(end)}, from, at[:end], as32(dx[:end]))
	}
}

func as32(v []uint32) (as []int32) {
	for _, e := range v {
		as = append(as, int32(e))
	}
	return as
}

func drawGather(r *rand.Rand) func(*Set, allocate) any {
	f := Fan{Span: 1 + r.IntN(7), Blocks: r.IntN(7), RowStep: r.IntN(300)}
	f.Advance = 1 + r.IntN(min(2, f.Span))
	rows, until, entries := r.IntN(8), r.IntN(4), 1+r.IntN(40)
	accStep, fromStep := f.Blocks*Lanes+r.IntN(9), r.IntN(6)
	least, room := r.IntN(200)-100, 500
	shift := r.IntN(100) - least
	repeat := again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		acc := fill(mem, span(f.Targets(rows), accStep, f.Blocks*Lanes), r.Int32)
		from := fill(mem, span(rows, fromStep, until+1), func() int32 { return int32(r.IntN(entries + 1)) })
		low, high := element(r), element(r)
		dx := fill(mem, entries, func() uint32 { return uint32(uint16(low())) | uint32(uint16(high()))<<16 })
		at := fill(mem, entries, func() int32 { return int32(least + r.IntN(room)) })
		w := fill(mem, shift+least+room+f.Span*f.RowStep+2*f.Blocks*Lanes, element(r))
		s.Gather(acc, accStep, from, fromStep, until, rows, dx, at, w, shift, f)
		return slices.Clone(acc)
	}
}

func drawSettle(r *rand.Rand) func(*Set, allocate) any {
	channels := 1 + r.IntN(40)
	if r.IntN(2) == 0 {
		channels = 1 << r.IntN(5)
	}
	k, _ := randomScale(r, channels)
	if r.IntN(3) > 0 {
		k = narrowScale(r, channels)
	}
	n, todo := channels, r.Uint64()>>r.IntN(64)
	if r.IntN(2) == 0 {
		todo &= r.Uint64()
	}
	yStep, accStep := n+r.IntN(4), n+r.IntN(4)
	if r.IntN(2) == 0 {
		yStep, accStep = n, n
	}
	if r.IntN(2) == 0 {
		accStep = n
	}
	pixels := bits.Len64(todo) + r.IntN(3)
	withDelta, repeat := r.IntN(2) == 0, again(r)
	return func(s *Set, mem allocate) any {
		r := repeat()
		acc := fill(mem, span(pixels, accStep, n), func() int32 { return randomSum(r) })
		var delta []int32
		if withDelta {
			delta = fill(mem, len(acc), func() int32 { return randomSum(r) })
		}
		y, was := fill(mem, span(pixels, yStep, n), element(r)), fill(mem, span(pixels, yStep, n), element(r))
		for p := range pixels {
			for c := range n {
				a := acc[p*accStep+c]
				if delta != nil {
					a += delta[p*accStep+c]
				}
				was[p*yStep+c] = k.Apply(c, a)
				if todo>>p&1 != 0 && r.IntN(4) == 0 {
					was[p*yStep+c] ^= 1
				}
			}
		}
		copy(y, was)
		changed := s.Settle(y, was, yStep, acc, delta, accStep, todo, k)
		if pixels == 0 {
			return []int16{}
		}
		return append(slices.Clone(y), int16(changed), int16(changed>>16), int16(changed>>32), int16(changed>>48))
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
	wrong.Changes = func(from []int32, dx []uint32, at []int32, n int, now, was []int16, step, pairs, pixels int, table []int32) int {
		end := set.Changes(from, dx, at, n, now, was, step, pairs, pixels, table)
		spoil(dx[n:end])
		return end
	}
	wrong.Gather = func(acc []int32, accStep int, from []int32, fromStep, until, rows int, dx []uint32, at []int32, w []int16, shift int, f Fan) {
		set.Gather(acc, accStep, from, fromStep, until, rows, dx, at, w, shift, f)
		spoil(acc)
	}
	wrong.Settle = func(y, was []int16, yStep int, acc, delta []int32, accStep int, todo uint64, k *Scale) uint64 {
		changed := set.Settle(y, was, yStep, acc, delta, accStep, todo, k)
		spoil(y)
		return changed
	}
	wrong.Sway = func(s []int32, now, was []int16, step, pixels int, by []int16) {
		set.Sway(s, now, was, step, pixels, by)
		spoil(s)
	}
	wrong.Exceed = func(mask []uint64, s []int32, row, height, width int, limit []int32) bool {
		found := set.Exceed(mask, s, row, height, width, limit)
		spoil(mask)
		return found
	}
	wrong.Pack = func(to []uint8, toStep int, now, was []int16, step, channels, pixels int) bool {
		fit := set.Pack(to, toStep, now, was, step, channels, pixels)
		spoil(to)
		return fit
	}
	wrong.DenseBytes = func(acc []int32, x []uint8, step int, offs []int32, w []int8, start []int32, pixels, blocks int) {
		set.DenseBytes(acc, x, step, offs, w, start, pixels, blocks)
		spoil(acc)
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

func spoil[T ~uint8 | ~int16 | ~int32 | ~uint32 | ~uint64](v []T) {
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
