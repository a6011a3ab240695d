package effect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/rtl"
	"rampart/sim/fault/effect"
)

// Struck bounds and checksums: the outputs are those of the cycle engine, for a checksum the golden ones.
func TestGuards(t *testing.T) {
	all := map[string]int{}
	for seed := uint64(1); seed <= 40; seed++ {
		net, p, frames := randomNet(t, seed)
		places := hw.Places(p)
		has := map[hw.Role]bool{}
		for _, at := range places {
			has[at.Role] = true
		}
		if !has[hw.High] {
			continue
		}
		r := newRig(t, net, p, frames, interpreted)
		r.byRole = nil
		for _, s := range r.hw.Design.States() {
			if s.Mem == nil {
				continue
			}
			switch places[s.Path].Role {
			case hw.Low, hw.High, hw.Checksums:
				r.byRole = append(r.byRole, []*rtl.State{s})
			}
		}
		rng := rand.New(rand.NewPCG(seed, 9))
		for n := range 30 {
			f := r.draw(rng, n)
			require.NoError(t, r.check(t.Context(), f), "seed %d", seed)
			e, err := r.effects.Of(f)
			require.NoError(t, err)
			require.NotEqual(t, effect.Cycle, e.Verdict)
		}
		for k, n := range r.tally {
			all[k] += n
		}
	}
	logTally(t, all)
	assert.Greater(t, all["changed"], 40)
	assert.Greater(t, all["requant patched"], 100)
	assert.Greater(t, all["weights dead: "+string(effect.Checked)], 20)
}
