package rtl

import "fmt"

func (c *moduleCheck) regs() {
	for i, r := range c.m.Regs {
		if r == nil || r.Q == nil {
			c.bad("", "register %d is missing", i)
			continue
		}
		at := label(r.Q)
		c.owns(at, r.Q, OpReg, r.Q.Type)
		c.operand(at, "next value", r.Next, r.Q.Type)
		c.enable(at, r.Enable)
		if r.Init != nil {
			c.lanesOf(at, "initial value", r.Init, r.Q.Type)
		}
	}
}

func (c *moduleCheck) mems() {
	for _, mem := range c.m.Mems {
		c.contents(mem)
		for _, r := range mem.Reads {
			c.owns(mem.Name, r.Q, OpRead, mem.Word)
			c.address(mem.Name, r.Addr)
			c.enable(mem.Name, r.Enable)
		}
		for _, w := range mem.Writes {
			c.address(mem.Name, w.Addr)
			c.operand(mem.Name, "written word", w.Data, mem.Word)
			c.operand(mem.Name, "write enable", w.Enable, U(1))
		}
	}
}

func (c *moduleCheck) contents(mem *Mem) {
	if mem.Kind == "" {
		c.bad(mem.Name, "memory has no kind")
	}
	if mem.Word.Bits < 1 || mem.Word.Bits > MaxBits || mem.Word.Lanes < 1 {
		c.bad(mem.Name, "words of type %s; a lane has 1 to %d bits, a value at least one lane", mem.Word, MaxBits)
		return
	}
	if mem.Depth < 1 {
		c.bad(mem.Name, "depth %d; a memory has at least one word", mem.Depth)
	}
	if mem.Init != nil && len(mem.Init) != mem.Depth {
		c.bad(mem.Name, "%d initial words for a depth of %d", len(mem.Init), mem.Depth)
	}
	for i, word := range mem.Init {
		c.lanesOf(mem.Name, fmt.Sprintf("initial word %d", i), word, mem.Word)
	}
}

func (c *moduleCheck) address(at string, n *Node) {
	switch {
	case !c.has(n):
		c.bad(at, "an address is not driven by a node of the module")
	case n.Type.Signed || n.Type.Lanes != 1:
		c.bad(at, "address is %s, not an unsigned scalar", n.Type)
	}
}

func (c *moduleCheck) instances() {
	for _, inst := range c.m.Insts {
		if inst.Of == nil || !c.defined[inst.Of] {
			c.bad(inst.Name, "the module it is of is not defined, without fault, before this one")
			for _, q := range inst.Out {
				c.driven[q]++ // one complaint is enough
			}
			continue
		}
		if len(inst.In) != len(inst.Of.Inputs) || len(inst.Out) != len(inst.Of.Outputs) {
			c.bad(inst.Name, "%d inputs and %d outputs; module %s has %d and %d",
				len(inst.In), len(inst.Out), inst.Of.Name, len(inst.Of.Inputs), len(inst.Of.Outputs))
			continue
		}
		for i, p := range inst.Of.Inputs {
			c.operand(inst.Name, "port "+p.Name, inst.In[i], p.Type)
		}
		for i, o := range inst.Of.Outputs {
			c.owns(inst.Name, inst.Out[i], OpOut, o.Node.Type)
			if q := inst.Out[i]; c.has(q) && q.Name != inst.Name+"_"+o.Name {
				c.bad(inst.Name, "the node of port %s is named %s, not %s_%s", o.Name, q.Name, inst.Name, o.Name)
			}
		}
	}
}
