package verilog

import (
	"fmt"
	"math/big"
	"strings"
)

const (
	maxColumn = 100 // where lines break
	tab       = "    "
)

// flat is e on one line.
func flat(e expr) string {
	switch e := e.(type) {
	case ref:
		return e.net.name
	case slice:
		return e.net.name + bitRange(e.net, e.lo, e.w)
	case lane:
		return e.net.name + laneRange(e)
	case treeRef:
		return fmt.Sprintf("%s[%s].%s", e.label, e.at, e.net.name)
	case pick:
		if e.w == 1 {
			return fmt.Sprintf("%s[%s]", e.net.name, flat(e.base))
		}
		return fmt.Sprintf("%s[%s +: %d]", e.net.name, flat(e.base), e.w)
	case word:
		return fmt.Sprintf("%s[%s]", e.mem.word.name, flat(e.addr))
	case lit:
		return number10(e)
	case unary:
		if _, nested := e.x.(unary); nested {
			return e.op + "(" + flat(e.x) + ")"
		}
		return e.op + tight(e.x)
	case binary:
		return left(e) + " " + e.op + " " + tight(e.b)
	case cond:
		return tight(e.c) + " ? " + branchText(e.a) + " : " + flat(e.b)
	case concat:
		return "{" + strings.Join(flatParts(e.parts), ", ") + "}"
	case repl:
		return fmt.Sprintf("{%d{%s}}", e.n, flat(e.x))
	case cast:
		return castWord(e) + "(" + flat(e.x) + ")"
	}
	panic(fmt.Sprintf("BUG: verilog: cannot print %T", e))
}

func flatParts(es []expr) []string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = branchText(e)
	}
	return texts
}

func castWord(e cast) string {
	if e.signed {
		return "$signed"
	}
	return "$unsigned"
}

// tight is e as an operand: in parentheses unless nothing can come between its parts.
func tight(e expr) string {
	switch e := e.(type) {
	case binary, cond:
		return "(" + flat(e) + ")"
	case unary:
		if e.op != "!" && e.op != "~" {
			return "(" + flat(e) + ")"
		}
	}
	return flat(e)
}

// left is the left operand of e; a chain of one associative operator has no parentheses.
func left(e binary) string {
	if a, ok := e.a.(binary); ok && a.op == e.op && binaryOps[e.op].chain {
		return flat(a)
	}
	return tight(e.a)
}

// branchText is e as the first choice of a cond or within braces; a cond there is put in parentheses.
func branchText(e expr) string {
	if _, ok := e.(cond); ok {
		return "(" + flat(e) + ")"
	}
	return flat(e)
}

func bitRange(n *net, lo, w int) string {
	switch {
	case n.width == 1:
		return ""
	case w == 1:
		return fmt.Sprintf("[%d]", lo)
	}
	return fmt.Sprintf("[%d:%d]", lo+w-1, lo)
}

func laneRange(e lane) string {
	at := e.at.mul(e.bits).add(e.off)
	if e.w == 1 {
		return fmt.Sprintf("[%s]", at)
	}
	return fmt.Sprintf("[%s +: %d]", at, e.w)
}

// number10 prints bits in binary and other literals in decimal, signed ones with their sign; what has
// more than 32 bits in hexadecimal.
func number10(e lit) string {
	base := ""
	if e.signed {
		base = "s"
	}
	v, sign := e.v, ""
	if e.signed && e.v.Bit(e.w-1) == 1 {
		v = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(e.w)), e.v)
		sign = "-"
	}
	switch {
	case e.w == 1:
		return fmt.Sprintf("1'%sb%s", base, e.v)
	case v.BitLen() > 32:
		return fmt.Sprintf("%d'%sh%x", e.w, base, e.v)
	}
	return fmt.Sprintf("%s%d'%sd%s", sign, e.w, base, v)
}

// layout prints e from column col on, with continuation lines indented one step from indent.
func layout(e expr, col int, indent string) string {
	text := flat(e)
	if col+len(text) <= maxColumn {
		return text
	}
	deeper := indent + tab
	switch e := e.(type) {
	case concat:
		return "{" + fill(e.parts, deeper) + "\n" + indent + "}"
	case unary:
		return e.op + layout(e.x, col+len(e.op), indent)
	case cast:
		return castWord(e) + "(" + layout(e.x, col+len(castWord(e))+1, indent) + ")"
	case binary:
		return layoutChain(e, deeper)
	case cond:
		return layoutCond(e, deeper)
	}
	return text
}

// fill puts as many parts on a line as fit.
func fill(parts []expr, indent string) string {
	var b strings.Builder
	col := maxColumn + 1
	for i, p := range parts {
		text := layout(p, len(indent), indent)
		if i < len(parts)-1 {
			text += ","
		}
		if col+1+len(text) > maxColumn || strings.Contains(text, "\n") {
			b.WriteString("\n" + indent + text)
			col = len(indent) + len(text)
		} else {
			b.WriteString(" " + text)
			col += 1 + len(text)
		}
	}
	return b.String()
}

// layoutChain puts each operand of a chain on a line of its own, after its operator.
func layoutChain(e binary, indent string) string {
	var operands []expr
	var x expr = e
	for {
		b, ok := x.(binary)
		if !ok || b.op != e.op || len(operands) > 0 && !binaryOps[e.op].chain {
			break
		}
		operands = append(operands, b.b)
		x = b.a
	}
	text := enclose(x, indent)
	for i := len(operands) - 1; i >= 0; i-- {
		text += "\n" + indent + e.op + " " + enclose(operands[i], indent)
	}
	return "\n" + indent + text
}

// enclose is tight for an operand that may span lines.
func enclose(e expr, indent string) string {
	text := tight(e)
	if len(indent)+len(text) <= maxColumn {
		return text
	}
	switch e.(type) {
	case binary, cond:
		return "(" + layout(e, len(indent)+1, indent) + ")"
	}
	return layout(e, len(indent), indent)
}

// layoutCond puts each case of a choice on a line of its own.
func layoutCond(e cond, indent string) string {
	text := ""
	for {
		first := enclose(e.c, indent) + " ?"
		text += "\n" + indent + first
		choice := ""
		if _, nested := e.a.(cond); nested {
			choice = enclose(e.a, indent)
		} else {
			choice = layout(e.a, len(indent)+len(first)+1, indent)
		}
		if !strings.HasPrefix(choice, "\n") {
			choice = " " + choice
		}
		text += choice + " :"
		next, ok := e.b.(cond)
		if !ok {
			return text + "\n" + indent + layout(e.b, len(indent), indent)
		}
		e = next
	}
}
