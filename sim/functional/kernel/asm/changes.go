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

// add lists the lanes of 16 pairs that differ: those of diff, with their entries of the table.
func (l *lister) add(now, was, table operand.Mem, lanes reg.OpmaskVirtual) {
	c, before := l.c, l.c.ZMM()
	c.VMOVDQU32_Z(now, lanes, l.diff)
	c.VMOVDQU32_Z(was, lanes, before)
	c.VPSUBW(before, l.diff, l.diff)
	c.VPTESTMD(l.diff, l.diff, l.changed)
	c.KMOVW(l.changed, l.bits.As32())
	c.TESTL(l.bits.As32(), l.bits.As32())
	c.JZ(operand.LabelRef("same"))
	c.VMOVDQU32_Z(table, lanes, l.where)
	c.VPCOMPRESSD_Z(l.diff, l.changed, l.diff)
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

// changes512 goes through pixels of more than 16 pairs, or of a number that does not divide 16.
func changes512(c *build.Context) {
	text(c, "changes512", "func(from *int32, dx *uint32, at *int32, n int, now, was *int16, step, pairs, pixels int, table *int32) int",
		"lists changes pixel by pixel; step is in bytes, pixels and pairs are not 0.")
	l := newLister(c)
	from, now, was, step, pairs, pixels, table := arg(c, "from"), arg(c, "now"), arg(c, "was"), arg(c, "step"), arg(c, "pairs"), arg(c, "pixels"), arg(c, "table")
	lanes := c.K()
	c.Label("pixel")
	c.MOVL(l.n.As32(), at(from))
	pair, left := c.GP64(), c.GP64()
	c.XORQ(pair, pair)
	c.MOVQ(pairs, left)
	c.Label("chunk")
	count := c.GP64()
	c.MOVQ(left, count)
	sixteen := c.GP64()
	c.MOVQ(operand.I32(16), sixteen)
	c.CMPQ(left, sixteen)
	c.CMOVQGT(sixteen, count)
	firstBits(c, count, lanes)
	l.add(indexed(now, pair, 4), indexed(was, pair, 4), indexed(table, pair, 4), lanes)
	c.POPCNTL(l.bits.As32(), l.bits.As32())
	c.ADDQ(l.bits, l.n)
	c.Label("same")
	c.ADDQ(operand.Imm(16), pair)
	c.SUBQ(operand.Imm(16), left)
	c.JG(operand.LabelRef("chunk"))
	c.ADDQ(step, now)
	c.ADDQ(step, was)
	c.LEAQ(indexed(table, pairs, 4), table)
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
	text(c, "flatChanges512", "func(from *int32, dx *uint32, at *int32, n int, now, was *int16, total, pairs int, table *int32, before *[16]uint32) int",
		"lists changes among total pairs; pairs, of a pixel, divides 16, and before has the pairs of 16 that lie before each pixel.")
	l := newLister(c)
	from, now, was, total, pairs, table := arg(c, "from"), arg(c, "now"), arg(c, "was"), arg(c, "total"), arg(c, "pairs"), arg(c, "table")
	before, counts, base := c.ZMM(), c.ZMM(), c.ZMM()
	c.VMOVDQU32(at(arg(c, "before")), before)
	lanes, pixels := c.K(), c.K()
	c.Label("vector")
	count := c.GP64()
	c.MOVQ(operand.I32(16), count)
	c.CMPQ(total, count)
	c.CMOVQLT(total, count)
	firstBits(c, count, lanes)
	// The number of pixels is count / pairs, a power of two.
	shift, some := c.GP64(), c.GP64()
	c.TZCNTQ(pairs, shift)
	c.SHRXQ(shift, count, some)
	firstBits(c, some, pixels)
	c.VPBROADCASTD(l.n.As32(), base)
	c.VMOVDQU32(base, pixels, at(from))
	l.add(at(now), at(was), at(table), lanes)
	c.VPBROADCASTD(l.bits.As32(), counts)
	c.VPANDD(before, counts, counts)
	c.VPOPCNTD(counts, counts)
	c.VPADDD(base, counts, counts)
	c.VMOVDQU32(counts, pixels, at(from))
	c.POPCNTL(l.bits.As32(), l.bits.As32())
	c.ADDQ(l.bits, l.n)
	c.Label("same")
	c.LEAQ(indexed(from, some, 4), from)
	c.ADDQ(operand.Imm(64), now)
	c.ADDQ(operand.Imm(64), was)
	c.ADDQ(operand.Imm(64), table)
	c.SUBQ(operand.Imm(16), total)
	c.JG(operand.LabelRef("vector"))
	c.MOVL(l.n.As32(), at(from))
	c.Store(l.n, c.ReturnIndex(0))
	c.VZEROUPPER()
	c.RET()
}
