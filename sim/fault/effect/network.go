package effect

import (
	"slices"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// network numbers nodes and values as functional.Patch does.
type network struct {
	nodes map[*fixed.Node]int
	made  map[*fixed.Value]int // the node that makes a value, -1-i for input i
}

func newNetwork(net *fixed.Net) *network {
	n := &network{nodes: map[*fixed.Node]int{}, made: map[*fixed.Value]int{}}
	for i, v := range net.Inputs {
		n.made[v] = -1 - i
	}
	for i, node := range net.Nodes {
		n.nodes[node], n.made[node.Out] = i, i
	}
	return n
}

func (n *network) node(node *fixed.Node) int {
	if i, ok := n.nodes[node]; ok {
		return i
	}
	return -1
}

// reader is an input of a node; of the network's outputs node is theOutput.
type reader struct{ node, arg int }

const theOutput = -1

// target is who gets a value from a place on its way.
type target struct {
	producer int
	readers  []reader // nodes that get it from there
	output   bool     // an output of the network gets it from there; then
	others   []reader // the nodes that get the value elsewhere
	missed   bool     // and another output of the network does
}

// target finds who gets the value of a stream from that stream.
func (n *network) target(s *plan.Stream) target {
	source := s
	for source.From != nil && source.From.Kind == plan.Fork {
		source = source.From.In[0]
	}
	here, all := n.readers(s), n.readers(source)
	t := target{producer: n.made[s.Value]}
	outputs := func(rs []reader) int {
		count := 0
		for _, r := range rs {
			if r.node == theOutput {
				count++
			}
		}
		return count
	}
	t.output = outputs(here) > 0
	t.missed = t.output && outputs(here) < outputs(all)
	for _, r := range all {
		switch {
		case r.node == theOutput:
		case slices.Contains(here, r):
			t.readers = append(t.readers, r)
		default:
			t.others = append(t.others, r)
		}
	}
	if !t.output {
		t.others = nil // who do not matter
	}
	return t
}

// readers follows a stream through forks.
func (n *network) readers(s *plan.Stream) []reader {
	switch {
	case s.To == nil:
		return []reader{{node: theOutput}}
	case s.To.Kind != plan.Fork:
		return []reader{{n.node(s.To.Node), slices.Index(s.To.In, s)}}
	}
	var all []reader
	for _, out := range s.To.Out {
		all = append(all, n.readers(out)...)
	}
	return all
}
