package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"rampart/ir/rtl"
)

// Golden is a fault-free run that faults are measured against: what left the machine and when, and
// snapshots on the way from which a fault is replayed. Its traces are those of runs in one piece, but for
// the digest: that chains the digests of the pieces.
type Golden struct {
	Trace *Trace

	machine Machine
	stim    Stimulus
	beats   []int // bytes of a beat, per input stream
	every   int64
	marks   []mark // at cycles 0, every, 2*every, …
}

// mark is the golden run before a cycle.
type mark struct {
	cycle     int64
	hash      uint64
	digest    uint64
	taken     []int // beats per input stream
	delivered []int // beats per output stream
	last      int64 // the cycle of the last transfer
}

// Record resets the machine and runs the stimulus with a snapshot every so many cycles; the machine and its
// slots then serve the golden run. The stimulus names the beats that it wants, strikes no faults, and has
// no pauses, for a pause that comes by chance would come at another time when a run is taken up again.
func Record(ctx context.Context, d *rtl.Design, m Machine, s *Stimulus, every int64) (*Golden, error) {
	if len(s.Faults) > 0 || s.Want == nil || s.Gaps.Seed != 0 || s.Stalls.Seed != 0 || every < 1 {
		return nil, errors.New("golden run: it needs wanted beats, no faults, no pauses, and a distance of snapshots")
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
		limit := g.Trace.Cycle + every
		if s.Limit > 0 {
			limit = min(limit, s.Limit)
		}
		if err := g.advance(ctx, g.Trace, nil, limit); err != nil {
			return nil, err
		}
		if g.Trace.Stop != Limit || limit == s.Limit {
			return g, nil
		}
	}
}

func (g *Golden) mark() error {
	h, err := g.machine.Hash()
	if err != nil {
		return err
	}
	k, t := len(g.marks), g.Trace
	g.marks = append(g.marks, mark{
		cycle: t.Cycle, hash: h, digest: t.Digest, taken: counts(t.Taken), delivered: counts(t.Cycles), last: lastTransfer(t),
	})
	return g.machine.Save(k)
}

func counts(lists [][]int64) []int {
	n := make([]int, len(lists))
	for i, l := range lists {
		n[i] = len(l)
	}
	return n
}

// lastTransfer is the cycle of a trace's last transfer, -1 where there was none.
func lastTransfer(t *Trace) int64 {
	last := int64(-1)
	for _, lists := range [][][]int64{t.Cycles, t.Taken} {
		for _, l := range lists {
			if len(l) > 0 {
				last = max(last, l[len(l)-1])
			}
		}
	}
	return last
}

// advance takes a trace and the machine on to the limit, unless the run stops before. Silent cycles count
// from the last transfer, wherever the pieces meet, so that a hang is found in the cycle in which a run in
// one piece would find it.
func (g *Golden) advance(ctx context.Context, t *Trace, faults []rtl.Fault, limit int64) error {
	quiet := func() int64 { return t.Cycle - 1 - lastTransfer(t) }
	for {
		until := limit
		if g.stim.Quiet > 0 && quiet() > 0 {
			until = min(limit, t.Cycle+g.stim.Quiet-quiet())
		}
		if err := g.piece(ctx, t, faults, until); err != nil || t.Stop != Limit {
			return err
		}
		if g.stim.Quiet > 0 && quiet() >= g.stim.Quiet {
			t.Stop = Hang
			return nil
		}
		if t.Cycle >= limit {
			return nil
		}
	}
}

// piece is one run of the machine, whose trace it appends to t. Of the faults, sorted by cycle, those of its
// cycles strike, and what was stuck before remains so.
func (g *Golden) piece(ctx context.Context, t *Trace, faults []rtl.Fault, limit int64) error {
	s := g.stim
	s.Limit = limit
	from := func(cycle int64) int {
		return sort.Search(len(faults), func(i int) bool { return faults[i].Cycle >= cycle })
	}
	s.Faults = nil
	for _, f := range faults[:from(t.Cycle)] {
		if f.Model.Stuck() { // it still is
			s.Faults = append(s.Faults, f)
		}
	}
	s.Faults = append(s.Faults, faults[from(t.Cycle):from(limit)]...)
	s.Inputs, s.Want = make([][]byte, len(g.stim.Inputs)), make([]int, len(g.stim.Want))
	for i, all := range g.stim.Inputs {
		s.Inputs[i] = all[len(t.Taken[i])*g.beats[i]:]
	}
	for i, w := range g.stim.Want {
		s.Want[i] = max(0, w-len(t.Cycles[i]))
	}
	got, err := g.machine.Run(ctx, &s)
	if err != nil {
		return err
	}
	for i := range t.Outputs {
		t.Outputs[i] = append(t.Outputs[i], got.Outputs[i]...)
		t.Cycles[i] = append(t.Cycles[i], got.Cycles[i]...)
	}
	for i := range t.Taken {
		t.Taken[i] = append(t.Taken[i], got.Taken[i]...)
	}
	t.Cycle, t.Stop, t.Final = got.Cycle, got.Stop, got.Final
	t.Digest = (t.Digest ^ got.Digest) * 1099511628211
	return nil
}

