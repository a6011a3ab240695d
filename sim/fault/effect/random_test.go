package effect_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// randomNet plans a random network with a random folding, and draws two frames.
func randomNet(t *testing.T, seed uint64) (*fixed.Net, *plan.Plan, [][]*fixed.Tensor) {
	t.Helper()
	d := nettest.New(seed)
	net := d.Net(d.Within(1, 6))
	target := plan.Target{}
	if seed%4 > 0 {
		target.Multipliers = 10 * d.Within(1, 40)
	}
	p, err := plan.New(t.Context(), net, target)
	require.NoError(t, err)
	if p.Estimate.CyclesPerFrame > 6000 {
		p, err = plan.New(t.Context(), net, plan.Target{Multipliers: 1000})
		require.NoError(t, err)
	}
	return net, p, [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net)}
}

func logTally(t *testing.T, tally map[string]int) {
	for _, k := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%6d %s", tally[k], k)
	}
}

func TestRandomNetworks(t *testing.T) {
	all := map[string]int{}
	for seed := uint64(1); seed <= 25; seed++ {
		net, p, frames := randomNet(t, seed)
		r := newRig(t, net, p, frames, interpreted)
		rng := rand.New(rand.NewPCG(seed, 5))
		for n := range 24 {
			require.NoError(t, r.check(t.Context(), r.draw(rng, n)), "seed %d", seed)
		}
		for k, n := range r.tally {
			all[k] += n
		}
	}
	logTally(t, all)
	assert.Greater(t, all["changed"], 50)
	for _, kind := range []string{"weights", "bias", "requant", "line", "fifo", "skip"} {
		assert.Positive(t, all[kind+" patched"], kind)
		assert.Positive(t, all[kind+" stuck patched"], kind)
	}
}

// Flips of one run, in the same memory or anywhere, come to the patches of each.
func TestSeveralFlips(t *testing.T) {
	changed := 0
	for seed := uint64(1); seed <= 12; seed++ {
		net, p, frames := randomNet(t, seed)
		r := newRig(t, net, p, frames, interpreted)
		rng := rand.New(rand.NewPCG(seed, 8))
		for n := range 16 {
			faults := []rtl.Fault{r.draw(rng, n), r.draw(rng, n), r.draw(rng, n+1)}
			if rng.IntN(2) == 0 { // the same word
				faults[1].Site = faults[0].Site
				faults[1].Bit = faults[0].Bit ^ rng.IntN(2)
				if _, err := r.effects.Of(faults[1]); err != nil { // which has one bit alone
					faults[1].Bit = 0
				}
			}
			for i := range faults {
				faults[i].Model, faults[i].Cycle = rtl.Flip, max(0, faults[i].Cycle)
			}
			require.NoError(t, r.check(t.Context(), faults...), "seed %d", seed)
		}
		changed += r.tally["changed"]
	}
	assert.Greater(t, changed, 40)
}

func TestRandomNetworksOnGeneratedGo(t *testing.T) {
	for _, seed := range []uint64{103, 104} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			net, p, frames := randomNet(t, seed)
			r := newRig(t, net, p, frames, generated)
			rng := rand.New(rand.NewPCG(seed, 5))
			for n := range 150 {
				require.NoError(t, r.check(t.Context(), r.draw(rng, n)))
			}
			logTally(t, r.tally)
		})
	}
}
