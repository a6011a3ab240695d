package effect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/protect"
	"rampart/ir/protect/code"
	"rampart/ir/rtl"
	"rampart/sim/fault/effect"
)

// uses are what a rule may say of the memories of a kind.
var uses = []string{
	"use: none", "use: parity", "use: parity, group: lane, on_error: zero", "use: parity, interleave: 2, on_error: zero",
	"use: secded", "use: secded, group: 13, interleave: 2", "use: secded, on_error: zero", "use: daec", "use: daec, group: 8, on_error: zero", "use: tmr",
}

// randomPolicy draws a rule for each kind of memory that a design has, and now and then protection of registers
// and a watchdog, which change nothing about memories.
func randomPolicy(rng *rand.Rand, d *rtl.Design, watch bool) string {
	var b strings.Builder
	b.WriteString("name: random\nrules:\n")
	seen := map[rtl.MemKind]bool{}
	for _, s := range d.States() {
		if s.Mem != nil && !seen[s.Kind] {
			seen[s.Kind] = true
			fmt.Fprintf(&b, "- {kinds: %s, %s}\n", s.Kind, uses[rng.IntN(len(uses))])
		}
	}
	if rng.IntN(3) == 0 {
		b.WriteString("- {registers: control, use: tmr}\n")
	}
	if watch {
		b.WriteString("watchdog: {images: 3}\n")
	}
	return b.String()
}

// guarded builds the protection of a policy's text.
func guarded(t *testing.T, p *plan.Plan, policy func(d *rtl.Design) string) func(h *hw.Hardware) *protect.Protected {
	return func(h *hw.Hardware) *protect.Protected {
		t.Helper()
		text := policy(h.Design)
		read, err := protect.Read("policy.yaml", []byte(text))
		require.NoError(t, err, text)
		around := protect.Surroundings{
			Layer:          func(path string) string { stage, _, _ := strings.Cut(path, "."); return stage },
			CyclesPerImage: p.Estimate.CyclesPerFrame, Latency: p.Estimate.LatencyCycles,
		}
		for _, s := range p.Inputs {
			around.In = append(around.In, protect.Stream{Name: s.Name, Beats: s.FrameBeats()})
		}
		for _, s := range p.Outputs {
			around.Out = append(around.Out, protect.Stream{Name: s.Name, Beats: s.FrameBeats()})
		}
		made, err := protect.Apply(h.Design, read, around)
		require.NoError(t, err, text)
		return made
	}
}

// smallNet is a random network whose protected hardware an interpreter runs in no time.
func smallNet(t *testing.T, rng *rand.Rand) (*fixed.Net, *plan.Plan, [][]*fixed.Tensor) {
	t.Helper()
	for {
		net, p, frames := randomNet(t, rng.Uint64N(1000))
		if p.Estimate.CyclesPerFrame < 200 && p.Estimate.Multipliers < 60 && !guards(net) {
			return net, p, frames
		}
	}
}

// guards tells whether a network has guards of its own, whose alarms only cycle engines know; those of a network that
// was drawn go off without a fault.
func guards(net *fixed.Net) bool {
	return slices.ContainsFunc(net.Nodes, func(n *fixed.Node) bool {
		switch op := n.Op.(type) {
		case *fixed.Clip, *fixed.Vote:
			return true
		case *fixed.Conv:
			return op.Checksum
		}
		return false
	})
}

// randomGuarded is the rig of a random network under a random policy.
func randomGuarded(t *testing.T, rng *rand.Rand) *rig {
	t.Helper()
	net, p, frames := smallNet(t, rng)
	return newGuardedRig(t, net, p, frames, interpreted, guarded(t, p, func(d *rtl.Design) string {
		return randomPolicy(rng, d, len(p.Inputs) == 1 && rng.IntN(5) == 0)
	}))
}

// cluster is flips of neighbouring bits of a word at once, or of the same bits of copies.
func (r *rig) cluster(rng *rand.Rand, n int) []rtl.Fault {
	f := r.draw(rng, n)
	f.Model = rtl.Flip
	all := []rtl.Fault{f}
	width := 0
	var copies []string
	for _, s := range r.hw.Design.States() {
		if s.Path == f.Path {
			width = s.Type.Width()
		}
		if s.Mem != nil && s.Path != f.Path && r.first(s.Path) == r.first(f.Path) {
			copies = append(copies, s.Path)
		}
	}
	for i := range rng.IntN(4) {
		next := f
		switch {
		case len(copies) > 0 && rng.IntN(2) == 0:
			next.Path = copies[rng.IntN(len(copies))]
		case rng.IntN(4) == 0: // anywhere in the word
			next.Bit = rng.IntN(width)
		default:
			next.Bit = min(f.Bit+1+i, width-1)
		}
		all = append(all, next)
	}
	return all
}

