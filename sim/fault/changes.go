package fault

import (
	"strings"

	"rampart/ir/fixed"
	"rampart/sim/functional"
)

// Field is the last part of a tensor's name: weight, bias, mult, shift, gamma, beta, mean, var or output.
func (s *Store) Field() string { return s.Name[strings.LastIndexByte(s.Name, '.')+1:] }

// Changes visits what a fault does to the tensors in one frame, in the order of its upsets: see Always and
// Frame for which frames an upset is felt in. The fault is of the population, as Check has it.
func (p *Population) Changes(f Fault, frame int64, visit func(s *Store, element int64, c functional.Change)) {
	for _, u := range f {
		if u.When.Kind == Frame && (frame < u.When.N || frame > u.When.N && p.Space == ActivationSpace) {
			continue
		}
		i, ok := p.Find(u.Place)
		if !ok {
			panic("BUG: fault: no tensor " + u.Place)
		}
		s := &p.Stores[i]
		u.Elements(s.Words, func(element int64, c functional.Change) { visit(s, element, c) })
	}
}

// Patcher translates faults of an integer network's tensors into patches.
type Patcher struct {
	p     *Population
	nodes map[string]int
}

// NewPatcher takes the population of parameters or of activations of a network.
func NewPatcher(p *Population, net *fixed.Net) *Patcher {
	nodes := map[string]int{}
	for i, n := range net.Nodes {
		nodes[n.Name] = i
	}
	return &Patcher{p, nodes}
}

// Patches is what a fault does to the computation of one frame.
func (t *Patcher) Patches(f Fault, frame int64) []functional.Patch {
	var all []functional.Patch
	t.p.Changes(f, frame, func(s *Store, element int64, c functional.Change) {
		all = append(all, functional.Patch{Node: t.nodes[s.Layer], Kind: patchKinds[s.Field()], Index: int(element), Change: c})
	})
	return all
}

var patchKinds = map[string]functional.Kind{
	"weight": functional.Weight, "bias": functional.Bias, "mult": functional.Mult, "shift": functional.Shift,
	"output": functional.Output,
}
