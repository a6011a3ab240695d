package sim

import (
	"context"
	"fmt"
	"sort"

	"rampart/internal/diag"
	"rampart/ir/rtl"
)

// Golden is a fault-free run that faults are measured against: what left the machine and when, and
// snapshots on the way from which a fault is replayed.
type Golden struct {
	Trace *Trace

	machine Machine
	stim    Stimulus
	beats   []int // bytes of a beat, per input stream
	every   int64
	marks   []mark
}

// mark is the golden run at a cycle.
type mark struct {
	cycle     int64
	hash      uint64
	taken     []int // beats per input stream
	delivered []int // beats per output stream
}

// Record resets the machine and runs the stimulus, which must name the beats it wants and strike no
// faults, with a snapshot every so many cycles; every must exceed the stimulus's Quiet, so that a
// silent stretch shows within a segment.
func Record(ctx context.Context, d *rtl.Design, m Machine, s *Stimulus, every int64) (*Golden, error) {
	if len(s.Faults) > 0 || s.Want == nil || every <= s.Quiet {
		return nil, fmt.Errorf("golden run: %w", diag.Problem{What: "it needs wanted beats, no faults, and segments longer than the quiet time"})
	}
	ports, err := Ports(d.Top)
	if err != nil {
		return nil, err
	}
	g := &Golden{machine: m, stim: *s, every: every}
	for _, p := range ports.In {
		g.beats = append(g.beats, p.Bytes())
	}
	if err := m.Reset(); err != nil {
		return nil, err
	}
	g.Trace = &Trace{Outputs: make([][]byte, len(s.Want)), Cycles: make([][]int64, len(s.Want)), Taken: make([][]int64, len(s.Inputs))}
	for {
		if err := g.mark(); err != nil {
			return nil, err
		}
		if _, err := g.segment(ctx, g.Trace, nil, g.Trace.Cycle+every); err != nil {
			return nil, err
		}
		if g.Trace.Stop != Limit || s.Limit > 0 && g.Trace.Cycle >= s.Limit {
			return g, nil
		}
	}
}

func (g *Golden) mark() error {
	h, err := g.machine.Hash()
	if err != nil {
		return err
	}
	k := len(g.marks)
	g.marks = append(g.marks, mark{cycle: g.Trace.Cycle, hash: h, taken: counts(g.Trace.Taken), delivered: counts(g.Trace.Cycles)})
	return g.machine.Save(k)
}

func counts(lists [][]int64) []int {
	n := make([]int, len(lists))
	for i, l := range lists {
		n[i] = len(l)
	}
	return n
}

// segment continues a run to the limit and appends what happened to its trace. The digest of a trace
// of several segments chains theirs.
func (g *Golden) segment(ctx context.Context, t *Trace, faults []rtl.Fault, limit int64) (*Trace, error) {
	s := g.stim
	s.Faults, s.Limit = faults, limit
	if g.stim.Limit > 0 {
		s.Limit = min(limit, g.stim.Limit)
	}
	s.Inputs, s.Want = make([][]byte, len(g.stim.Inputs)), make([]int, len(g.stim.Want))
	for i, all := range g.stim.Inputs {
		s.Inputs[i] = all[len(t.Taken[i])*g.beats[i]:]
	}
	for i, w := range g.stim.Want {
		s.Want[i] = max(0, w-len(t.Cycles[i]))
	}
	got, err := g.machine.Run(ctx, &s)
	if err != nil {
		return nil, err
	}
	for i := range t.Outputs {
		t.Outputs[i] = append(t.Outputs[i], got.Outputs[i]...)
		t.Cycles[i] = append(t.Cycles[i], got.Cycles[i]...)
	}
	for i := range t.Taken {
		t.Taken[i] = append(t.Taken[i], got.Taken[i]...)
	}
	t.Cycle, t.Stop = got.Cycle, got.Stop
	t.Digest = (t.Digest ^ got.Digest) * 1099511628211
	return got, nil
}

// Strike replays the run with faults, from the last snapshot before the first of them, for at most
// horizon cycles after the last strike (0: to the end, or to four times the golden run's length, which
// counts as a hang). converged tells that the state met the golden run's again, so that the rest of
// the trace is golden.
func (g *Golden) Strike(ctx context.Context, faults []rtl.Fault, horizon int64) (t *Trace, converged bool, err error) {
	faults = append([]rtl.Fault{}, faults...)
	sort.SliceStable(faults, func(a, b int) bool { return faults[a].Cycle < faults[b].Cycle })
	k := sort.Search(len(g.marks), func(k int) bool { return g.marks[k].cycle > faults[0].Cycle }) - 1
	if err := g.machine.Restore(k); err != nil {
		return nil, false, err
	}
	t = g.prefix(k)
	last := faults[len(faults)-1].Cycle
	end := 4*g.Trace.Cycle + g.every
	if horizon > 0 {
		end = last + 1 + horizon
	}
	for {
		limit := min(end, (t.Cycle/g.every+1)*g.every)
		n := sort.Search(len(faults), func(i int) bool { return faults[i].Cycle >= limit })
		if _, err := g.segment(ctx, t, faults[:n], limit); err != nil {
			return nil, false, err
		}
		faults = faults[n:]
		if t.Stop != Limit || t.Cycle >= end {
			if t.Stop == Limit && horizon == 0 {
				t.Stop = Hang
			}
			return t, false, nil
		}
		if len(faults) == 0 {
			if same, err := g.meets(t); err != nil || same {
				return t, same, err
			}
		}
	}
}

// prefix is the golden trace up to a snapshot.
func (g *Golden) prefix(k int) *Trace {
	at := g.marks[k]
	t := &Trace{Cycle: at.cycle}
	for i, n := range at.delivered {
		bytes := 0
		if len(g.Trace.Cycles[i]) > 0 {
			bytes = len(g.Trace.Outputs[i]) / len(g.Trace.Cycles[i]) * n
		}
		t.Outputs = append(t.Outputs, append([]byte{}, g.Trace.Outputs[i][:bytes]...))
		t.Cycles = append(t.Cycles, append([]int64{}, g.Trace.Cycles[i][:n]...))
	}
	for i, n := range at.taken {
		t.Taken = append(t.Taken, append([]int64{}, g.Trace.Taken[i][:n]...))
	}
	return t
}

// meets tells whether a struck run is back in the golden state at a mark, and if so completes its
// trace.
func (g *Golden) meets(t *Trace) (bool, error) {
	k := int(t.Cycle / g.every)
	if k >= len(g.marks) || g.marks[k].cycle != t.Cycle {
		return false, nil
	}
	at := g.marks[k]
	for i, n := range at.delivered {
		if len(t.Cycles[i]) != n {
			return false, nil
		}
	}
	for i, n := range at.taken {
		if len(t.Taken[i]) != n {
			return false, nil
		}
	}
	h, err := g.machine.Hash()
	if err != nil || h != at.hash {
		return false, err
	}
	for i, n := range at.delivered {
		t.Outputs[i] = append(t.Outputs[i], g.Trace.Outputs[i][len(t.Outputs[i]):]...)
		t.Cycles[i] = append(t.Cycles[i], g.Trace.Cycles[i][n:]...)
	}
	for i, n := range at.taken {
		t.Taken[i] = append(t.Taken[i], g.Trace.Taken[i][n:]...)
	}
	t.Cycle, t.Stop = g.Trace.Cycle, g.Trace.Stop
	return true, nil
}
