package sample

import (
	"math/rand/v2"
)

// Truth is the full truth of one stratum, known where every fault was tried: Hits[k] of its faults hurt k of
// the images.
type Truth []int64

// Population is the number of faults.
func (t Truth) Population() int64 { return Tally{Hits: t}.Drawn() }

// Mean is the true share.
func (t Truth) Mean() float64 { return Tally{Hits: t}.Mean() }

// draw is what a random sample without replacement of what is left of a stratum finds; it is taken away.
func (t Truth) draw(r *rand.Rand, n int64) []int64 {
	hits, left := make([]int64, len(t)), t.Population()
	for k := range t {
		hits[k] = hyper{left, t[k], n}.draw(r)
		left -= t[k]
		n -= hits[k]
		t[k] -= hits[k]
	}
	return hits
}

func (t Truth) clone() Truth { return append(Truth{}, t...) }

// Coverage is how often intervals held the truth in simulated campaigns.
type Coverage struct {
	Strata []float64 // by stratum, the share of campaigns whose interval held the stratum's truth
	Total  float64   // the share whose total held the whole's
	Width  float64   // mean width of the strata's intervals
	Whole  float64   // mean width of the total's
	Drawn  float64   // mean number of faults drawn, in all strata together
}

// Totaler makes the interval of a whole from its strata: Total, or another to compare it with.
type Totaler func(strata []Stratum, confidence float64) Estimate

// Measure simulates campaigns with fixed sample sizes, one for each stratum, on populations whose truth is
// known, and counts how often the intervals hold it.
func Measure(truths []Truth, sizes []int64, m Method, total Totaler, confidence float64, campaigns int, seed uint64) Coverage {
	r := Stream(seed, "coverage", 0)
	return simulate(truths, campaigns, func(c *tester) {
		strata := make([]Stratum, len(truths))
		for i, t := range truths {
			strata[i] = Stratum{Tally: Tally{t.Population(), t.clone().draw(r, sizes[i])}}
			c.stratum(i, m(strata[i].Tally, confidence))
		}
		c.whole(total(strata, confidence))
	})
}

// MeasureSequence is Measure for campaigns that stop where their intervals are narrow enough.
func MeasureSequence(truths []Truth, s Sequence, m Method, campaigns int, seed uint64) Coverage {
	r := Stream(seed, "coverage", 0)
	looks := make([][]int64, len(truths))
	for i, t := range truths {
		looks[i] = s.Looks(t.Population())
	}
	return simulate(truths, campaigns, func(c *tester) {
		strata := make([]Stopped, len(truths))
		for i, t := range truths {
			left, now := t.clone(), Tally{t.Population(), make([]int64, len(t))}
			for k, size := range looks[i] {
				hits := append([]int64{}, now.Hits...)
				for j, h := range left.draw(r, size-now.Drawn()) {
					hits[j] += h
				}
				if now.Hits = hits; k == 0 {
					strata[i] = Stopped{First: now, Looks: len(looks[i])}
				}
				e := m(now, s.At(len(looks[i])))
				if e.Width() <= s.Width || k == len(looks[i])-1 {
					c.stratum(i, e)
					break
				}
			}
			strata[i].Last = now
		}
		c.whole(StoppedTotal(strata, m, s.Confidence))
	})
}

// tester compares intervals with the truth.
type tester struct {
	Coverage
	truths []float64
	truth  float64 // of the whole
}

func simulate(truths []Truth, campaigns int, one func(*tester)) Coverage {
	c := &tester{Coverage: Coverage{Strata: make([]float64, len(truths))}}
	all := 0.0
	for _, t := range truths {
		c.truths = append(c.truths, t.Mean())
		c.truth += t.Mean() * float64(t.Population())
		all += float64(t.Population())
	}
	c.truth /= all
	for range campaigns {
		one(c)
	}
	n := float64(campaigns)
	for i := range c.Strata {
		c.Strata[i] /= n
	}
	c.Total, c.Whole, c.Drawn, c.Width = c.Total/n, c.Whole/n, c.Drawn/n, c.Width/n/float64(len(truths))
	return c.Coverage
}

// slack is the rounding error that is forgiven at the ends of an interval.
const slack = 1e-12

func holds(e Estimate, truth float64) float64 {
	return indicator(e.Lo <= truth+slack && truth <= e.Hi+slack)
}

func (c *tester) stratum(i int, e Estimate) {
	c.Strata[i] += holds(e, c.truths[i])
	c.Width += e.Width()
	c.Drawn += float64(e.Drawn)
}

func (c *tester) whole(e Estimate) {
	c.Total += holds(e, c.truth)
	c.Whole += e.Width()
}
