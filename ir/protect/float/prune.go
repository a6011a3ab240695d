package float

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"rampart/internal/pattern"
	"rampart/ir/graph"
)

// Prune takes away what is least by magnitude: single weights, which become zero, or whole channels, which go
// with the weights that read them, so that the network is smaller. What that costs in accuracy is not known
// before it is measured; nothing is trained again.
//
// The magnitude of a channel is the mean magnitude of the weights that make it, normalisations multiplied in
// (Li, Kadav, Durdanovic, Samet and Graf, "Pruning Filters for Efficient ConvNets" (2017), with a mean for
// their sum). A normalisation goes with the channel it normalises, and so does a depthwise kernel.
type Prune struct {
	What   Pruned
	Share  float64  // to take away, from 0 to below 1, rounded down
	Scope  Scope    // "" is PerLayer
	Layers []string // patterns of the convolutions that may lose weights or channels; none for all
}

// Pruned is a kind of thing to take away.
type Pruned string

// The kinds.
const (
	Weights  Pruned = "weights"
	Channels Pruned = "channels"
)

// Scope says among what the least are found.
type Scope string

// The scopes.
const (
	PerLayer Scope = "layer"   // the share of each layer
	Network  Scope = "network" // the share of all together
)

// Name is "prune".
func (Prune) Name() string { return "prune" }

// String is the pass as policies write it.
func (p Prune) String() string {
	layers := ""
	if len(p.Layers) > 0 {
		layers = fmt.Sprintf(", layers: %s", quoted(p.Layers))
	}
	return fmt.Sprintf("prune: {%s: %v, scope: %s%s}", p.What, p.Share, cmp.Or(p.Scope, PerLayer), layers)
}

// quoted is a list as YAML that no word of it can be taken for something else in.
func quoted(words []string) string {
	s := "["
	for i, w := range words {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%q", w)
	}
	return s + "]"
}

func (p Prune) run(g *graph.Graph, r *Report) error {
	p.Scope = cmp.Or(p.Scope, PerLayer)
	if p.Share < 0 || p.Share >= 1 {
		panic(fmt.Sprintf("BUG: float: a share of %v is to be pruned", p.Share))
	}
	r.Keeps = Nearly
	if p.What == Channels {
		return p.channels(g, r)
	}
	return p.weights(g, r)
}

// chosen tells whether a node is a convolution that may lose something.
func (p Prune) chosen(n *graph.Node) bool {
	_, ok := kernelOf(n)
	return ok && pattern.List(p.Layers, n.Name)
}

// unchosen notes where the patterns meet no convolution.
func (p Prune) unchosen(g *graph.Graph, r *Report) {
	if len(p.Layers) > 0 && !slices.ContainsFunc(g.Nodes, p.chosen) {
		r.note("", "the patterns of layers meet no convolution")
	}
}

// weights makes the least weights zero.
func (p Prune) weights(g *graph.Graph, r *Report) error {
	var groups [][]*float32
	kernels := 0
	for _, n := range g.Nodes {
		if !p.chosen(n) {
			continue
		}
		if kernels == 0 || p.Scope == PerLayer {
			groups = append(groups, nil)
		}
		kernels++
		k, _ := kernelOf(n)
		last := &groups[len(groups)-1]
		for i := range k.data {
			*last = append(*last, &k.data[i])
		}
	}
	p.unchosen(g, r)
	zeros, all := 0, 0
	for _, group := range groups {
		// The order of equals is the network's, so that the same weights go every time.
		slices.SortStableFunc(group, func(a, b *float32) int {
			return cmp.Compare(math.Abs(float64(*a)), math.Abs(float64(*b)))
		})
		for _, w := range group[:int(p.Share*float64(len(group)))] {
			*w = 0
		}
		for _, w := range group {
			if *w == 0 {
				zeros++
			}
		}
		all += len(group)
	}
	r.figure("weights", float64(all))
	r.figure("of them zero, after", float64(zeros))
	return nil
}
