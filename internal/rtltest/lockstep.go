package rtltest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
)

// Engine is a machine under comparison and what to call it.
type Engine struct {
	Name string
	sim.Machine
}

// Lockstep resets all engines, which run the same design, and drives them with the stimulus of each
// seed (RandomStimulus) in slices of a few cycles; it fails the test where Compare finds a difference.
// The first engine is the reference.
func Lockstep(t testing.TB, d *rtl.Design, seeds []uint64, cycles int64, engines ...Engine) {
	t.Helper()
	require.Greater(t, len(engines), 1, "lockstep needs two engines")
	for _, seed := range seeds {
		s, err := RandomStimulus(d, seed, cycles, int(cycles/20))
		require.NoError(t, err)
		require.NoError(t, Compare(context.Background(), d, s, seed, engines...), "seed %d", seed)
	}
}

// RandomStimulus feeds random beats for a number of cycles, with gaps and stalls for three seeds of
// four, drives pins, and strikes random bits of state at random cycles: half of the faults are flips, the others stuck.
func RandomStimulus(d *rtl.Design, seed uint64, cycles int64, faults int) (*sim.Stimulus, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 3))
	s := &sim.Stimulus{Limit: cycles}
	if seed%4 != 0 {
		s.Gaps = sim.Throttle{Seed: r.Uint64(), Open: r.Uint64N(1 << 32)}
		s.Stalls = sim.Throttle{Seed: r.Uint64(), Open: r.Uint64N(1 << 32)}
	}
	for _, in := range ports.In {
		var beats []byte
		for range cycles/2 + 1 { // some runs take them all
			beats = append(beats, randomBits(r, in.Bits)...)
		}
		s.Inputs = append(s.Inputs, beats)
	}
	for _, p := range ports.Pins {
		for range cycles / 20 {
			s.Pins = append(s.Pins, sim.Pin{Cycle: r.Int64N(cycles), Port: p.Name, Value: randomBits(r, p.Bits)})
		}
	}
	slices.SortStableFunc(s.Pins, func(a, b sim.Pin) int { return int(a.Cycle - b.Cycle) })
	states := d.States()
	models := []rtl.FaultModel{rtl.Flip, rtl.Flip, rtl.Stuck0, rtl.Stuck1}
	for range faults {
		s.Faults = append(s.Faults, rtl.Fault{Site: randomSite(r, states), Cycle: r.Int64N(cycles), Model: models[r.IntN(len(models))]})
	}
	slices.SortStableFunc(s.Faults, func(a, b rtl.Fault) int { return int(a.Cycle - b.Cycle) })
	return s, nil
}

// randomBits is a random packed value.
func randomBits(r *rand.Rand, width int) []byte {
	bits := make([]int64, width)
	for i := range bits {
		bits[i] = int64(r.Uint64() & 1)
	}
	return packBits(bits)
}

func randomSite(r *rand.Rand, states []*rtl.State) rtl.Site {
	st := states[r.IntN(len(states))]
	return rtl.Site{Path: st.Path, Mem: st.Mem != nil, Word: r.IntN(max(1, st.Depth)), Bit: r.IntN(st.Type.Width())}
}

// Compare resets the engines and runs them on one stimulus in slices of 1 to 8 cycles, each a Run of its
// own with the beats not yet taken and the faults of its cycles; what is stuck stays so for a while, that a
// design is not dead for good. After every slice traces and state
// hashes must be equal. Now and then it flips a bit between slices, or saves the state, goes on,
// restores and does the slice again. The first difference is a diag.Difference that names the engine
// and the cycles.
func Compare(ctx context.Context, d *rtl.Design, s *sim.Stimulus, seed uint64, engines ...Engine) error {
	c := &comparison{r: rand.New(rand.NewPCG(seed, 4)), engines: engines, left: *s, states: d.States()}
	if err := c.all(sim.Machine.Reset); err != nil {
		return err
	}
	c.left.Inputs = slices.Clone(s.Inputs)
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return err
	}
	for c.cycle < s.Limit {
		trace, err := c.slice(ctx, min(s.Limit, c.cycle+1+c.r.Int64N(8)))
		if err != nil {
			return err
		}
		if trace.Cycle == c.cycle {
			return fmt.Errorf("a run from cycle %d did not move", c.cycle)
		}
		c.cycle = trace.Cycle
		for k, in := range ports.In {
			c.left.Inputs[k] = c.left.Inputs[k][in.Bytes()*len(trace.Taken[k]):]
		}
		c.left.Gaps.Seed, c.left.Stalls.Seed = next(c.left.Gaps.Seed), next(c.left.Stalls.Seed)
	}
	return nil
}

