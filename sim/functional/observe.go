package functional

import (
	"fmt"
	"slices"

	"rampart/ir/fixed"
)

// Option is a choice for New.
type Option func(*Engine) error

// Observe restricts an engine to what these outputs of the network show: patched frames do without whatever does
// not change them, and the Diff of every other output is empty. Worker.Faulty may be asked for these alone.
func Observe(outputs ...*fixed.Value) Option {
	return func(e *Engine) error {
		for _, v := range outputs {
			if !slices.Contains(e.net.Outputs, v) {
				return fmt.Errorf("value %s is no output of network %s", v.Name, e.net.Name)
			}
		}
		e.watch(outputs)
		e.tail = e.newTail(outputs)
		return nil
	}
}

// Masks are the outputs of a network that tell classes: those that an ArgMax makes.
func Masks(net *fixed.Net) []*fixed.Value {
	var all []*fixed.Value
	for _, n := range net.Nodes {
		if _, ok := n.Op.(*fixed.ArgMax); ok && slices.Contains(net.Outputs, n.Out) {
			all = append(all, n.Out)
		}
	}
	return all
}

// watch sets what is reported: these outputs, nil for all.
func (e *Engine) watch(outputs []*fixed.Value) {
	e.watched, e.needed = make([]bool, len(e.net.Outputs)), make([]bool, len(e.nodes))
	read := make([]bool, len(e.values))
	for i, v := range e.net.Outputs {
		e.watched[i] = outputs == nil || slices.Contains(outputs, v)
		read[e.index[v]] = read[e.index[v]] || e.watched[i]
	}
	for i := range slices.Backward(e.nodes) {
		n := &e.nodes[i]
		e.needed[i] = outputs == nil || read[n.out]
		for _, v := range n.in {
			read[v] = read[v] || e.needed[i]
		}
	}
}
