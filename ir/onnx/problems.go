package onnx

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/diag"
)

// trouble is a problem of the file; op and tensor are empty where it is not one of a node or of a tensor.
type trouble struct {
	diag.Problem
	op     string // the node's operator
	tensor string // the tensor that the node reads
}

// troubles are all problems of a file, in the order in which they were found.
type troubles []trouble

// kind is what problems have in common that are told together.
type kind struct{ op, what, remedy string }

// shownPlaces is how many nodes are named of those that have the same problem.
const shownPlaces = 3

// report tells the problems, each where the first of its kind was found: a network of many nodes of an
// operator that is not supported makes a line, not a line a node.
func (ts troubles) report() diag.Problems {
	groups := map[kind]troubles{}
	var order []kind
	for i, t := range ts {
		k := kind{t.op, t.What, t.Remedy}
		if t.op == "" { // of no node, and alone
			k.op = fmt.Sprint(i)
		}
		if groups[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(groups[k], t) {
			groups[k] = append(groups[k], t)
		}
	}
	var ps diag.Problems
	for _, k := range order {
		ps.Add(groups[k].together())
	}
	return ps
}

// together is the problem of nodes that all have the same one.
func (ts troubles) together() diag.Problem {
	p := ts[0].Problem
	if len(ts) == 1 {
		if ts[0].tensor != "" {
			p.At += ": tensor " + ts[0].tensor
		}
		return p
	}
	p.At = ts[0].op
	if slices.Contains(strings.Fields(p.What), p.At) {
		p.At = "" // which the text names
	}
	noun := "nodes"
	var places []string
	for _, t := range ts[:min(len(ts), shownPlaces)] {
		place := t.Problem.At
		if t.tensor != "" {
			noun, place = "tensors", t.tensor+" of "+place
		}
		places = append(places, place)
	}
	p.What += fmt.Sprintf(" (%s %s", noun, strings.Join(places, ", "))
	if more := len(ts) - len(places); more > 0 {
		p.What += fmt.Sprintf(" and %d more", more)
	}
	p.What += ")"
	return p
}
