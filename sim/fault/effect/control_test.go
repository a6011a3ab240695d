package effect_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim/access"
	"rampart/sim/fault/effect"
	"rampart/sim/functional"
)

// everyPatch changes all patches of an effect.
func everyPatch(change func(p *functional.Patch)) func(*effect.Effect) {
	return func(e *effect.Effect) {
		for _, s := range e.Spans {
			for i := range s.Patches {
				change(&s.Patches[i])
			}
		}
	}
}

// The comparison with the cycle engine is shown effects that are wrong in one thing.
func TestWrongEffectsAreSeen(t *testing.T) {
	wrong := map[string]func(*effect.Effect){
		"dead":      func(e *effect.Effect) { *e = effect.Effect{Verdict: effect.Dead, Why: effect.NeverRead} },
		"from":      everyPatch(func(p *functional.Patch) { p.From = functional.Moment{} }),
		"to":        everyPatch(func(p *functional.Patch) { p.To = functional.Moment{Pixel: 1} }),
		"change":    everyPatch(func(p *functional.Patch) { p.Change.Flip ^= 1 }),
		"index":     everyPatch(func(p *functional.Patch) { p.Index = max(0, p.Index-1) }),
		"last":      func(e *effect.Effect) { shorten(e) },
		"one patch": func(e *effect.Effect) { dropOne(e) },
	}
	seen := map[string]int{}
	for seed := uint64(1); seed <= 12; seed++ {
		net, p, frames := randomNet(t, seed)
		r := newRig(t, net, p, frames, interpreted)
		rng := rand.New(rand.NewPCG(seed, 5))
		for n := range 24 {
			f := r.draw(rng, n)
			trace, err := r.strike(t.Context(), f)
			require.NoError(t, err)
			for name, spoil := range wrong {
				e, err := r.effects.Of(f)
				require.NoError(t, err)
				if e.Verdict == effect.Patched {
					if spoil(&e); r.compare(trace, e) != nil {
						seen[name]++
					}
				}
			}
		}
	}
	for name := range wrong {
		assert.Positive(t, seen[name], name)
	}
	t.Log(seen)
}

// shorten ends the last span with its first frame.
func shorten(e *effect.Effect) {
	last := &e.Spans[len(e.Spans)-1]
	last.Last = last.First
}

// dropOne leaves out the last patch where there are several.
func dropOne(e *effect.Effect) {
	for i, s := range e.Spans {
		if n := len(s.Patches); n > 1 {
			e.Spans[i].Patches = s.Patches[:n-1]
		}
	}
}

// Every cycle of a run in turn, for a word of each kind of memory; and a map that errs by one cycle is seen.
func TestEveryCycle(t *testing.T) {
	seen, runs := map[int64]int{}, 0
	for _, seed := range []uint64{3, 7, 29} { // whose runs are short
		net, p, frames := randomNet(t, seed)
		require.Less(t, p.Estimate.CyclesPerFrame, int64(100))
		r := newRig(t, net, p, frames, interpreted)
		rng := rand.New(rand.NewPCG(seed, 6))
		for n := range len(r.byRole) {
			f := r.draw(rng, n)
			f.Model = rtl.Flip
			for f.Cycle = range r.golden.Trace.Cycle {
				runs++
				trace, err := r.strike(t.Context(), f)
				require.NoError(t, err)
				e, err := r.effects.Of(f)
				require.NoError(t, err)
				if e.Verdict == effect.Cycle {
					break
				}
				require.NoError(t, r.compare(trace, e), "seed %d, %s", seed, f)
				for _, late := range []int64{-1, 1} {
					asked := f
					asked.Cycle += late
					e, err := r.effects.Of(asked)
					require.NoError(t, err)
					if r.compare(trace, e) != nil {
						seen[late]++
					}
				}
			}
		}
	}
	assert.Greater(t, runs, 1000)
	assert.Positive(t, seen[-1])
	assert.Positive(t, seen[1])
	t.Logf("%d runs; asked for a cycle too early or late, wrong in %v", runs, seen)
}

func TestWhatStrikesNothing(t *testing.T) {
	net, p, frames := randomNet(t, 3)
	r := newRig(t, net, p, frames, interpreted)
	var mem, reg *rtl.State
	for _, s := range r.hw.Design.States() {
		switch {
		case s.Mem != nil && s.Mem.Init != nil:
			mem = s
		case s.Reg != nil:
			reg = s
		}
	}
	good := rtl.Fault{Site: rtl.Site{Path: mem.Path, Mem: true}, Cycle: 1}
	for name, spoil := range map[string]func(f *rtl.Fault){
		"no register or memory nowhere": func(f *rtl.Fault) { f.Path = "nowhere" },
		"a memory needs a word":         func(f *rtl.Fault) { f.Mem = false },
		"words":                         func(f *rtl.Fault) { f.Word = mem.Depth },
		"bits wide":                     func(f *rtl.Fault) { f.Bit = mem.Type.Width() },
		"no such cycle":                 func(f *rtl.Fault) { f.Cycle = -2 },
	} {
		f := good
		spoil(&f)
		_, err := r.effects.Of(f)
		require.ErrorAs(t, err, &diag.Problem{}, name)
		assert.ErrorContains(t, err, name)
	}
	e, err := r.effects.Of(rtl.Fault{Site: rtl.Site{Path: reg.Path}, Cycle: 4})
	require.NoError(t, err)
	assert.Equal(t, effect.Effect{Verdict: effect.Cycle, Why: effect.Register}, e)
	e, err = r.effects.Of(rtl.Fault{Site: rtl.Site{Path: reg.Path}, Cycle: r.golden.Trace.Cycle - 1})
	require.NoError(t, err)
	assert.Equal(t, effect.Effect{Verdict: effect.Dead, Why: effect.AfterTheEnd}, e)
}

// A record of another number of frames, or of other hardware, is refused; one of a run that went otherwise
// is found out by the first access that is elsewhere.
func TestRecordsOfOtherRuns(t *testing.T) {
	net, p, frames := randomNet(t, 3)
	h, err := hw.Build(p)
	require.NoError(t, err)
	r := &rig{net: net, plan: p, frames: frames}
	m := interpreted(t, h.Design, true)
	_, err = m.Run(t.Context(), r.stimulus())
	require.NoError(t, err)
	record, err := access.Of(h.Design, m)
	require.NoError(t, err)
	_, err = effect.New(h, p, net, record, len(frames), nil)
	require.NoError(t, err)
	for _, n := range []int{len(frames) - 1, len(frames) + 1} {
		_, err = effect.New(h, p, net, record, n, nil)
		require.ErrorContains(t, err, "in the record, but")
	}
	otherNet, other, _ := randomNet(t, 5)
	otherHW, err := hw.Build(other)
	require.NoError(t, err)
	_, err = effect.New(otherHW, other, otherNet, record, len(frames), nil)
	require.ErrorContains(t, err, "not one of the plan and the record")

	found := false
	for _, s := range p.Stages { // the record is right, the order of work is not
		if s.Kind == plan.Conv || s.Kind == plan.Pool {
			s.Rows += s.Fold.TapY
		}
	}
	effects, err := effect.New(h, p, net, record, len(frames), nil)
	require.NoError(t, err)
	for _, s := range h.Design.States() {
		for word := range s.Depth {
			for cycle := int64(0); cycle < record.Cycles; cycle += 7 {
				_, err := effects.Of(rtl.Fault{Site: rtl.Site{Path: s.Path, Mem: true, Word: word}, Cycle: cycle})
				found = found || err != nil
			}
		}
	}
	assert.True(t, found)
}
