package verilog

import (
	"fmt"

	"rampart/ir/rtl"
)

// laneRule computes one lane of a node, given the lane's index, at w bits. Where w is more than the
// node's own width it is called only if extending operands is the same as extending the result.
type laneRule func(l *lowering, s *scope, n *rtl.Node, at index, w int) expr

// lane is lane at of n as an operand, wrapped or extended to w bits.
func (l *lowering) lane(s *scope, n *rtl.Node, at index, w int) expr {
	if n.Type.Lanes == 1 {
		at = constant(0) // it meets every lane of the others
	}
	if e := l.known(s, n, at); e != nil {
		return resize(e, n.Type.Signed, w)
	}
	if l.plan.place[n.ID] != inline {
		return resize(l.hoisted(s, n, at), n.Type.Signed, w)
	}
	return l.compute(s, n, at, w)
}

// known is lane at of n where it has a net already, or nil.
func (l *lowering) known(s *scope, n *rtl.Node, at index) expr {
	if w := l.nets[n]; w != nil {
		return laneOf(w, n.Type, at)
	}
	if w := s.local[local{n, at}]; w != nil {
		return ref{w}
	}
	return nil
}

// compute is lane at of n, computed here even where n is to have a wire.
func (l *lowering) compute(s *scope, n *rtl.Node, at index, w int) expr {
	if values := l.plan.constant(n); values != nil {
		return l.constLane(n, values, at, w)
	}
	rule := laneRules[n.Op]
	if rule == nil {
		panic(fmt.Sprintf("BUG: verilog: module %s: no rule for %s", l.m.Name, n.Op))
	}
	own := n.Type.Bits
	if w <= own || l.widens(n) {
		return rule(l, s, n, at, w)
	}
	e := rule(l, s, n, at, own)
	if n.Type.Signed && !sliceable(e) {
		e = l.hoisted(s, n, at)
	}
	return resize(e, n.Type.Signed, w)
}

// hoisted puts lane at of n into a wire: of the module for a scalar, of the iteration in a loop.
func (l *lowering) hoisted(s *scope, n *rtl.Node, at index) expr {
	if e := l.known(s, n, at); e != nil {
		return e
	}
	if n.Type.Lanes == 1 || !s.loop || l.plan.place[n.ID] == wired {
		return laneOf(l.wireFor(n), n.Type, at)
	}
	w := newNet(l.names.fresh(derive(n)), wire, n.Type.Elem())
	value := l.compute(s, n, at, n.Type.Bits)
	s.add(decl{net: w, value: value})
	s.local[local{n, at}] = w
	return ref{w}
}

// temp puts an expression that belongs to n into a wire of the scope.
func (l *lowering) temp(s *scope, n *rtl.Node, e expr) expr {
	name := n.Name
	if name == "" {
		name = derive(n)
	}
	w := &net{name: l.names.fresh(name + "_full"), kind: wire, width: e.width(), signed: e.isSigned()}
	s.add(decl{net: w, value: e})
	return ref{w}
}

// operand is lane at of n at its own width, in a form that may be sliced and printed twice.
func (l *lowering) operand(s *scope, n *rtl.Node, at index) expr {
	e := l.lane(s, n, at, n.Type.Bits)
	if !sliceable(e) {
		return l.hoisted(s, n, at)
	}
	return e
}

// packed is the net that holds all bits of n.
func (l *lowering) packed(n *rtl.Node) *net {
	if w := l.nets[n]; w != nil {
		return w
	}
	if n.Op == rtl.OpBitcast || n.Op == rtl.OpCast && n.Type.Bits == n.Args[0].Type.Bits && n.Type.Lanes == n.Args[0].Type.Lanes {
		return l.packed(n.Args[0])
	}
	return l.wireFor(n)
}

// laneOf is lane at of a net that holds a value of type t.
func laneOf(w *net, t rtl.Type, at index) expr {
	switch {
	case t.Lanes == 1:
		return ref{w}
	case at.isConst():
		return slice{net: w, lo: at.k * t.Bits, w: t.Bits}
	}
	return lane{net: w, at: at, bits: t.Bits, w: t.Bits}
}

// widens tells whether lane rules of n may be asked for more bits than n has: the value of n is then
// exact, and extending its operands gives the extended value.
func (l *lowering) widens(n *rtl.Node) bool {
	switch n.Op {
	case rtl.OpAdd, rtl.OpSub, rtl.OpAnd, rtl.OpOr, rtl.OpXor, rtl.OpMin, rtl.OpMax, rtl.OpMux, rtl.OpCast, rtl.OpNot:
		return l.plan.fits(n)
	case rtl.OpLanes, rtl.OpStretch, rtl.OpSat, rtl.OpBitcast, rtl.OpSlice, rtl.OpPack:
		return true
	}
	return false
}
