package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/sim/fault/sample"
)

// truth says which faults count: all of bit 7, and none else.
func truth(f Fault) int { return map[bool]int{true: 1}[f[0].Bit%8 == 7] }

// run takes a campaign to its end, from outcomes that it remembers or finds.
func run(t *testing.T, d *Draw, outcomes map[int64]int) (q *Sequencer, tried int) {
	q = d.Sequencer()
	tallies := make([]sample.Tally, len(d.Strata))
	for i := range tallies {
		tallies[i].Hits = make([]int64, 2)
	}
	for q.Len() > 0 {
		n := int64(0)
		for i := range q.Batch() {
			if _, known := outcomes[i]; !known {
				outcomes[i] = truth(d.At(i))
				tried++
			}
			stratum, _ := d.Stratum(i)
			tallies[stratum].Hits[outcomes[i]]++
			n++
		}
		require.Equal(t, q.Len(), n)
		require.NoError(t, q.Look(tallies))
	}
	return q, tried
}

func TestCampaignsThatStop(t *testing.T) {
	d := drawn(t, "name: x\nseed: 2\nspace: parameters\nselect: {kinds: weight}\nplan: {sequential: {by: layer, width: 8%, batch: 50}}")
	outcomes := map[int64]int{}
	q, tried := run(t, d, outcomes)
	for i, p := range q.Progress() {
		s := d.Strata[i]
		assert.True(t, p.Done)
		assert.True(t, p.Narrow && p.Estimate.Width() <= 0.08, "%s: %+v", s.Name, p)
		assert.True(t, p.Estimate.Lo <= 0.125 && 0.125 <= p.Estimate.Hi, "%s: %+v", s.Name, p)
	}
	assert.Less(t, int64(tried), d.Len(), "what a share of a half would take")

	// Taken up again with half of the outcomes known, the campaign asks for the same.
	half, n := map[int64]int{}, 0
	for i, k := range outcomes {
		if n++; n%2 == 0 {
			half[i] = k
		}
	}
	again, rest := run(t, d, half)
	assert.Equal(t, q.Progress(), again.Progress())
	assert.Equal(t, outcomes, half)
	assert.Equal(t, tried-n/2, rest)
}

func TestSequencersRefuseOtherOutcomes(t *testing.T) {
	d := smallDraw(t, stores(), "plan: {sequential: {by: kind, width: 10%, batch: 20, max: 30}}")
	q := d.Sequencer()
	assert.EqualValues(t, 80, q.Len())
	tallies := []sample.Tally{sample.Binary(0, 20, 3), sample.Binary(0, 19, 3), sample.Binary(0, 20, 3), sample.Binary(0, 20, 3)}
	assert.ErrorContains(t, q.Look(tallies), "stratum bias: 19 outcomes are told where 20 were asked for")
	tallies[1] = sample.Binary(0, 20, 3)
	require.NoError(t, q.Look(tallies))
	assert.EqualValues(t, 40, q.Len())
	for i := range tallies {
		tallies[i] = sample.Binary(0, 30, 3)
	}
	require.NoError(t, q.Look(tallies))
	assert.Zero(t, q.Len())
	for _, p := range q.Progress() {
		assert.True(t, p.Done && !p.Narrow, "the plan is at its end")
	}
}
