package fault

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/pattern"
)

// Select says which bits of a population a campaign strikes; the zero Select strikes all. Each list that is
// there must be met by one of its patterns. In a pattern * stands for any run of characters and ? for any one;
// what a pattern with ! before it meets is left out, and a list of such patterns alone begins with everything.
type Select struct {
	Memories []string // paths of memories and registers; hardware
	Layers   []string // nodes of the network, or stages where there is no node
	Kinds    []string // weights, bias, ..., register; weight, gamma, ...; of activations the operators
	Tensors  []string // NODE.weight and so on; of hardware what its memories hold
	Bits     []Range  // of a number, from the least significant
	Element  *Element // one element of each tensor
	Number   *int64   // of the tensors that training made, counted from 0 in the order of the network
}

// Range is the numbers From to To, ends included.
type Range struct{ From, To int }

// String is "3" or "3-5".
func (r Range) String() string {
	if r.From == r.To {
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// Element names one element of a tensor.
type Element struct {
	Order ElementOrder
	Index []int64 // one number for Flat, else one for each axis; tensors of one axis take the first
}

// ElementOrder is an order of a kernel's axes.
type ElementOrder string

// The orders.
const (
	Flat   ElementOrder = "flat"   // the number of the element, as faults write it
	TF     ElementOrder = "tf"     // height, width, in, out; of a transposed convolution height, width, out, in
	TFLite ElementOrder = "tflite" // out, height, width, in
)

// word is the element's number in a store.
func (e *Element) word(s *Store) (int64, error) {
	switch {
	case e.Order == Flat:
		if e.Index[0] >= s.Words {
			return 0, fmt.Errorf("%s has %d elements, and element %d is asked for", s.Name, s.Words, e.Index[0])
		}
		return e.Index[0], nil
	case e.Order == TFLite:
		return s.element("ohwi", e.Index)
	case s.Turned:
		return s.element("hwoi", e.Index)
	}
	return s.element("hwio", e.Index)
}

// lists are the lists of patterns of a selection, by their keys, and what they are matched with.
var lists = []struct {
	key  string
	get  func(*Select) *[]string
	name func(*Store) string
}{
	{"memories", func(s *Select) *[]string { return &s.Memories }, func(s *Store) string { return s.Name }},
	{"layers", func(s *Select) *[]string { return &s.Layers }, func(s *Store) string { return s.Layer }},
	{"kinds", func(s *Select) *[]string { return &s.Kinds }, func(s *Store) string { return s.Kind }},
	{"tensors", func(s *Select) *[]string { return &s.Tensors }, func(s *Store) string { return s.Tensor }},
}

// has tells whether a store's name, kind and so on are selected.
func (s *Select) has(st *Store) bool {
	for _, l := range lists {
		if patterns := *l.get(s); len(patterns) > 0 && !pattern.List(patterns, l.name(st)) {
			return false
		}
	}
	return true
}

// bits are the bits of a store's words that are selected: bits count within a number, and a word may hold
// several.
func (s *Select) bits(st *Store) []int {
	var all []int
	for b := range st.Bits {
		at, ok := st.Of(b)
		in := len(s.Bits) == 0 || ok && slices.ContainsFunc(s.Bits, func(r Range) bool { return r.From <= at && at <= r.To })
		if in {
			all = append(all, b)
		}
	}
	return all
}

// part is a selected part of one store: some bits of some words.
type part struct {
	store int
	from  int64 // first word
	words int64
	bits  []int // rising
}

func (p part) sites() int64 { return p.words * int64(len(p.bits)) }

// parts are the selected parts of a population. What is asked for and is not there is told by complain, with
// the key that asks for it.
func (s *Select) parts(p *Population, complain func(key, what, remedy string)) []part {
	s.unmatched(p, complain)
	number, learned := int64(-1), 0
	var all []part
	for i := range p.Stores {
		st := &p.Stores[i]
		if st.Learned {
			number++
			learned++
		}
		if s.Number != nil && (!st.Learned || number != *s.Number) {
			continue
		}
		if !s.has(st) {
			if s.Number != nil {
				complain("number", fmt.Sprintf("tensor %d is %s, which is not selected otherwise", number, st.Name), "give the number of another tensor, or select that one")
			}
			continue
		}
		bits := s.bits(st)
		if len(bits) == 0 {
			continue
		}
		one := part{store: i, words: st.Words, bits: bits}
		if s.Element != nil {
			word, err := s.Element.word(st)
			if err != nil {
				complain("element", err.Error(), "give an element that each selected tensor has")
				continue
			}
			one.from, one.words = word, 1
		}
		all = append(all, one)
	}
	if s.Number != nil && *s.Number >= int64(learned) {
		complain("number", fmt.Sprintf("there are %d tensors that training made", learned), fmt.Sprintf("give one from 0 to %d", learned-1))
	}
	return all
}

// unmatched complains of patterns and bits that meet nothing at all.
func (s *Select) unmatched(population *Population, complain func(key, what, remedy string)) {
	for _, l := range lists {
		for i, p := range *l.get(s) {
			name := strings.TrimPrefix(p, "!")
			if !slices.ContainsFunc(population.Stores, func(st Store) bool { return pattern.One(name, l.name(&st)) }) {
				complain(fmt.Sprintf("%s[%d]", l.key, i), fmt.Sprintf("nothing matches %q", p), known(population, l.name))
			}
		}
	}
	for i, r := range s.Bits {
		if !slices.ContainsFunc(population.Stores, func(st Store) bool { return r.From < st.Lane }) {
			widest := 0
			for _, st := range population.Stores {
				widest = max(widest, st.Lane)
			}
			complain(fmt.Sprintf("bits[%d]", i), fmt.Sprintf("no number has a bit %d", r.From), fmt.Sprintf("give one from 0 to %d", widest-1))
		}
	}
}

// known tells what patterns could meet: all of it where that is little.
func known(p *Population, name func(*Store) string) string {
	var all []string
	for i := range p.Stores {
		if n := name(&p.Stores[i]); n != "" {
			all = append(all, n)
		}
	}
	return pattern.Known(all)
}
