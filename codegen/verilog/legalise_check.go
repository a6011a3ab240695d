package verilog

import (
	"fmt"

	"rampart/ir/rtl"
)

// checkWidths proves of a tree what makes Verilog's context rules harmless: operands of an operator
// have one width, a comparison's operands one sign, conditions one bit, both sides of an assignment
// the same width, selects lie within their nets. A violation is a bug of the lowering.
func checkWidths(m *module) {
	c := checker{m}
	visit(m.items, nil, func(target, value expr, genvar []int) {
		if target != nil {
			c.expr(target, genvar)
			c.that(target.width() == value.width(), "%d bits are driven with %d", target.width(), value.width())
		}
		c.expr(value, genvar)
	})
}

type checker struct{ m *module }

func (c checker) that(ok bool, format string, args ...any) {
	if !ok {
		panic("BUG: verilog: module " + c.m.name + ": " + fmt.Sprintf(format, args...))
	}
}

func (c checker) expr(e expr, genvar []int) {
	c.that(e.width() > 0, "an expression of %d bits", e.width())
	switch e := e.(type) {
	case slice:
		c.that(e.lo >= 0 && e.lo+e.w <= e.net.width, "%s[%d +: %d] of %d bits", e.net.name, e.lo, e.w, e.net.width)
	case lane:
		for _, v := range genvar {
			lo := e.at.at(v)*e.bits + e.off
			c.that(lo >= 0 && lo+e.w <= e.net.width, "%s[%d +: %d] of %d bits", e.net.name, lo, e.w, e.net.width)
		}
		c.that(len(genvar) > 0, "%s is indexed by a genvar outside a loop", e.net.name)
	case pick:
		c.that(e.base.width() == rtl.BitsFor(e.net.width-1), "%s is indexed by %d bits", e.net.name, e.base.width())
	case word:
		c.that(e.addr.width() == addrBits(e.mem), "%s is addressed by %d bits", e.mem.word.name, e.addr.width())
	case lit:
		c.that(e.v.Sign() >= 0 && e.v.BitLen() <= e.w, "literal %s in %d bits", e.v, e.w)
	case unary:
		c.that(e.op != "!" || e.x.width() == 1, "! of %d bits", e.x.width())
	case binary:
		c.binary(e)
	case cond:
		c.that(e.c.width() == 1, "a condition of %d bits", e.c.width())
		c.that(e.a.width() == e.b.width(), "a choice between %d and %d bits", e.a.width(), e.b.width())
	}
	for _, x := range children(e) {
		c.expr(x, genvar)
	}
}

func (c checker) binary(e binary) {
	info, known := binaryOps[e.op]
	c.that(known, "operator %s", e.op)
	a, b := e.a.width(), e.b.width()
	c.that(info.shift || a == b, "%d bits %s %d bits", a, e.op, b)
	switch e.op {
	case "<", ">", "<=", ">=":
		c.that(e.a.isSigned() == e.b.isSigned(), "a comparison of signed with unsigned")
	case ">>>":
		c.that(e.a.isSigned(), "an arithmetic shift of an unsigned value")
	case "&&", "||":
		c.that(a == 1, "%s of %d bits", e.op, a)
	}
}

// addrBits is the width of a memory's addresses.
func addrBits(m *memory) int { return rtl.BitsFor(m.depth - 1) }
