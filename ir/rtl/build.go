package rtl

import "fmt"

// NewModule starts an empty module. The builder methods below panic on ill-typed use, since only a
// bug of the caller can cause it; Check reports the same for modules read from text.
func NewModule(name, doc string) *Module {
	return &Module{Name: name, Doc: doc, names: map[string]bool{}}
}

func (m *Module) claim(name string) {
	if m.names == nil {
		m.names = map[string]bool{}
	}
	if name == "" || m.names[name] {
		panic(fmt.Sprintf("BUG: rtl: module %s: name %q is empty or taken", m.Name, name))
	}
	m.names[name] = true
}

func (m *Module) add(n *Node) *Node {
	n.ID, n.mod = len(m.Nodes), m
	m.Nodes = append(m.Nodes, n)
	return n
}

func (m *Module) source(op Op, name string, t Type) *Node {
	m.claim(name)
	return m.add(&Node{Op: op, Type: t, Name: name})
}

// In adds an input port.
func (m *Module) In(name string, t Type) *Node {
	n := m.source(OpInput, name, t)
	m.Inputs = append(m.Inputs, n)
	return n
}

// Out adds an output port driven by n.
func (m *Module) Out(name string, n *Node) {
	m.claim(name)
	m.Outputs = append(m.Outputs, &Output{Name: name, Node: n})
}

// Reg adds a register that starts at init (one value for all lanes).
func (m *Module) Reg(name string, t Type, init int64) *Reg {
	r := &Reg{Q: m.source(OpReg, name, t)}
	if init != 0 {
		r.Init = make([]int64, t.Lanes)
		for i := range r.Init {
			r.Init[i] = init
		}
	}
	m.Regs = append(m.Regs, r)
	return r
}

// Set makes the register take v at every edge.
func (r *Reg) Set(v *Node) { r.SetIf(nil, v) }

// SetIf makes the register take v at the edges where enable is 1.
func (r *Reg) SetIf(enable, v *Node) {
	if r.Next != nil {
		panic("BUG: rtl: register " + r.Q.Name + " is driven twice")
	}
	r.Next, r.Enable = v.To(r.Q.Type), enable
}

// Delay is v one cycle later, in a register of that name.
func (m *Module) Delay(name string, v *Node) *Node {
	r := m.Reg(name, v.Type, 0)
	r.Set(v)
	return r.Q
}

// DelayIf is v as it was when enable was last 1, in a register of that name.
func (m *Module) DelayIf(name string, enable, v *Node) *Node {
	r := m.Reg(name, v.Type, 0)
	r.SetIf(enable, v)
	return r.Q
}

// Mem adds a memory; nil init is all zero.
func (m *Module) Mem(name string, kind MemKind, word Type, depth int, init [][]int64) *Mem {
	m.claim(name)
	mem := &Mem{Name: name, Kind: kind, Word: word, Depth: depth, Init: init}
	m.Mems = append(m.Mems, mem)
	return mem
}

// ReadPort adds a read port to a memory of m; the result holds the word one cycle after enable.
func (m *Module) ReadPort(mem *Mem, name string, addr, enable *Node) *Node {
	q := m.source(OpRead, name, mem.Word)
	mem.Reads = append(mem.Reads, &Read{Q: q, Addr: addr, Enable: enable})
	return q
}

// WritePort adds a write port to a memory of m.
func (m *Module) WritePort(mem *Mem, addr, data, enable *Node) {
	mem.Writes = append(mem.Writes, &Write{Addr: addr, Data: data.To(mem.Word), Enable: enable})
}

// Inst uses another module. Inputs are given by port name; every one must be there. Inputs may be
// connected later with Connect where in is nil.
func (m *Module) Inst(name string, of *Module, in map[string]*Node) *Instance {
	m.claim(name)
	inst := &Instance{Name: name, Of: of, In: make([]*Node, len(of.Inputs))}
	for _, o := range of.Outputs {
		inst.Out = append(inst.Out, m.source(OpOut, name+"_"+o.Name, o.Node.Type))
	}
	m.Insts = append(m.Insts, inst)
	for port, n := range in {
		inst.Connect(port, n)
	}
	return inst
}

// Connect drives an input port of the instance.
func (i *Instance) Connect(port string, n *Node) {
	for k, p := range i.Of.Inputs {
		if p.Name == port {
			if i.In[k] != nil {
				panic("BUG: rtl: port " + i.Name + "." + port + " is driven twice")
			}
			i.In[k] = n.To(p.Type)
			return
		}
	}
	panic("BUG: rtl: module " + i.Of.Name + " has no input " + port)
}

// Port is the node of an output port of the instance.
func (i *Instance) Port(name string) *Node {
	for k, o := range i.Of.Outputs {
		if o.Name == name {
			return i.Out[k]
		}
	}
	panic("BUG: rtl: module " + i.Of.Name + " has no output " + name)
}

// NewDesign collects the modules below top, each before its users.
func NewDesign(top *Module) *Design {
	d := &Design{Top: top}
	seen := map[*Module]bool{}
	var visit func(*Module)
	visit = func(m *Module) {
		if seen[m] {
			return
		}
		seen[m] = true
		for _, i := range m.Insts {
			visit(i.Of)
		}
		d.Modules = append(d.Modules, m)
	}
	visit(top)
	return d
}
