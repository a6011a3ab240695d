package protect

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/pattern"
	"rampart/internal/yamlform"
	"rampart/ir/rtl"
)

// site is a memory or a register that a rule may match.
type site struct {
	*rtl.State
	layer   string
	control bool // of a register
}

// assignment is which rule decides about each memory and register, by path; those that none matches, or one
// that says none, are left out.
type assignment map[string]*Rule

// assign finds the rule of every memory and register of a design. layer names the layer of a path. An error
// names the rules that match nothing or never come to their turn.
func (p *Policy) assign(d *rtl.Design, layer func(path string) string) (assignment, error) {
	r := &yamlform.Reader{File: p.file}
	sites := sitesOf(d, layer)
	found := assignment{}
	taken := map[string]*Rule{} // those that say none too
	for i := range p.Rules {
		rule := &p.Rules[i]
		matched, decided := 0, 0
		var before *Rule
		for _, s := range sites {
			if !rule.matches(&s) {
				continue
			}
			matched++
			if other := taken[s.Path]; other != nil {
				before = other
				continue
			}
			decided++
			taken[s.Path] = rule
			if rule.Use != None {
				found[s.Path] = rule
			}
		}
		switch {
		case matched == 0:
			rule.complain(r, sites)
		case decided == 0:
			r.Fail(rule.at[""], fmt.Sprintf("the rule never decides: earlier ones, such as that of line %d, match all that it matches", before.Line),
				"take one of them out, or put the narrower one first")
		}
	}
	return found, r.Err()
}

// sitesOf lists the memories and registers of a design.
func sitesOf(d *rtl.Design, layer func(path string) string) (all []site) {
	control := controls(d)
	for _, s := range d.States() {
		if s.Mem != nil || s.Reg != nil {
			all = append(all, site{State: s, layer: layer(s.Path), control: s.Reg != nil && control[s.Reg]})
		}
	}
	return all
}

// matches tells whether all lists of a rule's patterns that are there meet a site.
func (r *Rule) matches(s *site) bool {
	if (len(r.Registers) > 0) != (s.Reg != nil) {
		return false
	}
	for _, l := range matchLists {
		if patterns := *l.get(&r.Match); len(patterns) > 0 && !meets(patterns, l.names(s)) {
			return false
		}
	}
	return true
}

// meets tells whether patterns meet a thing of several names.
func meets(patterns, names []string) bool {
	in, positive := false, false
	for _, p := range patterns {
		rest, not := strings.CutPrefix(p, "!")
		met := slices.ContainsFunc(names, func(name string) bool { return pattern.One(rest, name) })
		if not && met {
			return false
		}
		in, positive = in || met, positive || !not
	}
	return in || !positive
}

// complain says why a rule matches nothing.
func (r *Rule) complain(to *yamlform.Reader, sites []site) {
	said := false
	for _, l := range matchLists {
		patterns := *l.get(&r.Match)
		if len(patterns) == 0 {
			continue
		}
		var all []string
		met := false
		for i := range sites {
			s := &sites[i]
			if (len(r.Registers) > 0) != (s.Reg != nil) {
				continue
			}
			names := l.names(s)
			met = met || meets(patterns, names)
			all = append(all, names...)
		}
		if !met {
			said = true
			to.Fail(r.at[l.key], fmt.Sprintf("nothing matches %s", strings.Join(patterns, ", ")), pattern.Known(all))
		}
	}
	if !said {
		to.Fail(r.at[""], "nothing matches all of its lists together", "take a list out of the rule, or make several rules of it")
	}
}

// matchLists are the lists of patterns of a rule, by their keys, and the names that they are matched with.
var matchLists = []struct {
	key   string
	get   func(*Match) *[]string
	names func(*site) []string
}{
	{"memories", func(m *Match) *[]string { return &m.Memories }, func(s *site) []string { return []string{s.Path} }},
	{"kinds", func(m *Match) *[]string { return &m.Kinds }, func(s *site) []string { return []string{string(s.Kind)} }},
	{"layers", func(m *Match) *[]string { return &m.Layers }, func(s *site) []string { return []string{s.layer} }},
	{"registers", func(m *Match) *[]string { return &m.Registers }, registerNames},
}

// registerNames are those that a pattern may meet: the path, and what sort of register it is.
func registerNames(s *site) []string {
	if s.control {
		return []string{s.Path, Control}
	}
	return []string{s.Path, Data}
}

// cannot is the error of a rule that does not apply to what it matches.
func (r *Rule) cannot(file, path string, why error) error {
	return diag.Problem{File: file, At: r.at["use"].String(), What: fmt.Sprintf("%s cannot protect %s: %v", r.Use, path, why), Remedy: "leave it out by a rule before this one with use: none, or use another technique"}
}
