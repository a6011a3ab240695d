package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lister keeps what both ways of listing changes need.
type lister struct {
	c           *build.Context
	dx, at, n   reg.GPVirtual
	bits        reg.GPVirtual
	changed     reg.OpmaskVirtual
	diff, where reg.VecVirtual
}

// add lists the lanes of 16 pairs that differ: those of diff, with their entries of the table. It goes to a label
// where there are none. Mask is nil for all lanes.
func (l *lister) add(now, was, table operand.Mem, mask operand.Op, same string) {
	c := l.c
	if mask == nil {
		c.VMOVDQU32(now, l.diff)
		c.VPSUBW(was, l.diff, l.diff)
	} else {
		before := c.ZMM()
		c.VMOVDQU32_Z(now, mask, l.diff)
		c.VMOVDQU32_Z(was, mask, before)
		c.VPSUBW(before, l.diff, l.diff)
	}
	c.VPTESTMD(l.diff, l.diff, l.changed)
	c.KMOVW(l.changed, l.bits.As32())
	if same != "" {
		c.TESTL(l.bits.As32(), l.bits.As32())
		c.JZ(operand.LabelRef(same))
	}
	if mask == nil {
		c.VPCOMPRESSD_Z(l.diff, l.changed, l.diff)
		c.VMOVDQU32(table, l.where)
	} else {
		c.VPCOMPRESSD_Z(l.diff, l.changed, l.diff)
		c.VMOVDQU32_Z(table, mask, l.where)
	}
	c.VPCOMPRESSD_Z(l.where, l.changed, l.where)
	c.VMOVDQU32(l.diff, indexed(l.dx, l.n, 4))
	c.VMOVDQU32(l.where, indexed(l.at, l.n, 4))
}

func newLister(c *build.Context) *lister {
	return &lister{c: c, dx: arg(c, "dx"), at: arg(c, "at"), n: arg(c, "n"), bits: c.GP64(), changed: c.K(), diff: c.ZMM(), where: c.ZMM()}
}

// firstBits sets the first count bits, up to 16, of a mask.
func firstBits(c *build.Context, count reg.Register, k reg.OpmaskVirtual) {
	bits := c.GP64()
	c.MOVQ(operand.I32(-1), bits)
	c.BZHIQ(count, bits, bits)
	c.KMOVW(bits.As32(), k)
}

// changes512 goes through pixels of any number of pairs.
func changes512(c *build.Context) {
	text(c, "changes512", "func(from *int32, dx *uint32, at *int32, n int, now, was *int16, step, pairs, pixels int, table *int32) int",
		"lists changes pixel by pixel; step is in bytes, pixels and pairs are not 0.")
	l := newLister(c)
	from, now, was, step, pairs, pixels, table := arg(c, "from"), arg(c, "now"), arg(c, "was"), arg(c, "step"), arg(c, "pairs"), arg(c, "pixels"), arg(c, "table")
	rest, lanes := c.GP64(), c.K() // the pairs that do not fill a vector
	c.MOVQ(pairs, rest)
	c.ANDQ(operand.Imm(15), rest)
	firstBits(c, rest, lanes)
	c.SUBQ(rest, pairs)
	c.Label("pixel")
	c.MOVL(l.n.As32(), at(from))
	pair := c.GP64()
	c.XORQ(pair, pair)
	c.CMPQ(pair, pairs)
	c.JGE(operand.LabelRef("rest"))
	c.Label("chunk")
	l.add(indexed(now, pair, 4), indexed(was, pair, 4), indexed(table, pair, 4), nil, "same")
	c.POPCNTL(l.bits.As32(), l.bits.As32())
	c.ADDQ(l.bits, l.n)
	c.Label("same")
	c.ADDQ(operand.Imm(16), pair)
	c.CMPQ(pair, pairs)
	c.JLT(operand.LabelRef("chunk"))
	c.Label("rest")
	c.TESTQ(rest, rest)
	c.JZ(operand.LabelRef("next"))
	l.add(indexed(now, pair, 4), indexed(was, pair, 4), indexed(table, pair, 4), lanes, "next")
	c.POPCNTL(l.bits.As32(), l.bits.As32())
	c.ADDQ(l.bits, l.n)
	c.Label("next")
	c.ADDQ(step, now)
	c.ADDQ(step, was)
	c.LEAQ(indexed(table, pairs, 4), table)
	c.LEAQ(indexed(table, rest, 4), table)
	c.ADDQ(operand.Imm(4), from)
	c.DECQ(pixels)
	c.JNZ(operand.LabelRef("pixel"))
	c.MOVL(l.n.As32(), at(from))
	c.Store(l.n, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}

// flatChanges512 takes 16 pairs at a time, of several pixels that lie side by side.
func flatChanges512(c *build.Context) {
	text(c, "flatChanges512", "func(from *int32, dx *uint32, at *int32, n int, now, was *int16, vectors, pixels int, table *int32, before *[16]uint32) int",
		"lists changes among vectors of 16 pairs, of so many pixels each; before has the pairs that lie before each pixel of a vector.")
	l := newLister(c)
	from, now, was, vectors, pixels, table := arg(c, "from"), arg(c, "now"), arg(c, "was"), arg(c, "vectors"), arg(c, "pixels"), arg(c, "table")
	before, counts, base := c.ZMM(), c.ZMM(), c.ZMM()
	c.VMOVDQU32(at(arg(c, "before")), before)
	some := c.K()
	firstBits(c, pixels, some)
	c.Label("vector")
	c.VPBROADCASTD(l.n.As32(), base)
	l.add(at(now), at(was), at(table), nil, "")
	c.VPBROADCASTD(l.bits.As32(), counts)
	c.VPANDD(before, counts, counts)
	c.VPOPCNTD(counts, counts)
	c.VPADDD(base, counts, counts)
	c.VMOVDQU32(counts, some, at(from))
	c.POPCNTL(l.bits.As32(), l.bits.As32())
	c.ADDQ(l.bits, l.n)
	c.LEAQ(indexed(from, pixels, 4), from)
	c.ADDQ(operand.Imm(64), now)
	c.ADDQ(operand.Imm(64), was)
	c.ADDQ(operand.Imm(64), table)
	c.DECQ(vectors)
	c.JNZ(operand.LabelRef("vector"))
	c.MOVL(l.n.As32(), at(from))
	c.Store(l.n, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}
