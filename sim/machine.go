// Package sim runs designs cycle by cycle. One interface, Machine, stands for the interpreter
// (sim/interp), generated Go (sim/gengo) and Verilator (sim/verilator); whoever drives it is blind
// to which. In: an ir/rtl design, stimuli, faults. Out: the beats that left it and when. It knows no networks.
package sim

import (
	"context"

	"rampart/ir/rtl"
	"rampart/sim/drive"
)

// Machine is one running copy of a design. Its top module has streams: an input stream N is the
// ports N_valid (in, u1), N_data (in), N_ready (out, u1); an output stream N is N_valid (out), N_data
// (out), N_ready (in). A transfer happens in a cycle in which valid and ready are both 1. While an input
// stream offers nothing its data port is all zero. Output ports of no stream are watched; input ports
// of no stream, the pins, are zero but for what the stimulus says. drive.Run is the order of events within a cycle.
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
	// Pins drives input ports of no stream, which are zero else; sorted by cycle. Those of cycles before the
	// present one are in force from the start, so that a run that is taken up again needs the same list.
	Pins []Pin
	// Faults strike after the edge that ends their cycle; sorted by cycle, no flip before the present one. A
	// stuck fault of an earlier cycle is in force from the first edge of the run on. Nothing of a fault
	// outlasts the run but the state that it left: a bit stays stuck where the next run has the fault too.
	Faults []rtl.Fault
	// Want stops the run after the cycle in which every output stream has delivered this many beats in
	// this run, one number per output stream; nil never stops it.
	Want []int
	// Limit stops the run when the cycle counter reaches it; 0 never does.
	Limit int64
	// Quiet stops the run after that many cycles in a row in which no beat was transferred on any input
	// or output stream (a hang); 0 never does.
	Quiet int64
}

// Pin gives an input port of no stream a value that holds from a cycle on until the port's next one.
type Pin struct {
	Cycle int64
	Port  string
	Value []byte // packed, in ceil(width/8) little-endian bytes
}

// Throttle makes a stream pause at random, the same way on every engine: see drive.Throttle.
type Throttle = drive.Throttle

// Trace is what a run did: see drive.Trace, and drive.Run for the exact order of events in a cycle
// and of the bytes in the digest.
type Trace = drive.Trace

// Stop says why a run ended.
type Stop = drive.Stop

// Why a run ended.
const (
	Done  = drive.Done  // all wanted beats came
	Limit = drive.Limit // the cycle limit was reached
	Hang  = drive.Hang  // no transfer for Quiet cycles
)
