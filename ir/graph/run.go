package graph

import (
	"context"
	"fmt"

	"rampart/internal/diag"
)

// Eval computes the network on one image per input and gives one tensor per output, in the graph's
// order. The error is the context's, or a diag.Problem where the inputs do not fit.
func (g *Graph) Eval(ctx context.Context, inputs ...*Tensor) ([]*Tensor, error) {
	place := make(map[*Value]int, len(g.Outputs))
	for i, v := range g.Outputs {
		place[v] = i
	}
	outputs := make([]*Tensor, len(g.Outputs))
	err := Run(ctx, g, inputs, func(v *Value, t *Tensor) {
		if i, ok := place[v]; ok {
			outputs[i] = t
		}
	})
	if err != nil {
		return nil, err
	}
	return outputs, nil
}

// Run computes the network and shows every value to visit as soon as it is known: the inputs, then each
// node's output in order. Visit may keep the tensor and must not change it; Run itself lets go of a
// tensor after its last use. The graph must pass Check.
func Run(ctx context.Context, g *Graph, inputs []*Tensor, visit func(*Value, *Tensor)) error {
	if err := fits(g, inputs); err != nil {
		return err
	}
	uses := g.uses()
	live := make(map[*Value]*Tensor, len(g.Nodes))
	for i, v := range g.Inputs {
		live[v] = inputs[i]
		visit(v, inputs[i])
	}
	for _, n := range g.Nodes {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("evaluating %s: %w", n.Name, err)
		}
		in := make([]*Tensor, len(n.In))
		for i, v := range n.In {
			in[i] = live[v]
			if uses[v]--; uses[v] == 0 {
				delete(live, v)
			}
		}
		out := n.Op.Eval(in)
		if uses[n.Out] > 0 {
			live[n.Out] = out
		}
		visit(n.Out, out)
	}
	return nil
}

// fits checks the input tensors against the graph's inputs.
func fits(g *Graph, inputs []*Tensor) error {
	if len(inputs) != len(g.Inputs) {
		return diag.Problem{At: g.Name, What: fmt.Sprintf("the network has %d inputs; %d images were given", len(g.Inputs), len(inputs))}
	}
	for i, v := range g.Inputs {
		if t := inputs[i]; t.Shape != v.Shape || len(t.Data) != v.Shape.Size() {
			return diag.Problem{
				At: v.Name, What: fmt.Sprintf("the input is %v; an image of %v (%d values) was given", v.Shape, t.Shape, len(t.Data)),
				Remedy: "give images of the network's channels, height and width",
			}
		}
	}
	return nil
}

// uses counts the node inputs that read each value.
func (g *Graph) uses() map[*Value]int {
	uses := make(map[*Value]int, len(g.Nodes))
	for _, n := range g.Nodes {
		for _, v := range n.In {
			uses[v]++
		}
	}
	return uses
}
