package graph

// dropDead removes nodes that no output needs.
func dropDead(g *Graph) error {
	needed := map[*Value]bool{}
	for _, v := range g.Outputs {
		needed[v] = true
	}
	gone := map[*Node]bool{}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if !needed[n.Out] {
			gone[n] = true
			continue
		}
		for _, v := range n.In {
			needed[v] = true
		}
	}
	g.remove(gone)
	return nil
}
