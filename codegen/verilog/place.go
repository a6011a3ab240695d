package verilog

import "rampart/ir/rtl"

// placing says where the value of a node lives in the text.
type placing uint8

const (
	inline placing = iota // within the expression of its one user
	hoist                 // in a wire of its own, next to its user (inside a loop: per lane)
	wired                 // in a wire of the module
)

// maxInline is how many operators an expression may hold before a part of it gets its own wire.
const maxInline = 5

// plan is what is decided about a module's nodes before any text is built. It is indexed by node ID.
type plan struct {
	live  []bool
	uses  []int
	place []placing
	hint  []string    // name for an unnamed node that feeds one port or register, or ""
	user  []*rtl.Node // the last node that uses it, or nil
	cost  []int       // operators in the inline expression
	ranges
}

func makePlan(m *rtl.Module) *plan {
	n := len(m.Nodes)
	p := &plan{
		live: make([]bool, n), uses: make([]int, n), place: make([]placing, n),
		hint: make([]string, n), user: make([]*rtl.Node, n), cost: make([]int, n),
		ranges: findRanges(m),
	}
	p.sinks(m)
	for i := n - 1; i >= 0; i-- {
		if !p.live[i] || p.constant(m.Nodes[i]) != nil {
			continue
		}
		for _, a := range m.Nodes[i].Args {
			p.use(a, "")
			p.user[a.ID] = m.Nodes[i]
		}
	}
	for _, node := range m.Nodes {
		if p.live[node.ID] {
			p.decide(node)
		}
	}
	return p
}

// use counts a use of n; hint names what uses it.
func (p *plan) use(n *rtl.Node, hint string) {
	if n == nil {
		return
	}
	p.live[n.ID] = true
	p.uses[n.ID]++
	if p.hint[n.ID] == "" {
		p.hint[n.ID] = hint
	}
}

// sinks counts the uses by everything that is not a node. An enable shared by many is used once.
func (p *plan) sinks(m *rtl.Module) {
	for _, o := range m.Outputs {
		p.use(o.Node, o.Name+"_value")
	}
	enables := map[*rtl.Node]bool{}
	for _, r := range m.Regs {
		p.use(r.Next, r.Q.Name+"_next")
		if !enables[r.Enable] {
			p.use(r.Enable, r.Q.Name+"_enable")
		}
		enables[r.Enable] = true
	}
	for _, mem := range m.Mems {
		for _, r := range mem.Reads {
			p.use(r.Addr, r.Q.Name+"_addr")
			p.use(r.Enable, r.Q.Name+"_enable")
		}
		for _, w := range mem.Writes {
			p.use(w.Addr, mem.Name+"_write_addr")
			p.use(w.Data, mem.Name+"_write_data")
			p.use(w.Enable, mem.Name+"_write")
		}
	}
	for _, i := range m.Insts {
		for k, n := range i.In {
			p.use(n, i.Name+"_"+i.Of.Inputs[k].Name)
		}
	}
}

// decide places n, whose operands have been placed.
func (p *plan) decide(n *rtl.Node) {
	id := n.ID
	if p.constant(n) != nil {
		if n.Name != "" {
			p.place[id] = wired
		}
		return
	}
	p.cost[id] = opCost[n.Op]
	for _, a := range n.Args {
		if p.place[a.ID] == inline {
			p.cost[id] += p.cost[a.ID]
		}
	}
	switch {
	case n.Op.Info().Source || n.Name != "" || n.Op == rtl.OpSum && n.Args[0].Type.Lanes > maxFlatSum:
		p.place[id] = wired
	case p.uses[id] > 1:
		if !p.view(n) {
			p.place[id] = wired
		}
	default:
		p.place[id] = p.single(n)
	}
}

// single places an unnamed node that is used once.
func (p *plan) single(n *rtl.Node) placing {
	user := p.user[n.ID]
	switch {
	case user == nil:
		return inline // it drives a port or register directly
	case n.Type.Lanes == 1 && user.Type.Lanes > 1 && user.Op.Info().Lanes && p.cost[n.ID] > 0:
		return wired // one value for all lanes
	case user.Op == rtl.OpSum && user.Args[0].Type.Lanes > maxFlatSum:
		return inline // a leaf of the adder tree
	case p.cost[n.ID] > maxInline, standsAlone[n.Op]:
		if n.Type.Lanes == 1 {
			return wired
		}
		return hoist
	}
	return inline
}

// view tells whether n is only another look at bits that have a name, cheap to write twice.
func (p *plan) view(n *rtl.Node) bool {
	switch n.Op {
	case rtl.OpLanes, rtl.OpBitcast, rtl.OpSlice, rtl.OpStretch:
	case rtl.OpCast:
		if n.Type.Bits > n.Args[0].Type.Bits {
			return false
		}
	default:
		return false
	}
	a := n.Args[0]
	return p.place[a.ID] == wired || p.view(a)
}

// standsAlone marks operations that print their operands more than once, or that synthesis tools
// recognise best when a wire of the exact width takes the result.
var standsAlone = map[rtl.Op]bool{rtl.OpMul: true, rtl.OpSat: true}

// opCost counts the operators that an operation prints; views and casts print none.
var opCost = map[rtl.Op]int{
	rtl.OpAdd: 1, rtl.OpSub: 1, rtl.OpMul: 1, rtl.OpAnd: 1, rtl.OpOr: 1, rtl.OpXor: 1, rtl.OpNot: 1,
	rtl.OpShl: 1, rtl.OpShr: 1, rtl.OpEq: 1, rtl.OpLt: 1, rtl.OpMin: 3, rtl.OpMax: 3, rtl.OpMux: 1,
	rtl.OpSat: 4, rtl.OpSum: 1, rtl.OpParity: 1, rtl.OpSelect: 1,
}
