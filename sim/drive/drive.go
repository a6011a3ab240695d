// Package drive feeds a running design's streams and watches them, one clock cycle at a time. In: a
// Core (any engine's ports and clock), the layout of its streams, a Stimulus. Out: a Trace. It knows
// no engine and no IR, and imports the standard library only: generated simulators carry a copy of
// this very source (see Source), so that all engines share one reading of a stimulus.
package drive

import (
	"context"
	"fmt"
)

// Core is a running design seen through the ports of its top module. Port values travel packed: lane
// 0 in the lowest bits, ceil(width/8) little-endian bytes, bits past the width zero.
type Core interface {
	// Get gives the value of output port i (an index into Module.Outputs), which follows from the
	// present state alone. The slice is the core's own, good until the next Step.
	Get(port int) []byte
	// Set drives input port i (an index into Module.Inputs) until the next Set of that port.
	Set(port int, packed []byte)
	// Step is the clock edge: every register, read port and memory takes its next value at once.
	Step()
}

// Ports says which ports of the top module form streams, and how many output ports there are.
type Ports struct {
	In, Out []Stream // in the order of their valid ports
	Pins    []Pin    // in the order of Module.Inputs
	Outputs int
}

// Pin is an input port of no stream.
type Pin struct {
	Name string
	Port int // index into Module.Inputs
	Bits int // packed width
}

// Bytes is the packed size of a pin's value.
func (p Pin) Bytes() int { return (p.Bits + 7) / 8 }

// Alone lists the output ports that belong to no stream, in their order.
func (p Ports) Alone() []int {
	taken := make([]bool, p.Outputs)
	for _, s := range p.In {
		taken[s.Ready] = true
	}
	for _, s := range p.Out {
		taken[s.Valid], taken[s.Data] = true, true
	}
	var alone []int
	for i, t := range taken {
		if !t {
			alone = append(alone, i)
		}
	}
	return alone
}

// Stream is one valid/ready stream: for an input stream Valid and Data are input ports and Ready is
// an output port, for an output stream the reverse.
type Stream struct {
	Name               string
	Valid, Ready, Data int
	Bits               int // packed width of Data
}

// Bytes is the packed size of one beat.
func (s Stream) Bytes() int { return (s.Bits + 7) / 8 }

// Stimulus is what happens to the ports and when to stop; sim.Stimulus has the meaning of each field.
// Strike(i) is called after the clock edge that ends the cycle of Faults[i], and after every later edge of
// the run too where that is stuck. Faults is sorted by cycle.
type Stimulus struct {
	Inputs       [][]byte
	Gaps, Stalls Throttle
	Pins         []Setting // sorted by cycle
	Faults       []Fault
	Strike       func(i int) error
	Want         []int
	Limit        int64
	Quiet        int64
}

// Setting gives a pin a value, packed, that holds from a cycle on until the next one of that pin.
type Setting struct {
	Cycle int64
	Pin   int // index into Ports.Pins
	Value []byte
}

// Fault is when a fault strikes, and whether it stays. A stuck one may be of a cycle before the run.
type Fault struct {
	Cycle int64
	Stuck bool
}

// Throttle makes a stream pause at random, the same way on every engine. In each cycle and for each
// stream k, in port order, one 64-bit draw of the generator seeded by Seed+k decides: the stream may
// go where draw>>32 < Open. Open 2^32 or Seed 0 never pauses. The generator is xorshift64*: x ^= x>>12;
// x ^= x<<25; x ^= x>>27; draw = x * 2685821657736338717, and its state is part of the run, not of
// the machine. An input beat once offered stays offered until taken.
type Throttle struct {
	Seed uint64
	Open uint64
}

// Trace is what a run did.
type Trace struct {
	Outputs [][]byte  // per output stream, the beats delivered, packed as Stimulus.Inputs
	Cycles  [][]int64 // per output stream, the cycle of each beat
	Taken   [][]int64 // per input stream, the cycle in which each beat was taken
	Cycle   int64     // the number of the next cycle
	Stop    Stop
	Digest  uint64 // FNV-1a over the output ports of every cycle of the run: see Run
	// Final is the output ports of no stream as they are after the last cycle, in the order of Module.Outputs, each
	// as its packed bytes.
	Final [][]byte
}

// Stop says why a run ended.
type Stop uint8

// Why a run ended.
const (
	Done  Stop = iota // all wanted beats came
	Limit             // the cycle limit was reached
	Hang              // no transfer for Quiet cycles
)

