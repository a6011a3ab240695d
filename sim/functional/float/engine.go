package float

import (
	"fmt"
	"math"

	"rampart/ir/graph"
	"rampart/sim/functional/float/kernel"
)

// Engine is a network made ready: weights packed for the kernels, memory laid out. It does not change and may
// be shared by any number of workers. The graph must not change either.
type Engine struct {
	graph   *graph.Graph
	kernels *kernel.Set
	values  []value // the inputs, what the nodes make, then columns taken apart
	index   map[*graph.Value]int
	steps   []step
	heads   []head // of the outputs
}

// step is the work of one node.
type step struct {
	operator
	at  int // the node, noNode for what the engine does for itself
	in  []int
	out int

	selects bool // each element of the output is one of the inputs', or 0
	follows bool // it is not worth while to look whether a changed input left the output as it was
}

const noNode = math.MinInt

// operator computes one node. Inputs are what the worker holds of them now.
type operator interface {
	// reach tells for each channel of the output which part sees a change of the inputs.
	reach(w *Worker, todo []rect)
	// compute computes a part of some channels, or of a single one under patches of its parameters.
	compute(w *Worker, first, count int, r rect, ps []Patch)
}

// New makes an engine, on the fastest kernels of this machine, for a network that passes graph.Check. It
// strikes the parameters that the graph has: see graph.Trim for those that training learned.
func New(g *graph.Graph) (*Engine, error) { return NewOn(g, kernel.Sets()[0]) }

// NewOn is New on certain kernels.
func NewOn(g *graph.Graph, k *kernel.Set) (*Engine, error) {
	if err := graph.Check(g); err != nil {
		return nil, fmt.Errorf("float engine: %w", err)
	}
	e := &Engine{graph: g, kernels: k, index: map[*graph.Value]int{}}
	b := builder{e: e, splits: map[splitKey]int{}}
	if err := b.build(); err != nil {
		return nil, fmt.Errorf("float engine: %w", err)
	}
	for _, v := range g.Outputs {
		e.heads = append(e.heads, e.head(v))
	}
	return e, nil
}

// Graph is the network that the engine runs.
func (e *Engine) Graph() *graph.Graph { return e.graph }

// Kernels is the name of the kernels that the engine uses.
func (e *Engine) Kernels() string { return e.kernels.Name }

// MACs is the number of multiply-accumulates of a whole frame, nominally: products with padding count, those
// with zeros that a stride inserts do not.
func (e *Engine) MACs() int64 {
	total := int64(0)
	for _, s := range e.steps {
		if c, ok := s.operator.(*conv); ok {
			total += c.macs()
		}
	}
	return total
}
