package graph

import (
	"fmt"
	"slices"
)

// Input appends a network input.
func (g *Graph) Input(name string, s Shape) *Value {
	v := &Value{Name: name, Shape: s}
	g.Inputs = append(g.Inputs, v)
	return v
}

// Add appends a node that computes op and gives its output, whose shape it infers. The error is
// the operator's, where it refuses the inputs' shapes or has parameters that no training leaves.
func (g *Graph) Add(name string, op Op, out string, in ...*Value) (*Value, error) {
	shapes := make([]Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	s, err := op.Infer(shapes)
	if err == nil {
		err = untrained(op)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	v := &Value{Name: out, Shape: s}
	g.Nodes = append(g.Nodes, &Node{Name: name, Op: op, In: in, Out: v})
	return v, nil
}

// Clone is a deep copy: passes may change it, and its weights, freely.
func (g *Graph) Clone() *Graph {
	values := map[*Value]*Value{}
	copyOf := func(vs []*Value) []*Value {
		out := make([]*Value, len(vs))
		for i, v := range vs {
			if values[v] == nil {
				c := *v
				values[v] = &c
			}
			out[i] = values[v]
		}
		return out
	}
	c := &Graph{Name: g.Name, Inputs: copyOf(g.Inputs), Heads: slices.Clone(g.Heads)}
	for _, n := range g.Nodes {
		c.Nodes = append(c.Nodes, &Node{Name: n.Name, Op: cloneOp(n.Op), In: copyOf(n.In), Out: copyOf([]*Value{n.Out})[0]})
	}
	c.Outputs = copyOf(g.Outputs)
	return c
}

func cloneOp(op Op) Op {
	row, ok := rowOf(op.Kind())
	if !ok {
		panic("BUG: operator " + op.Kind() + " has no row in ops")
	}
	c := row.make()
	from, to := row.fields(op), row.fields(c)
	for i, f := range from {
		switch {
		case f.pair != nil:
			*to[i].pair = *f.pair
		case f.number != nil:
			*to[i].number = *f.number
		case f.flag != nil:
			*to[i].flag = *f.flag
		case f.real != nil:
			*to[i].real = *f.real
		case f.data != nil:
			*to[i].data = slices.Clone(*f.data)
		}
	}
	return c
}
