package sim_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
)

// replayed is a design with a golden run on one machine and another machine for runs in one piece.
type replayed struct {
	design   *rtl.Design
	stim     sim.Stimulus
	golden   *sim.Golden
	machine  sim.Machine
	straight sim.Machine
	every    int64
	endHash  uint64 // of the golden run
}

func record(t *testing.T, d *rtl.Design, s sim.Stimulus, every int64) *replayed {
	t.Helper()
	r := &replayed{design: d, stim: s, every: every}
	var err error
	r.machine, err = interp.New(d)
	require.NoError(t, err)
	r.straight, err = interp.New(d)
	require.NoError(t, err)
	r.golden, err = sim.Record(t.Context(), d, r.machine, &s, every)
	require.NoError(t, err)
	r.endHash, err = r.machine.Hash()
	require.NoError(t, err)
	return r
}

// outcome is what became of a strike, and whether it is what a run in one piece gives ("" where it is).
type outcome struct {
	trace     *sim.Trace
	converged bool
	diff      string
}

// strike replays faults from a snapshot and, from reset, in one piece.
func (r *replayed) strike(ctx context.Context, horizon int64, faults ...rtl.Fault) (outcome, error) {
	got, converged, err := r.golden.Strike(ctx, faults, horizon)
	if err != nil {
		return outcome{}, err
	}
	hash, err := r.machine.Hash()
	if err != nil {
		return outcome{}, err
	}
	s := r.stim
	s.Faults = faults
	if err := r.straight.Reset(); err != nil {
		return outcome{}, err
	}
	// What ends a strike ends the run in one piece too: four times the golden run, or the horizon, unless the
	// rest of the trace is known by then.
	s.Limit = 4*r.golden.Trace.Cycle + r.every
	if horizon > 0 && !converged {
		s.Limit = min(s.Limit, faults[len(faults)-1].Cycle+1+horizon)
	}
	want, err := r.straight.Run(ctx, &s)
	if err != nil {
		return outcome{}, err
	}
	wantHash, err := r.straight.Hash()
	if err != nil {
		return outcome{}, err
	}
	if want.Stop == sim.Limit && horizon == 0 {
		want.Stop = sim.Hang
	}
	if converged {
		hash = r.endHash
	}
	return outcome{got, converged, differ(want, got, wantHash, hash)}, nil
}

func differ(want, got *sim.Trace, wantHash, gotHash uint64) string {
	for _, f := range []struct {
		name      string
		want, got any
	}{
		{"stop", want.Stop, got.Stop},
		{"cycle", want.Cycle, got.Cycle},
		{"taken", want.Taken, got.Taken},
		{"cycles", want.Cycles, got.Cycles},
		{"outputs", want.Outputs, got.Outputs},
		{"hash", wantHash, gotHash},
	} {
		if fmt.Sprint(f.want) != fmt.Sprint(f.got) { // no beats are nil or empty
			return fmt.Sprintf("%s: %v instead of %v", f.name, f.got, f.want)
		}
	}
	return ""
}

// kind is the kind of a state, as fault strata know it.
func kind(s *rtl.State) string {
	switch {
	case s.Mem != nil:
		return "memory"
	case s.Reg != nil:
		return "register"
	}
	return "read port"
}

// anyBit is a random bit of a state.
func anyBit(rng *rand.Rand, s *rtl.State) rtl.Site {
	return rtl.Site{Path: s.Path, Mem: s.Mem != nil, Word: rng.IntN(max(1, s.Depth)), Bit: rng.IntN(s.Type.Width())}
}

// anyModel is a flip more often than not.
func anyModel(rng *rand.Rand) rtl.FaultModel {
	return []rtl.FaultModel{rtl.Flip, rtl.Flip, rtl.Flip, rtl.Stuck0, rtl.Stuck1}[rng.IntN(5)]
}

func TestStrikeEqualsARunFromReset(t *testing.T) {
	kinds, converged, changed, stops, models := map[string]int{}, 0, 0, map[sim.Stop]int{}, map[rtl.FaultModel]int{}
	for seed := range uint64(60) {
		d := rtltest.Random(seed, 8+int(seed%5)*6)
		rng := rand.New(rand.NewPCG(seed, 9))
		s, err := rtltest.RandomStimulus(d, 4*seed, 150, 0) // such a seed pauses nothing
		require.NoError(t, err)
		ports, err := sim.Ports(d.Top)
		require.NoError(t, err)
		s.Limit, s.Quiet = 0, []int64{8, 9, 12, 40}[rng.IntN(4)]
		for range ports.Out {
			s.Want = append(s.Want, 20+rng.IntN(60))
		}
		r := record(t, d, *s, []int64{1, 3, 10, 64}[rng.IntN(4)])
		length := r.golden.Trace.Cycle
		for _, st := range d.States() {
			f := rtl.Fault{Site: anyBit(rng, st), Cycle: rng.Int64N(length + 3), Model: anyModel(rng)}
			faults := []rtl.Fault{f}
			if rng.IntN(3) == 0 { // several bits, and not all at once
				faults = append(faults, rtl.Fault{Site: anyBit(rng, st), Cycle: f.Cycle + rng.Int64N(12), Model: anyModel(rng)})
			}
			out, err := r.strike(t.Context(), []int64{0, 0, 1, 13}[rng.IntN(4)], faults...)
			require.NoError(t, err)
			require.Empty(t, out.diff, "seed %d, faults %v", seed, faults)
			kinds[kind(st)]++
			stops[out.trace.Stop]++
			if out.converged {
				converged++
				require.False(t, f.Model.Stuck(), "%v", faults)
			}
			models[f.Model]++
			if !reflect.DeepEqual(out.trace.Outputs, r.golden.Trace.Outputs) {
				changed++
			}
		}
	}
	for _, k := range []string{"memory", "register", "read port"} {
		assert.Greater(t, kinds[k], 50, k)
	}
	for _, stop := range []sim.Stop{sim.Done, sim.Limit, sim.Hang} {
		assert.Positive(t, stops[stop], stop)
	}
	for _, m := range []rtl.FaultModel{rtl.Flip, rtl.Stuck0, rtl.Stuck1} {
		assert.Greater(t, models[m], 50, m)
	}
	assert.Greater(t, converged, 50)
	assert.Greater(t, changed, 50)
}

