package float

import (
	"fmt"

	"rampart/ir/graph"
)

// family is the channels of values that hold one signal: a channel that an operator with parameters makes, and
// what becomes of it through operators that commute with positive factors, up to the operators with parameters
// that read it. A rectifier, a maximum and a concatenation commute, so that all channels of a family can be
// multiplied with one factor if the writer and all readers make up for it; and each has exactly one writer.
type family struct {
	writer  *graph.Node // nil for an input of the network
	channel int         // of the writer's output
	readers []reader
	relu    bool    // a rectifier is on the way
	blocked string  // why nothing of it may change; "" where it may
	scale   float64 // what all of it is to be multiplied with
}

// reader is a place where an operator with parameters reads a family.
type reader struct {
	node    *graph.Node
	channel int // of its input
}

// block notes the first reason why a family may not change.
func (f *family) block(format string, args ...any) {
	if f.blocked == "" {
		f.blocked = fmt.Sprintf(format, args...)
	}
}

// families are those of a network, in the order of writers and channels.
type families struct {
	all []*family
	of  map[*graph.Value][]*family // by channel
}

// trace finds the families of a network. Operators that it does not know block what they read and what they
// make.
func trace(g *graph.Graph) *families {
	fs := &families{of: map[*graph.Value][]*family{}}
	for _, v := range g.Inputs {
		for _, f := range fs.begin(v, nil) {
			f.block("%s is an input of the network", v.Name)
		}
	}
	for _, n := range g.Nodes {
		fs.node(n)
	}
	for _, v := range g.Outputs {
		for _, f := range fs.of[v] {
			f.block("%s is an output of the network", v.Name)
		}
	}
	return fs
}

// begin makes a family for each channel of a value.
func (fs *families) begin(v *graph.Value, writer *graph.Node) []*family {
	for c := range v.Shape.C {
		fs.of[v] = append(fs.of[v], &family{writer: writer, channel: c, scale: 1})
	}
	fs.all = append(fs.all, fs.of[v]...)
	return fs.of[v]
}

func (fs *families) node(n *graph.Node) {
	switch n.Op.(type) {
	case *graph.Conv, *graph.ConvTranspose, *graph.BatchNorm:
		for c, f := range fs.of[n.In[0]] {
			f.readers = append(f.readers, reader{n, c})
		}
		fs.begin(n.Out, n)
	case *graph.Relu:
		for _, f := range fs.of[n.In[0]] {
			f.relu = true
		}
		fs.of[n.Out] = fs.of[n.In[0]]
	case *graph.MaxPool:
		fs.of[n.Out] = fs.of[n.In[0]]
	case *graph.Concat:
		for _, v := range n.In {
			fs.of[n.Out] = append(fs.of[n.Out], fs.of[v]...)
		}
	default:
		for _, v := range n.In {
			for _, f := range fs.of[v] {
				f.block("%s (%s) reads it, which does not commute with a factor", n.Name, n.Op.Kind())
			}
		}
		for _, f := range fs.begin(n.Out, n) {
			f.block("%s (%s) makes it, which has no parameters to change", n.Name, n.Op.Kind())
		}
	}
}

// in and out are the families that a node with one input reads and writes, by channel.
func (fs *families) in(n *graph.Node) []*family  { return fs.of[n.In[0]] }
func (fs *families) out(n *graph.Node) []*family { return fs.of[n.Out] }

// normaliser is the batch normalisation that alone reads what a node makes, nil where there is none. The two
// are one layer: training gave the normalisation the scale that the weights have not.
func (fs *families) normaliser(n *graph.Node) *graph.Node {
	var bn *graph.Node
	for _, f := range fs.out(n) {
		if f.blocked != "" || f.relu || len(f.readers) != 1 {
			return nil
		}
		r := f.readers[0]
		if _, ok := r.node.Op.(*graph.BatchNorm); !ok || r.channel != f.channel || bn != nil && r.node != bn {
			return nil
		}
		if r.node.Out.Shape.C != n.Out.Shape.C {
			return nil // it normalises other values as well
		}
		bn = r.node
	}
	return bn
}

// kernel is the weights of a convolution, or of a transposed one, by the channels that they connect.
type kernel struct {
	data           []float32
	in, out, group int
	taps           int
	turned         bool // stored by input channel
}

// kernelOf is the kernel of a node; ok is false where it has none.
func kernelOf(n *graph.Node) (k kernel, ok bool) {
	switch op := n.Op.(type) {
	case *graph.Conv:
		return kernel{op.Weight, n.In[0].Shape.C, op.Out, op.Group, op.Kernel[0] * op.Kernel[1], false}, true
	case *graph.ConvTranspose:
		return kernel{op.Weight, n.In[0].Shape.C, op.Out, op.Group, op.Kernel[0] * op.Kernel[1], true}, true
	}
	return kernel{}, false
}

// each gives every connected pair of channels with its weights, which may be changed in place.
func (k kernel) each(do func(in, out int, weights []float32)) {
	perIn, perOut := k.in/k.group, k.out/k.group
	rest := k.data
	next := func(in, out int) {
		do(in, out, rest[:k.taps])
		rest = rest[k.taps:]
	}
	if k.turned {
		for in := range k.in {
			for o := range perOut {
				next(in, in/perIn*perOut+o)
			}
		}
		return
	}
	for out := range k.out {
		for i := range perIn {
			next(out/perOut*perIn+i, out)
		}
	}
}

// biasOf is where a convolution holds its bias; nil where it is no convolution.
func biasOf(op graph.Op) *[]float32 {
	switch c := op.(type) {
	case *graph.Conv:
		return &c.Bias
	case *graph.ConvTranspose:
		return &c.Bias
	}
	return nil
}