// stuckFor is how many cycles a stuck bit lasts beyond the slice of its fault.
const stuckFor = 30

// next is the throttle seed of the next slice; one that is off stays off.
func next(seed uint64) uint64 {
	if seed == 0 {
		return 0
	}
	return seed + 1<<20
}

type comparison struct {
	r       *rand.Rand
	engines []Engine
	left    sim.Stimulus // what the slices so far have not used
	states  []*rtl.State
	cycle   int64
}

func (c *comparison) all(f func(sim.Machine) error) error {
	for _, e := range c.engines {
		if err := f(e.Machine); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	return nil
}

// slice runs all engines up to a cycle, perhaps twice.
func (c *comparison) slice(ctx context.Context, limit int64) (*sim.Trace, error) {
	s := c.left
	s.Limit, s.Want, s.Quiet = limit, nil, 0
	s.Faults = slices.DeleteFunc(slices.Clone(c.left.Faults), func(f rtl.Fault) bool {
		first := c.cycle
		if f.Model.Stuck() {
			first -= stuckFor
		}
		return f.Cycle < first || f.Cycle >= limit
	})
	if c.r.IntN(6) == 0 {
		site := randomSite(c.r, c.states)
		if err := c.all(func(m sim.Machine) error { return m.Flip(site) }); err != nil {
			return nil, err
		}
	}
	slot := c.r.IntN(3)
	again := c.r.IntN(6) == 0
	if again {
		if err := c.all(func(m sim.Machine) error { return m.Save(slot) }); err != nil {
			return nil, err
		}
	}
	trace, hash, err := c.run(ctx, &s)
	if err != nil || !again {
		return trace, err
	}
	if err := c.all(func(m sim.Machine) error { return m.Restore(slot) }); err != nil {
		return nil, err
	}
	replayed, rehash, err := c.run(ctx, &s)
	switch {
	case err != nil:
		return nil, err
	case hash != rehash:
		return nil, c.difference("after Restore", trace.Cycle, "state hash %016x, not %016x", rehash, hash)
	}
	return replayed, c.differ("after Restore", trace, replayed)
}

// run runs all engines on one slice, compares each with the first, and gives the first's trace and hash.
func (c *comparison) run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, uint64, error) {
	var first *sim.Trace
	var firstHash uint64
	for i, e := range c.engines {
		trace, err := e.Run(ctx, s)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", e.Name, err)
		}
		hash, err := e.Hash()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", e.Name, err)
		}
		if i == 0 {
			first, firstHash = trace, hash
			continue
		}
		if err := c.differ(e.Name, first, trace); err != nil {
			return nil, 0, err
		}
		if hash != firstHash {
			return nil, 0, c.difference(e.Name, trace.Cycle, "state hash %016x, not %016x", hash, firstHash)
		}
	}
	return first, firstHash, nil
}

func (c *comparison) difference(who string, to int64, format string, args ...any) error {
	return diag.Difference{What: fmt.Sprintf("cycles %d to %d: %s: ", c.cycle, to-1, who) + fmt.Sprintf(format, args...)}
}

// differ tells the first field in which two traces differ.
func (c *comparison) differ(who string, want, got *sim.Trace) error {
	fields := []struct {
		name      string
		same      bool
		want, got any
	}{
		{"stop", want.Stop == got.Stop, want.Stop, got.Stop},
		{"cycle", want.Cycle == got.Cycle, want.Cycle, got.Cycle},
		{"beats taken", slices.EqualFunc(want.Taken, got.Taken, slices.Equal), want.Taken, got.Taken},
		{"cycles of output beats", slices.EqualFunc(want.Cycles, got.Cycles, slices.Equal), want.Cycles, got.Cycles},
		{"output beats", slices.EqualFunc(want.Outputs, got.Outputs, bytes.Equal), want.Outputs, got.Outputs},
		{"ports of no stream", slices.EqualFunc(want.Final, got.Final, bytes.Equal), want.Final, got.Final},
		{"digest", want.Digest == got.Digest, want.Digest, got.Digest},
	}
	for _, f := range fields {
		if !f.same {
			return c.difference(who, want.Cycle, "%s %v, not %v", f.name, f.got, f.want)
		}
	}
	return nil
}
