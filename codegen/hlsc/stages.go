package hlsc

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// function writes a stage's function; body is run for each pixel y, x of the given value.
func (c *code) function(st *plan.Stage, over *fixed.Value, body func()) File {
	c.linef("%s", signature(st))
	c.linef("{")
	c.depth++
	c.loop("y", over.Shape.H, func() {
		c.loop("x", over.Shape.W, body)
	})
	c.close()
	return c.file(functionName(st) + ".c")
}

// poolStage lowers a maximum over windows. A window has at least one element inside the image, so the
// least value of the format can stand for padding.
func poolStage(st *plan.Stage) File {
	op := st.Node.Op.(*fixed.MaxPool)
	in, out := st.In[0].Value, st.Out[0].Value
	least, _ := in.Format.Range()
	n := fold{"c", in.Shape.C, clip(st.Fold.Cw, in.Shape.C)}
	var c code
	c.header(st, nil, "Maximum over windows",
		fmt.Sprintf("%s -> %s, kernel %d x %d.", shapeText(in.Shape), shapeText(out.Shape), op.Kernel[0], op.Kernel[1]),
		fmt.Sprintf("Folding: %d channels at a time.", n.step))
	c.constants("IN_H", in.Shape.H, "IN_W", in.Shape.W, "IN_C", in.Shape.C, "TAPS_Y", op.Kernel[0], "TAPS_X", op.Kernel[1])
	return c.function(st, out, func() {
		c.outerLoops([]fold{n}, func() {
			c.linef("int32_t best[%d];", n.step)
			c.partition("best", 1, n.step, n.step)
			lane := "0"
			if n.step > 1 {
				lane = n.inner()
			}
			c.innerLoops([]fold{n}, func() { c.linef("best[%s] = %s;", lane, literal(least)) })
			c.loop("ty", "TAPS_Y", func() {
				c.linef("const int iy = y%s + ty%s%s;", times(op.Stride[0]), times(op.Dilation[0]), plus(-op.Before[0]))
				c.loop("tx", "TAPS_X", func() {
					c.pragmaf("PIPELINE II=1")
					c.linef("const int ix = x%s + tx%s%s;", times(op.Stride[1]), times(op.Dilation[1]), plus(-op.Before[1]))
					c.openf("if (iy < 0 || iy >= IN_H || ix < 0 || ix >= IN_W)")
					c.linef("continue;")
					c.close()
					c.innerLoops([]fold{n}, func() {
						c.openf("if (%sin[iy][ix][%s] > best[%s])", n.guard(), n.index(), lane)
						c.linef("best[%s] = in[iy][ix][%s];", lane, n.index())
						c.close()
					})
				})
			})
			c.innerLoops([]fold{n}, func() {
				store := fmt.Sprintf("out[y][x][%s] = (%s)best[%s];", n.index(), cType(out.Format), lane)
				if n.guard() == "" {
					c.linef("%s", store)
					return
				}
				c.openf("if (%s < IN_C)", n.index())
				c.linef("%s", store)
				c.close()
			})
		})
	})
}

// guard keeps the padded turns of a fold over IN_C away from the array; empty where there are none.
func (f fold) guard() string {
	if f.padded() == f.total {
		return ""
	}
	return f.index() + " < IN_C && "
}

// scaleStage lowers a requantisation of its own.
func scaleStage(st *plan.Stage) []File {
	op := st.Node.Op.(*fixed.Requant)
	in := st.In[0].Value
	var k code
	k.linef("/* Constants of stage %s (node %s). */", st.Name, comment(st.Node.Name))
	k.linef("#include <stdint.h>")
	k.linef("")
	k.scaleArrays(st, &op.Scale)

	var c code
	c.header(st, []string{constantsName(st)}, "Requantisation", shapeText(in.Shape)+".",
		fmt.Sprintf("v = in - %d", in.Zero), "out = "+scaleText(&op.Scale))
	source := c.function(st, in, func() {
		c.loop("c", in.Shape.C, func() {
			c.pragmaf("PIPELINE II=1")
			c.linef("int64_t v = (int64_t)in[y][x][c] - %s;", parenthesised(in.Zero))
			c.requantise(st, &op.Scale, "c", "out[y][x][c]")
		})
	})
	return []File{k.file(constantsName(st)), source}
}

// forkStage lowers a stream with several users: a copy for each.
func forkStage(st *plan.Stage) File {
	v := st.In[0].Value
	var c code
	c.header(st, nil, fmt.Sprintf("The same frame for %d stages: %s.", len(st.Out), shapeText(v.Shape)))
	return c.function(st, v, func() {
		c.loop("c", v.Shape.C, func() {
			c.pragmaf("PIPELINE II=1")
			for i := range st.Out {
				c.linef("%s[y][x][c] = in[y][x][c];", numbered("out", i, len(st.Out)))
			}
		})
	})
}

// concatStage lowers a concatenation of channels.
func concatStage(st *plan.Stage) File {
	var c code
	out := st.Out[0].Value
	c.header(st, nil, "Concatenation of channels", fmt.Sprintf("%d inputs -> %s.", len(st.In), shapeText(out.Shape)))
	return c.function(st, out, func() {
		base := 0
		for i, s := range st.In {
			c.loop("c", s.Value.Shape.C, func() {
				c.pragmaf("PIPELINE II=1")
				to := "c"
				if base > 0 {
					to = fmt.Sprintf("%d + c", base)
				}
				c.linef("out[y][x][%s] = %s[y][x][c];", to, numbered("in", i, len(st.In)))
			})
			base += s.Value.Shape.C
		}
	})
}

// argmaxStage lowers the choice of the greatest channel, the lowest on ties.
func argmaxStage(st *plan.Stage) File {
	in, out := st.In[0].Value, st.Out[0].Value
	var c code
	c.header(st, nil, "The index of the greatest channel, the lowest on ties", shapeText(in.Shape)+".")
	return c.function(st, in, func() {
		c.linef("int best = 0;")
		c.openf("for (int c = 1; c < %d; c++)", in.Shape.C)
		c.pragmaf("PIPELINE II=1")
		c.openf("if (in[y][x][c] > in[y][x][best])")
		c.linef("best = c;")
		c.close()
		c.close()
		c.linef("out[y][x][0] = (%s)best;", cType(out.Format))
	})
}
