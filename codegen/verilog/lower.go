package verilog

import (
	"fmt"
	"strings"

	"rampart/ir/rtl"
)

// lowering builds the tree of one module.
type lowering struct {
	m     *rtl.Module
	plan  *plan
	names *namer
	nets  map[*rtl.Node]*net // the nodes that have a net of the module
	top   *scope             // wires and loops, in order
	mems  map[*rtl.Mem]*memory

	tables map[string]*net // the unnamed constants that have a localparam

	clk, rst  *net
	genvar    string // the loop variable of every generate loop
	leaf, add string // labels within adder trees
}

// scope collects the items of the module, or of one iteration of a generate loop.
type scope struct {
	items []item
	at    index // the genvar in a loop
	loop  bool
	local map[local]*net
}

// local is one lane of a vector node that has a wire inside a loop.
type local struct {
	n  *rtl.Node
	at index
}

func (s *scope) add(items ...item) { s.items = append(s.items, items...) }

func lowerModule(m *rtl.Module) *module {
	l := &lowering{
		m: m, plan: makePlan(m), names: newNamer(m), nets: map[*rtl.Node]*net{},
		top: &scope{}, mems: map[*rtl.Mem]*memory{}, tables: map[string]*net{},
		clk: newNet(clockName, input, rtl.U(1)), rst: newNet(resetName, input, rtl.U(1)),
	}
	l.genvar, l.leaf, l.add = l.names.fresh("i"), l.names.fresh("leaf"), l.names.fresh("add")
	tree := &module{name: m.Name, header: header(m), keep: m.Keep, names: l.names, ports: []*net{l.clk, l.rst}}
	for _, n := range m.Inputs {
		l.nets[n] = newNet(n.Name, input, n.Type)
		tree.ports = append(tree.ports, l.nets[n])
	}
	outs := make([]*net, len(m.Outputs))
	for i, o := range m.Outputs {
		outs[i] = newNet(o.Name, output, o.Node.Type)
		tree.ports = append(tree.ports, outs[i])
	}
	declared := l.declareState()
	for _, n := range m.Nodes {
		if l.plan.live[n.ID] && l.plan.place[n.ID] == wired {
			l.wireFor(n)
		}
	}
	ends := l.instances()
	ends = append(ends, l.registers()...)
	ends = append(ends, l.memories()...)
	ends = append(ends, l.outputs(outs)...)
	tree.items = append(append(declared, l.top.items...), ends...)
	return tree
}

// header is the comment at the top of the file.
func header(m *rtl.Module) []string {
	lines := []string{m.Name}
	if m.Doc != "" {
		lines = append(append(lines, ""), strings.Split(strings.TrimSpace(m.Doc), "\n")...)
	}
	for i, mem := range m.Mems {
		if i == 0 {
			lines = append(lines, "", "Memories:")
		}
		line := fmt.Sprintf("  %s: %s, %d words of %d bits", mem.Name, mem.Kind, mem.Depth, mem.Word.Width())
		if mem.Tensor != "" {
			line += ", tensor " + mem.Tensor
		}
		lines = append(lines, line)
	}
	return lines
}

// declareState declares registers, memories and the nets that instances drive.
func (l *lowering) declareState() []item {
	items := []item{section{}}
	for _, r := range l.m.Regs {
		n := newNet(r.Q.Name, reg, r.Q.Type)
		n.doc = r.Q.Doc
		l.nets[r.Q] = n
		items = append(items, decl{net: n})
	}
	for _, mem := range l.m.Mems {
		items = append(items, l.declareMemory(mem)...)
	}
	if len(l.m.Insts) > 0 {
		items = append(items, section{})
	}
	for _, i := range l.m.Insts {
		for _, n := range i.Out {
			out := newNet(n.Name, wire, n.Type)
			out.doc = n.Doc
			l.nets[n] = out
			items = append(items, decl{net: out})
		}
	}
	return append(items, section{})
}

// outputs drives the output ports.
func (l *lowering) outputs(outs []*net) []item {
	items := []item{section{}}
	for i, o := range l.m.Outputs {
		if l.wantsLoop(o.Node) {
			l.drive(outs[i], o.Node)
			continue
		}
		items = append(items, assign{target: ref{outs[i]}, value: l.whole(o.Node)})
	}
	return items
}

// wantsLoop tells whether n has no net and only a loop can compute it.
func (l *lowering) wantsLoop(n *rtl.Node) bool {
	return l.nets[n] == nil && n.Type.Lanes > 1 && !l.wholeable(n)
}

// wireFor gives n, a computed node, a net of the module and drives it, once.
func (l *lowering) wireFor(n *rtl.Node) *net {
	if w := l.nets[n]; w != nil {
		return w
	}
	if n.Name == "" && l.plan.constant(n) != nil {
		return l.table(n)
	}
	name := n.Name
	if name == "" {
		base := l.plan.hint[n.ID]
		if base == "" || l.plan.uses[n.ID] > 1 {
			base = derive(n)
		}
		name = l.names.fresh(base)
	}
	w := newNet(name, wire, n.Type)
	w.doc = n.Doc
	if l.plan.constant(n) != nil {
		w.kind = param
	}
	l.declareDriven(w, n)
	l.nets[n] = w
	return w
}

// table is the localparam of an unnamed constant; those with the same lanes share one.
func (l *lowering) table(n *rtl.Node) *net {
	key := fmt.Sprint(n.Type, l.plan.constant(n))
	w := l.tables[key]
	if w == nil {
		base := "table"
		if user := l.plan.user[n.ID]; user != nil && rootName(user, 4) != "" {
			base = rootName(user, 4) + "_table"
		}
		w = newNet(l.names.fresh(base), param, n.Type)
		l.top.add(decl{net: w, value: l.natural(n)})
		l.tables[key] = w
	}
	l.nets[n] = w
	return w
}

// declareDriven declares w and drives it with n.
func (l *lowering) declareDriven(w *net, n *rtl.Node) {
	if n.Type.Lanes == 1 || l.wholeable(n) {
		value := l.natural(n)
		l.top.add(decl{net: w, value: value})
		return
	}
	l.top.add(decl{net: w})
	l.drive(w, n)
}

// natural is the value of n at its own width, computed here even where n is to have a wire.
func (l *lowering) natural(n *rtl.Node) expr {
	if n.Type.Lanes > 1 {
		return l.computeWhole(n)
	}
	return l.compute(l.top, n, constant(0), n.Type.Bits)
}

// drive assigns the lanes of w one by one, in a loop, to those of n.
func (l *lowering) drive(w *net, n *rtl.Node) {
	in := &scope{at: loopVar(l.genvar), loop: true, local: map[local]*net{}}
	value := l.compute(in, n, in.at, n.Type.Bits)
	in.add(assign{target: lane{net: w, at: in.at, bits: n.Type.Bits, w: n.Type.Bits}, value: value})
	l.top.add(loop{label: l.names.fresh(w.name + "_lanes"), genvar: l.genvar, count: n.Type.Lanes, body: in.items})
}
