package protect

import "rampart/ir/rtl"

// parity is the xor of those packed bits of a value that are 1 in a mask, a bit string. It looks at no lane that the
// mask leaves out.
func parity(m *rtl.Module, n *rtl.Node, mask []uint64) *rtl.Node {
	lanes := constant(m, n.Type, mask).Imms
	var all *rtl.Node
	for lo := 0; lo < len(lanes); {
		hi := lo
		for hi < len(lanes) && lanes[hi] != 0 {
			hi++
		}
		if hi > lo {
			run := m.Node(rtl.OpConst, n.Type.Vec(hi-lo), lanes[lo:hi])
			if part := n.Lanes(lo, hi-lo).And(run).Parity(); all == nil {
				all = part
			} else {
				all = all.Xor(part)
			}
		}
		lo = max(hi, lo+1)
	}
	if all == nil {
		all = m.Bit(false)
	}
	return all
}

// power tells whether an unsigned number is a power of two.
func power(n *rtl.Node) *rtl.Node {
	less := n.AddI(-1).To(n.Type)
	return n.And(less).EqI(0).And(n.EqI(0).Not())
}

// constant is a value of a type by its packed bits.
func constant(m *rtl.Module, t rtl.Type, bits []uint64) *rtl.Node {
	imms := make([]int64, t.Lanes)
	for i := range imms {
		for b := range t.Bits {
			if at := i*t.Bits + b; bits[at/64]>>(at%64)&1 != 0 {
				imms[i] |= 1 << b
			}
		}
		imms[i] = t.Wrap(imms[i])
	}
	return m.Node(rtl.OpConst, t, imms)
}

// some tells whether any bit of a value is 1.
func some(n *rtl.Node) *rtl.Node {
	per := max(1, rtl.MaxBits/n.Type.Bits) // lanes that are compared at once
	var any *rtl.Node
	for lo := 0; lo < n.Type.Lanes; lo += per {
		count := min(n.Type.Lanes-lo, per)
		part := n.Lanes(lo, count).Bitcast(rtl.U(count * n.Type.Bits)).EqI(0).Not()
		if any == nil {
			any = part
		} else {
			any = any.Or(part)
		}
	}
	return any
}
