package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/mathext"
)

// exactly is the coverage of a method on a stratum of all-or-none faults, summed over the chances of every
// count: no simulation, no error.
func exactly(m Method, h hyper, confidence float64) float64 {
	truth, sum := float64(h.bad)/float64(h.population), 0.0
	for x := h.least(); x <= h.most(); x++ {
		p := h.prob(x)
		if p < 1e-12 {
			continue
		}
		if e := m(Binary(h.population, h.n, x), confidence); e.Lo <= truth+1e-12 && truth <= e.Hi+1e-12 {
			sum += p
		}
	}
	return sum
}

// strata gives strata that strain an interval: all small ones, and large ones at shares from 1e-4 to 0.5 and
// with samples that expect from a tenth of a hit to many.
func strata(visit func(hyper)) {
	for n := int64(2); n <= 14; n++ {
		for drawn := int64(1); drawn < n; drawn++ {
			for bad := int64(0); bad <= n; bad++ {
				visit(hyper{n, bad, drawn})
			}
		}
	}
	for _, population := range []int64{100, 3000, 100_000, 40_000_000} {
		for _, share := range []float64{0, 1e-4, 3e-4, 1e-3, 5e-3, 0.02, 0.1, 0.3, 0.5, 0.9, 0.999} {
			for _, part := range []float64{1e-5, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99} {
				bad, drawn := int64(math.Round(share*float64(population))), int64(part*float64(population))
				if drawn >= 1 && drawn <= 20_000 {
					visit(hyper{population, bad, drawn})
				}
			}
		}
	}
}

func TestMethodsHoldExactly(t *testing.T) {
	for name, m := range Methods {
		for _, confidence := range []float64{0.9, 0.95, 0.99} {
			worst, where := 1.0, hyper{}
			strata(func(h hyper) {
				if c := exactly(m, h, confidence); c < worst {
					worst, where = c, h
				}
			})
			assert.GreaterOrEqual(t, worst, confidence-1e-9, "%s at %+v", name, where)
			t.Logf("%s %.2f: least coverage %.4f at %+v", name, confidence, worst, where)
		}
	}
}

// The positive control: methods that others use are seen to fail.
func TestMethodsThatDoNotHoldAreFound(t *testing.T) {
	z := Quantile(0.95)
	others := map[string]Method{
		"wald": func(t Tally, _ float64) Estimate {
			p, n := t.Mean(), float64(t.Drawn())
			return Estimate{Lo: p - z*math.Sqrt(p*(1-p)/n), Hi: p + z*math.Sqrt(p*(1-p)/n)}
		},
		"wilson as published": func(t Tally, _ float64) Estimate {
			lo, hi := score(t.Mean(), float64(t.Drawn()), 0, z)
			return Estimate{Lo: lo, Hi: hi}
		},
		"jeffreys": func(t Tally, _ float64) Estimate {
			x, n := float64(t.Hits[1]), float64(t.Drawn())
			return Estimate{Lo: mathext.InvRegIncBeta(x+0.5, n-x+0.5, 0.025), Hi: mathext.InvRegIncBeta(x+0.5, n-x+0.5, 0.975)}
		},
	}
	for name, limit := range map[string]float64{"wald": 0.2, "wilson as published": 0.91, "jeffreys": 0.94} {
		worst := 1.0
		for _, bad := range []int64{1000, 4000, 7000, 10_000, 17_000, 40_000} { // of 40 million, 1,000 drawn and up
			for _, n := range []int64{1000, 10_000} {
				worst = min(worst, exactly(others[name], hyper{40_000_000, bad, n}, 0.95))
			}
		}
		assert.Less(t, worst, limit, name)
		t.Logf("%s: coverage %.4f where 0.95 is said", name, worst)
	}
}

func TestHypergeometricLaw(t *testing.T) {
	for _, h := range []hyper{{10, 4, 5}, {50, 50, 7}, {50, 0, 7}, {1000, 3, 999}, {5000, 2500, 1000}, {1 << 50, 1 << 40, 5000}} {
		sum, mean := 0.0, 0.0
		for x := h.least(); x <= h.most(); x++ {
			sum += h.prob(x)
			mean += float64(x) * h.prob(x)
			if h.n < 100 {
				assert.InDelta(t, 1, h.upTo(x)+h.from(x+1), 1e-12)
			}
		}
		assert.InDelta(t, 1, sum, 1e-9, "%+v", h)
		assert.InDelta(t, h.mean(), mean, 1e-6*max(1, h.mean()), "%+v", h)
	}
	// 4 of 10 are bad and 5 are drawn: C(4,2) C(6,3) / C(10,5).
	assert.InDelta(t, 120.0/252, hyper{10, 4, 5}.prob(2), 1e-14)
	assert.InDelta(t, 186.0/252, hyper{10, 4, 5}.upTo(2), 1e-14)
}

func TestDrawsFollowTheLaw(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, h := range []hyper{{60, 20, 15}, {1_000_000, 300, 10_000}, {30, 29, 28}} {
		const draws = 20_000
		seen := map[int64]float64{}
		for range draws {
			seen[h.draw(r)]++
		}
		chi, cells := 0.0, 0
		for x := h.least(); x <= h.most(); x++ {
			if want := h.prob(x) * draws; want >= 5 {
				chi += (seen[x] - want) * (seen[x] - want) / want
				cells++
			}
		}
		assert.Less(t, chi, float64(cells)+4*math.Sqrt(2*float64(cells)), "%+v", h)
	}
}

func TestIntervalsKnownFromTables(t *testing.T) {
	for _, c := range []struct {
		n, x   int64
		lo, hi float64
	}{ // Clopper-Pearson at 95 %
		{10, 0, 0, 0.3085}, {10, 5, 0.1871, 0.8129}, {20, 1, 0.0013, 0.2487}, {100, 10, 0.0490, 0.1762}, {1000, 1000, 0.9963, 1},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.x, c.n), func(t *testing.T) {
			for _, population := range []int64{0, 1 << 40} {
				e := Exact(Binary(population, c.n, c.x), 0.95)
				assert.InDelta(t, c.lo, e.Lo, 6e-5)
				assert.InDelta(t, c.hi, e.Hi, 6e-5)
			}
		})
	}
	whole := Exact(Binary(50, 50, 7), 0.95)
	assert.Equal(t, [2]float64{0.14, 0.14}, [2]float64{whole.Lo, whole.Hi}, "all faults were tried")
	none := Wilson(Tally{Population: 50, Hits: []int64{0, 0}}, 0.95)
	assert.Equal(t, [2]float64{0, 1}, [2]float64{none.Lo, none.Hi}, "no fault was tried")
}
