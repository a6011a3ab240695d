package protect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim"
)

// guarded is the rig's design with a watchdog.
func (r *rig) guarded(w Watchdog) *rtl.Design {
	d := r.build()
	_, err := addWatchdog(d, stream(r.plan.Inputs[0]), streams(r.plan.Outputs), w)
	require.NoError(r.t, err)
	return d
}

// A watchdog changes nothing of a run without fault: no beat, no cycle.
func TestWatchdogKeepsStill(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, seed, 3)
			for _, s := range []sim.Stimulus{{Quiet: 1 << 14}, {Quiet: 1 << 14, Gaps: sim.Throttle{Seed: seed + 1, Open: 1 << 31}, Stalls: sim.Throttle{Seed: 9, Open: 1 << 30}}} {
				want := r.run(r.build(), s)
				require.Equal(t, sim.Done, want.Stop)
				got := r.run(r.guarded(Watchdog{Cycles: 2 * want.Cycle, Images: 3}), s)
				assert.True(t, same(want, got, r, 0))
				assert.Equal(t, want.Cycle, got.Cycle)
				assert.True(t, slices.EqualFunc(want.Cycles, got.Cycles, slices.Equal[[]int64]))
				got = r.run(r.guarded(Watchdog{Cycles: 2 * want.Cycle, Images: 3, Resync: 1}), s)
				assert.True(t, same(want, got, r, 0))
			}
		})
	}
}

// Whatever register is struck, a design under a watchdog brings all beats of all images, and what comes after it
// began anew is as it should be.
func TestWatchdogBeginsAnew(t *testing.T) {
	const resync = 2
	hangs, harmed, runs := 0, 0, 0
	for seed := range uint64(8) {
		r := newRig(t, seed, 5)
		golden := r.run(r.build(), sim.Stimulus{Quiet: 1 << 14})
		plain := r.build()
		sites := controlSites(plain)
		if len(sites) == 0 {
			continue
		}
		dog := r.guarded(Watchdog{Cycles: golden.Cycle, Images: 5, Resync: resync})
		rnd := rand.New(rand.NewPCG(seed, 1))
		for range 20 {
			s := sites[rnd.IntN(len(sites))]
			f := rtl.Fault{Site: rtl.Site{Path: s.Path, Bit: rnd.IntN(s.Type.Width())}, Cycle: rnd.Int64N(golden.Cycle * resync / 5)}
			stimulus := sim.Stimulus{Faults: []rtl.Fault{f}, Quiet: 4 * golden.Cycle, Limit: 20 * golden.Cycle}
			runs++
			if r.run(plain, stimulus).Stop != sim.Done {
				hangs++
			}
			got := r.run(dog, stimulus)
			require.Equal(t, sim.Done, got.Stop, "seed %d: %s", seed, f)
			if !same(golden, got, r, 0) {
				harmed++
			}
			require.True(t, same(golden, got, r, 2*resync), "seed %d: %s", seed, f)
		}
	}
	t.Logf("%d runs, %d of them hang without a watchdog, %d have images that are not golden", runs, hangs, harmed)
	assert.Greater(t, hangs, 20)
	assert.Greater(t, harmed, 20)
}

// controlSites are the registers of a design that can stop it.
func controlSites(d *rtl.Design) (sites []*rtl.State) {
	control := controls(d)
	for _, s := range d.States() {
		if s.Reg != nil && control[s.Reg] {
			sites = append(sites, s)
		}
	}
	return sites
}

// same tells whether all outputs are alike from some image on.
func same(a, b *sim.Trace, r *rig, from int) bool {
	for k := range a.Outputs {
		at := len(a.Outputs[k]) / r.images * from
		if !bytes.Equal(a.Outputs[k][at:], b.Outputs[k][at:]) {
			return false
		}
	}
	return true
}
