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

// DrawFaults draws faults, sorted by cycle; none where the design has no such sites.
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
	if len(kinds) == 0 {
		return nil
	}
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

// checkFaults tells which faults strike no state of a design, as diag.Problems.
func checkFaults(d *rtl.Design, faults []rtl.Fault) error {
	states := map[string]*rtl.State{}
	for _, s := range d.States() {
		states[s.Path] = s
	}
	var ps diag.Problems
	for _, f := range faults {
		s := states[f.Path]
		what, remedy := "", ""
		switch {
		case s == nil:
			what, remedy = "the design has no such memory or register", "memory_map.json lists the memories, ir/rtl.txt the registers"
		case f.Mem && s.Mem == nil:
			what, remedy = f.Path+" is a register", fmt.Sprintf("write %s.BIT@CYCLE", f.Path)
		case !f.Mem && s.Mem != nil:
			what, remedy = f.Path+" is a memory", fmt.Sprintf("write %s[WORD].BIT@CYCLE", f.Path)
		case f.Mem && f.Word >= s.Depth:
			what, remedy = fmt.Sprintf("%s has %d words", f.Path, s.Depth), fmt.Sprintf("give a word from 0 to %d", s.Depth-1)
		case f.Bit >= s.Type.Width():
			what, remedy = fmt.Sprintf("%s has %d bits", f.Path, s.Type.Width()), fmt.Sprintf("give a bit from 0 to %d", s.Type.Width()-1)
		default:
			continue
		}
		ps.Add(diag.Problem{At: "fault " + f.String(), What: what, Remedy: remedy})
	}
	return ps.Err()
}

// strikesWithin tells which faults would strike after the last cycle of a run, as diag.Problems.
func strikesWithin(faults []rtl.Fault, cycles int64) error {
	var ps diag.Problems
	for _, f := range faults {
		if f.Cycle >= cycles {
			ps.Add(diag.Problem{At: "fault " + f.String(), What: fmt.Sprintf("the run ends with cycle %d", cycles-1), Remedy: "give an earlier cycle, or more images"})
		}
	}
	return ps.Err()
}

// names are the faults as text.
func names(faults []rtl.Fault) []string {
	all := make([]string, len(faults))
	for i, f := range faults {
		all[i] = f.String()
	}
	return all
}
