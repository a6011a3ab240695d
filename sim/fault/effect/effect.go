// Package effect tells what an upset of the hardware means to the functional engine. In: the hardware of a
// plan, what protects it, and the record of when its memories were accessed in the run without fault. Out: for bits
// of memories at their cycles that nothing can come of them, or the patches that give exactly the outputs that the
// cycle engines give, or that only a cycle engine can tell. It simulates nothing and draws nothing.
//
// It rests on two facts. What memories hold never decides when anything happens, so that a run with a struck
// memory has the accesses of the run without. And each stage does its work in an order that hw knows, so
// that the n-th access of a port is for known numbers of the network: the record says when, hw says what
// for.
package effect

import (
	"fmt"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/protect"
	"rampart/ir/protect/code"
	"rampart/ir/rtl"
	"rampart/sim/access"
	"rampart/sim/functional"
)

// Verdict says how the outcome of an upset can be had.
type Verdict uint8

// The verdicts.
const (
	Dead    Verdict = iota // no output can differ, proved without simulating
	Patched                // the functional engine gives the exact outputs, in the frames of the spans; others are golden
	Cycle                  // only a cycle engine knows
)

func (v Verdict) String() string {
	switch v {
	case Dead:
		return "dead"
	case Patched:
		return "patched"
	case Cycle:
		return "cycle"
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// Effect is what an upset comes to.
type Effect struct {
	Verdict Verdict
	Why     Reason // of Dead and Cycle
	Spans   []Span // of Patched, in ascending order

	// Of Dead and Patched: that a protection puts something right, and that it finds what it cannot, early enough to
	// show when the record ends.
	Corrected, Detected bool
}

// Span is the patches of frames First to Last, each of which has them afresh.
type Span struct {
	First, Last int
	Patches     []functional.Patch
}

// Reason is why an upset is dead, or needs a cycle engine.
type Reason string

// Why nothing can come of an upset.
const (
	AfterTheEnd Reason = "it strikes when all is done"
	NeverRead   Reason = "nothing reads it any more"
	Overwritten Reason = "it is overwritten before anything reads it"
	Padding     Reason = "a padding lane, which no output depends on"
	SameValue   Reason = "stuck at the value that it has"
	Checked     Reason = "a checksum, which an alarm depends on but no output"
	Coded       Reason = "its code corrects it"
	Spare       Reason = "only its check bits are struck"
	Outvoted    Reason = "its other copies outvote it"
)

// Why only a cycle engine can tell.
const (
	Register   Reason = "a register"
	Inserted   Reason = "a weight that the network does not have"
	Subtracted Reason = "the zero point that a requantiser subtracts"
	Shared     Reason = "stuck on the way to an output of the network that has other readers"
	Zeroed     Reason = "read as zero on the way to an output of the network that has other readers"
	Staggered  Reason = "bits of one code word, or of copies of one bit, struck at different cycles"
	Held       Reason = "stuck in a protected memory that is written"
	Alarm      Reason = "an alarm of the network's own guards may go off"
	Anew       Reason = "the watchdog lets the design begin anew in the run"
)

// Start is the cycle of an upset before the run begins.
const Start = -1

// Map tells effects. It may be used from several goroutines.
type Map struct {
	record *access.Record
	frames int
	end    int64           // cycles of the run; the record may go on
	alarms bool            // stages raise faults of their own, which show at the outputs
	anew   bool            // a watchdog lets the design begin anew within the run
	sites  map[string]home // by path; none for a register
	states map[string]*rtl.State
	net    *network
}

// memory is one memory of the design.
type memory struct {
	hw.Place
	state  *rtl.State
	word   rtl.Type  // of the data; what is stored may have check bits behind
	init   [][]int64 // of constants: the data
	node   int       // of the network; -1 for a fork's
	index  [][]int   // of constants: the tensor's element per word and lane
	read   *access.Port
	write  *access.Port // nil for constants
	target target       // of a Buffer

	layout *code.Layout // nil without a code
	three  bool         // there are three copies, of which this is the first
	delay  int64        // see protect.Protected.Delay
}

// home is the memory that a site belongs to, and which of its copies, from 0.
type home struct {
	*memory
	copy int
}

// New makes the map of a run of so many frames, without pauses or faults, of hardware that was built for the
// plan; protection, nil for none, was built into it. The record goes on for Protected.Tail cycles after the run. An
// error says in what it is not of such a run.
func New(h *hw.Hardware, p *plan.Plan, net *fixed.Net, r *access.Record, frames int, with *protect.Protected) (*Map, error) {
	m := &Map{
		record: r, frames: frames, end: r.Cycles - with.Tail(), sites: map[string]home{}, states: map[string]*rtl.State{}, net: newNetwork(net),
		anew: with != nil && with.Watchdog != nil && with.Watchdog.Resync > 0 && frames > with.Watchdog.Resync,
	}
	for _, s := range h.Design.States() {
		m.states[s.Path] = s
	}
	places := hw.Places(p)
	for _, e := range h.Map {
		at, ok := places[e.Path]
		ports := r.Memory(e.Path)
		if !ok || ports == nil || len(ports.Reads) != 1 || len(ports.Writes) > 1 {
			return nil, fmt.Errorf("effects: the memory %s of the hardware is not one of the plan and the record", e.Path)
		}
		mem := &memory{Place: at, state: m.states[e.Path], node: m.net.node(at.Stage.Node), index: e.Index, read: ports.Reads[0]}
		mem.protected(e.Path, with)
		if len(ports.Writes) > 0 {
			mem.write = ports.Writes[0]
		}
		if at.Role == hw.Buffer {
			mem.target = m.net.target(at.Out)
		}
		if err := m.complete(e.Path, mem); err != nil {
			return nil, err
		}
		m.sites[e.Path] = home{memory: mem}
	}
	m.copies(with)
	m.alarms = with != nil && with.Alarms()
	return m, nil
}

// complete tells whether a memory was accessed as often as so many frames make it. The last frame may leave
// behind work that no output needs.
func (m *Map) complete(path string, mem *memory) error {
	frame := int64(0)
	switch mem.Role {
	case hw.Weights, hw.Checksums, hw.Lines:
		frame = hw.FrameSteps(mem.Stage)
	default:
		frame = int64(mem.Out.FrameBeats())
	}
	uses, all := mem.read.Uses, int64(m.frames)*frame
	if !m.anew && (uses > all+m.record.Cycles-m.end || uses <= all-frame) {
		return fmt.Errorf("effects: %s was read %d times in the record, but %d frames take %d to %d",
			path, uses, m.frames, all-frame+1, all)
	}
	return nil
}

// Of is the effect of faults of one run, of cycle Start or later. Flips may be any; stuck bits are of different
// numbers, in memory and on their way. An error is a fault that strikes no bit of the design, or a record that is
// not of a run of it.
func (m *Map) Of(faults ...rtl.Fault) (Effect, error) {
	var all []Effect
	var words wordlist
	for _, f := range faults {
		at := m.sites[f.Path]
		switch err := m.check(f); {
		case err != nil:
			return Effect{}, err
		case f.Cycle < m.end && f.Mem && !m.anew && at.guarded():
			words.add(at, f)
			continue
		}
		e, err := m.alone(f)
		if err != nil {
			return Effect{}, err
		}
		all = append(all, e)
	}
	for _, w := range words {
		e, err := m.ofWord(w)
		if err != nil {
			return Effect{}, err
		}
		all = append(all, e)
	}
	e := together(all)
	if m.alarms && (e.Verdict == Patched || e.Why == Checked || e.Why == Padding) {
		return cycle(Alarm)
	}
	return e, nil
}

// check tells whether a fault strikes a bit of the design.
func (m *Map) check(f rtl.Fault) error {
	bad := func(format string, args ...any) error {
		return diag.Problem{At: "fault " + f.String(), What: fmt.Sprintf(format, args...)}
	}
	s := m.states[f.Path]
	switch {
	case s == nil:
		return bad("the design has no register or memory %s", f.Path)
	case f.Mem != (s.Mem != nil):
		return bad("a memory needs a word, a register has none")
	case f.Word < 0 || f.Word >= max(1, s.Depth):
		return bad("%s has %d words", f.Path, max(1, s.Depth))
	case f.Bit < 0 || f.Bit >= s.Type.Width():
		return bad("%s is %d bits wide", f.Path, s.Type.Width())
	case f.Cycle < Start:
		return bad("there is no such cycle")
	}
	return nil
}

// alone is the effect of a fault of a register, or of a memory whose words are as they are.
func (m *Map) alone(f rtl.Fault) (Effect, error) {
	switch {
	case f.Cycle >= m.end || f.Cycle == m.end-1 && m.end == m.record.Cycles:
		return dead(AfterTheEnd)
	case !f.Mem: // the last cycle included, as what guards it may raise an alarm
		return cycle(Register)
	case m.anew:
		return cycle(Anew)
	}
	at := m.sites[f.Path].memory
	return m.ofLane(at, f, f.Bit/at.word.Bits, changeOf(f.Model, f.Bit%at.word.Bits))
}

// ofLane is the effect of a change of one number of a memory, at a fault's cycle and by its model.
func (m *Map) ofLane(at *memory, f rtl.Fault, lane int, c functional.Change) (Effect, error) {
	if f.Cycle >= m.end-1 {
		return dead(AfterTheEnd)
	}
	u := upset{Map: m, memory: at, Fault: f, lane: lane, change: c}
	switch u.Role {
	case hw.Lines:
		return u.ofLine()
	case hw.Buffer:
		return u.ofBuffer()
	}
	return u.ofConstant()
}

// upset is a fault of a memory under consideration.
type upset struct {
	*Map
	*memory
	rtl.Fault
	lane   int
	change functional.Change
}

func changeOf(model rtl.FaultModel, bit int) functional.Change {
	mask := uint64(1) << bit
	switch model {
	case rtl.Stuck0:
		return functional.Change{Clear: mask}
	case rtl.Stuck1:
		return functional.Change{Set: mask}
	}
	return functional.Change{Flip: mask}
}

func dead(why Reason) (Effect, error)  { return Effect{Verdict: Dead, Why: why}, nil }
func cycle(why Reason) (Effect, error) { return Effect{Verdict: Cycle, Why: why}, nil }

// differs is the error of an access that the order of the stage's work puts elsewhere.
func (u *upset) differs(what string, use access.Use, word int) (Effect, error) {
	return Effect{}, fmt.Errorf("effects: %s %d of %s is of word %d in the record, but of word %d in the order of the stage's work",
		what, use.Ordinal, u.Path, use.Word, word)
}