// BeforeRun is the cycle of an upset that is there before the run begins, for Golden.Strike alone.
const BeforeRun = -1

// Strike replays the run with one or more faults, from the last snapshot before the first of them, for at
// most horizon cycles after the last strike; 0 is to the end. A run that has not ended by four times the
// golden run's length counts as a hang. converged tells that the state met the golden run's again, so that
// the rest of the trace is golden; the machine then stands where they met, else at the trace's end. A run with
// a stuck bit never converges: the bit that is golden now may be another one later. A flip at cycle BeforeRun is
// there when the run begins.
func (g *Golden) Strike(ctx context.Context, faults []rtl.Fault, horizon int64) (t *Trace, converged bool, err error) {
	if len(faults) == 0 {
		panic("BUG: sim: a strike without a fault")
	}
	faults = slices.Clone(faults)
	sort.SliceStable(faults, func(a, b int) bool { return faults[a].Cycle < faults[b].Cycle })
	first, last := faults[0].Cycle, faults[len(faults)-1].Cycle
	stuck := slices.ContainsFunc(faults, func(f rtl.Fault) bool { return f.Model.Stuck() })
	if first < BeforeRun || first == BeforeRun && stuck {
		return nil, false, fmt.Errorf("fault %s: there is no such cycle", faults[0])
	}
	end, verdict := 4*g.Trace.Cycle+g.every, Hang
	if horizon > 0 && horizon < end-last-1 {
		end, verdict = last+1+horizon, Limit
	}
	if g.stim.Limit > 0 && g.stim.Limit <= end {
		end, verdict = g.stim.Limit, Limit
	}
	k := max(0, sort.Search(len(g.marks), func(k int) bool { return g.marks[k].cycle > first })-1)
	if err := g.machine.Restore(k); err != nil {
		return nil, false, err
	}
	for ; len(faults) > 0 && faults[0].Cycle == BeforeRun; faults = faults[1:] {
		if err := g.machine.Flip(faults[0].Site); err != nil {
			return nil, false, err
		}
	}
	t = g.prefix(k)
	for {
		if err := g.advance(ctx, t, faults, min(end, (t.Cycle/g.every+1)*g.every)); err != nil {
			return nil, false, err
		}
		switch {
		case t.Stop != Limit:
			return t, false, nil
		case t.Cycle >= end:
			t.Stop = verdict
			return t, false, nil
		case t.Cycle > last && !stuck:
			if same, err := g.meets(t); err != nil || same {
				return t, same, err
			}
		}
	}
}

// After lets the machine go on for so many cycles behind a strike that did not converge, with nothing more to take
// in, and gives Trace.Final of the end: what has come to the ports of no stream by then. The faults are those of
// the strike.
func (g *Golden) After(ctx context.Context, t *Trace, faults []rtl.Fault, cycles int64) ([][]byte, error) {
	s := &Stimulus{Inputs: make([][]byte, len(g.stim.Inputs)), Pins: g.stim.Pins, Limit: t.Cycle + cycles}
	for _, f := range faults {
		if f.Model.Stuck() {
			s.Faults = append(s.Faults, f)
		}
	}
	sort.SliceStable(s.Faults, func(a, b int) bool { return s.Faults[a].Cycle < s.Faults[b].Cycle })
	after, err := g.machine.Run(ctx, s)
	if err != nil {
		return nil, err
	}
	return after.Final, nil
}

// prefix is the golden trace up to a snapshot.
func (g *Golden) prefix(k int) *Trace {
	at := g.marks[k]
	t := &Trace{Cycle: at.cycle, Digest: at.digest}
	for i, n := range at.delivered {
		bytes := 0
		if n > 0 {
			bytes = len(g.Trace.Outputs[i]) / len(g.Trace.Cycles[i]) * n
		}
		t.Outputs = append(t.Outputs, slices.Clone(g.Trace.Outputs[i][:bytes]))
		t.Cycles = append(t.Cycles, slices.Clone(g.Trace.Cycles[i][:n]))
	}
	for i, n := range at.taken {
		t.Taken = append(t.Taken, slices.Clone(g.Trace.Taken[i][:n]))
	}
	return t
}

// meets tells whether a struck run is back in the golden state at a mark, and if so completes its trace.
// Beats so far and the last transfer are part of that state: from them follow the beats still wanted and
// the silent cycles.
func (g *Golden) meets(t *Trace) (bool, error) {
	k := int(t.Cycle / g.every)
	if k >= len(g.marks) || g.marks[k].cycle != t.Cycle {
		return false, nil
	}
	at := g.marks[k]
	if !slices.Equal(counts(t.Cycles), at.delivered) || !slices.Equal(counts(t.Taken), at.taken) || lastTransfer(t) != at.last {
		return false, nil
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
	t.Cycle, t.Stop, t.Final = g.Trace.Cycle, g.Trace.Stop, g.Trace.Final
	return true, nil
}
