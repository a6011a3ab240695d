package rtl

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/diag"
)

// Check tells everything that is wrong with a design, as diag.Problems: operand counts and types,
// operands before users, registers, memories and instances fully and rightly driven, names, modules
// before their users, and the Moore rule (no output depends on an input within a cycle).
func Check(d *Design) error {
	c := &designCheck{defined: map[*Module]bool{}, names: map[string]string{}}
	for _, m := range d.Modules {
		c.module(m)
	}
	if !slices.Contains(d.Modules, d.Top) {
		c.problems.Add(diag.Problem{At: "design", What: "the top module is not among the modules"})
	}
	return c.problems.Err()
}

type designCheck struct {
	defined  map[*Module]bool  // the modules so far in which nothing is wrong
	names    map[string]string // by lower-case name, for file systems that fold case
	problems diag.Problems
}

func (c *designCheck) module(m *Module) {
	before := len(c.problems)
	mc := &moduleCheck{m: m, defined: c.defined, problems: &c.problems, driven: map[*Node]int{}}
	if why := badName(m.Name); why != "" {
		mc.bad("", "module name %q %s", m.Name, why)
	}
	if other, taken := c.names[strings.ToLower(m.Name)]; taken {
		mc.bad("", "module name %q is taken by %q", m.Name, other)
	}
	c.names[strings.ToLower(m.Name)] = m.Name
	mc.namesUnique()
	if !mc.nodes() {
		return // whatever follows would look at nodes that are not there
	}
	mc.regs()
	mc.mems()
	mc.instances()
	mc.outputs()
	mc.sources()
	c.defined[m] = len(c.problems) == before // its ports may be missing else
}

type moduleCheck struct {
	m        *Module
	defined  map[*Module]bool
	problems *diag.Problems
	driven   map[*Node]int // per source: how many ports, registers, … own it
}

func (c *moduleCheck) bad(at, format string, args ...any) {
	if at != "" {
		at = "." + at
	}
	c.problems.Add(diag.Problem{At: c.m.Name + at, What: fmt.Sprintf(format, args...)})
}

// label is a node as the text form writes it.
func label(n *Node) string {
	if n.Name != "" {
		return n.Name
	}
	return fmt.Sprintf("%%%d", n.ID)
}

// has tells whether n is a node of the module.
func (c *moduleCheck) has(n *Node) bool {
	return n != nil && n.ID >= 0 && n.ID < len(c.m.Nodes) && c.m.Nodes[n.ID] == n
}

// nodes checks every node by itself; false where the graph is not sound enough to look further.
func (c *moduleCheck) nodes() bool {
	sound := true
	for i, n := range c.m.Nodes {
		if n == nil || n.ID != i || n.Op >= opCount {
			c.bad("", "node %d is missing, misnumbered or of no known operation", i)
			return false
		}
		if n.Type.Bits < 1 || n.Type.Bits > MaxBits || n.Type.Lanes < 1 {
			c.bad(label(n), "type %s; a lane has 1 to %d bits, a value at least one lane", n.Type, MaxBits)
			sound = false
		}
	}
	for _, n := range c.m.Nodes {
		for k, a := range n.Args {
			if !c.has(a) || a.ID >= n.ID {
				c.bad(label(n), "operand %d of %s does not stand before it in the module", k, n.Op)
				sound = false
			}
		}
	}
	if !sound {
		return false
	}
	for _, n := range c.m.Nodes {
		for _, why := range opProblems(n) {
			c.bad(label(n), "%s: %s", n.Op, why)
		}
	}
	return true
}

// operand checks a node that drives something, and its type.
func (c *moduleCheck) operand(at, what string, n *Node, want Type) {
	switch {
	case n == nil:
		c.bad(at, "%s is not driven", what)
	case !c.has(n):
		c.bad(at, "%s is driven by a node that is not in the module", what)
	case n.Type != want:
		c.bad(at, "%s is %s, not %s", what, n.Type, want)
	}
}

// enable checks an optional one-bit enable.
func (c *moduleCheck) enable(at string, n *Node) {
	if n != nil {
		c.operand(at, "enable", n, U(1))
	}
}

// owns notes that q belongs to a register, port, …, and checks its operation and type.
func (c *moduleCheck) owns(at string, q *Node, op Op, t Type) {
	switch {
	case !c.has(q):
		c.bad(at, "its node is not in the module")
	case q.Op != op:
		c.bad(at, "its node is of operation %s, not %s", q.Op, op)
	case q.Type != t:
		c.bad(at, "its node is %s, not %s", q.Type, t)
	default:
		c.driven[q]++
	}
}

// sources checks that every source node has exactly one owner.
func (c *moduleCheck) sources() {
	for _, p := range c.m.Inputs {
		if !c.has(p) || p.Op != OpInput {
			c.bad("", "an input port is not an input node of the module")
			continue
		}
		c.driven[p]++
	}
	for _, n := range c.m.Nodes {
		if !n.Op.Info().Source {
			continue
		}
		if n.Name == "" {
			c.bad(label(n), "a node of operation %s has no name", n.Op)
		}
		if c.driven[n] != 1 {
			c.bad(label(n), "%d ports, registers or instances hold this node; it takes one", c.driven[n])
		}
	}
}

// lanesOf checks initial lanes of a value of type t.
func (c *moduleCheck) lanesOf(at, what string, lanes []int64, t Type) {
	if len(lanes) != t.Lanes {
		c.bad(at, "%s has %d lanes, not %d", what, len(lanes), t.Lanes)
		return
	}
	for _, v := range lanes {
		if t.Wrap(v) != v {
			c.bad(at, "%s: %d is no value of %s", what, v, t.Elem())
			return
		}
	}
}

// outputs checks the output ports and the Moore rule.
func (c *moduleCheck) outputs() {
	reaches := inputCones(c.m)
	for _, o := range c.m.Outputs {
		if !c.has(o.Node) {
			c.bad(o.Name, "output is not driven by a node of the module")
			continue
		}
		if in := reaches[o.Node.ID]; in != nil {
			c.bad(o.Name, "output depends on input %s within a cycle; put a register between them", in.Name)
		}
	}
}

// inputCones gives for every node an input port that it depends on within a cycle, or nil.
func inputCones(m *Module) []*Node {
	reaches := make([]*Node, len(m.Nodes))
	for i, n := range m.Nodes {
		if n.Op == OpInput {
			reaches[i] = n
		}
		for _, a := range n.Args {
			if reaches[i] == nil {
				reaches[i] = reaches[a.ID]
			}
		}
	}
	return reaches
}