func (s Stop) String() string {
	switch s {
	case Done:
		return "done"
	case Limit:
		return "limit"
	case Hang:
		return "hang"
	}
	return fmt.Sprintf("stop(%d)", uint8(s))
}

// Run drives core from the given cycle until the stimulus says stop. Every cycle goes like this:
//
//  1. The output ports are read. They enter the digest in the order of Module.Outputs, each as its
//     packed bytes; the data port of an output stream whose valid is 0 adds nothing. The digest is the
//     64-bit FNV-1a of all these bytes, afresh for each run.
//  2. An input stream offers its next beat where one is left and Gaps allows or it was offered before:
//     valid is 1 and data the beat. Otherwise valid is 0 and data is all zero. An output stream's ready
//     is 1 where Stalls allows. Every throttle draws in every cycle, whatever becomes of the draw.
//     Transfers are noted. A pin has the value of its last setting of this cycle or an earlier one, even one
//     before the run; zero where there is none.
//  3. The clock edge; the cycle number grows by one.
//  4. The flips of the cycle that just ended strike, then whatever is stuck by now, in the order of the list.
//  5. The run stops as Done where Want is met, else as Hang where Quiet cycles in a row had no
//     transfer, else as Limit where the cycle number has reached Limit. A run that starts at or past a
//     Limit above zero does no cycle at all. A nil Want, zero Limit or zero Quiet never stops a run.
//
// The trace is never nil; next to an error (from Strike, or the context's own) it holds the run so far.
func Run(ctx context.Context, core Core, ports Ports, cycle int64, s Stimulus) (*Trace, error) {
	r := newRun(core, ports, cycle, s)
	if s.Limit > 0 && cycle >= s.Limit {
		r.trace.Stop = Limit
		r.finish()
		return r.trace, nil
	}
	for {
		if r.trace.Cycle&(pollEvery-1) == 0 && ctx.Err() != nil {
			return r.trace, fmt.Errorf("stopped at cycle %d: %w", r.trace.Cycle, context.Cause(ctx))
		}
		r.observe()
		r.drive()
		core.Step()
		if err := r.strike(); err != nil {
			return r.trace, err
		}
		if r.stopped() {
			r.finish()
			return r.trace, nil
		}
	}
}

// pollEvery is how many cycles pass between looks at the context; a power of two.
const pollEvery = 256

// run is the state of one Run.
type run struct {
	core  Core
	ports Ports
	s     Stimulus
	trace *Trace

	guard  []int    // per output port: the valid port without which it is not looked at, or -1
	seen   [][]byte // per output port: this cycle's value; nil where guarded by a valid of 0
	in     []feed
	out    []gate
	set    int   // settings of pins done
	struck int   // faults done or in stuck
	stuck  []int // those in force
	quiet  int64 // cycles since the last transfer
	moved  bool  // a transfer happened in this cycle
}

// feed serves one input stream.
type feed struct {
	Stream
	gate    gate
	beats   []byte // those not yet taken
	offered bool
	idle    []byte // what data shows while nothing is offered
}

func newRun(core Core, ports Ports, cycle int64, s Stimulus) *run {
	r := &run{core: core, ports: ports, s: s, seen: make([][]byte, ports.Outputs), guard: make([]int, ports.Outputs)}
	for i := range r.guard {
		r.guard[i] = -1
	}
	for k, st := range ports.Out {
		r.guard[st.Data] = st.Valid
		r.out = append(r.out, s.Stalls.gate(k))
		core.Set(st.Ready, low)
	}
	for _, pin := range ports.Pins {
		core.Set(pin.Port, make([]byte, pin.Bytes()))
	}
	for k, st := range ports.In {
		src := feed{Stream: st, gate: s.Gaps.gate(k), beats: s.Inputs[k], idle: make([]byte, st.Bytes())}
		core.Set(st.Valid, low)
		core.Set(st.Data, src.idle)
		r.in = append(r.in, src)
	}
	r.trace = &Trace{
		Outputs: make([][]byte, len(ports.Out)),
		Cycles:  make([][]int64, len(ports.Out)),
		Taken:   make([][]int64, len(ports.In)),
		Cycle:   cycle,
		Digest:  uint64(NewHash()),
	}
	return r
}

// The two values of a one-bit port.
var (
	low  = []byte{0}
	high = []byte{1}
)

func bit(b bool) []byte {
	if b {
		return high
	}
	return low
}

