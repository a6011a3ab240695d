// Package scrub tells how often a memory with an error-correcting code fails between two visits of its scrubber.
// In: the memory's size, the rate of upsets, the period of scrubbing, the share of upsets that strike several bits
// of a code word. Out: rates of what the code cannot correct, by formula and by simulation. It knows no designs and
// no codes: which flips of a code word are too many is the caller's to say.
package scrub

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Memory is a memory of code words, of which a scrubber mends each once a period.
type Memory struct {
	Words  int64
	Bits   int     // of a code word, check bits among them
	Rate   float64 // upsets of a bit in a day
	Period float64 // days
	Multi  float64 // share of upsets that strike two bits of one code word at once
}

// Upsets is how many there are in a day.
func (m Memory) Upsets() float64 { return float64(m.Words) * float64(m.Bits) * m.Rate }

// Accumulated is how many code words a day are struck a second time before they are mended, where upsets are rare:
// N (n lambda T)^2 / (2 T) for N words of n bits.
func (m Memory) Accumulated() float64 {
	perPeriod := float64(m.Bits) * m.Rate * m.Period
	return float64(m.Words) * perPeriod * perPeriod / (2 * m.Period)
}

// AccumulatedExactly is the same without the assumption that upsets are rare: the words that meet two or more in a
// period, 1 - (1 + x) e^-x each for x expected upsets. Two upsets of one bit count, though the second undoes the first.
func (m Memory) AccumulatedExactly() float64 {
	x := float64(m.Bits) * m.Rate * m.Period
	return float64(m.Words) * (-math.Expm1(-x) - x*math.Exp(-x)) / m.Period
}

// AtOnce is how many code words a day are struck twice by one upset. No scrubbing helps against these, interleaving
// does.
func (m Memory) AtOnce() float64 { return m.Upsets() * m.Multi }

// Count is what a simulation saw.
type Count struct {
	Upsets  int64 // in all
	Failed  int64 // code words with more flips at the end of a period than can be corrected
	Periods int64
}

// PerDay is the rate of failed code words, and its standard error.
func (c Count) PerDay(m Memory) (rate, sigma float64) {
	days := float64(c.Periods) * m.Period
	return float64(c.Failed) / days, math.Sqrt(float64(c.Failed)) / days
}

// Simulate strikes single bits of a memory at random for so many periods, Multi aside. fails tells for the struck
// bits of a code word whether they are too many.
func (m Memory) Simulate(r *rand.Rand, periods int64, fails func(bits []int) bool) Count {
	arrivals := distuv.Poisson{Lambda: m.Upsets() * m.Period, Src: r}
	c := Count{Periods: periods}
	struck := map[int64][]int{}
	for range periods {
		n := int64(arrivals.Rand())
		c.Upsets += n
		clear(struck)
		for range n {
			word, bit := r.Int64N(m.Words), r.IntN(m.Bits)
			struck[word] = append(struck[word], bit)
		}
		for _, bits := range struck {
			if len(bits) > 1 && fails(bits) {
				c.Failed++
			}
		}
	}
	return c
}
