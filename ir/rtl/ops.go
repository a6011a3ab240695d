package rtl

// Op names what a node computes. Every operation is exact: it computes the mathematical result on
// integers and then wraps it to the node's own type (Type.Wrap), so a result type that is wide
// enough loses nothing and a narrower one truncates as hardware does. Where the table says Lanes, the
// operation is elementwise and every operand has as many lanes as the node, or one lane, which then
// meets every lane of the others.
type Op uint8

// The operations. Sources first: their values come from outside the node graph.
const (
	OpInput Op = iota // an input port of the module
	OpReg             // the present value of a register
	OpRead            // the registered output of a memory read port
	OpOut             // an output port of an instance

	OpConst   // Imm holds one value per lane
	OpAdd     // a + b
	OpSub     // a - b
	OpMul     // a * b
	OpAnd     // a & b, on sign- or zero-extended operands
	OpOr      // a | b
	OpXor     // a ^ b
	OpNot     // ^a
	OpShl     // a << b; b is unsigned
	OpShr     // floor(a / 2^b); b is unsigned
	OpEq      // a == b, one bit per lane
	OpLt      // a < b, one bit per lane
	OpMin     // the lesser
	OpMax     // the greater
	OpMux     // a != 0 ? b : c; a is u1
	OpCast    // a, wrapped to the node's type
	OpSat     // a, clamped to the range of the node's type
	OpSum     // the sum of all lanes of a: one lane
	OpParity  // the xor of all bits of a: u1
	OpStretch // each lane of a repeated Imm[0] times: a0 a0 a1 a1
	OpLanes   // lanes Imm[0] .. Imm[0]+Lanes-1 of a
	OpJoin    // the lanes of all operands, one after another
	OpSelect  // group b of a, groups being as wide as the node's type; b is an unsigned scalar; beyond the last group: zero
	OpBitcast // the packed bits of a read as the node's type of the same width
	OpSlice   // packed bits Imm[0] .. Imm[0]+width-1 of a, read as the node's type
	OpPack    // the packed bits of all operands one after another, the first lowest, read as the node's type
	opCount
)

// OpInfo is what the tables of all engines are indexed by.
type OpInfo struct {
	Name   string
	Args   int  // number of operands; -1 for one or more
	Imms   int  // number of immediates; -1 for one per lane
	Source bool // the value is not computed from operands
	Lanes  bool // elementwise over lanes
}

var opTable = [opCount]OpInfo{
	OpInput: {Name: "input", Source: true},
	OpReg:   {Name: "reg", Source: true},
	OpRead:  {Name: "read", Source: true},
	OpOut:   {Name: "out", Source: true},

	OpConst:   {Name: "const", Imms: -1},
	OpAdd:     {Name: "add", Args: 2, Lanes: true},
	OpSub:     {Name: "sub", Args: 2, Lanes: true},
	OpMul:     {Name: "mul", Args: 2, Lanes: true},
	OpAnd:     {Name: "and", Args: 2, Lanes: true},
	OpOr:      {Name: "or", Args: 2, Lanes: true},
	OpXor:     {Name: "xor", Args: 2, Lanes: true},
	OpNot:     {Name: "not", Args: 1, Lanes: true},
	OpShl:     {Name: "shl", Args: 2, Lanes: true},
	OpShr:     {Name: "shr", Args: 2, Lanes: true},
	OpEq:      {Name: "eq", Args: 2, Lanes: true},
	OpLt:      {Name: "lt", Args: 2, Lanes: true},
	OpMin:     {Name: "min", Args: 2, Lanes: true},
	OpMax:     {Name: "max", Args: 2, Lanes: true},
	OpMux:     {Name: "mux", Args: 3, Lanes: true},
	OpCast:    {Name: "cast", Args: 1, Lanes: true},
	OpSat:     {Name: "sat", Args: 1, Lanes: true},
	OpSum:     {Name: "sum", Args: 1},
	OpParity:  {Name: "parity", Args: 1},
	OpStretch: {Name: "stretch", Args: 1, Imms: 1},
	OpLanes:   {Name: "lanes", Args: 1, Imms: 1},
	OpJoin:    {Name: "join", Args: -1},
	OpSelect:  {Name: "select", Args: 2},
	OpBitcast: {Name: "bitcast", Args: 1},
	OpSlice:   {Name: "slice", Args: 1, Imms: 1},
	OpPack:    {Name: "pack", Args: -1},
}

// Info is the table row of o.
func (o Op) Info() OpInfo { return opTable[o] }

func (o Op) String() string { return opTable[o].Name }

// Ops lists every operation, for tables that must cover them all.
func Ops() []Op {
	all := make([]Op, opCount)
	for i := range all {
		all[i] = Op(i)
	}
	return all
}
