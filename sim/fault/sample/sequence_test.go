package sample_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"rampart/sim/fault/sample"
)

func TestSequencesHold(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	drawn, fixed, least := 0.0, 0.0, 1.0
	const runs = 200
	for i := range 4 {
		truths, _ := whole(r)
		s := sample.Sequence{Width: []float64{0.05, 0.1}[i%2], Confidence: 0.95, First: 50}
		c := sample.MeasureSequence(truths, s, sample.Exact, runs, uint64(i))
		limit := 0.95 - 3.5*math.Sqrt(0.95*0.05/runs)
		assert.GreaterOrEqual(t, c.Total, limit, "%v", truths)
		for k, held := range c.Strata {
			assert.GreaterOrEqual(t, held, limit, "%v", truths[k])
			least = min(least, held)
			fixed += float64(sample.Margin{E: s.Width / 2, T: 1.96, P: 0.5}.Faults(truths[k].Population()))
		}
		drawn += c.Drawn
		assert.LessOrEqual(t, c.Width, s.Width)
	}
	assert.Less(t, drawn, fixed/2)
	t.Logf("least coverage %.3f; %.0f faults drawn where fixed sizes take %.0f", least, drawn, fixed)
}

// The control: the total of strata that stopped by their outcomes, taken as if their sizes had been fixed, is
// found not to hold. Strata of one share stop early where their counts are low, all of them together.
func TestBiasOfStoppingIsFound(t *testing.T) {
	const strata, p, rounds = 300, 0.03, 20
	s := sample.Sequence{Width: 0.06, Confidence: 0.95, First: 100}
	looks := s.Looks(0)
	naive, held := 0, 0
	for seed := range uint64(rounds) {
		r := sample.Stream(seed, "stopping", 0)
		var last []sample.Stratum
		var stopped []sample.Stopped
		for range strata {
			hits, n := int64(0), int64(0)
			for k, size := range looks {
				for ; n < size; n++ {
					if r.Float64() < p {
						hits++
					}
				}
				now := sample.Binary(0, n, hits)
				if k == 0 {
					stopped = append(stopped, sample.Stopped{First: now, Weight: 1, Looks: len(looks)})
				}
				if sample.Exact(now, s.At(len(looks))).Width() <= s.Width {
					last = append(last, sample.Stratum{Tally: now, Weight: 1})
					stopped[len(stopped)-1].Last = now
					break
				}
			}
		}
		if e := sample.Total(last, 0.95); e.Lo <= p && p <= e.Hi {
			naive++
		}
		if e := sample.StoppedTotal(stopped, sample.Exact, 0.95); e.Lo <= p && p <= e.Hi {
			held++
		}
	}
	assert.Less(t, naive, rounds*3/4)
	assert.GreaterOrEqual(t, held, rounds*9/10)
	t.Logf("of %d: taken for fixed %d hold, taken as they are %d", rounds, naive, held)
}

func TestLooks(t *testing.T) {
	s := sample.Sequence{Width: 0.02, Confidence: 0.95, First: 100}
	assert.Equal(t, []int64{100, 150, 170}, s.Looks(170), "the whole population is the last look")
	assert.Equal(t, []int64{60}, s.Looks(60))
	s.Max = 400
	assert.Equal(t, []int64{100, 150, 225, 338, 400}, s.Looks(1_000_000))
	s.Max = 0
	looks := s.Looks(0)
	last := looks[len(looks)-1]
	width := func(n int64) float64 { return sample.Exact(sample.Binary(0, n, n/2), s.At(len(looks))).Width() }
	assert.LessOrEqual(t, width(last), s.Width, "the last look is narrow at the worst share")
	assert.Greater(t, width(last/2), s.Width)
}

func TestAllocations(t *testing.T) {
	sizes := []int64{1000, 3000, 6000}
	assert.Equal(t, []int64{10, 30, 60}, sample.Proportional(100, sizes))
	assert.Equal(t, []int64{34, 33, 33}, sample.Equal(100, sizes))
	dealt := sample.Neyman(60_000, []int64{1_000_000, 3_000_000, 6_000_000}, []float64{0.5, 0.5, 0.027885})
	for i, want := range []int64{10_000, 30_000, 20_000} {
		assert.InEpsilon(t, want, dealt[i], 0.01, "sizes times deviations as 1:3:2")
	}
	assert.Equal(t, []int64{5, 48, 47}, sample.Equal(100, []int64{5, 1000, 1000}), "what a small stratum leaves goes to the others")
	assert.Equal(t, []int64{2, 98}, sample.Proportional(100, []int64{10, 1_000_000}), "every stratum gets two")
	assert.Equal(t, []int64{1, 99}, sample.Proportional(100, []int64{1, 1_000_000}))
	assert.Equal(t, []int64{7, 8}, sample.Proportional(100, []int64{7, 8}), "there are no more")
	assert.Equal(t, []int64{6, 11, 83}, sample.Neyman(100, sizes, []float64{0, 1, 0.3}), "a guess is no certainty: as 0.5/11 and 30.5/31")
	assert.Equal(t, []int64{34, 33, 33}, sample.Neyman(100, []int64{500, 500, 500}, []float64{0, 0, 0}))
	r := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		populations, p, all := make([]int64, 1+r.IntN(40)), []float64{}, int64(0)
		for i := range populations {
			populations[i] = 1 + r.Int64N(1+r.Int64N(10_000))
			all += populations[i]
			p = append(p, r.Float64())
		}
		total := 2*int64(len(populations)) + r.Int64N(2*all)
		for _, got := range [][]int64{sample.Proportional(total, populations), sample.Equal(total, populations), sample.Neyman(total, populations, p)} {
			sum := int64(0)
			for i, n := range got {
				sum += n
				assert.True(t, n >= min(2, populations[i]) && n <= populations[i], "%d of %d", n, populations[i])
			}
			assert.Equal(t, min(total, all), sum, "%v of %v", got, populations)
		}
	}
}
