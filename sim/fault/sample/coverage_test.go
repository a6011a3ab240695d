package sample_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"rampart/sim/fault/sample"
)

const campaigns = 1000

// least is the coverage that a method of the given confidence reaches at least in so many campaigns, but for
// one test in several thousand.
func least(confidence float64) float64 {
	return confidence - 3.5*math.Sqrt(confidence*(1-confidence)/campaigns)
}

// spread makes the truth of a stratum: a share p of the (fault, image) pairs is hurt, by faults that each hurt
// images as law says: law[k] is the relative frequency of k images.
func spread(population int64, p float64, law []float64) sample.Truth {
	images, mean, all := len(law)-1, 0.0, 0.0
	for k, w := range law {
		mean += float64(k) * w
		all += w
	}
	mean /= all * float64(images)
	t := make(sample.Truth, len(law))
	left := population
	for k := images; k > 0; k-- {
		t[k] = min(left, int64(math.Round(float64(population)*p/mean*law[k]/all)))
		left -= t[k]
	}
	t[0] = left
	return t
}

// laws say how the faults that hurt anything hurt ten images.
var laws = map[string][]float64{
	"all images":          {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
	"one image":           {0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	"any number":          {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
	"mostly one, few all": {0, 98, 0, 0, 0, 0, 0, 0, 0, 0, 2},
	"one or all":          {0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 20},
	"nine or ten":         {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
	"two, few nine":       {0, 0, 97, 0, 0, 0, 0, 0, 0, 3, 0},
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func TestClusteredIntervalsHold(t *testing.T) {
	for _, name := range sortedKeys(sample.Methods) {
		worst, where := 1.0, ""
		for _, law := range sortedKeys(laws) {
			for _, population := range []int64{200, 2_000_000} {
				for _, p := range []float64{1e-4, 0.01, 0.2, 0.5} {
					for _, n := range []int64{60, 190, 3000} {
						truth := spread(population, p, laws[law])
						if n >= population || truth.Mean() == 0 {
							continue
						}
						at := fmt.Sprintf("%s, N=%d, p=%g, n=%d", law, population, p, n)
						c := sample.Measure([]sample.Truth{truth}, []int64{n}, sample.Methods[name], sample.Total, 0.95, campaigns, 1)
						assert.GreaterOrEqual(t, c.Strata[0], least(0.95), "%s: %s", name, at)
						if c.Strata[0] < worst {
							worst, where = c.Strata[0], at
						}
					}
				}
			}
		}
		t.Logf("%s: least coverage %.3f at %s", name, worst, where)
	}
}

// Faults that hurt a few numbers of images each with any frequency, some of them nearly all of the population,
// and samples up to all faults but one.
func TestIntervalsOfAnyClustersHold(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 5))
	sum, worst := 0.0, 1.0
	const rounds = 60
	for i := range rounds {
		left := int64(math.Pow(10, 2+4*r.Float64()))
		truth, population := make(sample.Truth, 11), left
		for range 1 + r.IntN(4) {
			n := min(left, int64(float64(population)*math.Pow(10, -3*r.Float64())))
			truth[r.IntN(11)] += n
			left -= n
		}
		truth[r.IntN(11)] += left
		n := min(population-1, int64(math.Pow(10, 1.5+2*r.Float64())))
		c := sample.Measure([]sample.Truth{truth}, []int64{n}, sample.Exact, sample.Total, 0.95, campaigns, uint64(i))
		assert.GreaterOrEqual(t, c.Strata[0], least(0.95), "%v, n=%d", truth, n)
		sum, worst = sum+c.Strata[0], min(worst, c.Strata[0])
	}
	assert.Greater(t, sum/rounds, 0.95)
	t.Logf("least coverage %.3f, mean %.3f", worst, sum/rounds)
}

// The control: outcomes on images that share faults are not independent, and who takes them so is found.
func TestIgnoredClustersAreFound(t *testing.T) {
	independent := func(t sample.Tally, confidence float64) sample.Estimate {
		n := t.Drawn() * int64(t.Images())
		return sample.Exact(sample.Binary(0, n, int64(math.Round(t.Mean()*float64(n)))), confidence)
	}
	truth := spread(1_000_000, 0.01, laws["any number"])
	c := sample.Measure([]sample.Truth{truth}, []int64{5000}, independent, sample.Total, 0.95, campaigns, 1)
	assert.Less(t, c.Strata[0], 0.7)
}

// whole is a population of unequal strata, some without any bad fault, and sample sizes from 2 up.
func whole(r *rand.Rand) (truths []sample.Truth, sizes []int64) {
	law := laws[sortedKeys(laws)[r.IntN(len(laws))]]
	level := math.Pow(10, -4+3.5*r.Float64())
	for range 2 + r.IntN(30) {
		population := int64(math.Pow(10, 1+5*r.Float64()))
		p := min(1, level*math.Pow(10, 2*r.NormFloat64()*r.Float64()))
		if r.IntN(4) == 0 {
			p = 0
		}
		truths = append(truths, spread(population, p, law))
		sizes = append(sizes, min(population, 2+int64(math.Pow(10, 3.3*r.Float64()))))
	}
	return truths, sizes
}

func populations(truths []sample.Truth) (each []int64, all int64) {
	for _, t := range truths {
		each = append(each, t.Population())
		all += t.Population()
	}
	return each, all
}

func TestTotalsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	margin := sample.Margin{E: 0.05, T: 1.96, P: 0.5}
	sum, worst := 0.0, 1.0
	const rounds = 20
	for i := range rounds {
		truths, sizes := whole(r)
		each, all := populations(truths)
		switch i % 5 {
		case 0:
			sizes = sample.Proportional(4*margin.Faults(all), each)
		case 1:
			sizes = sample.Equal(4*margin.Faults(all), each)
		case 2:
			p := make([]float64, len(truths))
			for k := range p {
				p[k] = r.Float64() // a guess, and a wrong one
			}
			sizes = sample.Neyman(4*margin.Faults(all), each, p)
		case 3:
			for k, n := range each {
				sizes[k] = margin.Faults(n)
			}
		}
		c := sample.Measure(truths, sizes, sample.Exact, sample.Total, 0.95, campaigns, uint64(i))
		assert.GreaterOrEqual(t, c.Total, least(0.95), "%d: %v of %v", i, sizes, truths)
		sum, worst = sum+c.Total, min(worst, c.Total)
	}
	assert.Greater(t, sum/rounds, 0.95)
	t.Logf("least coverage of a total %.3f, mean %.3f", worst, sum/rounds)
}

// Strata that were guessed to be harmless and are so but for a few faults: all intervals hold, and that of the
// whole is much shorter than two faults for each such stratum would make it.
func TestNeymanHoldsWhereGuessesAreNone(t *testing.T) {
	for _, rare := range []float64{0, 5e-4, 3e-3, 0.02} {
		for _, total := range []int64{400, 3000} {
			var truths []sample.Truth
			var guess []float64
			var fewest []int64 // two for each guess of 0
			for i := range 32 {
				p, g := rare, 0.0
				if i < 4 {
					p, g = 0.3, 0.3
				}
				truths, guess = append(truths, spread(int64(2000*(1+i%3)), p, []float64{0, 1})), append(guess, g)
				fewest = append(fewest, 2)
			}
			rooms, _ := populations(truths)
			copy(fewest, sample.Equal(total-2*28, rooms[:4]))
			at := fmt.Sprintf("%g, %d drawn", rare, total)
			sizes := sample.Neyman(total, rooms, guess)
			assert.GreaterOrEqual(t, slices.Min(sizes), total/32/5, at)
			c := sample.Measure(truths, sizes, sample.Exact, sample.Total, 0.95, campaigns, 1)
			assert.GreaterOrEqual(t, c.Total, least(0.95), at)
			assert.GreaterOrEqual(t, slices.Min(c.Strata), least(0.95), at)
			floor := sample.Measure(truths, fewest, sample.Exact, sample.Total, 0.95, 100, 1)
			assert.Less(t, c.Whole, 0.8*floor.Whole, at)
			t.Logf("%s: whole %.3f, worst stratum %.3f, width %.4f, of two faults each %.4f", at, c.Total, slices.Min(c.Strata), c.Whole, floor.Whole)
		}
	}
}

// Totals pay little for it: their width is near that of as many independent draws.
func TestTotalsAreNotMuchWiderThanTheyMust(t *testing.T) {
	for _, p := range []float64{0.01, 0.1, 0.5} {
		var truths []sample.Truth
		var sizes []int64
		for range 64 {
			truths, sizes = append(truths, spread(10_000, p, []float64{0, 1})), append(sizes, 200)
		}
		c := sample.Measure(truths, sizes, sample.Exact, sample.Total, 0.95, 200, 1)
		assert.InEpsilon(t, 2*1.96*math.Sqrt(p*(1-p)/(64*200)*0.98), c.Whole, 0.05)
	}
}

// The control: the weighted sum of Wald's intervals takes zero counts for certainty.
func TestNormalTotalsAreFound(t *testing.T) {
	wald := func(strata []sample.Stratum, confidence float64) sample.Estimate {
		all, y, v := 0.0, 0.0, 0.0
		for _, s := range strata {
			all += float64(s.Population)
		}
		for _, s := range strata {
			w, p := float64(s.Population)/all, s.Mean()
			y, v = y+w*p, v+w*w*p*(1-p)/float64(s.Drawn())
		}
		half := sample.Quantile(confidence) * math.Sqrt(v)
		return sample.Estimate{Lo: y - half, Hi: y + half}
	}
	truths := []sample.Truth{{5000, 0}, {99_500, 500}, {900_000, 100}}
	c := sample.Measure(truths, []int64{100, 100, 100}, sample.Exact, wald, 0.95, campaigns, 1)
	assert.Less(t, c.Total, 0.8)
	c = sample.Measure(truths, []int64{100, 100, 100}, sample.Exact, sample.Total, 0.95, campaigns, 1)
	assert.GreaterOrEqual(t, c.Total, least(0.95))
}

func TestTotalsOfKnownAndUnknownStrata(t *testing.T) {
	e := sample.Total([]sample.Stratum{{Tally: sample.Binary(10, 10, 4)}, {Tally: sample.Binary(30, 30, 0)}}, 0.95)
	assert.Equal(t, [3]float64{0.1, 0.1, 0.1}, [3]float64{e.Lo, e.Share, e.Hi}, "all drawn")
	e = sample.Total([]sample.Stratum{{Tally: sample.Binary(10, 10, 4)}, {Tally: sample.Binary(30, 0, 0)}}, 0.95)
	assert.Equal(t, [2]float64{0.1, 0.85}, [2]float64{e.Lo, e.Hi}, "nothing is known of three quarters")
	e = sample.Total([]sample.Stratum{{Tally: sample.Binary(0, 0, 0)}}, 0.95)
	assert.Equal(t, [2]float64{0, 1}, [2]float64{e.Lo, e.Hi}, "strata of no weight")
	one := sample.Exact(sample.Binary(1000, 100, 3), 0.95)
	e = sample.Total([]sample.Stratum{{Tally: sample.Binary(1000, 100, 3)}}, 0.95)
	assert.InDelta(t, one.Lo, e.Lo, 1e-12)
	assert.InDelta(t, one.Hi, e.Hi, 1e-12)
	e = sample.Total([]sample.Stratum{{Tally: sample.Binary(0, 100, 3), Weight: 1}, {Tally: sample.Binary(0, 100, 3), Weight: 1}}, 0.95)
	pooled := sample.Exact(sample.Binary(0, 200, 6), 0.95)
	assert.InDelta(t, pooled.Lo, e.Lo, 2e-3, "two halves are as one")
	assert.InDelta(t, pooled.Hi, e.Hi, 2e-3)
}

func TestEffectiveNumbers(t *testing.T) {
	all := sample.Exact(sample.Tally{Hits: []int64{9000, 0, 0, 0, 1000}}, 0.95)
	assert.InDelta(t, 10_000, all.Effective, 1)
	assert.Equal(t, 4, all.Images, "which tell no more than one")
	alone := sample.Exact(sample.Tally{Hits: []int64{6561, 2916, 486, 36, 1}}, 0.95) // 0.1 of images, independent
	assert.InDelta(t, 40_000, alone.Effective, 800)
	assert.Less(t, alone.Width(), 0.6*all.Width())
}
