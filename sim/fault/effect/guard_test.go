package effect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/protect/network"
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

// The embedded network with guards: it gives the outputs that it has without, and what upsets do is the same on the
// functional engine and in hardware.
func TestGuardedScenes(t *testing.T) {
	net, frames := scenes(t, "scenes_unet_xs")
	half := network.Choice{Share: 0.5}
	guarded, _, err := network.Apply(t.Context(), net, []network.Rule{
		{Layers: []string{"*"}, Checksum: true, Clip: &network.Clip{Per: network.PerChannel, Percentile: 1, Flag: true}},
		{Layers: []string{"enc_*"}, Duplicate: &network.Duplicate{Channels: half, Copies: 2, By: network.ByWeight}},
		{Layers: []string{"dec_*", "head"}, Duplicate: &network.Duplicate{Channels: half, Copies: 3, By: network.ByActivation}},
	}, network.Options{Images: frames})
	require.NoError(t, err)
	p, err := plan.New(t.Context(), guarded, plan.Target{Multipliers: 400})
	require.NoError(t, err)
	r := newRig(t, guarded, p, frames, generated)
	for i, f := range frames {
		want, err := fixed.EvalAll(t.Context(), net, f, nil)
		require.NoError(t, err)
		for k, out := range r.plan.Outputs {
			got, _ := hw.Unpack(out, r.golden.Trace.Outputs[k])
			require.Equal(t, want[k].Data, got[i].Data)
		}
	}
	rng := rand.New(rand.NewPCG(4, 5))
	for n := range 100 {
		require.NoError(t, r.check(t.Context(), r.draw(rng, n)))
	}
	logTally(t, r.tally)
	assert.Greater(t, r.tally["changed"], 10)
}
