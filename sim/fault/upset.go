package fault

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"rampart/ir/rtl"
	"rampart/sim/fault/sample"
	"rampart/sim/functional"
)

// Fault is all that goes wrong in one run: one upset or more. The empty fault is a run without one, which
// models that leave the number of upsets to chance come to.
type Fault []Upset

// Upset is one change of one place.
type Upset struct {
	Place  string // the path of a memory or register, or a tensor as TensorName writes it
	Word   int64  // of a memory, or element of a tensor; NoWord for a register, Scattered for several elements
	Bit    int    // from the least significant of the word; AllBits where the whole element changes
	Action Action
	Value  uint64 // what Write writes, as the bits of the element
	Count  int64  // of scattered elements: how many
	Key    uint64 // of scattered elements and random values: which, see Elements
	When   When
}

// Values of Upset.Word and Upset.Bit that are no numbers.
const (
	NoWord    = -1
	Scattered = -2
	AllBits   = -1
)

// Action is what an upset does to its bits.
type Action uint8

// The actions. A flip inverts a bit, which stays so until something writes it; a stuck bit keeps its value
// whatever writes it; the others replace a whole element.
const (
	Flip Action = iota
	Stuck0
	Stuck1
	Write
	RandomBits // any bits, each pattern as likely
	RandomUnit // a float32 from 0 to below 1
)

// When is the time of an upset.
type When struct {
	Kind WhenKind
	N    int64 // the cycle or the frame
}

// WhenKind is a way to tell the time.
type WhenKind uint8

// The ways to tell the time. A tensor that is struck Always is so from before the run to its end: a parameter
// for good, an activation in every frame. Frame is for tensors: a parameter is struck from that frame on, an
// activation in it alone. Start and Cycle are for hardware.
const (
	Always WhenKind = iota
	Frame
	Start
	Cycle
)

// String is the text of a fault: its upsets joined by +, "none" where there are none.
//
//	memory[word].bit@cycle   register.bit@cycle      a flip
//	memory[word].bit=1@cycle                         a bit stuck at 1
//	memory[word].bit@start                           before the run begins
//	NODE.weight[index].bit                           a tensor, for good
//	NODE.output[index].bit@frame3                    a tensor, see Frame
//	NODE.weight[index]=0x3f800000                    an element written
//	NODE.weight[index]=random/9f3a                   by a random value that belongs to a key; =unit/9f3a
//	NODE.weight[100:9f3a]=0x0                        a hundred elements that belong to a key
func (f Fault) String() string {
	if len(f) == 0 {
		return "none"
	}
	texts := make([]string, len(f))
	for i, u := range f {
		texts[i] = u.String()
	}
	return strings.Join(texts, "+")
}

// String is the text of one upset, see Fault.String.
func (u Upset) String() string {
	b := []byte(u.Place)
	switch u.Word {
	case NoWord:
	case Scattered:
		b = fmt.Appendf(b, "[%d:%x]", u.Count, u.Key)
	default:
		b = fmt.Appendf(b, "[%d]", u.Word)
	}
	if u.Bit != AllBits {
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(u.Bit), 10)
	}
	switch u.Action {
	case Flip:
	case Stuck0:
		b = append(b, "=0"...)
	case Stuck1:
		b = append(b, "=1"...)
	case Write:
		b = fmt.Appendf(b, "=0x%x", u.Value)
	case RandomBits:
		b = fmt.Appendf(b, "=random/%x", u.Key)
	case RandomUnit:
		b = fmt.Appendf(b, "=unit/%x", u.Key)
	}
	switch u.When.Kind {
	case Always:
	case Frame:
		b = fmt.Appendf(b, "@frame%d", u.When.N)
	case Start:
		b = append(b, "@start"...)
	case Cycle:
		b = fmt.Appendf(b, "@%d", u.When.N)
	}
	return string(b)
}

// RTL is a hardware upset as the cycle engines take it; ok is false for a tensor's. An upset before the run
// begins strikes after the edge of cycle -1, which the engines do not know: first is true.
func (u Upset) RTL() (f rtl.Fault, first, ok bool) {
	if u.When.Kind != Start && u.When.Kind != Cycle {
		return f, false, false
	}
	f.Site = rtl.Site{Path: u.Place, Mem: u.Word != NoWord, Word: int(max(0, u.Word)), Bit: u.Bit}
	f.Cycle = u.When.N
	switch u.Action {
	case Flip:
		f.Model = rtl.Flip
	case Stuck0:
		f.Model = rtl.Stuck0
	case Stuck1:
		f.Model = rtl.Stuck1
	default:
		return f, false, false
	}
	return f, u.When.Kind == Start, true
}

// Elements visits the elements of a tensor of so many that the upset changes, and what it does to each. The
// elements of a scattered upset are the first Count of a permutation that belongs to its key.
func (u Upset) Elements(words int64, visit func(element int64, c functional.Change)) {
	if u.Word != Scattered {
		visit(u.Word, u.change(u.Word))
		return
	}
	order := sample.NewPermutation(words, u.Key, "elements")
	for i := range min(u.Count, words) {
		element := order.At(i)
		visit(element, u.change(element))
	}
}

// change is what the upset does to an element.
func (u Upset) change(element int64) functional.Change {
	bit := uint64(1) << max(0, u.Bit)
	switch u.Action {
	case Flip:
		return functional.Change{Flip: bit}
	case Stuck0:
		return functional.Change{Clear: bit}
	case Stuck1:
		return functional.Change{Set: bit}
	}
	value := u.Value
	switch u.Action {
	case RandomBits:
		value = sample.Stream(u.Key, "bits", element).Uint64()
	case RandomUnit:
		value = uint64(math.Float32bits(sample.Stream(u.Key, "unit", element).Float32()))
	}
	return functional.Change{Set: value, Clear: ^value}
}

// TensorName is how faults name a tensor of a node: the node and the field, the former quoted where it holds
// more than ASCII letters, digits and _ / . : -
func TensorName(node, field string) string {
	if node == "" || strings.ContainsFunc(node, odd) {
		node = strconv.Quote(node)
	}
	return node + "." + field
}

// odd tells whether a name with this character is quoted.
func odd(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_/.:-", r))
}
