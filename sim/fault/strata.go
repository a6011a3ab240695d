package fault

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"rampart/sim/fault/sample"
)

// Stratum is a part of what a campaign may strike, from which it draws by itself.
type Stratum struct {
	Name string
	// Sites is how many bits it has, or elements where faults change whole elements: its weight in a total.
	Sites int64
	// Population is how many faults it has: sites times the values that they are stuck at times the cycles that
	// they may strike in. 0 stands for faults without bound, where chance decides more than the place.
	Population int64
	// Size is how many of them are tried, at most where the campaign stops by its outcomes.
	Size int64

	parts []part
	ends  []int64 // sites up to the end of each part
	order *sample.Permutation
}

// divide sorts parts into strata, in the order in which they come.
func divide(p *Population, parts []part, by []By) []*Stratum {
	var all []*Stratum
	named := map[string]*Stratum{}
	for _, one := range parts {
		for _, piece := range split(p, one, by) {
			name := label(p, piece, by)
			s := named[name]
			if s == nil {
				s = &Stratum{Name: name}
				named[name] = s
				all = append(all, s)
			}
			s.parts = append(s.parts, piece)
		}
	}
	return all
}

// split divides a part by the bits of its numbers, where strata differ in them.
func split(p *Population, one part, by []By) []part {
	if !slices.Contains(by, ByBit) {
		return []part{one}
	}
	s := &p.Stores[one.store]
	pieces := make([]part, s.Lane+1)
	for _, b := range one.bits {
		at, ok := s.Of(b)
		if !ok { // a check bit
			at = s.Lane
		}
		pieces[at].bits = append(pieces[at].bits, b)
	}
	pieces = slices.DeleteFunc(pieces, func(k part) bool { return len(k.bits) == 0 })
	for i := range pieces {
		pieces[i].store, pieces[i].from, pieces[i].words = one.store, one.from, one.words
	}
	return pieces
}

// label is the name of the stratum that a part belongs to.
func label(p *Population, one part, by []By) string {
	if len(by) == 0 {
		return "all"
	}
	s := &p.Stores[one.store]
	words := make([]string, len(by))
	for i, b := range by {
		switch b {
		case ByMemory:
			words[i] = s.Name
		case ByLayer:
			words[i] = plain(s.Layer)
		case ByTensor:
			words[i] = s.Tensor
			if s.Tensor == "" {
				words[i] = s.Name
			}
		case ByKind:
			words[i] = plain(s.Kind)
		case ByBit:
			words[i] = "check"
			if at, ok := s.Of(one.bits[0]); ok {
				words[i] = fmt.Sprintf("bit %d", at)
			}
		}
	}
	return strings.Join(words, " ")
}

func plain(name string) string {
	if name == "" || strings.ContainsFunc(name, odd) {
		return strconv.Quote(name)
	}
	return name
}

// count sets the number of sites: bits, or elements.
func (s *Stratum) count(elements bool) {
	s.Sites, s.ends = 0, nil
	for _, one := range s.parts {
		if elements {
			s.Sites += one.words
		} else {
			s.Sites += one.sites()
		}
		s.ends = append(s.ends, s.Sites)
	}
}

// part is the part that holds site i, and the number of the site in it.
func (s *Stratum) part(i int64) (part, int64) {
	k := sort.Search(len(s.ends), func(k int) bool { return s.ends[k] > i })
	if k > 0 {
		i -= s.ends[k-1]
	}
	return s.parts[k], i
}

// site is bit i of the stratum.
func (s *Stratum) site(i int64) (Site, part) {
	one, i := s.part(i)
	n := int64(len(one.bits))
	return Site{one.store, one.from + i/n, one.bits[i%n]}, one
}
