package quant

import (
	"slices"

	"rampart/internal/diag"
	"rampart/internal/naming"
	"rampart/ir/graph"
)

// model is the integer network in the making: the graph's nodes with activations fused and
// requantisations inserted, but still without scales.
type model struct {
	name    string
	inputs  []*tensor
	outputs []*tensor
	layers  []*layer
	groups  []*group // in the order of their first tensors
}

// tensor is a value of the network in the making.
type tensor struct {
	name   string
	real   *graph.Value // the float value that it stands for
	group  *group       // nil for classes
	by     *layer       // nil for a network input
	users  []*layer
	lo, hi float64 // what the calibration images show, and 0
}

// layer is a node of the network in the making.
type layer struct {
	name    string
	op      graph.Op // Conv, ConvTranspose, Relu, MaxPool, Concat or ArgMax; nil changes scale only
	relu    bool     // clamp at zero
	in      []*tensor
	out     *tensor
	weights *weights     // of a convolution
	sum     *graph.Value // of a convolution: the float result before any activation
	mean    []float64    // its mean per channel over the images that biases are corrected on
}

// lower builds the model of a simplified graph and its groups.
func lower(g *graph.Graph) (*model, error) {
	m := &model{name: g.Name}
	l := &lowering{model: m, graph: g, made: map[*graph.Value]*tensor{}, readers: map[*graph.Value][]*graph.Node{}, names: naming.Taken{}}
	for _, n := range g.Nodes {
		l.names[n.Name], l.names[n.Out.Name] = true, true
		for _, v := range n.In {
			l.readers[v] = append(l.readers[v], n)
		}
	}
	for _, v := range g.Inputs {
		l.names[v.Name] = true
		l.made[v] = &tensor{name: v.Name, real: v}
		m.inputs = append(m.inputs, l.made[v])
	}
	for _, n := range g.Nodes {
		if err := l.node(n); err != nil {
			return nil, err
		}
	}
	l.outputs()
	m.separateInputs(l.names)
	m.link()
	return m, m.checkClasses()
}

type lowering struct {
	model   *model
	graph   *graph.Graph
	made    map[*graph.Value]*tensor
	readers map[*graph.Value][]*graph.Node
	names   naming.Taken
}

func (l *lowering) node(n *graph.Node) error {
	if l.made[n.Out] != nil {
		return nil // a Relu that went into its producer
	}
	made := &layer{name: n.Name, op: n.Op}
	out := n.Out
	switch op := n.Op.(type) {
	case *graph.Conv:
		made.weights = convWeights(op, n.In[0].Shape.C)
	case *graph.ConvTranspose:
		made.weights = transposedWeights(op, n.In[0].Shape.C)
	case *graph.Relu:
		made.relu = true
	case *graph.MaxPool, *graph.Concat, *graph.ArgMax:
	default:
		return diag.Problem{At: n.Name, What: "quantisation knows no " + n.Op.Kind() + " here",
			Remedy: "take the operator out of the model; a softmax may only stand at the end"}
	}
	if made.weights != nil {
		made.sum = out
		if relu := l.soleRelu(out); relu != nil {
			made.relu, out = true, relu.Out
		}
	}
	for _, v := range n.In {
		made.in = append(made.in, l.made[v])
	}
	made.out = &tensor{name: out.Name, real: out, by: made}
	l.made[out] = made.out
	l.model.layers = append(l.model.layers, made)
	return nil
}

// soleRelu is the Relu that alone reads v, if so.
func (l *lowering) soleRelu(v *graph.Value) *graph.Node {
	if r := l.readers[v]; len(r) == 1 && !slices.Contains(l.graph.Outputs, v) {
		if _, ok := r[0].Op.(*graph.Relu); ok {
			return r[0]
		}
	}
	return nil
}

// outputs lists the network outputs; the logits that an ArgMax output reads are an output too.
func (l *lowering) outputs() {
	m := l.model
	add := func(t *tensor) {
		if !slices.Contains(m.outputs, t) {
			m.outputs = append(m.outputs, t)
		}
	}
	for _, v := range l.graph.Outputs {
		t := l.made[v]
		if t.by != nil && isArgMax(t.by.op) && t.by.in[0].by != nil {
			add(t.by.in[0])
		}
		add(t)
	}
}

func isArgMax(op graph.Op) bool {
	_, ok := op.(*graph.ArgMax)
	return ok
}

// separateInputs puts a change of scale between a network input, pooled or not, and a Concat: the
// input's scale is given by the images, and what it is joined with has its own.
func (m *model) separateInputs(names naming.Taken) {
	given := map[*tensor]bool{}
	for _, t := range m.inputs {
		given[t] = true
	}
	var layers []*layer
	for _, l := range m.layers {
		switch l.op.(type) {
		case *graph.MaxPool:
			given[l.out] = given[l.in[0]]
		case *graph.Concat:
			rescaled := map[*tensor]*tensor{}
			for i, t := range l.in {
				if !given[t] {
					continue
				}
				if rescaled[t] == nil {
					name := names.Claim(t.name + "_rescaled")
					r := &layer{name: name, in: []*tensor{t}}
					r.out = &tensor{name: name, real: t.real, by: r}
					rescaled[t] = r.out
					layers = append(layers, r)
				}
				l.in[i] = rescaled[t]
			}
		}
		layers = append(layers, l)
	}
	m.layers = layers
}

// checkClasses refuses to calculate with the classes that an ArgMax gives.
func (m *model) checkClasses() error {
	for _, l := range m.layers {
		for _, t := range l.in {
			if t.by != nil && isArgMax(t.by.op) {
				return diag.Problem{At: l.name, What: "it calculates with the result of an argmax", Remedy: "end the network at the argmax"}
			}
		}
	}
	return nil
}
