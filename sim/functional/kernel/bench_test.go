package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func benchmarkSets(b *testing.B, bench func(b *testing.B, s *Set)) {
	for _, s := range Sets() {
		b.Run(s.Name, func(b *testing.B) { bench(b, s) })
	}
}

func giga(b *testing.B, perOp int, unit string) {
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds()/1e9, unit)
}

// BenchmarkDense runs 3x3 layers, row by row as a network does. The figure counts every lane of a block.
func BenchmarkDense(b *testing.B) {
	for _, c := range []struct{ in, out, width, height int }{{2, 16, 96, 64}, {8, 16, 96, 64}, {16, 16, 48, 32}, {32, 32, 24, 16}, {64, 64, 24, 16}, {64, 64, 13, 9}} {
		b.Run(fmt.Sprintf("%dto%d_%dx%d", c.in, c.out, c.width, c.height), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				r := rand.New(rand.NewPCG(1, 2))
				row := (c.width + 2) * c.in
				var offs []int32
				for y := range 3 {
					for x := 0; x < 3*c.in; x += 2 {
						offs = append(offs, int32(y*row+x))
					}
				}
				x := fill(heap, (c.height+2)*row, element(r))
				w, acc := fill(heap, c.out*len(offs)*2, element(r)), make([]int32, c.width*c.height*c.out)
				for b.Loop() {
					for y := range c.height {
						s.Dense(acc[y*c.width*c.out:], x[y*row:], c.in, offs, w, c.width, c.out/Lanes)
					}
				}
				giga(b, c.width*c.height*c.out*9*c.in, "GMAC/s")
			})
		})
	}
}

// BenchmarkScatter spreads changes of some channel pairs of one pixel after another over a 3x3 layer's
// accumulators.
func BenchmarkScatter(b *testing.B) {
	for _, c := range []struct{ pairs, out int }{{1, 8}, {4, 8}, {8, 16}, {16, 32}, {32, 64}} {
		b.Run(fmt.Sprintf("%dpairs_%d", c.pairs, c.out), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				r := rand.New(rand.NewPCG(1, 2))
				step := 2 * 3 * c.out
				w, acc := fill(heap, 3*c.pairs*step, element(r)), make([]int32, 3*20*c.out)
				var segs []Segment
				for i := range 3 {
					segs = append(segs, Segment{Acc: int32(i * 20 * c.out), W: int32(i * c.pairs * step), Lanes: int32(3 * c.out)})
				}
				dx, pairs := fill(heap, c.pairs, r.Uint32), make([]int32, c.pairs)
				for i := range pairs {
					pairs[i] = int32(i)
				}
				for x := 0; b.Loop(); x = (x + 1) % 16 {
					s.Scatter(acc, x*c.out, segs, dx, pairs, step, w)
				}
				giga(b, 2*c.pairs*9*c.out, "GMAC/s")
			})
		})
	}
}

func BenchmarkRequantise(b *testing.B) {
	for _, c := range []struct {
		pixels, channels, yStep, accStep int
		delta                            bool
	}{{256, 16, 16, 16, false}, {256, 16, 16, 16, true}, {256, 64, 64, 64, false}, {256, 8, 8, 8, false}, {256, 6, 6, 16, false}, {3, 8, 8, 8, true}, {5, 12, 12, 12, true}} {
		b.Run(fmt.Sprintf("%dx%d_delta=%v", c.pixels, c.channels, c.delta), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				r := rand.New(rand.NewPCG(1, 2))
				k := benchScale(c.channels)
				acc, y := fill(heap, c.pixels*c.accStep, r.Int32), make([]int16, c.pixels*c.yStep)
				var delta []int32
				if c.delta {
					delta = acc
				}
				for b.Loop() {
					s.Requantise(y, c.yStep, acc, delta, c.accStep, c.pixels, k)
				}
				giga(b, c.pixels*c.channels, "Gelement/s")
			})
		})
	}
}

func benchScale(channels int) *Scale {
	c := Constants{AccBits: 24, Bias: make([]int64, channels), Mult: make([]int64, channels), Shift: make([]int, channels), Lo: -128, Hi: 127}
	for i := range channels {
		c.Bias[i], c.Mult[i], c.Shift[i] = int64(i), int64(30000+i), 28+i%3
	}
	return NewScale(c)
}

func BenchmarkArgMax(b *testing.B) {
	for _, channels := range []int{6, 19} {
		b.Run(fmt.Sprint(channels), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				const pixels = 1024
				x, mask := fill(heap, pixels*channels, element(rand.New(rand.NewPCG(1, 2)))), make([]uint8, pixels)
				for b.Loop() {
					s.ArgMax(mask, x, channels, channels, pixels)
				}
				giga(b, pixels, "Gpixel/s")
			})
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	benchmarkSets(b, func(b *testing.B, s *Set) {
		x, mask := fill(heap, 4096, element(rand.New(rand.NewPCG(1, 2)))), make([]uint64, 64)
		for b.Loop() {
			s.Diff(mask, x, x)
		}
		giga(b, len(x), "Gelement/s")
	})
}

// BenchmarkSettle settles all pixels of a layer, of which some change.
func BenchmarkSettle(b *testing.B) {
	for _, channels := range []int{8, 16, 64} {
		b.Run(fmt.Sprint(channels), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				const pixels = 64
				r := rand.New(rand.NewPCG(1, 2))
				k := benchScale(channels)
				acc := fill(heap, pixels*channels, func() int32 { return int32(r.IntN(1<<20) - 1<<19) })
				delta := fill(heap, pixels*channels, func() int32 { return int32(r.IntN(1 << 12)) })
				y, was := make([]int16, len(acc)), make([]int16, len(acc))
				s.Requantise(was, channels, acc, nil, channels, pixels, k)
				for b.Loop() {
					s.Settle(y, was, channels, acc, delta, channels, ^uint64(0), k)
				}
				giga(b, pixels*channels, "Gelement/s")
			})
		})
	}
}

// BenchmarkDenseBytes is of 3x3 convolutions of as many channels as one side has.
func BenchmarkDenseBytes(b *testing.B) {
	for _, c := range []struct{ fours, blocks, taps, pixels int }{{2, 1, 12, 64}, {4, 1, 9, 64}, {8, 2, 9, 32}, {2, 1, 12, 2}} {
		b.Run(fmt.Sprintf("%dx%dx%d_%d", c.fours, c.blocks, c.taps, c.pixels), func(b *testing.B) {
			benchmarkSets(b, func(b *testing.B, s *Set) {
				step := 8 * c.fours
				offs := make([]int32, c.taps*c.fours)
				for i := range offs {
					offs[i] = int32(4 * i)
				}
				acc, x := make([]int32, c.pixels*c.blocks*Lanes), make([]uint8, span(c.pixels, step, 4*len(offs)))
				w, start := make([]int8, c.blocks*len(offs)*Lanes*4), make([]int32, c.blocks*Lanes)
				for b.Loop() {
					s.DenseBytes(acc, x, step, offs, w, start, c.pixels, c.blocks)
				}
				giga(b, len(acc)*len(offs)*4, "GMAC/s")
			})
		})
	}
}
