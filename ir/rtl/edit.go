package rtl

import (
	"fmt"
	"maps"
)

// Clone is a copy of a module under a name, with nodes of its own. Its instances are of what of says of their
// module; where that has other ports, see Grow.
func (m *Module) Clone(name string, of func(*Module) *Module) *Module {
	c := &Module{Name: name, Doc: m.Doc, Keep: m.Keep, names: maps.Clone(m.names)}
	for _, n := range m.Nodes {
		node := *n
		node.mod, node.Args = c, nil
		for _, a := range n.Args {
			node.Args = append(node.Args, c.Nodes[a.ID])
		}
		c.Nodes = append(c.Nodes, &node)
	}
	at := func(n *Node) *Node {
		if n == nil {
			return nil
		}
		return c.Nodes[n.ID]
	}
	for _, n := range m.Inputs {
		c.Inputs = append(c.Inputs, at(n))
	}
	for _, o := range m.Outputs {
		c.Outputs = append(c.Outputs, &Output{o.Name, at(o.Node)})
	}
	for _, r := range m.Regs {
		reg := *r
		reg.Q, reg.Next, reg.Enable = at(r.Q), at(r.Next), at(r.Enable)
		c.Regs = append(c.Regs, &reg)
	}
	for _, mem := range m.Mems {
		c.Mems = append(c.Mems, mem.clone(at))
	}
	for _, i := range m.Insts {
		inst := &Instance{Name: i.Name, Doc: i.Doc, Of: of(i.Of)}
		for _, n := range i.In {
			inst.In = append(inst.In, at(n))
		}
		for _, n := range i.Out {
			inst.Out = append(inst.Out, at(n))
		}
		c.Insts = append(c.Insts, inst)
	}
	return c
}

func (mem *Mem) clone(at func(*Node) *Node) *Mem {
	c := *mem
	c.Reads, c.Writes = nil, nil
	for _, r := range mem.Reads {
		c.Reads = append(c.Reads, &Read{Q: at(r.Q), Addr: at(r.Addr), Enable: at(r.Enable)})
	}
	for _, w := range mem.Writes {
		c.Writes = append(c.Writes, &Write{Addr: at(w.Addr), Data: at(w.Data), Enable: at(w.Enable)})
	}
	return &c
}

// Grow gives an instance the ports that its module gained after the instance was made: inputs that are to be
// connected, and nodes for outputs.
func (m *Module) Grow(i *Instance) {
	for len(i.In) < len(i.Of.Inputs) {
		i.In = append(i.In, nil)
	}
	for _, o := range i.Of.Outputs[len(i.Out):] {
		i.Out = append(i.Out, m.source(OpOut, i.Name+"_"+o.Name, o.Node.Type))
	}
}

// Substitute lets whatever uses a node use another in its place, but for the nodes from index first on, which may
// be those that make the other from it. The other may stand behind its users then: see Sort.
func (m *Module) Substitute(old, by *Node, first int) {
	change := func(n **Node) {
		if *n == old {
			*n = by
		}
	}
	for _, n := range m.Nodes[:first] {
		for i := range n.Args {
			change(&n.Args[i])
		}
	}
	for _, o := range m.Outputs {
		change(&o.Node)
	}
	for _, r := range m.Regs {
		change(&r.Next)
		change(&r.Enable)
	}
	for _, mem := range m.Mems {
		for _, r := range mem.Reads {
			change(&r.Addr)
			change(&r.Enable)
		}
		for _, w := range mem.Writes {
			change(&w.Addr)
			change(&w.Data)
			change(&w.Enable)
		}
	}
	for _, i := range m.Insts {
		for k := range i.In {
			change(&i.In[k])
		}
	}
}

// Sort brings operands before their users again, and leaves the order as it is where it may.
func (m *Module) Sort() {
	const waiting, placed = 1, 2
	state := make([]uint8, len(m.Nodes))
	sorted := make([]*Node, 0, len(m.Nodes))
	var place func(n *Node)
	place = func(n *Node) {
		switch state[n.ID] {
		case placed:
			return
		case waiting:
			panic(fmt.Sprintf("BUG: rtl: module %s: a node depends on itself", m.Name))
		}
		state[n.ID] = waiting
		for _, a := range n.Args {
			place(a)
		}
		state[n.ID] = placed
		sorted = append(sorted, n)
	}
	for _, n := range m.Nodes {
		place(n)
	}
	for i, n := range sorted {
		n.ID = i
	}
	m.Nodes = sorted
}
