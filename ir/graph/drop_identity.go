package graph

import "slices"

// dropIdentity removes nodes that compute their input. An identity that makes an output from an input
// or from another output stays: the two are different ports.
func dropIdentity(g *Graph) error {
	by := g.producers()
	gone := map[*Node]bool{}
	for _, n := range g.Nodes {
		if len(n.In) != 1 || !isIdentity(n, by[n.In[0]]) {
			continue
		}
		from := n.In[0]
		if g.isOutput(n.Out) {
			if by[from] == nil || g.isOutput(from) {
				continue
			}
			// The output keeps its name, and the value that takes its place gets it.
			from.Name = n.Out.Name
			g.Outputs[slices.Index(g.Outputs, n.Out)] = from
		}
		g.redirect(n.Out, from)
		gone[n] = true
	}
	g.remove(gone)
	return nil
}

// isIdentity says whether n copies its only input, which the node before computes (nil: a network input).
func isIdentity(n, before *Node) bool {
	switch op := n.Op.(type) {
	case *Concat:
		return true
	case *MaxPool:
		ones := [2]int{1, 1}
		return op.Kernel == ones && op.Stride == ones && op.Before == [2]int{} && op.After == [2]int{}
	case *Relu:
		if before == nil {
			return false
		}
		_, twice := before.Op.(*Relu)
		return twice
	}
	return false
}
