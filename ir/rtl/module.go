package rtl

// Design is a top module and every module definition below it, each definition before its users.
type Design struct {
	Top     *Module
	Modules []*Module
}

// Module is one hardware block. Clock and reset are implied: every register takes its initial value
// under a synchronous reset, memories keep theirs. Outputs depend on registers, memory read ports and
// instances' outputs only, never on the module's own inputs, so a module simulates alone.
type Module struct {
	Name    string
	Doc     string // one or more lines for the header comment
	Inputs  []*Node
	Outputs []*Output
	Nodes   []*Node // all nodes; operands stand before their users
	Regs    []*Reg
	Mems    []*Mem
	Insts   []*Instance
	Keep    bool // synthesis must not dissolve it into its surroundings, nor share it with what is alike

	names map[string]bool
}

// Node is one value. Sources (OpInput, OpReg, OpRead, OpOut) always have names.
type Node struct {
	ID   int // index in Module.Nodes
	Op   Op
	Type Type
	Args []*Node
	Imms []int64 // see Op
	Name string  // "" for an intermediate value
	Doc  string  // a comment for the Verilog, or ""

	mod *Module
}

// Output is a port driven by a node.
type Output struct {
	Name string
	Node *Node
}

// Reg is a clocked register: at the edge it takes Next where Enable is nil or 1.
type Reg struct {
	Q      *Node
	Init   []int64 // one value per lane; nil is zero
	Next   *Node
	Enable *Node
}

// Mem is an on-chip memory with synchronous ports. All ports see the contents from before the edge
// (read first). An address at or beyond Depth reads word 0 and writes nothing. Where two write ports
// hit one word at one edge, the later in Writes wins. Under reset a read port's Q becomes 0; it holds
// while its port is not enabled.
type Mem struct {
	Name   string
	Doc    string
	Kind   MemKind
	Tensor string // the network tensor it holds, or ""
	Word   Type
	Depth  int
	Init   [][]int64 // Depth words of Word.Lanes values; nil is all zero
	Reads  []*Read
	Writes []*Write
}

// MemKind says what a memory is for; fault strata and protection policies go by it.
type MemKind string

// The kinds of memory.
const (
	MemWeights MemKind = "weights"
	MemBias    MemKind = "bias"
	MemRequant MemKind = "requant"
	MemLine    MemKind = "line"
	MemFIFO    MemKind = "fifo"
	MemSkip    MemKind = "skip"
)

// Read is a read port: at the edge, where Enable is nil or 1, Q takes the word at Addr.
type Read struct {
	Q      *Node
	Addr   *Node
	Enable *Node
}

// Write is a write port: at the edge, where Enable is 1, the word at Addr becomes Data.
type Write struct {
	Addr, Data, Enable *Node
}

// Instance is a use of another module. In holds a node per input port of Of, Out one per output.
type Instance struct {
	Name string
	Doc  string
	Of   *Module
	In   []*Node
	Out  []*Node
}

// Const tells whether n is a constant, and its first lane.
func (n *Node) Const() (int64, bool) {
	if n.Op != OpConst {
		return 0, false
	}
	return n.Imms[0], true
}

// State tells whether n is the output of a register or of a memory read port: a fault site.
func (n *Node) State() bool { return n.Op == OpReg || n.Op == OpRead }

// Lookup finds a definition by name, or nil.
func (d *Design) Lookup(name string) *Module {
	for _, m := range d.Modules {
		if m.Name == name {
			return m
		}
	}
	return nil
}
