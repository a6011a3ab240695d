package sample

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Margin is the precision that a sample is to have: at a true share of P the estimate is to be within E of
// it, with the confidence whose normal quantile is T.
type Margin struct{ E, T, P float64 }

// Quantile is the two-sided normal quantile of a confidence in (0, 1): 1.96 for 0.95.
func Quantile(confidence float64) float64 {
	return distuv.UnitNormal.Quantile(0.5 + confidence/2)
}

// Size is the sample size for a population of so many faults, not rounded; 0 stands for a population without
// bound. With N the population,
//
//	n = N / (1 + E^2 (N-1) / (T^2 P (1-P)))
//
// which is Cochran, "Sampling Techniques" (1977), section 4.4, as studies of fault injection use it since
// Leveugle et al., "Statistical fault injection: quantified error and confidence" (DATE 2009).
func (m Margin) Size(population int64) float64 {
	odds := m.T * m.T * m.P * (1 - m.P) / (m.E * m.E)
	if population == 0 {
		return odds
	}
	return float64(population) / (1 + float64(population-1)/odds)
}

// Faults is Size as a number of faults: the nearest for a finite population, but at least one; the next
// above for one without bound.
func (m Margin) Faults(population int64) int64 {
	n := m.Size(population)
	if population == 0 {
		return max(1, int64(math.Ceil(n)))
	}
	return min(population, max(1, int64(math.Round(n))))
}
