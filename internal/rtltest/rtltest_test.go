package rtltest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
)

func machine(t *testing.T, d *rtl.Design) *interp.Machine {
	t.Helper()
	m, err := interp.New(d)
	require.NoError(t, err)
	return m
}

func TestRandomDesignsAreLegalAndTheSameEveryTime(t *testing.T) {
	ops := map[rtl.Op]int{}
	var enabled, free, roms, rams, odd, instances int
	for seed := range uint64(40) {
		d := rtltest.Random(seed, 30)
		require.NoError(t, rtl.Check(d), "seed %d", seed)
		var once, again bytes.Buffer
		require.NoError(t, rtl.Print(&once, d))
		require.NoError(t, rtl.Print(&again, rtltest.Random(seed, 30)))
		require.Equal(t, once.String(), again.String(), "seed %d", seed)
		for _, m := range d.Modules {
			for _, n := range m.Nodes {
				ops[n.Op]++
			}
			for _, r := range m.Regs {
				if r.Enable != nil {
					enabled++
				} else {
					free++
				}
			}
			for _, mem := range m.Mems {
				if len(mem.Writes) == 0 {
					roms++
				} else {
					rams++
				}
				if mem.Depth&(mem.Depth-1) != 0 {
					odd++
				}
			}
			instances += len(m.Insts)
		}
	}
	for _, op := range rtl.Ops() {
		assert.Positive(t, ops[op], "%s never turns up", op)
	}
	for what, n := range map[string]int{"enabled registers": enabled, "free registers": free, "roms": roms, "rams": rams,
		"odd depths": odd, "instances": instances} {
		assert.Greater(t, n, 10, what)
	}
}

func TestRandomDesignsRoundTrip(t *testing.T) {
	for seed := range uint64(20) {
		var once, again bytes.Buffer
		require.NoError(t, rtl.Print(&once, rtltest.Random(seed, 40)))
		d, err := rtl.Parse("random.rtl", bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		require.NoError(t, rtl.Print(&again, d))
		require.Equal(t, once.String(), again.String(), "seed %d", seed)
	}
}

func TestRandomDesignsMoveBeats(t *testing.T) {
	for seed := range uint64(10) {
		d := rtltest.Random(seed, 30)
		s, err := rtltest.RandomStimulus(d, 0, 200, 0)
		require.NoError(t, err)
		trace, err := machine(t, d).Run(context.Background(), s)
		require.NoError(t, err)
		for k, taken := range trace.Taken {
			assert.Greater(t, len(taken), 20, "seed %d: input stream %d", seed, k)
		}
		for k, cycles := range trace.Cycles {
			assert.Greater(t, len(cycles), 20, "seed %d: output stream %d", seed, k)
		}
	}
}

// A pruned design is another design that must do the same: lockstep must find no difference.
func TestLockstepOfPrunedDesigns(t *testing.T) {
	for seed := range uint64(12) {
		d, pruned := rtltest.Random(seed, 40), rtltest.Random(seed, 40)
		rtl.Prune(pruned)
		require.Less(t, len(pruned.Top.Nodes), len(d.Top.Nodes))
		rtltest.Lockstep(t, d, []uint64{seed, seed + 100}, 300,
			rtltest.Engine{Name: "whole", Machine: machine(t, d)}, rtltest.Engine{Name: "pruned", Machine: machine(t, pruned)})
	}
}

// liar is a machine that does one thing wrong, late.
type liar struct {
	sim.Machine
	spoil   func(*sim.Trace)
	flip    bool
	forgets bool
	loose   bool // lets go of what was stuck in an earlier run
	swaps   bool // takes stuck at 0 for stuck at 1
	deaf    bool // to pins
	runs    int
	cycle   int64
}

func (l *liar) Run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, error) {
	mine := *s
	mine.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(f rtl.Fault) bool { return l.loose && f.Cycle < l.cycle })
	if l.deaf {
		mine.Pins = nil
	}
	for i := range mine.Faults {
		if f := &mine.Faults[i]; l.swaps && f.Model == rtl.Stuck0 {
			f.Model = rtl.Stuck1
		}
	}
	trace, err := l.Machine.Run(ctx, &mine)
	if err == nil {
		l.cycle = trace.Cycle
	}
	if l.runs++; err == nil && l.runs > 10 && l.spoil != nil {
		l.spoil(trace)
	}
	if l.runs == 10 && l.flip {
		err = l.Machine.Flip(rtl.Site{Path: "tick", Bit: 2})
	}
	return trace, err
}

func (l *liar) Restore(slot int) error {
	if l.forgets {
		return nil
	}
	return l.Machine.Restore(slot)
}

// TestLockstepFindsFaults is the positive control of Compare.
func TestLockstepFindsFaults(t *testing.T) {
	d := rtltest.Random(1, 30)
	cases := map[string]struct {
		liar liar
		want string
	}{
		"honest":  {liar{}, ""},
		"state":   {liar{flip: true}, "state hash"},
		"restore": {liar{forgets: true}, "liar: "},
		"loose":   {liar{loose: true}, "liar"},
		"swaps":   {liar{swaps: true}, "liar"},
		"deaf":    {liar{deaf: true}, "liar"},
		"digest":  {liar{spoil: func(t *sim.Trace) { t.Digest++ }}, "liar: digest"},
		"stop":    {liar{spoil: func(t *sim.Trace) { t.Stop = sim.Hang }}, "liar: stop hang, not limit"},
		"cycle":   {liar{spoil: func(t *sim.Trace) { t.Cycle++ }}, "liar: cycle"},
		"final":   {liar{spoil: func(t *sim.Trace) { t.Final = append(t.Final, []byte{1}) }}, "liar: ports of no stream"},
		"taken":   {liar{spoil: func(t *sim.Trace) { t.Taken[0] = append(t.Taken[0], 1) }}, "liar: beats taken"},
		"cycles":  {liar{spoil: func(t *sim.Trace) { t.Cycles[0] = append(t.Cycles[0], 1) }}, "liar: cycles of output beats"},
		"beats":   {liar{spoil: func(t *sim.Trace) { t.Outputs[0] = append(t.Outputs[0], 1) }}, "liar: output beats"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := rtltest.RandomStimulus(d, 1, 200, 20)
			require.NoError(t, err)
			l := c.liar
			l.Machine = machine(t, d)
			err = rtltest.Compare(context.Background(), d, s, 1,
				rtltest.Engine{Name: "honest", Machine: machine(t, d)}, rtltest.Engine{Name: "liar", Machine: &l})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var found diag.Difference
			require.True(t, errors.As(err, &found), "nothing found: %v", err)
			assert.Contains(t, found.What, c.want)
		})
	}
}

func TestRandomStimulusIsFair(t *testing.T) {
	d := rtltest.Random(5, 30)
	ports, err := sim.Ports(d.Top)
	require.NoError(t, err)
	kinds, models := map[bool]int{}, map[rtl.FaultModel]int{}
	for seed := range uint64(8) {
		s, err := rtltest.RandomStimulus(d, seed, 500, 20)
		require.NoError(t, err)
		require.NoError(t, s.Check(ports, 0))
		for _, f := range s.Faults {
			kinds[f.Mem]++
			models[f.Model]++
			assert.NoError(t, machine(t, d).Flip(f.Site))
		}
	}
	assert.Positive(t, kinds[false])
	for _, m := range []rtl.FaultModel{rtl.Flip, rtl.Stuck0, rtl.Stuck1} {
		assert.Greater(t, models[m], 20)
	}
}
