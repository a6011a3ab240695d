package float

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

// Validate tells everything that is wrong with patches for this network.
func (e *Engine) Validate(patches []Patch) error {
	var found diag.Problems
	for i, p := range patches {
		if at, what := e.fault(p); what != "" {
			found.Add(diag.Problem{At: at, What: fmt.Sprintf("patch %d: %s", i, what)})
		}
	}
	return found.Err()
}

// fault says what is wrong with a patch, and where; nothing is "".
func (e *Engine) fault(p Patch) (at, what string) {
	at = "network " + e.graph.Name
	kind := "network input"
	switch {
	case p.Node < -len(e.graph.Inputs) || p.Node >= len(e.graph.Nodes):
		return at, fmt.Sprintf("there is no node %d: the network has %d nodes and %d inputs", p.Node, len(e.graph.Nodes), len(e.graph.Inputs))
	case p.Node < 0:
		at = "input " + e.graph.Inputs[-1-p.Node].Name
	default:
		at, kind = "node "+e.graph.Nodes[p.Node].Name, e.graph.Nodes[p.Node].Op.Kind()
	}
	n := e.Len(p.Node, p.Tensor)
	switch {
	case n == 0:
		return at, fmt.Sprintf("a %s has no %v here", kind, p.Tensor)
	case p.Index < 0 || p.Index >= n:
		return at, fmt.Sprintf("index %d is not in 0 to %d", p.Index, n-1)
	}
	return at, ""
}

// Len is how many numbers a tensor has, for a node as Patch counts them; 0 where there is no such tensor.
func (e *Engine) Len(node int, t Tensor) int {
	if t == Output {
		if node < 0 {
			return e.graph.Inputs[-1-node].Shape.Size()
		}
		return e.graph.Nodes[node].Out.Shape.Size()
	}
	if node < 0 {
		return 0
	}
	return len(Parameters(e.graph.Nodes[node], t))
}

// Parameters is a tensor of a node's parameters, nil where there is none; [out][in/group][kh][kw] for the
// weights of a Conv, [in][out/group][kh][kw] for those of a ConvTranspose.
func Parameters(n *graph.Node, t Tensor) []float32 {
	for _, p := range graph.Parameters(n.Op) {
		if p.Name == t.String() {
			return p.Data
		}
	}
	return nil
}
