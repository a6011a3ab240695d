package graph

import (
	"fmt"
	"slices"
)

// Pass is one rewrite of a graph. It changes the graph in place and leaves what the network computes
// as it was; its name is its file's name.
type Pass struct {
	Name    string
	Doc     string
	Run     func(*Graph) error
	Reworks bool // it makes other parameters of those that training learned
}

// Passes is the order in which Simplify rewrites a network.
var Passes = []Pass{
	{"drop_identity", "Remove nodes that compute their input.", dropIdentity, false},
	{"drop_softmax", "Remove a final softmax: it does not change which class wins.", dropSoftmax, false},
	{"drop_dead", "Remove nodes that no output needs.", dropDead, false},
	{"fold_batchnorm", "Fold a batch normalisation into the convolution before it.", foldBatchNorm, true},
	{"lower_batchnorm", "Turn what batch normalisations are left into 1x1 depthwise convolutions.", lowerBatchNorm, true},
}

// Orders are the reasons for the order of Passes; a test holds Passes to them.
var Orders = []struct{ Before, After, Why string }{
	{"drop_identity", "fold_batchnorm", "an identity between a convolution and its normalisation hides the pair"},
	{"drop_identity", "drop_softmax", "an identity after the softmax hides that it is the last operator"},
	{"drop_softmax", "drop_dead", "a softmax that was bypassed stays behind without users"},
	{"drop_dead", "fold_batchnorm", "a dead user of a convolution's output would forbid the folding"},
	{"fold_batchnorm", "lower_batchnorm", "a normalisation that can be folded costs nothing, one that is lowered a multiplication per pixel and channel"},
}

// Simplify runs all passes in place, and Check after each.
func Simplify(g *Graph) error { return rewrite(g, func(Pass) bool { return true }) }

// Trim is Simplify without the passes that rework parameters: every tensor that it leaves, those of batch
// normalisations too, is as the model has it.
func Trim(g *Graph) error { return rewrite(g, func(p Pass) bool { return !p.Reworks }) }

// rewrite runs the passes that are wanted.
func rewrite(g *Graph, wanted func(Pass) bool) error {
	for _, p := range Passes {
		if !wanted(p) {
			continue
		}
		if err := p.Run(g); err != nil {
			return fmt.Errorf("pass %s: %w", p.Name, err)
		}
		if err := Check(g); err != nil {
			return fmt.Errorf("after pass %s: %w", p.Name, err)
		}
	}
	return nil
}

// producers finds the node that computes each value.
func (g *Graph) producers() map[*Value]*Node {
	m := make(map[*Value]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		m[n.Out] = n
	}
	return m
}

// isOutput says whether v is an output of the network.
func (g *Graph) isOutput(v *Value) bool { return slices.Contains(g.Outputs, v) }

// redirect makes every node that reads old read new instead.
func (g *Graph) redirect(old, new *Value) {
	for _, n := range g.Nodes {
		for i, v := range n.In {
			if v == old {
				n.In[i] = new
			}
		}
	}
}

// remove takes nodes out of the graph.
func (g *Graph) remove(gone map[*Node]bool) {
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool { return gone[n] })
}