// line passes bytes through two registers; latch stays as it is, and while it is set nothing leaves, nor
// enters. slow, counting down, holds the output back meanwhile.
const line = `design line
module line
  in_valid = input u1
  in_data = input u8
  out_ready = input u1
  full = reg u1
  held = reg u8
  latch = reg u1
  slow = reg u5
  zero = const u5 [0]
  idle = eq u1 slow zero
  free = not u1 latch
  open = and u1 idle free
  out_valid_now = and u1 full open
  sent = and u1 out_valid_now out_ready
  empty = not u1 full
  take = and u1 empty in_valid
  filled = or u1 full take
  gone = not u1 sent
  full_next = and u1 filled gone
  one = const u5 [1]
  less = sub u5 slow one
  slow_next = mux u5 idle zero less
  input in_valid
  input in_data
  input out_ready
  output in_ready empty
  output out_valid out_valid_now
  output out_data held
  reg full next full_next
  reg held next in_data if take
  reg latch next latch
  reg slow next slow_next
end
`

// lineRun is a golden run of 40 bytes, a byte every second cycle.
func lineRun(t *testing.T, quiet, every int64) *replayed {
	d, err := rtl.Parse("line.rtl", strings.NewReader(line))
	require.NoError(t, err)
	require.NoError(t, rtl.Check(d))
	bytes := make([]byte, 40)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	r := record(t, d, sim.Stimulus{Inputs: [][]byte{bytes}, Want: []int{40}, Quiet: quiet}, every)
	require.Equal(t, sim.Done, r.golden.Trace.Stop)
	require.Equal(t, int64(80), r.golden.Trace.Cycle)
	return r
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		quiet, every, horizon int64
		fault                 string
		stop                  sim.Stop
		cycle                 int64
		converged, same       bool // the outputs are the golden ones
	}{
		"a byte on its way":              {20, 10, 0, "held.3@31", sim.Done, 80, true, true}, // gone by then
		"a byte that waits":              {20, 10, 0, "held.3@30", sim.Done, 80, true, false},
		"a latch stops everything":       {20, 10, 0, "latch.0@30", sim.Hang, 51, false, false},
		"silence across snapshots":       {20, 3, 0, "latch.0@31", sim.Hang, 53, false, false},
		"silence before the horizon":     {20, 50, 5, "latch.0@31", sim.Limit, 37, false, false},
		"silence no longer than allowed": {17, 7, 0, "slow.4@30", sim.Done, 96, false, true},
		"silence one cycle too long":     {16, 7, 0, "slow.4@30", sim.Hang, 47, false, false},
		"without an end":                 {0, 10, 0, "latch.0@30", sim.Hang, 330, false, false},
		"past the end":                   {20, 10, 0, "latch.0@80", sim.Done, 80, false, true},
		"in the last cycle":              {20, 10, 0, "latch.0@79", sim.Done, 80, false, true},
		"in the first cycle":             {20, 10, 0, "held.0@0", sim.Done, 80, true, false},
		"stuck at what it is":            {20, 10, 0, "held.7=0@30", sim.Done, 80, false, true}, // no byte is that large
		"stuck at the other value":       {20, 10, 0, "held.3=1@31", sim.Done, 80, false, false},
		"stuck across snapshots":         {20, 3, 0, "held.5=0@4", sim.Done, 80, false, false},
		"stuck before the horizon":       {20, 10, 12, "held.3=1@31", sim.Limit, 44, false, false},
		"stuck for good":                 {20, 3, 0, "latch.0=1@30", sim.Hang, 51, false, false},
		"a long horizon":                 {20, 10, 1 << 62, "held.3@30", sim.Done, 80, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := lineRun(t, c.quiet, c.every)
			f, err := rtl.ParseFault(c.fault)
			require.NoError(t, err)
			out, err := r.strike(t.Context(), min(c.horizon, 1000), f)
			require.NoError(t, err)
			require.Empty(t, out.diff)
			again, converged, err := r.golden.Strike(t.Context(), []rtl.Fault{f}, c.horizon)
			require.NoError(t, err)
			assert.Equal(t, out.trace, again, "the same strike, the same trace")
			assert.Equal(t, c.converged, converged)
			assert.Equal(t, c.stop, again.Stop)
			assert.Equal(t, c.cycle, again.Cycle)
			assert.Equal(t, c.same, string(again.Outputs[0]) == string(r.golden.Trace.Outputs[0]))
		})
	}
}

