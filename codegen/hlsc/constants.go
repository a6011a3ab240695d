package hlsc

import (
	"fmt"
	"strings"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// constantsName is the header that holds a stage's constants.
func constantsName(st *plan.Stage) string { return functionName(st) + "_constants.h" }

// array writes a constant array; at gives its elements in C order.
func (c *code) array(ctype, name string, dims []int, at func(i int) string) {
	extents := ""
	for _, d := range dims {
		extents += fmt.Sprintf("[%d]", d)
	}
	c.linef("static const %s %s%s =", ctype, name, extents)
	next := 0
	c.elements(dims, ";", func() string { next++; return at(next - 1) })
	c.linef("")
}

// elements writes one brace-enclosed level, the innermost as filled lines.
func (c *code) elements(dims []int, end string, next func() string) {
	if len(dims) > 1 {
		c.linef("{")
		c.depth++
		for range dims[0] {
			c.elements(dims[1:], ",", next)
		}
		c.depth--
		c.linef("}%s", end)
		return
	}
	var lines []string
	line := ""
	for i := range dims[0] {
		item := next()
		if i+1 < dims[0] {
			item += ", "
		}
		if len(line)+len(item) > 100 {
			lines, line = append(lines, strings.TrimRight(line, " ")), ""
		}
		line += item
	}
	lines = append(lines, line)
	if len(lines) == 1 {
		c.linef("{%s}%s", line, end)
		return
	}
	c.linef("{")
	for _, l := range lines {
		c.linef("    %s", l)
	}
	c.linef("}%s", end)
}

// scaleArrays writes the per-channel constants of a requantisation: multipliers where there are, shifts.
func (c *code) scaleArrays(st *plan.Stage, s *fixed.Scale) {
	if s.Mult != nil {
		c.array("uint32_t", functionName(st)+"_mult", []int{len(s.Mult)}, func(i int) string { return fmt.Sprintf("%du", s.Mult[i]) })
	}
	c.array("uint8_t", functionName(st)+"_shift", []int{len(s.Shift)}, func(i int) string { return fmt.Sprint(s.Shift[i]) })
}

// requantise writes the requantisation of the int64_t v of channel o, and the store of the result.
func (c *code) requantise(st *plan.Stage, s *fixed.Scale, channel, target string) {
	out := st.Out[0].Value
	if s.Mult != nil {
		c.linef("v *= (int64_t)%s_mult[%s];", functionName(st), channel)
	}
	round := "rampart_round_half_up"
	if s.Rounding == fixed.HalfEven {
		round = "rampart_round_half_even"
	}
	zero := ""
	if out.Zero != 0 {
		zero = " + " + parenthesised(out.Zero)
	}
	c.linef("v = %s(v, %s_shift[%s])%s;", round, functionName(st), channel, zero)
	c.linef("%s = (%s)rampart_clamp(v, %s, %s);", target, cType(out.Format), literal(s.Lo), literal(s.Hi))
}

func parenthesised(v int64) string {
	if v < 0 && v != -1<<31 {
		return "(" + literal(v) + ")"
	}
	return literal(v)
}

// scaleText is the formula of a requantisation, for comments.
func scaleText(s *fixed.Scale) string {
	mult, ties := "v", "upwards"
	if s.Mult != nil {
		mult = "v * mult"
	}
	if s.Rounding == fixed.HalfEven {
		ties = "to even"
	}
	return fmt.Sprintf("clamp(%s / 2^shift rounded to nearest, ties %s, + zero point, %d, %d)", mult, ties, s.Lo, s.Hi)
}
