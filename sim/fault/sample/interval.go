package sample

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Estimate is a share and the interval that holds it.
type Estimate struct {
	Share  float64 // the estimate, 0 to 1
	Lo, Hi float64 // the interval, ends included
	Drawn  int64   // faults
	Images int     // that each fault met
	// Effective is the number of independent outcomes that are worth as much as Drawn faults on Images
	// images; equal to Drawn where a fault hurts all images or none.
	Effective float64
}

// Width is the length of the interval.
func (e Estimate) Width() float64 { return e.Hi - e.Lo }

// Method makes an interval of a tally. It holds the true share with at least the given confidence, that of
// both ends together.
type Method func(t Tally, confidence float64) Estimate

// Methods lists the methods by the names that campaigns and results give them.
var Methods = map[string]Method{"exact": Exact, "wilson": Wilson}

// start is what all methods begin with; done tells that there is nothing left to estimate.
func start(t Tally) (e Estimate, done bool) {
	t.check()
	e = Estimate{Share: t.Mean(), Hi: 1, Drawn: t.Drawn(), Images: t.Images(), Effective: t.effective()}
	switch {
	case t.exhausted():
		e.Lo, e.Hi = e.Share, e.Share
		return e, true
	case e.Drawn == 0:
		return e, true
	}
	return e, false
}

// Exact inverts the test of each possible truth. Where faults hurt all images or none and the population is
// finite, the truths are the numbers K of bad faults in it, and the counts hypergeometric; without bound it
// is Clopper and Pearson, Biometrika 26 (1934). Where faults hurt some of the images, the faults are
// clusters, and it is Clopper-Pearson with the variance between clusters, see Total.
func Exact(t Tally, confidence float64) Estimate {
	e, done := start(t)
	if done {
		return e
	}
	e.Lo, e.Hi = exactBounds(t, e, (1-confidence)/2)
	return e
}

func exactBounds(t Tally, e Estimate, tail float64) (lo, hi float64) {
	if t.Population > 0 && t.allOrNone() {
		hits := t.Hits[len(t.Hits)-1]
		few, many := hyperBounds(t.Population, e.Drawn, hits, tail)
		return float64(few) / float64(t.Population), float64(many) / float64(t.Population)
	}
	if t.allOrNone() {
		return betaBounds(float64(t.Hits[len(t.Hits)-1]), float64(e.Drawn), tail)
	}
	one := t.piece()
	one.share = 1
	return ends([]piece{one}, tail)
}

// betaBounds are the ends of Clopper and Pearson for x of n.
func betaBounds(x, n, tail float64) (lo, hi float64) {
	hi = 1
	if x > 0 {
		lo = mathext.InvRegIncBeta(x, n-x+1, tail)
	}
	if n-x > 0 {
		hi = mathext.InvRegIncBeta(x+1, n-x, 1-tail)
	}
	return lo, hi
}

// Wilson is the score interval with continuity correction (Wilson, JASA 22, 1927; Newcombe, Statistics in
// Medicine 17, 1998) at the effective number of outcomes and with the correction for a finite population,
// for comparison with studies that use it. The normal curve's tail is too short where the count is small,
// so that an end gives way to the exact one where that is further out: the interval is never narrower than Exact.
func Wilson(t Tally, confidence float64) Estimate {
	e, done := start(t)
	if done {
		return e
	}
	lo, hi := score(e.Share, e.Effective*gain(part(t.Drawn(), t.Population)), 0.5/e.Effective, Quantile(confidence))
	exactLo, exactHi := exactBounds(t, e, (1-confidence)/2)
	e.Lo, e.Hi = min(lo, exactLo), max(hi, exactHi)
	return e
}

// score solves |share - p| - correction = z sqrt(p(1-p)/n) for p on both sides.
func score(share, n, correction, z float64) (lo, hi float64) {
	solve := func(share, sign float64) float64 {
		root := z * math.Sqrt(z*z+4*n*share*(1-share))
		return (2*n*share + z*z + sign*root) / (2 * (n + z*z))
	}
	hi = 1
	if share > correction {
		lo = max(0, solve(share-correction, -1))
	}
	if share < 1-correction {
		hi = min(1, solve(share+correction, 1))
	}
	return lo, hi
}
