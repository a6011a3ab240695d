package driver

import (
	"fmt"
	"sort"

	"rampart/internal/diag"
	"rampart/ir/rtl"
)

// Sites says which state faults may strike.
type Sites string

// The sets of sites.
const (
	MemorySites   Sites = "memories"
	RegisterSites Sites = "registers"
	AllSites      Sites = "all"
)

// ParseSites checks the name of a set of sites.
func ParseSites(name string) (Sites, error) {
	switch s := Sites(name); s {
	case MemorySites, RegisterSites, AllSites:
		return s, nil
	}
	return "", diag.Problem{At: "--sites", What: fmt.Sprintf("%q is not a set of sites", name), Remedy: "give memories, registers or all"}
}

func (s Sites) has(st *rtl.State) bool {
	return s == AllSites || (s == MemorySites) == (st.Mem != nil)
}

// Draw says how faults are drawn: single bit flips at a cycle uniform over the run.
type Draw struct {
	Count  int
	Cycles int64 // length of the run
	Seed   uint64
	Sites  Sites
	// EachKind takes the kinds of state in turn, so that each is hit, and a bit uniform among all bits of
	// the kind; else a bit is uniform among all bits.
	EachKind bool
}

// DrawFaults draws faults, sorted by cycle.
func DrawFaults(d *rtl.Design, o Draw) []rtl.Fault {
	byKind := map[string][]*rtl.State{}
	bits := map[string]int64{}
	for _, s := range d.States() {
		if !o.Sites.has(s) {
			continue
		}
		kind := ""
		if o.EachKind {
			kind = kindOf(s)
		}
		byKind[kind] = append(byKind[kind], s)
		bits[kind] += s.Bits()
	}
	kinds := make([]string, 0, len(byKind))
	for k := range byKind {
		kinds = append(kinds, k)
	}
	sort.Strings(kinds)
	rng := newRand(o.Seed, "faults")
	faults := make([]rtl.Fault, o.Count)
	for i := range faults {
		k := kinds[i%len(kinds)]
		faults[i] = rtl.Fault{Site: bitOf(byKind[k], rng.Int64N(bits[k])), Cycle: rng.Int64N(max(1, o.Cycles))}
	}
	sort.SliceStable(faults, func(a, b int) bool { return faults[a].Cycle < faults[b].Cycle })
	return faults
}

// bitOf is bit n of the bits of some states, counted one state after another.
func bitOf(states []*rtl.State, n int64) rtl.Site {
	for _, s := range states {
		if n < s.Bits() {
			w := int64(s.Type.Width())
			return rtl.Site{Path: s.Path, Mem: s.Mem != nil, Word: int(n / w), Bit: int(n % w)}
		}
		n -= s.Bits()
	}
	panic("BUG: driver: bit beyond all states")
}

// kindOf is the kind of a memory; registers are a kind of their own.
func kindOf(s *rtl.State) string {
	if s.Mem == nil {
		return "register"
	}
	return string(s.Kind)
}

// siteKinds maps every state's path to its kind.
func siteKinds(d *rtl.Design) map[string]string {
	kinds := map[string]string{}
	for _, s := range d.States() {
		kinds[s.Path] = kindOf(s)
	}
	return kinds
}

// CheckFault tells what is wrong with a fault's site in a design.
func CheckFault(d *rtl.Design, f rtl.Fault) error {
	for _, s := range d.States() {
		if s.Path != f.Path || (s.Mem != nil) != f.Mem {
			continue
		}
		if f.Mem && f.Word >= s.Depth {
			return diag.Problem{At: f.String(), What: fmt.Sprintf("%s has %d words", s.Path, s.Depth), Remedy: fmt.Sprintf("give a word from 0 to %d", s.Depth-1)}
		}
		if f.Bit >= s.Type.Width() {
			return diag.Problem{At: f.String(), What: fmt.Sprintf("%s has %d bits", s.Path, s.Type.Width()), Remedy: fmt.Sprintf("give a bit from 0 to %d", s.Type.Width()-1)}
		}
		return nil
	}
	kind := "register"
	if f.Mem {
		kind = "memory"
	}
	return diag.Problem{At: f.String(), What: fmt.Sprintf("the design has no %s %s", kind, f.Path), Remedy: "memory_map.json lists the memories, ir/rtl.txt the registers"}
}
