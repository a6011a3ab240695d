package functional

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// Engine is a network made ready: weights packed for the kernels, memory laid out. It does not change and may
// be shared by any number of workers.
type Engine struct {
	net     *fixed.Net
	kernels *kernel.Set
	values  []value // the inputs, then what the nodes make
	images  []image
	index   map[*fixed.Value]int
	nodes   []node
	few     int    // changed pixels of a convolution's input that go one by one, not by strips
	watched []bool // per output of the network: differences there are reported
	needed  []bool // per node: a watched output depends on it
	tail    *tail  // nil where differences are followed to the end
}

// node is an operator with its operands, as indices into Engine.values.
type node struct {
	*fixed.Node
	in   []int
	out  int
	op   operator
	macs int64 // of one evaluation of the whole node, nominally
}

// operator is the work of one node. Inputs are what the worker holds of them now.
type operator interface {
	// dense computes the whole output, under the patches of weights and constants that hold for the whole
	// frame. It gives back the patches, all or none, that are left for exact.
	dense(w *Worker, ps []Patch) []Patch
	// follow brings the output up to date with the marked pixels of the inputs, and with the patches, and
	// marks what changed. It gives back the patches, all or none, that are left for exact.
	follow(w *Worker, ps []Patch) []Patch
	// exact is one output under these patches of inputs, weights and constants, computed in 64 bits.
	exact(w *Worker, c, y, x int, ps []Patch) int64
	// reach calls f for every output that a patch of an input, a weight or a constant may change.
	reach(p *Patch, f func(c, y, x int))
}

// New makes an engine for a network that has passed fixed.Check.
func New(net *fixed.Net, k *kernel.Set, options ...Option) (*Engine, error) {
	if err := fixed.Check(net); err != nil {
		return nil, fmt.Errorf("integer engine: %w", err)
	}
	e := &Engine{net: net, kernels: k, index: map[*fixed.Value]int{}, few: 32}
	shapes := map[*fixed.Node]*geometry{}
	borders := map[*fixed.Value]border{}
	for _, n := range net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			g := newGeometry(n, c)
			shapes[n] = g
			if simple(c, n.In[0], n.Out.Shape.C, g) {
				b := borders[n.In[0]]
				b.grow(g.border)
				borders[n.In[0]] = b
			}
		}
	}
	e.values, e.images = layOut(net, borders)
	for i, v := range e.values {
		e.index[v.Value] = i
	}
	for i, n := range net.Nodes {
		m := node{Node: n, out: e.index[n.Out]}
		for _, v := range n.In {
			m.in = append(m.in, e.index[v])
			e.values[e.index[v]].last = i
		}
		e.nodes = append(e.nodes, m)
	}
	for i := range e.nodes {
		e.nodes[i].op, e.nodes[i].macs = e.operator(i, shapes[net.Nodes[i]])
	}
	e.watch(nil)
	for _, o := range options {
		if err := o(e); err != nil {
			return nil, fmt.Errorf("integer engine: %w", err)
		}
	}
	return e, nil
}

// operator makes the operator of node i, and says how many multiply-accumulates it has.
func (e *Engine) operator(i int, g *geometry) (operator, int64) {
	n := &e.nodes[i]
	switch op := n.Op.(type) {
	case *fixed.Conv:
		c := e.newConv(i, op, g)
		return c, c.macs()
	case *fixed.MaxPool:
		return e.newPool(i, op), 0
	case *fixed.Concat:
		return e.newJoin(i), 0
	case *fixed.Requant:
		return e.newRescale(i, op), 0
	case *fixed.ArgMax:
		return e.newArgMax(i), 0
	case *fixed.Clip:
		return e.newClip(i, op), 0
	case *fixed.Vote:
		return e.newVote(i, op), 0
	}
	panic(fmt.Sprintf("BUG: functional: no operator for %T", n.Op))
}

// Net is the network that the engine runs.
func (e *Engine) Net() *fixed.Net { return e.net }

// MACs is the number of multiply-accumulates of a whole frame, nominally: products with padding count, those
// with zeros that a stride inserts do not.
func (e *Engine) MACs() int64 {
	total := int64(0)
	for _, n := range e.nodes {
		total += n.macs
	}
	return total
}
