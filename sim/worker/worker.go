// Package worker keeps and talks to simulators that run as programs of their own: the C++ program around
// Verilator's model (codegen/harness) and the generated Go one (codegen/gosim). In: a recipe that makes
// such a program, or a command that starts one, and the design it simulates. Out: a folder that holds the
// program, a sim.Machine. It knows neither what language the program is written in nor what the design
// computes.
//
// # The wire format
//
// The program reads requests from standard input and writes one reply to each on standard output;
// standard error is for a last word before it dies. All numbers are little-endian. A request is
//
//	u32 length of what follows | u8 op | payload
//
// and a reply is
//
//	u32 length of what follows | u8 status | payload
//
// where status 0 is success and status 1 an error whose text is the payload. "bytes" below is a u64
// count and as many bytes, "[]i64" a u64 count and as many i64. States are numbered in the order of
// rtl.Design.States, input and output streams in the order of their valid ports, pins in that of the ports.
//
//	op           request payload                                  reply payload
//	0 hello      -                                                u32 version (4) | u64 Fingerprint of the design
//	1 reset      -                                                -
//	2 run        u32 inputs | bytes per input stream              u8 stop (as sim.Stop) | i64 cycle | u64 digest
//	             u64 gaps.seed | u64 gaps.open                    u32 outputs | per output stream: bytes | []i64 cycles
//	             u64 stalls.seed | u64 stalls.open                u32 inputs | per input stream: []i64 taken
//	             u32 faults | per fault: i64 cycle | u8 model | bit
//	             u8 whether Want is given | []i64 want
//	             i64 limit | i64 quiet                            u32 ports of no stream | per such port: bytes
//	             u32 settings | per setting: i64 cycle | u32 pin | bytes
//	3 flip       bit                                              -
//	4 save       u32 slot                                         -
//	5 restore    u32 slot                                         -
//	6 hash       -                                                u64 hash
//	7 quit       -                                                - (and the program ends)
//	8 trace      bytes: file name; empty ends the trace           - (error where the program was built without)
//	9 accesses   -                                                the record of package tape (error likewise)
//
// A bit is u32 state | u32 bit | u64 word, word 0 for a register. A model is 0 for a flip, 1 for stuck at 0
// and 2 for stuck at 1. What reset, run, flip, save, restore
// and hash mean is written at sim.Machine, and how a run proceeds cycle by cycle at drive.Run. The
// program starts in the state that reset leaves. End of input ends the program like quit. A run cannot
// be interrupted: the client that has no more use for it kills the program.
package worker

import (
	"fmt"
	"hash/fnv"

	"rampart/ir/rtl"
)

// Version is the version of the wire format.
const Version = 4

// The requests.
const (
	opHello byte = iota
	opReset
	opRun
	opFlip
	opSave
	opRestore
	opHash
	opQuit
	opTrace
	opAccesses
)

// Fingerprint tells designs apart by what the wire format depends on: the states, their types and
// depths, and the ports of the top module. A program carries that of the design it was made from.
func Fingerprint(d *rtl.Design) uint64 {
	h := fnv.New64a()
	for _, s := range d.States() {
		fmt.Fprintf(h, "state %s %s %d\n", s.Path, s.Type, s.Depth)
	}
	for _, n := range d.Top.Inputs {
		fmt.Fprintf(h, "in %s %s\n", n.Name, n.Type)
	}
	for _, o := range d.Top.Outputs {
		fmt.Fprintf(h, "out %s %s\n", o.Name, o.Node.Type)
	}
	return h.Sum64()
}
