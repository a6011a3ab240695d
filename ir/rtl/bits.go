package rtl

import "fmt"

// Parity is the xor of all bits of n.
func (n *Node) Parity() *Node {
	if n.Type == U(1) {
		return n
	}
	return n.mod.Node(OpParity, U(1), nil, n)
}

// Bitcast reads the packed bits of n as t, of the same width.
func (n *Node) Bitcast(t Type) *Node {
	if n.Type == t {
		return n
	}
	return n.mod.Node(OpBitcast, t, nil, n)
}

// Slice reads packed bits lo, lo+1, … of n as t. It looks through unnamed nodes that only move bits.
func (n *Node) Slice(lo int, t Type) *Node {
	if lo < 0 || lo > n.Type.Width()-t.Width() {
		panic(fmt.Sprintf("BUG: rtl: module %s: slice of %d bits from bit %d of %s", n.mod.Name, t.Width(), lo, n.Type))
	}
	switch from, at := n.source(lo, t.Width()); {
	case from.Op == OpConst && from.Name == "":
		return n.mod.bits(t, from.Type, from.Imms, at)
	case at == 0 && t.Width() == from.Type.Width():
		return from.Bitcast(t)
	case t.Elem() == from.Type.Elem() && at%t.Bits == 0:
		return from.Lanes(at/t.Bits, t.Lanes)
	default:
		return n.mod.Node(OpSlice, t, []int64{int64(at)}, from)
	}
}

// source finds the node, and the bit of it, from which count bits of n from bit lo on come.
func (n *Node) source(lo, count int) (from *Node, at int) {
	for n.Name == "" {
		switch n.Op {
		case OpBitcast:
			n = n.Args[0]
		case OpSlice:
			lo += int(n.Imms[0])
			n = n.Args[0]
		case OpLanes:
			lo += int(n.Imms[0]) * n.Type.Bits
			n = n.Args[0]
		case OpPack, OpJoin:
			part, start := n.operandAt(lo)
			if lo-start+count > part.Type.Width() {
				return n, lo
			}
			n, lo = part, lo-start
		default:
			return n, lo
		}
	}
	return n, lo
}

// operandAt is the operand of a pack or a join that holds a bit of it, and the bit at which it begins.
func (n *Node) operandAt(bit int) (part *Node, start int) {
	for _, a := range n.Args {
		if bit < start+a.Type.Width() {
			return a, start
		}
		start += a.Type.Width()
	}
	panic("BUG: rtl: a bit beyond the operands")
}

// bits is a constant of type t: what is in the packed bits of lanes of type from, from bit lo on.
func (m *Module) bits(t, from Type, lanes []int64, lo int) *Node {
	packed := make([]byte, from.Bytes())
	from.Pack(packed, lanes)
	imms := make([]int64, t.Lanes)
	t.UnpackAt(imms, packed, lo)
	return m.Node(OpConst, t, imms)
}

// Pack puts the packed bits of all operands one after another, the first lowest, and reads them as t, whose
// width is theirs together. An unnamed pack among them is taken apart.
func (m *Module) Pack(t Type, ns ...*Node) *Node {
	var parts []*Node
	width := 0
	for _, n := range ns {
		width += n.Type.Width()
		if n.Op == OpPack && n.Name == "" {
			parts = append(parts, n.Args...)
		} else {
			parts = append(parts, n)
		}
	}
	if width != t.Width() {
		panic(fmt.Sprintf("BUG: rtl: module %s: pack of %d bits as %s", m.Name, width, t))
	}
	if len(parts) == 1 {
		return parts[0].Slice(0, t)
	}
	constant, same := true, true
	for _, p := range parts {
		constant = constant && p.Op == OpConst && p.Name == ""
		same = same && p.Type.Elem() == t.Elem()
	}
	switch {
	case same:
		return m.Join(parts...)
	case constant:
		return m.packedConst(t, parts)
	}
	return m.Node(OpPack, t, nil, parts...)
}

// packedConst is the pack of constants.
func (m *Module) packedConst(t Type, parts []*Node) *Node {
	packed := make([]byte, t.Bytes())
	at := 0
	for _, p := range parts {
		p.Type.PackAt(packed, p.Imms, at)
		at += p.Type.Width()
	}
	imms := make([]int64, t.Lanes)
	t.Unpack(imms, packed)
	return m.Node(OpConst, t, imms)
}