// observe reads the output ports into seen and the digest.
func (r *run) observe() {
	for p, valid := range r.guard {
		if valid < 0 {
			r.seen[p] = r.core.Get(p)
		}
	}
	for p, valid := range r.guard {
		if valid >= 0 {
			r.seen[p] = nil
			if r.seen[valid][0] != 0 {
				r.seen[p] = r.core.Get(p)
			}
		}
	}
	d := Hash(r.trace.Digest)
	for _, packed := range r.seen {
		d = d.Add(packed)
	}
	r.trace.Digest = uint64(d)
}

// finish notes what shows outside of streams when the run is over.
func (r *run) finish() {
	r.trace.Final = [][]byte{}
	for _, p := range r.ports.Alone() {
		r.trace.Final = append(r.trace.Final, append([]byte(nil), r.core.Get(p)...))
	}
}

// drive sets the input ports and notes the transfers of this cycle.
func (r *run) drive() {
	t := r.trace
	r.moved = false
	for ; r.set < len(r.s.Pins) && r.s.Pins[r.set].Cycle <= t.Cycle; r.set++ {
		r.core.Set(r.ports.Pins[r.s.Pins[r.set].Pin].Port, r.s.Pins[r.set].Value)
	}
	for k := range r.in {
		src := &r.in[k]
		if r.offer(src) && r.seen[src.Ready][0] != 0 {
			t.Taken[k] = append(t.Taken[k], t.Cycle)
			src.beats = src.beats[src.Bytes():]
			src.offered, r.moved = false, true
		}
	}
	for k, st := range r.ports.Out {
		ready := r.out[k].draw()
		r.core.Set(st.Ready, bit(ready))
		if ready && r.seen[st.Valid][0] != 0 {
			t.Outputs[k] = append(t.Outputs[k], r.seen[st.Data]...)
			t.Cycles[k] = append(t.Cycles[k], t.Cycle)
			r.moved = true
		}
	}
}

// offer sets valid and data of an input stream and tells whether a beat is offered.
func (r *run) offer(src *feed) bool {
	open := src.gate.draw()
	src.offered = len(src.beats) > 0 && (src.offered || open)
	data := src.idle
	if src.offered {
		data = src.beats[:src.Bytes()]
	}
	r.core.Set(src.Valid, bit(src.offered))
	r.core.Set(src.Data, data)
	return src.offered
}

// strike ends the cycle: its faults happen and the number grows.
func (r *run) strike() error {
	ended := r.trace.Cycle
	r.trace.Cycle++
	for ; r.struck < len(r.s.Faults) && r.s.Faults[r.struck].Cycle <= ended; r.struck++ {
		if r.s.Faults[r.struck].Stuck {
			r.stuck = append(r.stuck, r.struck)
			continue
		}
		if err := r.s.Strike(r.struck); err != nil {
			return fmt.Errorf("fault at cycle %d: %w", ended, err)
		}
	}
	for _, i := range r.stuck {
		if err := r.s.Strike(i); err != nil {
			return fmt.Errorf("fault at cycle %d: %w", ended, err)
		}
	}
	return nil
}

func (r *run) stopped() bool {
	t := r.trace
	r.quiet++
	if r.moved {
		r.quiet = 0
	}
	switch {
	case r.s.Want != nil && r.delivered():
		t.Stop = Done
	case r.s.Quiet > 0 && r.quiet >= r.s.Quiet:
		t.Stop = Hang
	case r.s.Limit > 0 && t.Cycle >= r.s.Limit:
		t.Stop = Limit
	default:
		return false
	}
	return true
}

func (r *run) delivered() bool {
	for k, want := range r.s.Want {
		if len(r.trace.Cycles[k]) < want {
			return false
		}
	}
	return true
}

// gate is a throttle at work on one stream.
type gate struct {
	x, open uint64
	always  bool
}

func (t Throttle) gate(stream int) gate {
	return gate{x: t.Seed + uint64(stream), open: t.Open, always: t.Seed == 0 || t.Open >= 1<<32}
}

func (g *gate) draw() bool {
	if g.always {
		return true
	}
	g.x ^= g.x >> 12
	g.x ^= g.x << 25
	g.x ^= g.x >> 27
	return g.x*2685821657736338717>>32 < g.open
}

// Hash is a 64-bit FNV-1a hash in the making.
type Hash uint64

// NewHash is the hash of nothing.
func NewHash() Hash { return 14695981039346656037 }

// Add is the hash of what was hashed before and then bytes.
func (h Hash) Add(bytes []byte) Hash {
	for _, b := range bytes {
		h = (h ^ Hash(b)) * 1099511628211
	}
	return h
}
