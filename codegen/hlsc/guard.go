package hlsc

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// alarmed tells whether a stage says of each frame whether it found something wrong.
func alarmed(st *plan.Stage) bool { return st.Node != nil && fixed.Alarmed(st.Node) }

// alarmName is where a stage says so.
func alarmName(st *plan.Stage) string { return "fault_" + st.Name }

// watched is function for a stage that may have an alarm: body sets wrong.
func (c *code) watched(st *plan.Stage, over *fixed.Value, body func()) File {
	if !alarmed(st) {
		return c.function(st, over, body)
	}
	c.linef("%s", signature(st))
	c.linef("{")
	c.depth++
	c.linef("uint8_t wrong = 0;")
	c.loop("y", over.Shape.H, func() {
		c.loop("x", over.Shape.W, body)
	})
	c.linef("*fault = wrong;")
	c.close()
	return c.file(functionName(st) + ".c")
}

// clipStage lowers bounds on channels.
func clipStage(st *plan.Stage) []File {
	op, v, f := st.Node.Op.(*fixed.Clip), st.In[0].Value, functionName(st)
	var k code
	k.linef("/* Bounds of stage %s (node %s), by channel. */", st.Name, comment(st.Node.Name))
	k.linef("#include <stdint.h>")
	k.linef("")
	bounds := func(name string, values []int64) {
		k.array(cType(v.Format), f+"_"+name, []int{len(values)}, func(i int) string { return literal(values[i]) })
	}
	low := literal(least(v.Format))
	if op.Lo != nil {
		bounds("low", op.Lo)
		low = f + "_low[c]"
	}
	bounds("high", op.Hi)

	var c code
	c.header(st, []string{constantsName(st)}, "Bounds on channels", shapeText(v.Shape)+".")
	source := c.watched(st, v, func() {
		c.loop("c", v.Shape.C, func() {
			c.pragmaf("PIPELINE II=1")
			c.linef("const int32_t v = (int32_t)rampart_clamp(in[y][x][c], %s, %s_high[c]);", low, f)
			if op.Flag {
				c.linef("wrong |= v != in[y][x][c];")
			}
			c.linef("out[y][x][c] = (%s)v;", cType(v.Format))
		})
	})
	return []File{k.file(constantsName(st)), source}
}

func least(f fixed.Format) int64 {
	lo, _ := f.Range()
	return lo
}

// voteStage lowers a vote over channels that have copies.
func voteStage(st *plan.Stage) []File {
	op, in, out, f := st.Node.Op.(*fixed.Vote), st.In[0].Value, st.Out[0].Value, functionName(st)
	var k, c code
	k.linef("/* Channels of stage %s (node %s), each with its copies. */", st.Name, comment(st.Node.Name))
	k.linef("#include <stdint.h>")
	k.linef("")
	c.header(st, []string{constantsName(st)}, "Vote of channels with their copies",
		fmt.Sprintf("%s, %d copies among them -> %s.", shapeText(in.Shape), len(op.Copies), shapeText(out.Shape)),
		"Of two the one nearer to the zero point wins, of three the median.")
	c.constants("ZERO", out.Zero)
	voters := map[int][]int{} // by how many, one after another
	for _, v := range op.Voters(out.Shape.C) {
		voters[len(v)] = append(voters[len(v)], v...)
	}
	for n := 2; n <= 3; n++ {
		if v := voters[n]; len(v) > 0 {
			k.array("int32_t", fmt.Sprintf("%s_of_%d", f, n), []int{len(v) / n, n}, func(i int) string { return fmt.Sprint(v[i]) })
		}
	}
	source := c.watched(st, out, func() {
		c.loop("c", out.Shape.C, func() {
			c.pragmaf("PIPELINE II=1")
			c.linef("out[y][x][c] = in[y][x][c];")
		})
		for n := 2; n <= 3; n++ {
			if len(voters[n]) > 0 {
				c.ballot(out, fmt.Sprintf("%s_of_%d", f, n), n, len(voters[n])/n)
			}
		}
	})
	return []File{k.file(constantsName(st)), source}
}

// ballot votes over channels with n voters each.
func (c *code) ballot(out *fixed.Value, voters string, n, count int) {
	c.loop("i", count, func() {
		c.pragmaf("PIPELINE II=1")
		for k := range n {
			c.linef("const int32_t %c = in[y][x][%s[i][%d]];", 'a'+k, voters, k)
		}
		if n == 2 {
			c.linef("const int32_t far_a = a < ZERO ? ZERO - a : a - ZERO;")
			c.linef("const int32_t far_b = b < ZERO ? ZERO - b : b - ZERO;")
			c.linef("const int32_t winner = far_b < far_a ? b : a;")
			c.linef("wrong |= a != b;")
		} else {
			c.linef("const int32_t low = a < b ? a : b;")
			c.linef("const int32_t high = a < b ? b : a;")
			c.linef("const int32_t winner = c < low ? low : c > high ? high : c;")
			c.linef("wrong |= a != b || a != c;")
		}
		c.linef("out[y][x][%s[i][0]] = (%s)winner;", voters, cType(out.Format))
	})
}
