package effect_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/protect"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/access"
	"rampart/sim/fault/effect"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
	"rampart/sim/gengo"
	"rampart/sim/interp"
)

// rig is the hardware of a network on a cycle engine, with its golden run, and the functional engine on the
// same frames.
type rig struct {
	net     *fixed.Net
	plan    *plan.Plan
	hw      *hw.Hardware
	frames  [][]*fixed.Tensor
	machine sim.Machine
	golden  *sim.Golden
	record  *access.Record
	effects *effect.Map
	guard   *protect.Protected // nil for none
	flags   [2]int             // the places of the ports error and fatal in sim.Trace.Final
	engine  *functional.Engine
	workers []*functional.Worker // one per frame, holding it
	byRole  [][]*rtl.State       // memories that faults strike in turn

	tally map[string]int
}

// newMachine makes a machine, one that keeps a record of accesses where it is told to.
type newMachine func(t *testing.T, d *rtl.Design, record bool) sim.Machine

// newRig takes frames through the hardware of a plan.
func newRig(t *testing.T, net *fixed.Net, p *plan.Plan, frames [][]*fixed.Tensor, machine newMachine) *rig {
	t.Helper()
	return newGuardedRig(t, net, p, frames, machine, nil)
}

// newGuardedRig builds protection into the hardware; protect is nil for none.
func newGuardedRig(t *testing.T, net *fixed.Net, p *plan.Plan, frames [][]*fixed.Tensor, machine newMachine, guard func(h *hw.Hardware) *protect.Protected) *rig {
	t.Helper()
	h, err := hw.Build(p)
	require.NoError(t, err)
	r := &rig{net: net, plan: p, hw: h, frames: frames, tally: map[string]int{}}
	if guard != nil {
		r.guard = guard(h)
		h.Design = r.guard.Design
		r.findFlags(t)
	}
	stim := r.stimulus()
	recorder := machine(t, h.Design, true)
	trace, err := recorder.Run(t.Context(), stim)
	require.NoError(t, err)
	require.Equal(t, sim.Done, trace.Stop)
	tail := r.guard.Tail()
	_, err = recorder.Run(t.Context(), &sim.Stimulus{Inputs: make([][]byte, len(p.Inputs)), Limit: trace.Cycle + tail})
	require.NoError(t, err)
	record, err := access.Of(h.Design, recorder)
	require.NoError(t, err)
	require.Equal(t, trace.Cycle+tail, record.Cycles)

	r.machine = machine(t, h.Design, false)
	r.golden, err = sim.Record(t.Context(), h.Design, r.machine, stim, trace.Cycle/24+1)
	require.NoError(t, err)
	require.Equal(t, trace.Cycle, r.golden.Trace.Cycle)
	r.record = record
	r.relearn(t)
	r.engine, err = functional.New(net, kernel.Sets()[0])
	require.NoError(t, err)
	for _, f := range frames {
		w := r.engine.Worker()
		require.NoError(t, w.Run(f))
		r.workers = append(r.workers, w)
	}
	r.sortMemories()
	require.NoError(t, r.compare(strike{Trace: r.golden.Trace}, effect.Effect{}), "without a fault")
	return r
}

func (r *rig) stimulus() *sim.Stimulus {
	s := &sim.Stimulus{Quiet: 1 << 20}
	for i, in := range r.plan.Inputs {
		var column []*fixed.Tensor
		for _, f := range r.frames {
			column = append(column, f[i])
		}
		s.Inputs = append(s.Inputs, hw.Pack(in, column))
	}
	for _, out := range r.plan.Outputs {
		s.Want = append(s.Want, len(r.frames)*out.FrameBeats())
	}
	return s
}

// sortMemories groups the memories by role, skip memories apart.
func (r *rig) sortMemories() {
	places := hw.Places(r.plan)
	groups := make([][]*rtl.State, hw.Buffer+2)
	for _, s := range r.hw.Design.States() {
		if s.Mem == nil {
			continue
		}
		role := places[r.first(s.Path)].Role
		if s.Kind == rtl.MemSkip {
			role++
		}
		groups[role] = append(groups[role], s)
	}
	r.byRole = slices.DeleteFunc(groups, func(g []*rtl.State) bool { return len(g) == 0 })
}

// draw is fault n: the roles take turns, everything else is by chance. A third is stuck.
func (r *rig) draw(rng *rand.Rand, n int) rtl.Fault {
	group := r.byRole[n%len(r.byRole)]
	s := group[rng.IntN(len(group))]
	f := rtl.Fault{
		Site:  rtl.Site{Path: s.Path, Mem: true, Word: rng.IntN(s.Depth), Bit: rng.IntN(s.Type.Width())},
		Cycle: effect.Start,
		Model: []rtl.FaultModel{rtl.Flip, rtl.Flip, rtl.Flip, rtl.Flip, rtl.Stuck0, rtl.Stuck1}[rng.IntN(6)],
	}
	if s.Mem.Init == nil || rng.IntN(8) > 0 {
		f.Cycle = rng.Int64N(r.golden.Trace.Cycle)
	} else {
		f.Model = rtl.Flip
	}
	return f
}

// check strikes with faults, all in one run, on the cycle engine and tells in what that differs from their
// effects.
func (r *rig) check(ctx context.Context, faults ...rtl.Fault) error {
	e, err := r.effects.Of(faults...)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s %s", r.kind(faults[0]), e.Verdict)
	if e.Why != "" {
		what += ": " + string(e.Why)
	}
	r.tally[what]++
	for name, is := range map[string]bool{"corrected": e.Corrected, "detected": e.Detected} {
		if is {
			r.tally[name]++
		}
	}
	if e.Verdict == effect.Cycle {
		return nil
	}
	if err := r.wellFormed(e); err != nil {
		return fmt.Errorf("%v: %w", faults, err)
	}
	got, err := r.strike(ctx, faults...)
	if err != nil {
		return err
	}
	if err := r.compare(got, e); err != nil {
		return fmt.Errorf("%v: %v: %w", faults, e, err)
	}
	return nil
}

