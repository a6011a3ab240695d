package protect

import (
	"rampart/internal/yamlform"
	"rampart/ir/protect/float"
	"rampart/ir/protect/network"
)

// Policy says what is protected and how.
type Policy struct {
	Name     string
	Model    []float.Pass   // on the float network, in this order
	Network  []network.Rule // on the integer network
	Rules    []Rule         // the first that matches a memory or a register decides about it
	Watchdog *Watchdog      // zeros are filled in; nil is none

	file string
}

// Rule gives what its patterns match a technique.
type Rule struct {
	Line int // of the file
	Match
	Use Technique
	Options

	at map[string]yamlform.Pos // by key
}

// Match is patterns as in internal/pattern; each list that is there must be met. A rule is for memories, or,
// where Registers is there, for registers.
type Match struct {
	Memories  []string // paths of memories
	Kinds     []string // of memories: weights, bias, requant, line, fifo, skip
	Layers    []string // nodes of the network, or stages where there is no node
	Registers []string // paths of registers, or one of the words Control and Data
}

// Words among the patterns of registers.
const (
	Control = "control" // whose value never depends on the network's data: counters, addresses, valid bits
	Data    = "data"    // the others
)

// Technique is a way of protecting.
type Technique string

// The techniques.
const (
	None   Technique = "none"
	Parity Technique = "parity" // detects an odd number of flips in a group
	SECDED Technique = "secded" // corrects one flip in a group, detects two: Hsiao's code
	DAEC   Technique = "daec"   // as SECDED, and corrects two neighbours
	TMR    Technique = "tmr"    // three copies and a majority of each bit
)

// Options are the details of a technique; the zero value of each is its default.
type Options struct {
	Group      Group
	Interleave int // groups among which neighbouring bits are dealt; 0 is 1
	OnError    Reaction
}

// Group is the data bits that one code word covers.
type Group struct {
	Lane bool // each lane of the word
	Bits int  // so many; 0 is the technique's default
}

// Reaction is what is done where more is wrong than the code corrects.
type Reaction string

// The reactions.
const (
	Flag Reaction = "flag" // the word is used as it is
	Zero Reaction = "zero" // the group is read as zero
)

// technique is what a technique may be used for, and with which keys.
type technique struct {
	name                Technique
	memories, registers bool
	keys                []string
}

var techniques = []technique{
	{None, true, true, nil},
	{Parity, true, false, []string{"group", "interleave", "on_error"}},
	{SECDED, true, false, []string{"group", "interleave", "on_error"}},
	{DAEC, true, false, []string{"group", "interleave", "on_error"}},
	{TMR, true, true, nil},
}
