package rtl

import (
	"fmt"
	"strconv"
	"strings"
)

// State is one piece of state of a design: a register, a memory read port's output, or a memory.
type State struct {
	Path  string // instance names and the state's own, joined by dots: enc_0.window.row
	Type  Type   // of the register, or of one word
	Depth int    // words; 0 for a register
	Kind  MemKind
	Mem   *Mem // nil for a register
	Reg   *Reg // nil for a memory and for a read port
}

// Bits is the number of bits of state.
func (s *State) Bits() int64 { return int64(s.Type.Width()) * int64(max(1, s.Depth)) }

// States lists all state of a design in the canonical order: for each module its registers, its read
// ports, its memories, then its instances. Site lists, state hashes and snapshots go by this order.
func (d *Design) States() []*State {
	var all []*State
	var visit func(m *Module, prefix string)
	visit = func(m *Module, prefix string) {
		for _, r := range m.Regs {
			all = append(all, &State{Path: prefix + r.Q.Name, Type: r.Q.Type, Reg: r})
		}
		for _, mem := range m.Mems {
			for _, r := range mem.Reads {
				all = append(all, &State{Path: prefix + r.Q.Name, Type: r.Q.Type})
			}
		}
		for _, mem := range m.Mems {
			all = append(all, &State{Path: prefix + mem.Name, Type: mem.Word, Depth: mem.Depth, Kind: mem.Kind, Mem: mem})
		}
		for _, i := range m.Insts {
			visit(i.Of, prefix+i.Name+".")
		}
	}
	visit(d.Top, "")
	return all
}

// Site is one bit of state. Word is 0 for a register; Bit counts from the least significant bit of
// the packed value, so lane l of a value with b bits a lane starts at bit l*b.
type Site struct {
	Path string
	Mem  bool
	Word int
	Bit  int
}

func (s Site) String() string {
	if s.Mem {
		return fmt.Sprintf("%s[%d].%d", s.Path, s.Word, s.Bit)
	}
	return fmt.Sprintf("%s.%d", s.Path, s.Bit)
}

// Fault strikes one bit at a cycle; cycle 0 is the first after reset.
type Fault struct {
	Site
	Cycle int64
	Model FaultModel
}

// FaultModel says what a fault does to its bit.
type FaultModel uint8

// The models. A flip inverts the bit once, after the clock edge that ends the fault's cycle, and it stays so
// until something writes it. A stuck bit is forced to its value after that edge and after every later one.
// Where several faults strike after one edge the flips come first, then what is stuck, each in the order of
// the list.
const (
	Flip FaultModel = iota
	Stuck0
	Stuck1
)

// Stuck tells whether the fault stays.
func (m FaultModel) Stuck() bool { return m != Flip }

func (f Fault) String() string {
	switch f.Model {
	case Stuck0:
		return fmt.Sprintf("%s=0@%d", f.Site, f.Cycle)
	case Stuck1:
		return fmt.Sprintf("%s=1@%d", f.Site, f.Cycle)
	}
	return fmt.Sprintf("%s@%d", f.Site, f.Cycle)
}

// ParseFault reads the form that String writes: memory[word].bit@cycle or register.bit@cycle, and with =0 or
// =1 behind the bit where it is stuck.
func ParseFault(text string) (Fault, error) {
	bad := func(why string) (Fault, error) {
		return Fault{}, fmt.Errorf("fault %q: %s; write MEMORY[WORD].BIT@CYCLE or REGISTER.BIT@CYCLE, with =0 or =1 behind BIT where it is stuck", text, why)
	}
	site, cycle, ok := strings.Cut(strings.TrimSpace(text), "@")
	if !ok {
		return bad("no cycle")
	}
	at, err := strconv.ParseUint(cycle, 10, 63) // unsigned: no sign, not even +
	if err != nil {
		return bad("the cycle is not a number from 0 on")
	}
	dot := strings.LastIndexByte(site, '.')
	if dot <= 0 {
		return bad("no bit")
	}
	place, value, stuck := strings.Cut(site[dot+1:], "=")
	model := Flip
	switch {
	case stuck && value == "0":
		model = Stuck0
	case stuck && value == "1":
		model = Stuck1
	case stuck:
		return bad("a bit is stuck at 0 or at 1")
	}
	bit, err := strconv.ParseUint(place, 10, 31)
	if err != nil {
		return bad("the bit is not a number from 0 on")
	}
	f := Fault{Site: Site{Path: site[:dot], Bit: int(bit)}, Cycle: int64(at), Model: model}
	if path, word, ok := strings.Cut(f.Path, "["); ok {
		n, err := strconv.ParseUint(strings.TrimSuffix(word, "]"), 10, 31)
		if err != nil || !strings.HasSuffix(word, "]") || path == "" {
			return bad("the word is not a number from 0 on in brackets")
		}
		f.Path, f.Mem, f.Word = path, true, int(n)
	}
	return f, nil
}