func TestProtectedNetworks(t *testing.T) {
	all := map[string]int{}
	for seed := uint64(1); seed <= 36; seed++ {
		rng := rand.New(rand.NewPCG(seed, 11))
		r := randomGuarded(t, rng)
		for n := range 24 {
			require.NoError(t, r.check(t.Context(), r.draw(rng, n)), "seed %d", seed)
			require.NoError(t, r.check(t.Context(), r.cluster(rng, n)...), "seed %d", seed)
		}
		for k, n := range r.tally {
			all[k] += n
		}
	}
	logTally(t, all)
	assert.Greater(t, all["changed"], 100)
	assert.Greater(t, all["corrected"], 100)
	assert.Greater(t, all["detected"], 100)
	for _, kind := range []string{"weights", "bias", "requant", "line", "fifo", "skip"} {
		assert.Positive(t, all[kind+" patched"], kind)
		assert.Positive(t, all[kind+" dead: "+string(effect.Coded)], kind)
		assert.Positive(t, all[kind+" dead: "+string(effect.Spare)], kind)
		assert.Positive(t, all[kind+" dead: "+string(effect.Outvoted)], kind)
	}
	assert.Positive(t, all["line stuck cycle: "+string(effect.Held)])
}

// The comparison is shown maps that take the code of each memory for another, or that miss or make up events.
func TestWrongJudgesAreSeen(t *testing.T) {
	other := func(kind code.Kind, group int, reaction code.Reaction) func(*code.Layout) *code.Layout {
		return func(l *code.Layout) *code.Layout {
			s := l.Spec
			s.Kind, s.OnError = kind, reaction
			if group > 0 {
				s.Group = group
			}
			changed, err := code.NewLayout(s)
			require.NoError(t, err)
			return changed
		}
	}
	for name, c := range map[string]struct {
		use   string
		wrong func(*code.Layout) *code.Layout
	}{
		"parity for secded": {"use: secded", other(code.Parity, 0, code.Flag)},
		"secded for parity": {"use: parity", other(code.SECDED, 64, code.Flag)},
		"flag for zero":     {"use: parity, on_error: zero", other(code.Parity, 0, code.Flag)},
		"zero for flag":     {"use: parity", other(code.Parity, 0, code.Zero)},
		"other groups":      {"use: secded, group: 64", other(code.SECDED, 4, code.Flag)},
		"secded for daec":   {"use: daec", other(code.SECDED, 0, code.Flag)},
	} {
		t.Run(name, func(t *testing.T) {
			seen := 0
			for seed := uint64(1); seed <= 4; seed++ {
				rng := rand.New(rand.NewPCG(seed, 12))
				net, p, frames := smallNet(t, rng)
				build := guarded(t, p, func(*rtl.Design) string { return "name: one\nrules: [{memories: \"*\", " + c.use + "}]\n" })
				r := newGuardedRig(t, net, p, frames, interpreted, build)
				for _, s := range r.guard.Stored {
					s.Layout = c.wrong(s.Layout)
				}
				r.relearn(t)
				for n := range 24 {
					if faults := r.cluster(rng, n); r.within(faults) && r.check(t.Context(), faults...) != nil {
						seen++
					}
				}
			}
			assert.Positive(t, seen)
		})
	}
}

// within tells whether a layout that the rig was given has the bits that faults strike.
func (r *rig) within(faults []rtl.Fault) bool {
	for _, f := range faults {
		if s := r.guard.Stored[f.Path]; s != nil && f.Bit >= s.Layout.Stored() {
			return false
		}
	}
	return true
}

// What a map cannot tell of flips of one protected word it leaves to the cycle engine.
func TestWhatOnlyTheCycleEngineTells(t *testing.T) {
	net, p, frames := smallNet(t, rand.New(rand.NewPCG(1, 1)))
	for use, why := range map[string]effect.Reason{"use: secded": effect.Staggered, "use: tmr": effect.Staggered} {
		r := newGuardedRig(t, net, p, frames, interpreted, guarded(t, p, func(*rtl.Design) string { return "name: one\nrules: [{memories: \"*\", " + use + "}]\n" }))
		f := r.draw(rand.New(rand.NewPCG(1, 1)), len(r.byRole)-1) // of a buffer
		f.Model, f.Bit, f.Cycle = rtl.Flip, 0, 5
		g := f
		g.Cycle++
		e, err := r.effects.Of(f, g)
		require.NoError(t, err)
		assert.Equal(t, effect.Effect{Verdict: effect.Cycle, Why: why}, e, use)
		g.Word = (f.Word + 1) % 3
		e, err = r.effects.Of(f, g)
		require.NoError(t, err)
		assert.NotEqual(t, effect.Cycle, e.Verdict, "another word")
	}
	r := newGuardedRig(t, net, p, frames, interpreted, guarded(t, p, func(*rtl.Design) string { return "name: watch\nwatchdog: {resync: 1}\n" }))
	f := r.draw(rand.New(rand.NewPCG(1, 1)), 0)
	e, err := r.effects.Of(f)
	require.NoError(t, err)
	assert.Equal(t, effect.Effect{Verdict: effect.Cycle, Why: effect.Anew}, e)
}
