package sample

import (
	"math"
	"math/rand/v2"
	"sort"
)

// hyper is the hypergeometric law: how many of n drawn faults are bad, where bad of the population are.
type hyper struct{ population, bad, n int64 }

// least and most are the ends of the possible counts.
func (h hyper) least() int64 { return max(0, h.n-(h.population-h.bad)) }
func (h hyper) most() int64  { return min(h.n, h.bad) }

// prob is the chance of a count, by the saddle point expansion of Loader, "Fast and accurate computation of
// binomial probabilities" (2000), which keeps its digits for any size.
func (h hyper) prob(x int64) float64 {
	if x < h.least() || x > h.most() {
		return 0
	}
	f := float64(h.n) / float64(h.population)
	q := float64(h.population-h.n) / float64(h.population)
	among := binomial(float64(x), float64(h.bad), f, q)
	others := binomial(float64(h.n-x), float64(h.population-h.bad), f, q)
	return among * others / binomial(float64(h.n), float64(h.population), f, q)
}

// next is the chance of x+1 over that of x.
func (h hyper) next(x int64) float64 {
	return float64(h.bad-x) / float64(x+1) * float64(h.n-x) / float64(h.population-h.bad-h.n+x+1)
}

// upTo is the chance of x or fewer, from x or more.
func (h hyper) upTo(x int64) float64 {
	switch {
	case x < h.least():
		return 0
	case x >= h.most():
		return 1
	case float64(x) > h.mean():
		return 1 - h.from(x+1)
	}
	p := h.prob(x)
	sum := p
	for ; x > h.least() && p > sum*1e-17; x-- {
		p /= h.next(x - 1)
		sum += p
	}
	return min(1, sum)
}

// from is the chance of x or more.
func (h hyper) from(x int64) float64 {
	switch {
	case x <= h.least():
		return 1
	case x > h.most():
		return 0
	case float64(x) < h.mean():
		return 1 - h.upTo(x-1)
	}
	p := h.prob(x)
	sum := p
	for ; x < h.most() && p > sum*1e-17; x++ {
		p *= h.next(x)
		sum += p
	}
	return min(1, sum)
}

func (h hyper) mean() float64 {
	return float64(h.n) * float64(h.bad) / float64(h.population)
}

// draw is a random count: the chances are summed up from the most likely count outwards until they pass a
// uniform number.
func (h hyper) draw(r *rand.Rand) int64 {
	mode := int64(float64(h.n+1) * float64(h.bad+1) / float64(h.population+2))
	mode = min(max(mode, h.least()), h.most())
	u, p := r.Float64(), h.prob(mode)
	if u -= p; u < 0 {
		return mode
	}
	lo, hi, below, above := mode, mode, p, p
	for lo > h.least() || hi < h.most() {
		if lo > h.least() {
			below /= h.next(lo - 1)
			lo--
			if u -= below; u < 0 {
				return lo
			}
		}
		if hi < h.most() {
			above *= h.next(hi)
			hi++
			if u -= above; u < 0 {
				return hi
			}
		}
	}
	return mode // rounding errors kept u from reaching 0
}

// hyperBounds are the fewest and the most bad faults of a population that a count of hits among n drawn ones
// does not refute, each at the given tail.
func hyperBounds(population, n, hits int64, tail float64) (few, many int64) {
	least, most := hits, population-(n-hits)
	span := int(most - least + 1)
	few = least + int64(sort.Search(span, func(k int) bool {
		return hyper{population, least + int64(k), n}.from(hits) > tail
	}))
	many = most - int64(sort.Search(span, func(k int) bool {
		return hyper{population, most - int64(k), n}.upTo(hits) > tail
	}))
	return few, many
}

// binomial is the chance of x of n at probability p = 1-q.
func binomial(x, n, p, q float64) float64 {
	switch {
	case p == 0:
		return indicator(x == 0)
	case q == 0:
		return indicator(x == n)
	case x == 0:
		return math.Exp(n * logOf(q, p))
	case x == n:
		return math.Exp(n * logOf(p, q))
	}
	l := stirlingError(n) - stirlingError(x) - stirlingError(n-x) - deviance(x, n*p) - deviance(n-x, n*q)
	return math.Exp(l) * math.Sqrt(n/(2*math.Pi*x*(n-x)))
}

// logOf is the logarithm of p, of which 1-p is known as well.
func logOf(p, rest float64) float64 {
	if rest < 0.5 {
		return math.Log1p(-rest)
	}
	return math.Log(p)
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// stirlingError is ln n! less Stirling's formula.
func stirlingError(n float64) float64 {
	if n < 16 {
		lg, _ := math.Lgamma(n + 1)
		return lg - (n+0.5)*math.Log(n) + n - 0.5*math.Log(2*math.Pi)
	}
	s := n * n
	return (1.0/12 - (1.0/360-(1.0/1260-(1.0/1680-1.0/1188/s)/s)/s)/s) / n
}

// deviance is x ln(x/m) + m - x, without cancellation where x is near m.
func deviance(x, m float64) float64 {
	if math.Abs(x-m) >= 0.1*(x+m) {
		return x*math.Log(x/m) + m - x
	}
	v := (x - m) / (x + m)
	sum := (x - m) * v
	term := 2 * x * v
	for j := 1.0; ; j++ {
		term *= v * v
		next := sum + term/(2*j+1)
		if next == sum {
			return sum
		}
		sum = next
	}
}
