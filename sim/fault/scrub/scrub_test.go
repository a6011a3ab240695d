package scrub

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// example is a memory of 65,536 words of 72 bits at 1e-7 upsets a bit and day, scrubbed every hour, where one upset
// in a thousand strikes two bits.
var example = Memory{Words: 65536, Bits: 72, Rate: 1e-7, Period: 1.0 / 24, Multi: 1e-3}

func TestWorkedExample(t *testing.T) {
	assert.InDelta(t, 0.4719, example.Upsets(), 1e-4)
	assert.InDelta(t, 7.08e-8, example.Accumulated(), 1e-10)
	assert.InDelta(t, 4.72e-4, example.AtOnce(), 1e-6)
	assert.InDelta(t, 6670, example.AtOnce()/example.Accumulated(), 5)
	assert.InEpsilon(t, example.Accumulated(), example.AccumulatedExactly(), 1e-6)
}

// distinct tells whether two different bits of a code word are struck: an even number of upsets of one bit undo
// each other.
func distinct(bits []int) bool {
	odd := map[int]bool{}
	for _, b := range bits {
		odd[b] = !odd[b]
	}
	n := 0
	for _, is := range odd {
		if is {
			n++
		}
	}
	return n > 1
}

func always([]int) bool { return true }

// deviations is by how many standard errors a simulation differs from a rate.
func deviations(m Memory, periods int64, fails func([]int) bool, rate float64) float64 {
	got, sigma := m.Simulate(rand.New(rand.NewPCG(1, 2)), periods, fails).PerDay(m)
	return math.Abs(got-rate) / sigma
}

func TestSimulationMeetsFormula(t *testing.T) {
	rare := Memory{Words: 4096, Bits: 72, Rate: 2e-4, Period: 0.1}
	often := Memory{Words: 512, Bits: 72, Rate: 1e-2, Period: 0.5}
	assert.Less(t, deviations(rare, 40000, always, rare.Accumulated()), 3.0)
	assert.Less(t, deviations(often, 4000, always, often.AccumulatedExactly()), 3.0)
	// A second upset of the same bit, one in 72, leaves nothing to correct.
	assert.Less(t, deviations(rare, 40000, distinct, rare.Accumulated()*71/72), 3.0)

	// The comparison sees a period twice as long, and where the formula does not hold.
	longer := rare
	longer.Period *= 2
	assert.Greater(t, deviations(longer, 40000, always, rare.Accumulated()), 10.0)
	assert.Greater(t, deviations(often, 4000, always, often.Accumulated()), 10.0)
}
