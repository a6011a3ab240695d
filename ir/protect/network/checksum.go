package network

import "rampart/ir/fixed"

// checksum gives a convolution a checksum. What it costs depends on how many output channels a plan computes at a
// time; the least is told, where it computes all of a group's.
func (g *guarding) checksum(l *layer) {
	conv := l.Op.(*fixed.Conv)
	conv.Checksum = true
	perOut := l.Out.Shape.C / conv.Group
	per := len(conv.Weight) / l.Out.Shape.C // weights of an output channel
	held := fixed.Interval{}
	for group := range conv.Group {
		for i := range per {
			sum := int64(0)
			for o := group * perOut; o < (group+1)*perOut; o++ {
				sum += int64(conv.Weight[o*per+i])
			}
			held.Lo, held.Hi = min(held.Lo, sum), max(held.Hi, sum)
		}
	}
	l.report.Checksum = true
	l.report.Costs = append(l.report.Costs, Cost{
		Guard: checksumKey, MACs: products(l.Node) / int64(perOut),
		MemoryBits: int64(conv.Group) * int64(per) * int64(held.Bits()), node: l.Node,
	})
}