// forgetful returns to the state before the one that it is asked for.
type forgetful struct{ sim.Machine }

func (m forgetful) Restore(slot int) error { return m.Machine.Restore(max(0, slot-1)) }

// loose lets go of what was stuck before a run.
type loose struct{ sim.Machine }

func (m loose) Run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, error) {
	mine := *s
	mine.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool { return f.Cycle < 31 })
	return m.Machine.Run(ctx, &mine)
}

// blind takes all states for equal.
type blind struct{ sim.Machine }

func (m blind) Hash() (uint64, error) { return 7, nil }

// The comparison above is shown machines that do what replays rely on wrongly.
func TestWrongReplaysAreSeen(t *testing.T) {
	for name, c := range map[string]struct {
		wrap  func(sim.Machine) sim.Machine
		fault string
	}{
		"restore": {func(m sim.Machine) sim.Machine { return forgetful{m} }, "slow.4@31"},
		"hash":    {func(m sim.Machine) sim.Machine { return blind{m} }, "slow.4@31"},
		"loose":   {func(m sim.Machine) sim.Machine { return loose{m} }, "held.3=1@30"},
	} {
		t.Run(name, func(t *testing.T) {
			r := lineRun(t, 30, 8)
			golden, err := sim.Record(t.Context(), r.design, c.wrap(r.machine), &r.stim, 8)
			require.NoError(t, err)
			r.golden = golden
			f, err := rtl.ParseFault(c.fault)
			require.NoError(t, err)
			out, err := r.strike(t.Context(), 0, f)
			require.NoError(t, err)
			assert.NotEmpty(t, out.diff)
		})
	}
}

func TestRecordRefuses(t *testing.T) {
	r := lineRun(t, 20, 10)
	for name, spoil := range map[string]func(*sim.Stimulus) int64{
		"faults":       func(s *sim.Stimulus) int64 { s.Faults = make([]rtl.Fault, 1); return 10 },
		"no end":       func(s *sim.Stimulus) int64 { s.Want = nil; return 10 },
		"gaps":         func(s *sim.Stimulus) int64 { s.Gaps.Seed = 1; return 10 },
		"stalls":       func(s *sim.Stimulus) int64 { s.Stalls.Seed = 1; return 10 },
		"no snapshots": func(*sim.Stimulus) int64 { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := r.stim
			every := spoil(&s)
			_, err := sim.Record(t.Context(), r.design, r.machine, &s, every)
			assert.ErrorContains(t, err, "golden run")
		})
	}
	_, _, err := r.golden.Strike(t.Context(), []rtl.Fault{{Cycle: -2}}, 0)
	assert.ErrorContains(t, err, "no such cycle")
	_, _, err = r.golden.Strike(t.Context(), []rtl.Fault{{Site: rtl.Site{Path: "nowhere"}, Cycle: 1}}, 0)
	assert.Error(t, err)
	assert.Panics(t, func() { _, _, _ = r.golden.Strike(t.Context(), nil, 0) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = sim.Record(ctx, r.design, r.machine, &r.stim, 10)
	assert.ErrorIs(t, err, context.Canceled)
	_, _, err = r.golden.Strike(ctx, []rtl.Fault{{Site: rtl.Site{Path: "held"}, Cycle: 1}}, 0)
	assert.ErrorIs(t, err, context.Canceled)
}

// A golden run that a limit or a hang ends is one, too.
func TestGoldenRunsThatEndOtherwise(t *testing.T) {
	r := lineRun(t, 20, 10)
	for name, change := range map[string]func(*sim.Stimulus){
		"limit": func(s *sim.Stimulus) { s.Limit = 33 },
		"hang":  func(s *sim.Stimulus) { s.Inputs = [][]byte{s.Inputs[0][:12]} },
	} {
		t.Run(name, func(t *testing.T) {
			s := r.stim
			change(&s)
			g := record(t, r.design, s, 8)
			require.NoError(t, g.straight.Reset())
			want, err := g.straight.Run(t.Context(), &s)
			require.NoError(t, err)
			hash, err := g.straight.Hash()
			require.NoError(t, err)
			assert.Empty(t, differ(want, g.golden.Trace, hash, g.endHash))
			trace, _, err := g.golden.Strike(t.Context(), []rtl.Fault{{Site: rtl.Site{Path: "held", Bit: 1}, Cycle: 10}}, 0)
			require.NoError(t, err)
			assert.Equal(t, want.Cycle, trace.Cycle)
			assert.Equal(t, want.Stop, trace.Stop)
			assert.NotEqual(t, want.Outputs, trace.Outputs)
		})
	}
}
