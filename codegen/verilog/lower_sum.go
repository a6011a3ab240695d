package verilog

import "rampart/ir/rtl"

// maxFlatSum is the most lanes whose sum is written as one expression.
const maxFlatSum = 4

// sumLane adds all lanes of the operand, balanced.
func sumLane(l *lowering, s *scope, n *rtl.Node, _ index, w int) expr {
	a := n.Args[0]
	if a.Type.Lanes > maxFlatSum {
		return l.adderTree(n, w)
	}
	terms := make([]expr, a.Type.Lanes)
	for i := range terms {
		terms[i] = l.lane(s, a, constant(i), w)
	}
	return balanced(terms)
}

// parityLane is the xor of all bits of the operand.
func parityLane(l *lowering, _ *scope, n *rtl.Node, _ index, w int) expr {
	return resize(unary{"^", l.whole(n.Args[0])}, false, w)
}

func balanced(terms []expr) expr {
	if len(terms) == 1 {
		return terms[0]
	}
	half := (len(terms) + 1) / 2
	a, b := balanced(terms[:half]), balanced(terms[half:])
	if a.width() == 1 {
		return binary{"^", a, b}
	}
	return binary{"+", a, b}
}

// adderTree writes a generate loop over the nodes of a balanced tree: node i is lane i for the first
// lanes, then each node adds the two oldest that have not been added yet; the last is the sum.
func (l *lowering) adderTree(n *rtl.Node, w int) expr {
	a := n.Args[0]
	lanes := a.Type.Lanes
	base := n.Name
	if base == "" {
		base = derive(n)
	}
	label := l.names.fresh(base + "_tree")
	node := &net{name: l.names.fresh(base + "_node"), kind: wire, width: w, signed: a.Type.Signed && w > 1}
	at := loopVar(l.genvar)
	leaf := &scope{at: at, loop: true, local: map[local]*net{}}
	value := l.lane(leaf, a, at, w)
	leaf.add(assign{target: ref{node}, value: value})
	child := at.add(-lanes).mul(2)
	sum := balanced([]expr{
		treeRef{label: label, at: child, net: node},
		treeRef{label: label, at: child.add(1), net: node},
	})
	l.top.add(loop{label: label, genvar: l.genvar, count: 2*lanes - 1, body: []item{
		decl{net: node},
		branch{
			genvar: l.genvar, bound: lanes, thenLabel: l.leaf, then: leaf.items,
			elseLabel: l.add, otherwise: []item{assign{target: ref{node}, value: sum}},
		},
	}})
	return treeRef{label: label, at: constant(2*lanes - 2), net: node}
}
