package sample

import "math"

// growth is by how much a sample grows from one look to the next: small enough that little is drawn in vain,
// large enough that looks are few, for each costs confidence.
const growth = 1.5

// Sequence is a plan to draw until an interval is narrow enough. It looks at the outcomes at sample sizes
// that are fixed beforehand: First, then half as many again each time. Of L looks each spends 1/L of the
// doubt 1-Confidence (Bonferroni), so that the intervals of all looks hold together with at least
// that confidence, and with them the one at which it stops, whatever the rule was that stopped it.
type Sequence struct {
	Width      float64 // stop where an interval is not longer than this
	Confidence float64
	First      int64 // faults before the first look, at least 1
	Max        int64 // faults after which to stop in any case; 0 stands for as many as it takes
}

// Looks are the sample sizes, rising, at which a stratum of a population is looked at. The last is Max, the
// whole population, or a size at which every interval is narrow enough.
func (s Sequence) Looks(population int64) []int64 {
	last := s.Max
	if last == 0 || population > 0 && population < last {
		last = population
	}
	var looks []int64
	for n := float64(max(1, s.First)); ; n = math.Ceil(n * growth) {
		size := int64(n)
		if last > 0 && size >= last {
			return append(looks, last)
		}
		looks = append(looks, size)
		if s.enough(population, size, len(looks)) {
			return looks
		}
	}
}

// enough tells whether a sample is certain to give a narrow interval after so many looks: images make it
// only narrower than faults that hurt all or none, and a share of a half has the widest interval.
func (s Sequence) enough(population, size int64, looks int) bool {
	return Exact(Binary(population, size, size/2), 1-(1-s.Confidence)/float64(looks)).Width() <= s.Width
}

// At is the confidence at which each of some looks is taken.
func (s Sequence) At(looks int) float64 { return 1 - (1-s.Confidence)/float64(looks) }

// Look judges a stratum at one of the looks. It is done where the interval is narrow enough or this was the
// last look; narrow tells which.
func (s Sequence) Look(m Method, t Tally) (e Estimate, done, narrow bool) {
	looks := s.Looks(t.Population)
	e = m(t, s.At(len(looks)))
	narrow = e.Width() <= s.Width
	return e, narrow || t.Drawn() >= looks[len(looks)-1], narrow
}

// Total estimates the share of the whole from strata that each stopped when they would; first are the strata
// at their first looks, in the same order. Strata that stop by their outcomes are biased together, each by
// little, so that the sizes may not be taken for fixed. Two intervals hold, each at half the doubt, and the
// total is where both do:
//
//   - Total of the first looks, whose sizes were fixed: the better one for many strata;
//   - the weighted sums of the ends of the strata's intervals, taken so sure that all of them hold together:
//     the better one for few.
//
// The estimate itself uses all draws.
func (s Sequence) Total(m Method, first, last []Stratum) Estimate {
	half := 1 - (1-s.Confidence)/2
	e := Total(last, half)
	early := Total(first, half)
	all, lo, hi := 0.0, 0.0, 0.0
	for _, t := range last {
		all += t.weight()
	}
	for _, t := range last {
		doubt := (1 - half) / float64(len(last)) / float64(len(s.Looks(t.Population)))
		one := m(t.Tally, 1-doubt)
		lo += t.weight() / all * one.Lo
		hi += t.weight() / all * one.Hi
	}
	e.Lo, e.Hi = max(lo, early.Lo), min(hi, early.Hi)
	if e.Lo > e.Hi { // one of the two does not hold, which their doubt allows
		e.Lo, e.Hi = lo, hi
	}
	e.Share = min(max(e.Share, e.Lo), e.Hi)
	return e
}