// first is the path of the first of the copies of a memory.
func (r *rig) first(path string) string {
	if r.guard != nil && r.guard.Copies[path] != "" {
		return r.guard.Copies[path]
	}
	return path
}

// findFlags finds the ports that tell of errors.
func (r *rig) findFlags(t *testing.T) {
	top := r.hw.Design.Top
	ports, err := sim.Ports(top)
	require.NoError(t, err)
	for i, name := range []string{protect.ErrorPort, protect.FatalPort} {
		r.flags[i] = slices.IndexFunc(ports.Alone(), func(p int) bool { return top.Outputs[p].Name == name })
		require.NotEqual(t, -1, r.flags[i])
	}
}

func (r *rig) kind(f rtl.Fault) string {
	i := slices.IndexFunc(r.hw.Map, func(m hw.Memory) bool { return m.Path == r.first(f.Path) })
	kind := string(r.hw.Map[i].Kind)
	if f.Model.Stuck() {
		kind += " stuck"
	}
	return kind
}

// strike is what the cycle engine makes of faults.
type strike struct {
	*sim.Trace
	error, fatal bool // what the ports show a little later
}

// strike runs the cycle engine with faults.
func (r *rig) strike(ctx context.Context, faults ...rtl.Fault) (strike, error) {
	t, converged, err := r.golden.Strike(ctx, faults, 0)
	s := strike{Trace: t}
	if err != nil || converged || r.guard == nil {
		return s, err
	}
	final, err := r.golden.After(ctx, t, faults, r.guard.Tail())
	if err != nil {
		return s, err
	}
	s.error, s.fatal = final[r.flags[0]][0] != 0, final[r.flags[1]][0] != 0
	return s, nil
}

// wellFormed tells what is wrong with an effect whatever the cycle engine says.
func (r *rig) wellFormed(e effect.Effect) error {
	if (e.Verdict == effect.Patched) != (len(e.Spans) > 0) || (e.Verdict == effect.Patched) == (e.Why != "") {
		return fmt.Errorf("verdict %s with %d spans and reason %q", e.Verdict, len(e.Spans), e.Why)
	}
	next := 0
	for _, s := range e.Spans {
		if s.First < next || s.Last < s.First || s.Last >= len(r.frames) || len(s.Patches) == 0 {
			return fmt.Errorf("span of frames %d to %d with %d patches", s.First, s.Last, len(s.Patches))
		}
		next = s.Last + 1
		if err := r.engine.Validate(s.Patches); err != nil {
			return err
		}
	}
	return nil
}

// compare tells in what a run differs from the golden timing and from what an effect gives.
func (r *rig) compare(t strike, e effect.Effect) error {
	if t.error != (e.Corrected || e.Detected) || t.fatal != e.Detected {
		return fmt.Errorf("error %t, fatal %t", t.error, t.fatal)
	}
	golden := r.golden.Trace
	if t.Stop != golden.Stop || t.Cycle != golden.Cycle ||
		!slices.EqualFunc(t.Cycles, golden.Cycles, slices.Equal) || !slices.EqualFunc(t.Taken, golden.Taken, slices.Equal) {
		return fmt.Errorf("another timing: %s at %d, not %s at %d", t.Stop, t.Cycle, golden.Stop, golden.Cycle)
	}
	changed := false
	for k, out := range r.plan.Outputs {
		got, _ := hw.Unpack(out, t.Outputs[k])
		for frame, w := range r.workers {
			before := w.Tensor(r.net.Outputs[k])
			after := before
			if patches := patchesOf(frame, e); len(patches) > 0 {
				w.Strike(patches)
				after = w.Faulty(r.net.Outputs[k])
			}
			for i, v := range got[frame].Data {
				if v != after.Data[i] {
					return fmt.Errorf("frame %d, output %s, element %d: %d, patched %d, golden %d", frame, out.Name, i, v, after.Data[i], before.Data[i])
				}
			}
			changed = changed || !slices.Equal(before.Data, after.Data)
		}
	}
	if changed {
		r.tally["changed"]++
	}
	return nil
}

// patchesOf is what an effect has for a frame.
func patchesOf(frame int, e effect.Effect) []functional.Patch {
	for _, s := range e.Spans {
		if s.First <= frame && frame <= s.Last {
			return s.Patches
		}
	}
	return nil
}

// interpreted makes interpreters.
func interpreted(t *testing.T, d *rtl.Design, record bool) sim.Machine {
	t.Helper()
	var opts []interp.Option
	if record {
		opts = append(opts, interp.Record())
	}
	m, err := interp.New(d, opts...)
	require.NoError(t, err)
	return m
}

// generated makes programs of generated Go.
func generated(t *testing.T, d *rtl.Design, record bool) sim.Machine {
	t.Helper()
	b, err := gengo.Build(t.Context(), d, t.TempDir(), gengo.Options{Record: record})
	require.NoError(t, err)
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// relearn makes the map of effects anew, of what the rig now holds for the protection.
func (r *rig) relearn(t *testing.T) {
	t.Helper()
	var err error
	r.effects, err = effect.New(r.hw, r.plan, r.net, r.record, len(r.frames), r.guard)
	require.NoError(t, err)
}
