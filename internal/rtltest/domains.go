package rtltest

import (
	"math/rand/v2"

	"rampart/ir/rtl"
)

// domains are those of the truth designs: every value of every small type; corners and random values
// of wide types; vectors and the broadcast of scalars.
func domains() []*domain {
	scalar := func(a, b rtl.Type) int { return 1 }
	small := bothSigns(1, 2, 3, 4)
	wide := bothSigns(8, 31, 32, 33, 63, 64)
	return []*domain{
		{
			name: "small", pools: [3]int{4, 4, 1},
			elems: small, partners: func(rtl.Type) []rtl.Type { return small },
			results: func(bits int) []rtl.Type { return bothSigns(bits-1, bits, bits+5) },
			lanes:   scalar, spread: [][2]bool{{false, false}},
			vectors: []rtl.Type{rtl.U(4), rtl.S(3), rtl.U(1).Vec(3), rtl.U(1).Vec(4), rtl.S(1).Vec(4), rtl.U(2).Vec(2), rtl.S(2).Vec(2)},
			index:   []rtl.Type{rtl.U(1), rtl.U(2), rtl.U(4)},
			beats:   everyBeat,
		},
		{
			name: "wide", pools: [3]int{64, 64, 1},
			elems: wide,
			partners: func(t rtl.Type) []rtl.Type {
				return distinct(t, rtl.Type{Lanes: 1, Bits: t.Bits, Signed: !t.Signed}, rtl.U(8), rtl.U(64), rtl.S(64))
			},
			results: func(bits int) []rtl.Type { return bothSigns(bits-1, bits, 64) },
			lanes:   scalar, spread: [][2]bool{{false, false}},
			vectors: []rtl.Type{rtl.U(64), rtl.S(64), rtl.U(32).Vec(2), rtl.S(31).Vec(2), rtl.S(8).Vec(8), rtl.U(63)},
			index:   []rtl.Type{rtl.U(3), rtl.U(33), rtl.U(64)},
			beats:   cornerBeats,
		},
		{
			name: "vector", pools: [3]int{128, 128, 5},
			elems: []rtl.Type{rtl.U(1), rtl.U(3), rtl.S(5), rtl.U(8), rtl.S(33), rtl.U(64), rtl.S(64)},
			partners: func(t rtl.Type) []rtl.Type {
				return distinct(t, rtl.U(t.Bits), rtl.U(5), rtl.S(33))
			},
			results: func(bits int) []rtl.Type { return []rtl.Type{rtl.U(min(64, bits)), rtl.S(min(64, bits+3))} },
			lanes:   func(a, b rtl.Type) int { return min(5, 128/max(a.Bits, b.Bits)) },
			spread:  [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}},
			vectors: []rtl.Type{rtl.U(8).Vec(16), rtl.S(64).Vec(2), rtl.U(63).Vec(2), rtl.S(33).Vec(3), rtl.U(1).Vec(66), rtl.S(5).Vec(6), rtl.U(12).Vec(9)},
			index:   []rtl.Type{rtl.U(2), rtl.U(7)},
			beats:   patternBeats,
		},
	}
}

// bothSigns are the scalar types of the given widths, those outside 1 to 64 brought inside.
func bothSigns(bits ...int) []rtl.Type {
	var ts []rtl.Type
	for _, b := range bits {
		b = min(max(b, 1), rtl.MaxBits)
		ts = append(ts, rtl.U(b), rtl.S(b))
	}
	return distinct(ts...)
}

func distinct(ts ...rtl.Type) []rtl.Type {
	var out []rtl.Type
	seen := map[rtl.Type]bool{}
	for _, t := range ts {
		if !seen[t] {
			out = append(out, t)
		}
		seen[t] = true
	}
	return out
}

// bitsOf is the lowest n bits of v, one per element.
func bitsOf(v uint64, n int) []int64 {
	bits := make([]int64, n)
	for i := range min(n, 64) {
		bits[i] = int64(v >> i & 1)
	}
	return bits
}

func everyBeat(total, _ int) [][]int64 {
	var beats [][]int64
	for v := range uint64(1) << total {
		beats = append(beats, bitsOf(v, total))
	}
	return beats
}

// cornerWords are 64-bit patterns whose low parts are corners of narrower types.
func cornerWords() []uint64 {
	words := []uint64{0, 1, 2, ^uint64(0), ^uint64(1), 0x5555555555555555, 0xaaaaaaaaaaaaaaaa}
	for _, b := range []int{8, 31, 32, 33, 63, 64} {
		half := uint64(1) << (b - 1)
		words = append(words, half, half-1, half+1, ^half)
	}
	return words
}

// cornerBeats pairs all corners with each other, random words with shift amounts, and random words.
func cornerBeats(total, seed int) [][]int64 {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	var beats [][]int64
	add := func(a, b uint64) {
		beats = append(beats, append(append(bitsOf(a, 64), bitsOf(b, 64)...), bitsOf(r.Uint64(), total-128)...))
	}
	for _, a := range cornerWords() {
		for _, b := range cornerWords() {
			if r.IntN(6) == 0 || a == b {
				add(a, b)
			}
		}
	}
	for _, by := range []uint64{0, 1, 7, 8, 9, 30, 31, 32, 33, 34, 62, 63, 64, 65, 127, 255} {
		add(r.Uint64(), by)
		add(1<<63|r.Uint64(), by)
	}
	for range 40 {
		add(r.Uint64(), r.Uint64())
	}
	return beats
}

// patternBeats fills the input with runs and random words of different density.
func patternBeats(total, seed int) [][]int64 {
	r := rand.New(rand.NewPCG(uint64(seed), 2))
	corners := cornerWords()
	kinds := []func() uint64{
		func() uint64 { return 0 },
		func() uint64 { return ^uint64(0) },
		r.Uint64,
		func() uint64 { return r.Uint64() & r.Uint64() & r.Uint64() },
		func() uint64 { return r.Uint64() | r.Uint64() | r.Uint64() },
		func() uint64 { return corners[r.IntN(len(corners))] },
	}
	var beats [][]int64
	for range 100 {
		var bits []int64
		for len(bits) < total {
			bits = append(bits, bitsOf(kinds[r.IntN(len(kinds))](), 64)...)
		}
		beats = append(beats, bits[:total])
	}
	return beats
}
