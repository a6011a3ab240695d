package protect

import (
	"strings"

	"rampart/ir/rtl"
)

// controls finds the registers whose value never depends on the network's data: what memories hold and what
// streams carry. Where several instances share a module, a register is of data if it is in one of them. In the
// hardware of a network data never decides when anything happens, so that these registers are counters,
// addresses, valid bits: those that can stop it.
func controls(d *rtl.Design) map[*rtl.Reg]bool {
	data := map[*rtl.Node]bool{}
	for _, n := range d.Top.Inputs {
		data[n] = strings.HasSuffix(n.Name, "_data")
	}
	for again := true; again; {
		again = false
		for _, m := range d.Modules {
			again = spread(m, data) || again
		}
	}
	found := map[*rtl.Reg]bool{}
	for _, m := range d.Modules {
		for _, r := range m.Regs {
			found[r] = !data[r.Q]
		}
	}
	return found
}

// spread marks the nodes of a module, and the inputs of those below it, that depend on data; it tells whether
// it found any.
func spread(m *rtl.Module, data map[*rtl.Node]bool) (found bool) {
	mark := func(n *rtl.Node, from ...*rtl.Node) {
		if data[n] {
			return
		}
		for _, f := range from {
			if f != nil && data[f] {
				data[n], found = true, true
				return
			}
		}
	}
	for _, inst := range m.Insts {
		for i, out := range inst.Of.Outputs {
			mark(inst.Out[i], out.Node)
		}
	}
	for _, n := range m.Nodes {
		if n.Op == rtl.OpRead && !data[n] {
			data[n], found = true, true
		}
		mark(n, n.Args...)
	}
	for _, r := range m.Regs {
		mark(r.Q, r.Next, r.Enable)
	}
	for _, inst := range m.Insts {
		for i, in := range inst.In {
			mark(inst.Of.Inputs[i], in)
		}
	}
	return found
}
