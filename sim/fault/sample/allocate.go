package sample

import (
	"math"
	"sort"
)

// least is how many faults a stratum gets at least, where it has them: fewer tell nothing of its spread.
const least = 2

// Proportional gives each stratum its share of a sample: every fault is as likely to be drawn.
func Proportional(total int64, populations []int64) []int64 {
	weights := make([]float64, len(populations))
	for i, n := range populations {
		weights[i] = float64(n)
	}
	return allocate(total, populations, weights)
}

// Equal gives each stratum the same number of faults.
func Equal(total int64, populations []int64) []int64 {
	weights := make([]float64, len(populations))
	for i := range weights {
		weights[i] = 1
	}
	return allocate(total, populations, weights)
}

// Neyman gives each stratum a number in proportion to its size times the deviation sqrt(p(1-p)) that is
// expected of its share p, which makes the variance of the total least (Neyman, JRSS 97, 1934). A share is
// guessed, and a guess of 0 or 1 would leave its stratum with hardly a fault to be proved wrong by; so
// each is shrunk as Agresti and Coull shrink counts (American Statistician 52, 1998): by half a hit and half a miss
// besides those that a sample in proportion to sizes would expect.
func Neyman(total int64, populations []int64, p []float64) []int64 {
	weights, all := make([]float64, len(populations)), 0.0
	for _, n := range populations {
		all += float64(n)
	}
	for i, n := range populations {
		drawn := float64(total) * float64(n) / all
		q := (p[i]*drawn + 0.5) / (drawn + 1)
		weights[i] = float64(n) * math.Sqrt(q*(1-q))
	}
	return allocate(total, populations, weights)
}

// allocate shares a sample out by weight: no stratum gets more than it has, none less than the least, and the
// sum is the total wherever that can be. Remainders go to the largest fractions, ties to the first.
func allocate(total int64, populations []int64, weights []float64) []int64 {
	sizes, fixed := make([]int64, len(populations)), make([]bool, len(populations))
	rest := total
	for {
		sum := 0.0
		for i, w := range weights {
			if !fixed[i] {
				sum += w
			}
		}
		// Strata that would get more than they have, or, once none does, less than the least, are settled
		// first; the others share what is left.
		if settle(rest, populations, weights, sizes, fixed, sum, func(want float64, n int64) bool { return want >= float64(n) }) ||
			settle(rest, populations, weights, sizes, fixed, sum, func(want float64, _ int64) bool { return want < least }) {
			rest = total
			for i, s := range sizes {
				if fixed[i] {
					rest -= s
				}
			}
			rest = max(0, rest)
			continue
		}
		share(rest, weights, sizes, fixed, sum)
		return sizes
	}
}

// settle fixes the strata whose share of the rest fails a test at the nearest number that passes.
func settle(rest int64, populations []int64, weights []float64, sizes []int64, fixed []bool, sum float64, fails func(float64, int64) bool) bool {
	some := false
	for i, n := range populations {
		if fixed[i] {
			continue
		}
		want := 0.0
		if sum > 0 {
			want = float64(rest) * weights[i] / sum
		}
		if fails(want, n) {
			sizes[i], fixed[i], some = min(n, max(least, int64(want))), true, true
		}
	}
	return some
}

// share deals the rest out among the strata that are not fixed.
func share(rest int64, weights []float64, sizes []int64, fixed []bool, sum float64) {
	type fraction struct {
		i    int
		part float64
	}
	var fractions []fraction
	left := rest
	for i, w := range weights {
		if !fixed[i] {
			want := float64(rest) * w / sum
			sizes[i] = int64(want)
			left -= sizes[i]
			fractions = append(fractions, fraction{i, want - float64(sizes[i])})
		}
	}
	sort.SliceStable(fractions, func(a, b int) bool { return fractions[a].part > fractions[b].part })
	for _, f := range fractions {
		if left > 0 {
			sizes[f.i]++
			left--
		}
	}
}
