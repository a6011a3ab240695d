package protect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim"
)

// protect builds a policy into the rig's design.
func (r *rig) protect(text string) *Protected {
	r.t.Helper()
	p, err := Read("p.yaml", []byte("name: test\n"+text+"\n"))
	require.NoError(r.t, err)
	out, err := Apply(r.build(), p, Surroundings{
		Layer: layer, In: streams(r.plan.Inputs), Out: streams(r.plan.Outputs),
		CyclesPerImage: r.plan.Estimate.CyclesPerFrame, Latency: r.plan.Estimate.LatencyCycles,
	})
	require.NoError(r.t, err)
	return out
}

var policies = []string{
	`rules: [{memories: "*", use: parity}]`,
	`rules: [{kinds: weights, use: parity, on_error: zero}, {memories: "*", use: parity, group: 8, interleave: 2}]`,
	`rules: [{memories: "*", use: secded}]`,
	`rules: [{memories: "*", use: secded, group: 16, interleave: 4, on_error: zero}]`,
	`rules: [{memories: "*", use: daec, group: 12, interleave: 3}]`,
	`rules: [{memories: "*", use: tmr}]`,
	`rules: [{registers: control, use: tmr}]`,
	"rules: [{kinds: [weights, bias], use: secded}, {kinds: fifo, use: parity}, {kinds: line, use: tmr}, {registers: \"*\", use: tmr}]\nwatchdog: {resync: 100}",
}

// Protection changes nothing of a run without fault: no beat, no cycle, and nothing is seen.
func TestProtectionKeepsStill(t *testing.T) {
	for seed := range uint64(3) {
		r := newRig(t, seed, 2)
		for _, s := range []sim.Stimulus{{Quiet: 1 << 14}, {Quiet: 1 << 14, Gaps: sim.Throttle{Seed: seed + 1, Open: 1 << 31}, Stalls: sim.Throttle{Seed: 9, Open: 1 << 30}}} {
			want := r.run(r.build(), s)
			for _, text := range policies {
				got := r.run(r.protect(text).Design, s)
				assert.True(t, same(want, got, r, 0), "seed %d: %s", seed, text)
				assert.Equal(t, want.Cycle, got.Cycle, "seed %d: %s", seed, text)
				assert.True(t, slices.EqualFunc(want.Cycles, got.Cycles, slices.Equal[[]int64]))
			}
		}
	}
}

// What can correct, corrects: no flip of a bit of a protected memory, or of a register in three, changes an output
// or when it comes.
func TestSingleFlipsAreCorrected(t *testing.T) {
	for _, text := range []string{policies[2], policies[3], policies[4], policies[5], policies[6]} {
		changed, without := 0, 0
		for seed := range uint64(3) {
			r := newRig(t, seed, 2)
			p := r.protect(text)
			plain := r.build()
			golden := r.run(plain, sim.Stimulus{Quiet: 1 << 14})
			sites := p.guarded()
			if len(sites) == 0 {
				continue
			}
			rnd := rand.New(rand.NewPCG(seed, 4))
			for range 20 {
				s := sites[rnd.IntN(len(sites))]
				f := rtl.Fault{Site: rtl.Site{Path: s.Path, Mem: s.Mem != nil, Word: rnd.IntN(max(1, s.Depth)), Bit: rnd.IntN(s.Type.Width())}, Cycle: rnd.Int64N(golden.Cycle / 2)}
				stimulus := sim.Stimulus{Quiet: 4 * golden.Cycle, Limit: 8 * golden.Cycle, Faults: []rtl.Fault{f}}
				got := r.run(p.Design, stimulus)
				if !same(golden, got, r, 0) || golden.Cycle != got.Cycle {
					changed++
					t.Logf("seed %d: %s", seed, f)
				}
				if s := state(plain, f.Path); s != nil && f.Bit < s.Type.Width() && !same(golden, r.run(plain, stimulus), r, 0) {
					without++
				}
			}
		}
		assert.Zero(t, changed, text)
		assert.Positive(t, without, text)
	}
}

// guarded are the memories and registers of a protected design that one flip must not harm.
func (p *Protected) guarded() (all []*rtl.State) {
	paths := map[string]bool{}
	for _, s := range p.Design.States() {
		paths[s.Path] = true
	}
	for _, s := range p.Design.States() {
		copied := s.Mem != nil && paths[s.Path+"_b."+wordsName] || s.Reg != nil && paths[s.Path+"_b."+heldName]
		if p.Stored[s.Path] != nil || p.Copies[s.Path] != "" || copied || s.Reg != nil && strings.HasSuffix(s.Path, "."+heldName) {
			all = append(all, s)
		}
	}
	return all
}

func state(d *rtl.Design, path string) *rtl.State {
	for _, s := range d.States() {
		if s.Path == path {
			return s
		}
	}
	return nil
}

func TestVariantsShareModules(t *testing.T) {
	p, err := Read("p.yaml", []byte("name: x\nrules: [{memories: a.beats, use: secded}, {kinds: weights, use: parity}]\n"))
	require.NoError(t, err)
	out, err := Apply(design(t), p, Surroundings{Layer: layer})
	require.NoError(t, err)
	var names []string
	for _, m := range out.Design.Modules {
		names = append(names, m.Name)
	}
	assert.Equal(t, []string{"fifo_secded", "fifo", "pair"}, names)
	assert.Equal(t, "u13", fmt.Sprint(state(out.Design, "a.beats").Type))
	assert.Equal(t, "u33", fmt.Sprint(state(out.Design, "weights").Type))
	assert.Equal(t, "u8", fmt.Sprint(state(out.Design, "b.beats").Type))
}
