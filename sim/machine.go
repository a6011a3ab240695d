// Package sim runs designs cycle by cycle. One interface, Machine, stands for the interpreter
// (sim/interp), generated Go (sim/gengo) and Verilator (sim/verilator); whoever drives it is blind
// to which. In: an ir/rtl design, stimuli, faults. Out: the beats that left it and when. It knows no networks.
package sim

import (
	"context"

	"rampart/ir/rtl"
)

// Machine is one running copy of a design. Its top module has streams: an input stream N is the
// ports N_valid (in, u1), N_data (in), N_ready (out, u1); an output stream N is N_valid (out), N_data
// (out), N_ready (in). A transfer happens in a cycle in which valid and ready are both 1.
type Machine interface {
	// Reset brings registers and memories to their initial contents; the next cycle is cycle 0.
	Reset() error
	// Run continues from the present cycle under the stimulus until Stop is met.
	Run(ctx context.Context, s *Stimulus) (*Trace, error)
	// Flip inverts one bit of state now, between two cycles.
	Flip(rtl.Site) error
	// Save keeps the whole state, the cycle number included, under a number; Restore returns to it.
	Save(slot int) error
	Restore(slot int) error
	// Hash is the 64-bit FNV-1a of all state in the order of Design.States, each register or word as
	// its packed bits in ceil(width/8) little-endian bytes. Equal state, equal hash, on every engine.
	Hash() (uint64, error)
	// Close ends the machine and frees what it holds.
	Close() error
}

// Stimulus is what happens to a machine's ports, and when to stop.
type Stimulus struct {
	// Inputs holds, per input stream in port order, the beats to feed: each the packed data port in
	// ceil(width/8) little-endian bytes, all beats one after another.
	Inputs [][]byte
	// Gaps delays input beats, Stalls holds back output ready: see Throttle. The zero value never waits.
	Gaps, Stalls Throttle
	// Faults strike after the edge that ends their cycle; sorted by cycle, none before the present one.
	Faults []rtl.Fault
	// Want stops the run after the cycle in which every output stream has delivered this many beats in
	// this run, one number per output stream.
	Want []int
	// Limit stops the run when the cycle counter reaches it.
	Limit int64
	// Quiet stops the run after that many cycles in a row in which no beat was transferred on any input
	// or output stream (a hang); 0 never does.
	Quiet int64
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
	Digest  uint64 // FNV-1a over every cycle's output ports (valid, ready and, where valid, data)
}

// Stop says why a run ended.
type Stop uint8

// Why a run ended.
const (
	Done  Stop = iota // all wanted beats came
	Limit             // the cycle limit was reached
	Hang              // no transfer for Quiet cycles
)
