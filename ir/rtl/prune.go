package rtl

// Prune drops every computed node that no output, register, memory or instance needs, and numbers the
// rest anew. Ports, registers, memories and instances stay: they are interface or fault sites.
func Prune(d *Design) {
	for _, m := range d.Modules {
		m.prune()
	}
}

func (m *Module) prune() {
	live := make([]bool, len(m.Nodes))
	mark := func(n *Node) {
		if n != nil {
			live[n.ID] = true
		}
	}
	m.roots(mark)
	kept := 0
	for i := len(m.Nodes) - 1; i >= 0; i-- {
		n := m.Nodes[i]
		live[i] = live[i] || n.Op.Info().Source
		if live[i] {
			kept++
			for _, a := range n.Args {
				mark(a)
			}
		}
	}
	nodes := make([]*Node, 0, kept)
	for i, n := range m.Nodes {
		if !live[i] {
			delete(m.names, n.Name)
			continue
		}
		n.ID = len(nodes)
		nodes = append(nodes, n)
	}
	m.Nodes = nodes
}

// roots visits every node that something other than a node uses.
func (m *Module) roots(visit func(*Node)) {
	for _, o := range m.Outputs {
		visit(o.Node)
	}
	for _, r := range m.Regs {
		visit(r.Next)
		visit(r.Enable)
	}
	for _, mem := range m.Mems {
		for _, r := range mem.Reads {
			visit(r.Addr)
			visit(r.Enable)
		}
		for _, w := range mem.Writes {
			visit(w.Addr)
			visit(w.Data)
			visit(w.Enable)
		}
	}
	for _, i := range m.Insts {
		for _, n := range i.In {
			visit(n)
		}
	}
}
