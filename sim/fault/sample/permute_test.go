package sample_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/stat/distuv"

	"rampart/sim/fault/sample"
)

func TestPermutationsHoldEachNumberOnce(t *testing.T) {
	for _, n := range []int64{1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 4097, 70_000} {
		for seed := range uint64(3) {
			p, seen := sample.NewPermutation(n, seed, "all"), make([]bool, n)
			for i := range n {
				k := p.At(i)
				assert.False(t, seen[k], "%d comes twice of %d", k, n)
				seen[k] = true
			}
		}
	}
}

// fits tells whether counts could come from a uniform draw, at one in a million.
func fits(counts []float64) bool {
	total, chi := 0.0, 0.0
	for _, c := range counts {
		total += c
	}
	want := total / float64(len(counts))
	for _, c := range counts {
		chi += (c - want) * (c - want) / want
	}
	return chi < distuv.ChiSquared{K: float64(len(counts) - 1)}.Quantile(1-1e-6)
}

// Over seeds every number is as likely at every place, and so is every pair at the first two.
func TestPermutationsAreUniformOverSeeds(t *testing.T) {
	const seeds = 30_000
	for _, n := range []int64{2, 3, 5, 6, 13} {
		first, last, pairs := make([]float64, n), make([]float64, n), make([]float64, n*(n-1))
		for seed := range uint64(seeds) {
			p := sample.NewPermutation(n, seed, "x")
			a, b := p.At(0), p.At(1)
			first[a]++
			last[p.At(n-1)]++
			if b > a {
				b--
			}
			pairs[a*(n-1)+b]++
		}
		assert.True(t, fits(first), "first of %d: %v", n, first)
		assert.True(t, fits(last), "last of %d: %v", n, last)
		if n > 2 {
			assert.True(t, fits(pairs), "pairs of %d: %v", n, pairs)
		}
	}
}

// A sample is uniform over the population: by place, and by any bit of the number.
func TestSamplesAreUniform(t *testing.T) {
	const n, drawn, cells = 3_000_000_019, 200_000, 500
	for _, name := range []string{"a", "b"} {
		p := sample.NewPermutation(n, 7, name)
		places, odd := make([]float64, cells), make([]float64, 64)
		for i := range int64(drawn) {
			k := p.At(i)
			places[k*cells/n]++
			odd[k%64]++
		}
		assert.True(t, fits(places))
		assert.True(t, fits(odd))
	}
}

// The control: a draw that prefers some places is found.
func TestUnevenDrawsAreFound(t *testing.T) {
	counts := make([]float64, 100)
	for i := range counts {
		counts[i] = 1000
	}
	counts[3] = 1500
	assert.False(t, fits(counts))
}

func TestDrawsDependOnSeedAndNameAlone(t *testing.T) {
	const n = 1 << 40
	a, again := sample.NewPermutation(n, 1, "enc.weights bit 7"), sample.NewPermutation(n, 1, "enc.weights bit 7")
	seed, name := sample.NewPermutation(n, 2, "enc.weights bit 7"), sample.NewPermutation(n, 1, "enc.weights bit 6")
	assert.Equal(t, []int64{a.At(0), a.At(1), a.At(2)}, []int64{again.At(0), again.At(1), again.At(2)})
	same := 0
	for i := range int64(1000) {
		if a.At(i) == seed.At(i) || a.At(i) == name.At(i) {
			same++
		}
	}
	assert.Zero(t, same)
	// The bytes of a campaign rest on these: a change here changes every drawn campaign.
	assert.Equal(t, "[262940411012 713029863216 694814877127]", fmt.Sprint([]int64{a.At(0), a.At(1), a.At(2)}))
	assert.Equal(t, sample.Stream(1, "x", 2).Uint64(), sample.Stream(1, "x", 2).Uint64())
	assert.NotEqual(t, sample.Stream(1, "x", 2).Uint64(), sample.Stream(1, "x", 3).Uint64())
}

func BenchmarkPermutation(b *testing.B) {
	p := sample.NewPermutation(3_000_000_019, 1, "x")
	sum := int64(0)
	for i := range b.N {
		sum += p.At(int64(i))
	}
	_ = sum
}
