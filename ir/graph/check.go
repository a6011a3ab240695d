package graph

import (
	"fmt"
	"math"

	"rampart/internal/diag"
)

// Check tells everything that is wrong with a graph, as diag.Problems: names that are empty or not
// unique, values used before they are computed, shapes that do not follow from the operators, weights
// that are not finite, outputs that nothing computes. Every pass must leave a graph that passes.
func Check(g *Graph) error {
	c := checker{known: map[*Value]bool{}, values: map[string]bool{}, nodes: map[string]bool{}}
	if len(g.Inputs) == 0 {
		c.add(g.Name, "the network has no inputs")
	}
	for _, v := range g.Inputs {
		if c.define(v, "input") {
			if err := v.Shape.check(); err != nil {
				c.add(v.Name, "%v", err)
			}
		}
	}
	for _, n := range g.Nodes {
		c.node(n)
	}
	c.outputs(g)
	return c.problems.Err()
}

type checker struct {
	problems diag.Problems
	known    map[*Value]bool // computed so far
	values   map[string]bool // names
	nodes    map[string]bool
}

func (c *checker) add(at, format string, args ...any) {
	c.problems.Add(diag.Problem{At: at, What: fmt.Sprintf(format, args...)})
}

// infinite tells that a number among a node's attributes is not finite.
func (c *checker) infinite(n *Node, attr string, v float32) {
	c.problems.Add(diag.Problem{
		At: n.Name, What: fmt.Sprintf("%s is %v", attr, v), Remedy: "train or export the model again; weights must be finite",
	})
}

// define records a value that now exists; false means that there is none.
func (c *checker) define(v *Value, by string) bool {
	switch {
	case v == nil:
		c.add(by, "has no value")
		return false
	case v.Name == "":
		c.add(by, "its value has no name")
	case c.values[v.Name]:
		c.add(by, "the value %q exists twice", v.Name)
	}
	c.known[v], c.values[v.Name] = true, true
	return true
}

func (c *checker) node(n *Node) {
	if n == nil || n.Op == nil {
		c.add("", "a node has no operator")
		return
	}
	if n.Name == "" || c.nodes[n.Name] {
		c.add(n.Name, "the node's name is empty or not unique")
	}
	c.nodes[n.Name] = true
	shapes := make([]Shape, len(n.In))
	ordered := true
	for i, v := range n.In {
		if v == nil || !c.known[v] {
			c.add(n.Name, "input %d is not computed by an earlier node", i)
			ordered = false
			continue
		}
		shapes[i] = v.Shape
	}
	c.finite(n)
	if err := untrained(n.Op); err != nil {
		c.add(n.Name, "%v", err)
	}
	if !c.define(n.Out, n.Name) || !ordered {
		return
	}
	s, err := n.Op.Infer(shapes)
	if err != nil {
		c.add(n.Name, "%v", err)
	} else if s != n.Out.Shape {
		c.add(n.Name, "its output is said to be %v and is %v", n.Out.Shape, s)
	}
}

// finite checks a node's weights.
func (c *checker) finite(n *Node) {
	for _, f := range fieldsOf(n.Op) {
		if f.real != nil && !isFinite(*f.real) {
			c.infinite(n, f.name, *f.real)
		}
		if f.data == nil {
			continue
		}
		for i, v := range *f.data {
			if !isFinite(v) {
				c.infinite(n, fmt.Sprintf("%s[%d]", f.name, i), v)
				break
			}
		}
	}
}

func isFinite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

func (c *checker) outputs(g *Graph) {
	if len(g.Outputs) == 0 {
		c.add(g.Name, "the network has no outputs")
	}
	inputs, seen := map[*Value]bool{}, map[*Value]bool{}
	for _, v := range g.Inputs {
		inputs[v] = true
	}
	for i, v := range g.Outputs {
		switch {
		case v == nil || !c.known[v]:
			c.add(g.Name, "output %d is computed by no node", i)
		case inputs[v]:
			c.add(v.Name, "an input is an output as well")
		case seen[v]:
			c.add(v.Name, "is an output twice")
		}
		seen[v] = true
	}
}
