package fault

import (
	"fmt"

	"rampart/internal/diag"
)

// Space is a kind of population.
type Space string

// The spaces.
const (
	HardwareSpace   Space = "hardware"   // the bits of a design's memories and registers
	ParameterSpace  Space = "parameters" // the bits of a network's parameters, as numbers
	ActivationSpace Space = "activations"
)

// Format says which network's numbers are struck.
type Format string

// The formats.
const (
	Fixed Format = "fixed" // the integer network, and its hardware
	FP32  Format = "fp32"  // the float network, batch normalisations as trained
)

// Store is one thing that holds bits: a memory, a register or a tensor.
type Store struct {
	Name   string // as faults write it
	Kind   string // of memory, "register", "weight", "bias", ...; of an activation the operator that makes it
	Layer  string // the network's node, or where there is none the stage of the design
	Tensor string // the network's tensor that it holds, as NODE.weight; "" for a register
	Words  int64  // words, or elements; 1 for a register
	Bits   int    // of a word
	Lane   int    // bits of a number in the word, a divisor of Data
	Data   int    // bits of a word that are of numbers, the lowest; the others are check bits. 0 stands for all
	// Register tells that it has no words, so that faults name its bits alone.
	Register bool
	Constant bool   // nothing ever writes it
	Learned  bool   // training made it
	Zero     uint64 // the bits of a number that stands for 0
	Dims     []int  // of a tensor
	Axes     string // a letter for each of Dims: o and i for output and input channels, h and w; "" where there is no kernel
	Turned   bool   // a transposed convolution's
}

// Of is the bit of a number that a bit of a word is; false for a check bit.
func (s *Store) Of(bit int) (int, bool) { return bit % s.Lane, bit < s.Data }

// Population is all bits that a campaign may strike.
type Population struct {
	Space  Space
	Format Format
	Stores []Store

	byName map[string]int
}

// NewPopulation is the bits of stores, whose names differ.
func NewPopulation(space Space, format Format, stores []Store) *Population {
	p := &Population{Space: space, Format: format, Stores: stores, byName: map[string]int{}}
	for i, s := range stores {
		if s.Data == 0 {
			stores[i].Data, s.Data = s.Bits, s.Bits
		}
		if s.Bits < 1 || s.Words < 1 || s.Lane < 1 || s.Data > s.Bits || s.Data%s.Lane != 0 {
			panic(fmt.Sprintf("BUG: fault: store %s holds %d words of %d bits, numbers of %d", s.Name, s.Words, s.Bits, s.Lane))
		}
		if _, twice := p.byName[s.Name]; twice {
			panic("BUG: fault: two stores are called " + s.Name)
		}
		p.byName[s.Name] = i
	}
	return p
}

// Site is one bit of a population.
type Site struct {
	Store int // index into Population.Stores
	Word  int64
	Bit   int
}

// Find is the index of the store of a name.
func (p *Population) Find(name string) (int, bool) {
	i, ok := p.byName[name]
	return i, ok
}

// Place is a site as an upset names it.
func (p *Population) Place(s Site) Upset {
	u := Upset{Place: p.Stores[s.Store].Name, Word: s.Word, Bit: s.Bit}
	if p.Stores[s.Store].Register {
		u.Word = NoWord
	}
	return u
}

// Check tells what of a fault is not in the population, as diag.Problems.
func (p *Population) Check(f Fault) error {
	var found diag.Problems
	for _, u := range f {
		if what, remedy := p.wrong(u); what != "" {
			found.Add(diag.Problem{At: "fault " + u.String(), What: what, Remedy: remedy})
		}
	}
	return found.Err()
}

// wrong is what is wrong with an upset, "" for nothing.
func (p *Population) wrong(u Upset) (what, remedy string) {
	timed := u.When.Kind == Start || u.When.Kind == Cycle
	if timed != (p.Space == HardwareSpace) {
		if timed {
			return "it strikes hardware, and the campaign does not", "leave out the time behind the @, or set space: hardware"
		}
		return "it strikes a tensor, and the campaign strikes hardware", "give a cycle behind an @, or another space"
	}
	i, ok := p.Find(u.Place)
	if !ok {
		return "there is no such " + p.noun(), p.listing()
	}
	s := &p.Stores[i]
	switch {
	case s.Register && u.Word != NoWord:
		return s.Name + " is a register", "leave out the word"
	case !s.Register && u.Word == NoWord:
		return s.Name + " has words", "give one in brackets"
	case u.Word >= s.Words:
		return fmt.Sprintf("%s has %d words", s.Name, s.Words), fmt.Sprintf("give one from 0 to %d", s.Words-1)
	case u.Word == Scattered && u.Count > s.Words:
		return fmt.Sprintf("%s has %d words", s.Name, s.Words), "give no more"
	case u.Bit >= s.Bits:
		return fmt.Sprintf("%s has %d bits", s.Name, s.Bits), fmt.Sprintf("give one from 0 to %d", s.Bits-1)
	case u.Action == Write && s.Bits < 64 && u.Value>>s.Bits != 0:
		return fmt.Sprintf("0x%x does not fit in %d bits", u.Value, s.Bits), "give a smaller value"
	case u.Action == RandomUnit && p.Format != FP32:
		return "only floats take values from 0 to 1", "write =random"
	case u.When.Kind == Start && !s.Constant:
		return s.Name + " is written while the network runs", "give a cycle"
	}
	return "", ""
}

func (p *Population) noun() string {
	if p.Space == HardwareSpace {
		return "memory or register"
	}
	return "tensor"
}

func (p *Population) listing() string {
	if p.Space == HardwareSpace {
		return "memory_map.json lists the memories, ir/rtl.txt the registers"
	}
	return "rampart inspect lists the nodes; a tensor is NODE.weight, NODE.bias, NODE.output and so on"
}
