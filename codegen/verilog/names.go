package verilog

import (
	"fmt"
	"strings"

	"rampart/ir/rtl"
)

// The ports that every module has; no name of the IR may be either.
const (
	clockName = "clk"
	resetName = "rst"
)

// namer hands out names that are unique within a module.
type namer struct{ taken map[string]bool }

func newNamer(m *rtl.Module) *namer {
	nm := &namer{taken: map[string]bool{}}
	for _, n := range m.Nodes {
		nm.taken[n.Name] = true
	}
	for _, o := range m.Outputs {
		nm.taken[o.Name] = true
	}
	for _, mem := range m.Mems {
		nm.taken[mem.Name] = true
	}
	for _, i := range m.Insts {
		nm.taken[i.Name] = true
	}
	return nm
}

// fresh is base, or base with a number where that is taken.
func (nm *namer) fresh(base string) string {
	name := base
	for k := 2; nm.taken[name] || rtl.Reserved(name) != ""; k++ {
		name = fmt.Sprintf("%s_%d", base, k)
	}
	nm.taken[name] = true
	return name
}

// opWords begin the names of unnamed nodes.
var opWords = map[rtl.Op]string{
	rtl.OpAdd: "sum", rtl.OpSub: "diff", rtl.OpMul: "prod", rtl.OpAnd: "and",
	rtl.OpOr: "or", rtl.OpXor: "xor", rtl.OpNot: "not", rtl.OpShl: "shl", rtl.OpShr: "shr",
	rtl.OpEq: "eq", rtl.OpLt: "lt", rtl.OpMin: "min", rtl.OpMax: "max", rtl.OpMux: "mux",
	rtl.OpCast: "wide", rtl.OpSat: "sat", rtl.OpSum: "total", rtl.OpParity: "parity", rtl.OpStretch: "each",
	rtl.OpLanes: "part", rtl.OpJoin: "join", rtl.OpSelect: "pick", rtl.OpBitcast: "bits",
	rtl.OpSlice: "slice", rtl.OpPack: "pack",
}

const maxDerived = 32 // longest root of a derived name, in characters

// derive names an unnamed node after what it does and to what: sum_acc, acc_is_5.
func derive(n *rtl.Node) string {
	root := rootName(n, 4)
	if len(root) > maxDerived {
		root = strings.TrimRight(root[:maxDerived], "_")
	}
	if len(n.Args) == 2 && root != "" {
		if v, ok := n.Args[1].Const(); ok && v >= 0 && n.Type == rtl.U(1) {
			switch n.Op {
			case rtl.OpEq:
				return fmt.Sprintf("%s_is_%d", root, v)
			case rtl.OpLt:
				return fmt.Sprintf("%s_below_%d", root, v)
			}
		}
	}
	word := opWords[n.Op]
	if n.Op == rtl.OpCast && n.Type.Bits < n.Args[0].Type.Bits {
		word = "low"
	}
	if root == "" {
		return word + "_value"
	}
	return word + "_" + root
}

// rootName is the name of the nearest named ancestor, searched first operand first.
func rootName(n *rtl.Node, depth int) string {
	for _, a := range n.Args {
		if a.Name != "" {
			return a.Name
		}
	}
	if depth == 0 {
		return ""
	}
	for _, a := range n.Args {
		if r := rootName(a, depth-1); r != "" {
			return r
		}
	}
	return ""
}
