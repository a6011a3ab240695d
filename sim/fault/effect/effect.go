// Package effect tells what an upset of the hardware means to the functional engine. In: the hardware of a
// plan, and the record of when its memories were accessed in the run without fault. Out: for one bit of a
// memory at a cycle that nothing can come of it, or the patches that give exactly the outputs that the
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
)

// Why only a cycle engine can tell.
const (
	Register   Reason = "a register"
	Inserted   Reason = "a weight that the network does not have"
	Subtracted Reason = "the zero point that a requantiser subtracts"
	Shared     Reason = "stuck on the way to an output of the network that has other readers"
)

// Start is the cycle of an upset before the run begins.
const Start = -1

// Map tells effects. It may be used from several goroutines.
type Map struct {
	record *access.Record
	frames int
	sites  map[string]*memory // by path; nil for a register
	states map[string]*rtl.State
	net    *network
}

// memory is one memory of the design.
type memory struct {
	hw.Place
	state  *rtl.State
	node   int     // of the network; -1 for a fork's
	index  [][]int // of constants: the tensor's element per word and lane
	read   *access.Port
	write  *access.Port // nil for constants
	target target       // of a Buffer
}

// New makes the map of a run of so many frames, without pauses or faults, of hardware that was built for the
// plan. An error says in what the record is not of such a run.
func New(h *hw.Hardware, p *plan.Plan, net *fixed.Net, r *access.Record, frames int) (*Map, error) {
	m := &Map{record: r, frames: frames, sites: map[string]*memory{}, states: map[string]*rtl.State{}, net: newNetwork(net)}
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
		if len(ports.Writes) > 0 {
			mem.write = ports.Writes[0]
		}
		if at.Role == hw.Buffer {
			mem.target = m.net.target(at.Out)
		}
		if err := m.complete(e.Path, mem); err != nil {
			return nil, err
		}
		m.sites[e.Path] = mem
	}
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
	if uses > all || uses <= all-frame {
		return fmt.Errorf("effects: %s was read %d times in the record, but %d frames take %d to %d",
			path, uses, m.frames, all-frame+1, all)
	}
	return nil
}

// Of is the effect of a fault alone, of cycle Start or later. The patches of several flips hold together, one
// fault's behind the other's; so do those of stuck bits of different numbers, in memory and on their way. An
// error is a fault that strikes no bit of the design, or a record that is not of a run of it.
func (m *Map) Of(f rtl.Fault) (Effect, error) {
	bad := func(format string, args ...any) (Effect, error) {
		return Effect{}, diag.Problem{At: "fault " + f.String(), What: fmt.Sprintf(format, args...)}
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
	case f.Cycle >= m.record.Cycles-1:
		return dead(AfterTheEnd)
	case !f.Mem:
		return cycle(Register)
	}
	u := upset{Map: m, memory: m.sites[f.Path], Fault: f, lane: f.Bit / s.Type.Bits, change: changeOf(f.Model, f.Bit%s.Type.Bits)}
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
