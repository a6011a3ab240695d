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
	Width      float64 `json:"width"` // stop where an interval is not longer than this
	Confidence float64 `json:"confidence"`
	First      int64   `json:"first"` // faults before the first look, at least 1
	Max        int64   `json:"max"`   // faults after which to stop in any case; 0 stands for as many as it takes
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
	return Exact(Binary(population, size, size/2), s.At(looks)).Width() <= s.Width
}

// At is the confidence at which each of some looks is taken.
func (s Sequence) At(looks int) float64 { return sure(s.Confidence, looks) }

// Stopped is a stratum that stopped by its outcomes: what was seen at the first look, whose size was fixed, and at
// the last one. All draws of the first look are among those of the last.
type Stopped struct {
	First, Last Tally
	Weight      float64 // as of a Stratum
	Looks       int     // that there might have been
}

// StoppedNumbers is Stopped for a number that each fault has. First and Last have the weight.
type StoppedNumbers struct {
	First, Last Numbers
	Looks       int
}

// StoppedTotal estimates the share of the whole from strata that each stopped when they would. One stratum has
// the interval at which it stopped. Strata that stop by their outcomes are biased together, each by little, so that
// their sizes may not be taken for fixed. Two intervals hold, each at half the doubt, and the total is where both do:
//
//   - Total of the first looks, whose sizes were fixed: the better one for many strata;
//   - the weighted sums of the ends of the strata's intervals, taken so sure that all of them hold together:
//     the better one for few.
//
// The estimate itself uses all draws.
func StoppedTotal(strata []Stopped, m Method, confidence float64) Estimate {
	if len(strata) == 1 {
		return m(strata[0].Last, sure(confidence, strata[0].Looks))
	}
	first, last := make([]Stratum, len(strata)), make([]Stratum, len(strata))
	for i, s := range strata {
		first[i], last[i] = Stratum{s.First, s.Weight}, Stratum{s.Last, s.Weight}
	}
	half := sure(confidence, 2)
	e, early := Total(last, half), Total(first, half)
	e.Lo, e.Hi = both(early.Lo, early.Hi, len(strata), func(i int) (weight, lo, hi float64) {
		one := m(strata[i].Last, sure(half, len(strata)*strata[i].Looks))
		return last[i].weight(), one.Lo, one.Hi
	})
	e.Share = min(max(e.Share, e.Lo), e.Hi)
	return e
}

// StoppedMean is Mean for strata that each stopped when they would; see StoppedTotal.
func StoppedMean(strata []StoppedNumbers, within Range, confidence float64) (mean, lo, hi float64) {
	first, last := make([]Numbers, len(strata)), make([]Numbers, len(strata))
	for i, s := range strata {
		first[i], last[i] = s.First, s.Last
	}
	if len(strata) == 1 {
		return Mean(last, within, sure(confidence, strata[0].Looks))
	}
	half := sure(confidence, 2)
	mean, _, _ = Mean(last, within, half)
	_, earlyLo, earlyHi := Mean(first, within, half)
	lo, hi = both(earlyLo, earlyHi, len(strata), func(i int) (weight, lo, hi float64) {
		_, lo, hi = Mean(last[i:i+1], within, sure(half, len(strata)*strata[i].Looks))
		return last[i].weight(), lo, hi
	})
	return min(max(mean, lo), hi), lo, hi
}

// sure is the confidence at which each of n intervals is taken, so that all of them hold at the one that is given.
func sure(confidence float64, n int) float64 { return 1 - (1-confidence)/float64(n) }

// both is where an interval of early looks and the weighted sum of n strata's own ends hold.
func both(earlyLo, earlyHi float64, n int, of func(i int) (weight, lo, hi float64)) (lo, hi float64) {
	all, sumLo, sumHi := 0.0, 0.0, 0.0
	for i := range n {
		weight, lo, hi := of(i)
		all += weight
		sumLo += weight * lo
		sumHi += weight * hi
	}
	if all == 0 { // which tells nothing
		return earlyLo, earlyHi
	}
	lo, hi = max(sumLo/all, earlyLo), min(sumHi/all, earlyHi)
	if lo > hi { // one of the two does not hold, which their doubt allows
		return sumLo / all, sumHi / all
	}
	return lo, hi
}
