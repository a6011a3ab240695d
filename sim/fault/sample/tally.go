package sample

import (
	"fmt"
	"math"
)

// Tally is what is known of one stratum.
type Tally struct {
	// Population is the number of faults in the stratum; 0 stands for faults without bound, drawn
	// independently.
	Population int64
	// Hits[k] is the number of drawn faults that hurt k of the images; there are len(Hits)-1 images. With
	// one image, Hits[1] of Hits[0]+Hits[1] faults did.
	Hits []int64
}

// Binary is the tally of faults that each do or do not: hits of so many drawn ones.
func Binary(population, drawn, hits int64) Tally {
	return Tally{Population: population, Hits: []int64{drawn - hits, hits}}
}

// Images is the number of images that each fault met.
func (t Tally) Images() int { return len(t.Hits) - 1 }

// Drawn is the number of faults drawn.
func (t Tally) Drawn() int64 {
	n := int64(0)
	for _, h := range t.Hits {
		n += h
	}
	return n
}

// Mean is the share of (fault, image) pairs that were hurt, 0 where nothing was drawn.
func (t Tally) Mean() float64 {
	hurt, n := 0.0, t.Drawn()
	for k, h := range t.Hits {
		hurt += float64(k) * float64(h)
	}
	if n == 0 {
		return 0
	}
	return hurt / float64(n) / float64(t.Images())
}

// check panics where a tally counts what cannot be.
func (t Tally) check() {
	bad := len(t.Hits) < 2 || t.Population < 0 || t.Population > 0 && t.Drawn() > t.Population
	for _, h := range t.Hits {
		bad = bad || h < 0
	}
	if bad {
		panic(fmt.Sprintf("BUG: sample: a tally that cannot be: %+v", t))
	}
}

// exhausted tells whether the whole population was drawn: what was counted is the truth.
func (t Tally) exhausted() bool { return t.Population > 0 && t.Drawn() == t.Population }

// allOrNone tells whether every drawn fault hurt all images or none, so that faults are all there is to count.
func (t Tally) allOrNone() bool {
	for _, h := range t.Hits[1 : len(t.Hits)-1] {
		if h > 0 {
			return false
		}
	}
	return true
}

// part is the share of a population that was drawn; 0 stands for a population without bound.
func part(drawn, population int64) float64 {
	if population == 0 {
		return 0
	}
	return float64(drawn) / float64(population)
}

// variance is the sample variance of the faults' shares of images, and whether there are enough to have one.
func (t Tally) variance() (float64, bool) {
	n, mean, sum := t.Drawn(), t.Mean(), 0.0
	if n < 2 {
		return 0, false
	}
	for k, h := range t.Hits {
		d := float64(k)/float64(t.Images()) - mean
		sum += float64(h) * d * d
	}
	return sum / float64(n-1), true
}

// effective is the number of independent outcomes that tell as much as the drawn faults do. Images share
// a fault, so that their outcomes go together: n faults on k images are worth between n and n*k outcomes.
// The design effect comes from the spread of the faults' shares (Kish, "Survey Sampling", 1965, section
// 8.2) after one more fault that behaves as badly as can be for the estimate, for with few hits
// the spread of those that were seen says little of those that were not.
func (t Tally) effective() float64 {
	n := float64(t.Drawn())
	if n == 0 || t.Images() == 1 {
		return n
	}
	worst := 1.0
	if t.Mean() > 0.5 {
		worst = 0
	}
	mean := (n*t.Mean() + worst) / (n + 1)
	if mean == 0 || mean == 1 {
		return n
	}
	sum := (worst - mean) * (worst - mean)
	for k, h := range t.Hits {
		d := float64(k)/float64(t.Images()) - mean
		sum += float64(h) * d * d
	}
	ratio := sum / n / (mean * (1 - mean)) // of the variance of all-or-none faults
	return min(n*float64(t.Images()), n/min(1, ratio))
}

// gain is by how much a sample of n counts for more because the population is finite. With the sampled
// share f = n/N it is -ln(1-f)/f, which is what the chance (1-f)^K to miss all of K faults asks for; it is
// less than the 1/(1-f) of large counts, which is thus covered too.
func gain(f float64) float64 {
	if f == 0 {
		return 1
	}
	return -math.Log1p(-f) / f
}
