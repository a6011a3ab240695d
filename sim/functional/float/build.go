package float

import (
	"fmt"

	"rampart/ir/graph"
)

// builder makes an engine's steps and lays out its values.
type builder struct {
	e       *Engine
	shapes  []*graph.Value // of the values
	borders []border
	splits  map[splitKey]int
	convs   []*conv
}

// splitKey tells values apart whose columns are taken apart.
type splitKey struct{ in, by int }

func (b *builder) add(v *graph.Value) int {
	b.shapes, b.borders = append(b.shapes, v), append(b.borders, border{})
	return len(b.shapes) - 1
}

func (b *builder) build() error {
	g := b.e.graph
	for _, v := range g.Inputs {
		b.e.index[v] = b.add(v)
	}
	for _, n := range g.Nodes {
		b.e.index[n.Out] = b.add(n.Out)
	}
	for i, n := range g.Nodes {
		s := step{at: i, out: b.e.index[n.Out]}
		for _, v := range n.In {
			s.in = append(s.in, b.e.index[v])
		}
		s.operator = b.operator(n, s.in, s.out)
		switch s.operator.(type) {
		case *relu, *pool:
			s.selects = true
		case *join:
			s.selects, s.follows = true, true
		case *norm:
			s.follows = true // what makes the same of two numbers is most often the rectifier after it
		}
		b.e.steps = append(b.e.steps, s)
	}
	b.e.values = make([]value, len(b.shapes))
	for i, v := range b.shapes {
		var err error
		if b.e.values[i], err = newValue(v, b.borders[i]); err != nil {
			return err
		}
	}
	for _, c := range b.convs {
		c.lay(&b.e.values[c.in], b.e.kernels.Block)
	}
	return nil
}

func (b *builder) operator(n *graph.Node, in []int, out int) operator {
	switch op := n.Op.(type) {
	case *graph.Conv, *graph.ConvTranspose:
		return b.conv(n, in[0], out)
	case *graph.BatchNorm:
		return newNorm(op, in[0], out)
	case *graph.Relu:
		return &relu{in[0], out}
	case *graph.MaxPool:
		return newPool(op, n.In[0].Shape, n.Out.Shape, in[0], out)
	case *graph.Concat:
		return &join{in, out}
	case *graph.Softmax:
		return &softmax{op, in[0], out}
	case *graph.ArgMax:
		return &winner{in[0], out}
	}
	panic(fmt.Sprintf("BUG: float: no operator for %T", n.Op))
}

func (b *builder) conv(n *graph.Node, in, out int) *conv {
	c := newConv(n)
	c.source, c.in, c.out = in, in, out
	if c.split > 1 {
		c.in = b.split(in, c.split)
	}
	b.borders[c.in].grow(c.reads(b.shapes[c.in].Shape.W))
	b.convs = append(b.convs, c)
	return c
}

// split gives the value with the columns of another taken apart, and makes the step that does it.
func (b *builder) split(in, by int) int {
	key := splitKey{in, by}
	if out, ok := b.splits[key]; ok {
		return out
	}
	s := b.shapes[in].Shape
	out := b.add(&graph.Value{Name: b.shapes[in].Name, Shape: graph.Shape{C: s.C * by, H: s.H, W: ceil(s.W, by)}})
	b.splits[key] = out
	b.e.steps = append(b.e.steps, step{operator: &splitter{in, out, by}, at: noNode, in: []int{in}, out: out, selects: true, follows: true})
	return out
}
