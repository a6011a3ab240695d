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
	size := 1
	for _, d := range dims {
		size *= d
	}
	items := make([]string, size)
	for i := range items {
		items[i] = at(i)
	}
	declaration := fmt.Sprintf("static const %s %s%s =", ctype, name, extents)
	if text := braced(dims, items); len(declaration)+len(text) < lineLength {
		c.linef("%s %s;", declaration, text)
	} else {
		c.linef("%s", declaration)
		c.elements(dims, items, ";")
	}
	c.linef("")
}

const lineLength = 100

// elements writes one brace-enclosed level: on one line where it fits, else level by level, the innermost
// as filled lines.
func (c *code) elements(dims []int, items []string, end string) {
	if text := braced(dims, items); len(text) <= lineLength {
		c.linef("%s%s", text, end)
		return
	}
	c.linef("{")
	c.depth++
	if len(dims) > 1 {
		part := len(items) / dims[0]
		for i := range dims[0] {
			c.elements(dims[1:], items[i*part:(i+1)*part], ",")
		}
	} else {
		line := ""
		for _, item := range items {
			if len(line)+len(item)+2 > lineLength {
				c.linef("%s", strings.TrimRight(line, " "))
				line = ""
			}
			line += item + ", "
		}
		c.linef("%s", strings.TrimRight(line, " "))
	}
	c.depth--
	c.linef("}%s", end)
}

// braced is one level on one line; of what would not fit, only so much that it shows.
func braced(dims []int, items []string) string {
	if len(items)*3 > lineLength+2 {
		return strings.Repeat(" ", lineLength+1)
	}
	if len(dims) == 1 {
		return "{" + strings.Join(items, ", ") + "}"
	}
	part := len(items) / dims[0]
	parts := make([]string, dims[0])
	for i := range parts {
		parts[i] = braced(dims[1:], items[i*part:(i+1)*part])
	}
	return "{" + strings.Join(parts, ", ") + "}"
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
