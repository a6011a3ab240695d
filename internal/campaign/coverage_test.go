package campaign

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/sim/fault/result"
	"rampart/sim/fault/sample"
)

const everyParameter = "space: parameters\nselect: {kinds: [weight, bias]}\nplan: exhaustive\n"

// faultless is a measurement of few campaigns, for tests are to be quick.
var faultless = CoverageOptions{Confidence: 0.95, Campaigns: 250, Seed: 1}

func TestCoverage(t *testing.T) {
	b := newBench(t)
	o := b.with(t, "all", everyParameter)
	_, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	c, err := MeasureCoverage(t.Context(), o.Out, faultless)
	require.NoError(t, err)
	assert.Empty(t, c.Fails())
	c.counts(t, rows(t, o.Out))

	seen, worst := map[[3]string]bool{}, 1.0
	for _, trial := range c.Trials {
		seen[[3]string{trial.Of, trial.Strata, trial.Method}] = true
		assert.Positive(t, trial.Drawn, trial.Plan)
		assert.Less(t, trial.Drawn, float64(c.Faults), trial.Plan)
		if !trial.Offered {
			worst = min(worst, trial.Worst)
		}
	}
	for _, of := range []string{"faults", "images"} {
		assert.True(t, seen[[3]string{of, "all", "wilson"}], of)
		for _, strata := range []string{"all", "layer", "bit"} {
			assert.True(t, seen[[3]string{of, strata, "exact"}], "%s by %s", of, strata)
		}
	}
	assert.Less(t, worst, 0.8, "the control: Wald's interval is found not to hold")

	again, err := MeasureCoverage(t.Context(), o.Out, faultless)
	require.NoError(t, err)
	assert.Equal(t, c, again)
	var text bytes.Buffer
	c.Print(&text)
	assert.Equal(t, 5+len(c.Trials)-1, bytes.Count(text.Bytes(), []byte("\n")))
}

// counts compares the truth with the rows that it comes from.
func (c *Coverage) counts(t *testing.T, all []result.Row) {
	t.Helper()
	hits, pairs := 0, 0
	for _, r := range all {
		if pairs += int(r.ImagesChanged); r.Outcome.Harmful() {
			hits++
		}
	}
	assert.EqualValues(t, len(all), c.Faults)
	assert.Equal(t, int(all[0].Images), c.Images)
	assert.InDelta(t, float64(hits)/float64(len(all)), c.Share, 1e-12)
	assert.InDelta(t, float64(pairs)/float64(len(all)*c.Images), c.Changed, 1e-12)
	assert.True(t, c.Share > 0 && c.Share < 1 && c.Changed > 0 && c.Changed < 1, "%v and %v measure little", c.Share, c.Changed)
}

// The control: a method that is offered and does not hold is named.
func TestCoverageFindsWhatDoesNotHold(t *testing.T) {
	p := &population{"faults", map[string][]sample.Truth{"all": {{99_900, 100}}}}
	o := faultless
	b := planner{population: p, o: &o}
	b.fixed("random 100", "all", "normal", true, []int64{100}, normal, normalTotal)
	b.fixed("random 100", "all", "exact", true, []int64{100}, sample.Exact, sample.Total)
	c := &Coverage{Least: 0.9}
	require.NoError(t, c.try(t.Context(), b.trials, nil))
	require.Len(t, c.Fails(), 1)
	assert.Equal(t, "normal", c.Fails()[0].Method)
}

func TestCoverageRefuses(t *testing.T) {
	b := newBench(t)
	part := b.with(t, "part", everyParameter)
	part.Shard = result.Shard{Index: 1, Of: 3}
	for _, c := range []struct {
		o    Options
		says string
	}{
		{b.with(t, "some", "space: parameters\nselect: {kinds: [weight, bias]}\nplan: {random: 30}\n"), "its plan is random: it tried 30 faults of "},
		{b.with(t, "listed", "space: parameters\nplan: {list: [\"enc.weight[0].1\"]}\n"), "its plan is list: it tried 1 faults"},
		{part, "it is part 2 of 3"},
	} {
		_, err := OnBuild(t.Context(), b.build, c.o)
		require.NoError(t, err)
		_, err = MeasureCoverage(t.Context(), c.o.Out, faultless)
		var p diag.Problem
		require.ErrorAs(t, err, &p)
		assert.Contains(t, p.What, c.says)
		assert.NotEmpty(t, p.Remedy)
	}
	_, err := MeasureCoverage(t.Context(), filepath.Join(b.dir, "none"), faultless)
	require.ErrorAs(t, err, new(diag.Problem))

	ctx, stop := context.WithCancel(t.Context())
	all := b.with(t, "all", everyParameter)
	_, err = OnBuild(ctx, b.build, all)
	require.NoError(t, err)
	stop()
	_, err = MeasureCoverage(ctx, all.Out, faultless)
	require.ErrorIs(t, err, context.Canceled)
}
