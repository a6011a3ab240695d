package graph

import "slices"

// dropSoftmax bypasses a softmax before an argmax or an output: the greatest channel stays the greatest.
// An output that was probabilities becomes the logits, under their own name, and Heads tells so.
func dropSoftmax(g *Graph) error {
	by := g.producers()
	logits := func(v *Value) *Value {
		if n := by[v]; n != nil {
			if _, ok := n.Op.(*Softmax); ok {
				return n.In[0]
			}
		}
		return nil
	}
	for _, n := range g.Nodes {
		if _, ok := n.Op.(*ArgMax); ok {
			for from := logits(n.In[0]); from != nil; from = logits(from) {
				n.In[0] = from
			}
		}
	}
	for i, v := range g.Outputs {
		// A softmax of a network input stays: an output cannot be an input.
		for from := logits(v); from != nil && by[from] != nil; from = logits(v) {
			g.Heads = append(g.Heads, Head{Kind: by[v].Op.Kind(), Was: v.Name, Now: from.Name})
			g.Outputs[i], v = from, from
		}
	}
	g.Outputs = distinct(g.Outputs)
	return nil
}

// distinct keeps the first of equal values.
func distinct(vs []*Value) []*Value {
	var out []*Value
	for _, v := range vs {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
