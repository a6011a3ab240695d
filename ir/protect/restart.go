package protect

import "rampart/ir/rtl"

// restartPort is the input of modules that brings their registers to where reset does.
const restartPort = "restart"

// restart gives the instances of the top module a restart, driven by a node of it: while that is 1 every
// register below takes its initial value at each edge. Memories and what their read ports hold stay, as nothing
// looks at a word before it was written or read again after a reset either. Registers of the top module itself
// are not concerned.
func restart(d *rtl.Design, when *rtl.Node) {
	ports := map[*rtl.Module]*rtl.Node{d.Top: when}
	for _, m := range d.Modules { // definitions before their users
		if m == d.Top || !clocked(m, ports) {
			continue
		}
		port := m.In(restartPort, rtl.U(1))
		ports[m] = port
		for _, r := range m.Regs {
			first := m.Node(rtl.OpConst, r.Q.Type, initial(r))
			r.Next = port.Mux(first, r.Next)
			if r.Enable != nil {
				r.Enable = r.Enable.Or(port)
			}
		}
	}
	for _, m := range d.Modules {
		for _, inst := range m.Insts {
			if ports[inst.Of] != nil {
				inst.In = append(inst.In, ports[m])
			}
		}
	}
}

// clocked tells whether a module or one below it has registers.
func clocked(m *rtl.Module, ports map[*rtl.Module]*rtl.Node) bool {
	for _, inst := range m.Insts {
		if ports[inst.Of] != nil {
			return true
		}
	}
	return len(m.Regs) > 0
}

// initial is a register's first value, lane by lane.
func initial(r *rtl.Reg) []int64 {
	if r.Init != nil {
		return r.Init
	}
	return make([]int64, r.Q.Type.Lanes)
}
