package hlsc

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// convLoops is how a convolution is folded: over the output channels of a group, kernel rows, kernel
// columns, the input channels of a group.
type convLoops struct {
	op           *fixed.Conv
	rows, cols   plan.Walk
	perIn        int // input channels of a group
	perOut       int // output channels of a group
	n, y, x, c   fold
	weightDims   [6]int // phase, group, output channel, kernel row, kernel column, input channel
	windowLength int    // channels of the window, those of padding included
}

func newConvLoops(st *plan.Stage) convLoops {
	op := st.Node.Op.(*fixed.Conv)
	in, out := st.In[0].Value.Shape, st.Out[0].Value.Shape
	l := convLoops{
		op:    op,
		rows:  plan.NewWalk(op.Window, op.Transposed, 0, in.H, out.H),
		cols:  plan.NewWalk(op.Window, op.Transposed, 1, in.W, out.W),
		perIn: in.C / op.Group, perOut: out.C / op.Group,
	}
	l.n = fold{"n", l.perOut, clip(st.Fold.PE, l.perOut)}
	l.y = fold{"ty", l.rows.Taps, whole(st.Fold.TapY, l.rows.Taps)}
	l.x = fold{"tx", l.cols.Taps, whole(st.Fold.TapX, l.cols.Taps)}
	l.c = fold{"c", l.perIn, clip(st.Fold.Cw, l.perIn)}
	l.weightDims = [6]int{l.rows.Phases * l.cols.Phases, op.Group, l.n.padded(), l.rows.Taps, l.cols.Taps, l.c.padded()}
	l.windowLength = in.C + l.c.padded() - l.perIn
	return l
}

// clip is a fold's step within 1 to total.
func clip(step, total int) int { return min(max(step, 1), total) }

// whole is a step of all taps or of one.
func whole(step, taps int) int {
	if step == taps {
		return taps
	}
	return 1
}

// convStage lowers a convolution: gather the window under an output pixel, multiply it by the weights of
// PE output channels at a time, requantise.
func convStage(st *plan.Stage) []File {
	l := newConvLoops(st)
	f := functionName(st)
	in, out := st.In[0].Value, st.Out[0].Value
	var c code
	kind := "Convolution"
	if l.op.Transposed {
		kind = "Transposed convolution"
	}
	what := []string{
		kind,
		fmt.Sprintf("%s -> %s, kernel %d x %d, %d group(s).", shapeText(in.Shape), shapeText(out.Shape), l.op.Kernel[0], l.op.Kernel[1], l.op.Group),
		fmt.Sprintf("Folding: %d output channels (PE) x %d products (SIMD: %d x %d taps, %d channels) at a time.",
			l.n.step, l.y.step*l.x.step*l.c.step, l.y.step, l.x.step, l.c.step),
		fmt.Sprintf("v = sum of weight * window, in %d bits, + bias", l.op.AccBits),
		"out = " + scaleText(&l.op.Scale),
	}
	if l.op.Checksum {
		what = append(what, fmt.Sprintf("fault: sums of %d channels do not add up to what the sums of their weights make", l.n.step))
	}
	c.header(st, []string{constantsName(st)}, what...)
	c.constants("IN_H", in.Shape.H, "IN_W", in.Shape.W, "IN_C", in.Shape.C,
		"OUT_H", out.Shape.H, "OUT_W", out.Shape.W, "TAPS_Y", l.rows.Taps, "TAPS_X", l.cols.Taps,
		"IN_ZERO", in.Zero, "ACC_BITS", l.op.AccBits)
	c.linef("%s", signature(st))
	c.linef("{")
	c.depth++
	l.partitionWeights(&c, f+"_weights")
	if l.op.Checksum {
		l.partitionChecksums(&c, f+"_checksums")
		c.linef("uint8_t wrong = 0;")
	}
	c.loop("oy", "OUT_H", func() {
		c.linef("const int y0 = %s;", l.rowStart(l.rows, "oy"))
		c.loop("ox", "OUT_W", func() {
			c.linef("const int x0 = %s;", l.rowStart(l.cols, "ox"))
			if l.rows.Phases*l.cols.Phases > 1 {
				c.linef("const int phase = %s;", l.phase())
			}
			c.linef("%s window[TAPS_Y][TAPS_X][%d];", cType(in.Format), l.windowLength)
			c.partition("window", 1, l.rows.Taps, l.y.step)
			c.partition("window", 2, l.cols.Taps, l.x.step)
			c.partition("window", 3, l.windowLength, l.c.step)
			l.gather(&c)
			l.multiply(&c, st)
		})
	})
	if l.op.Checksum {
		c.linef("*fault = wrong;")
	}
	c.close()
	return []File{l.constants(st), c.file(f + ".c")}
}

// dims are the extents that the weight array has: phases and groups only where there are several.
func (l *convLoops) dims() []int {
	var dims []int
	for i, d := range l.weightDims {
		if d > 1 || i > 1 {
			dims = append(dims, d)
		}
	}
	return dims
}

// partitionWeights splits the weights so that all that one turn multiplies by are read at once.
func (l *convLoops) partitionWeights(c *code, array string) {
	first := len(l.dims()) - 3 // the dimension of output channels, counted from 1
	for i, f := range []fold{l.n, l.y, l.x, l.c} {
		c.partition(array, first+i, l.weightDims[2+i], f.step)
	}
}

// weightAt is a weight in C.
func (l *convLoops) weightAt(array string) string {
	for i, index := range []string{"phase", "g", l.n.index(), l.y.index(), l.x.index(), l.c.index()} {
		if l.weightDims[i] > 1 || i > 1 {
			array += "[" + index + "]"
		}
	}
	return array
}

// rowStart is the input position of tap 0 for output o.
func (l *convLoops) rowStart(w plan.Walk, o string) string {
	switch {
	case w.Phases > 1 && w.Phase0 > 0:
		o = fmt.Sprintf("(%s + %d) / %d", o, w.Phase0, w.Phases)
	case w.Phases > 1:
		o = fmt.Sprintf("%s / %d", o, w.Phases)
	}
	if w.Advance > 1 {
		o = fmt.Sprintf("%s * %d", o, w.Advance)
	}
	return o + plus(w.Start)
}

// phase numbers the sub-kernel of a transposed convolution that an output pixel meets.
func (l *convLoops) phase() string {
	one := func(o string, w plan.Walk) string {
		if w.Phase0 > 0 {
			o = fmt.Sprintf("(%s + %d)", o, w.Phase0)
		}
		return fmt.Sprintf("%s %% %d", o, w.Phases)
	}
	switch {
	case l.cols.Phases == 1:
		return one("oy", l.rows)
	case l.rows.Phases == 1:
		return one("ox", l.cols)
	}
	return fmt.Sprintf("%s * %d + %s", one("oy", l.rows), l.cols.Phases, one("ox", l.cols))
}

// gather copies the window of the output pixel, the zero point where it leaves the image.
func (l *convLoops) gather(c *code) {
	c.loop("ty", "TAPS_Y", func() {
		c.linef("const int y = y0 + ty%s;", times(l.rows.Step))
		c.loop("tx", "TAPS_X", func() {
			c.pragmaf("PIPELINE II=1")
			c.linef("const int x = x0 + tx%s;", times(l.cols.Step))
			c.linef("const int inside = y >= 0 && y < IN_H && x >= 0 && x < IN_W;")
			c.loop("c", l.windowLength, func() {
				if l.c.step > 1 {
					c.pragmaf("UNROLL factor=%d", l.c.step)
				}
				exists := "inside"
				if l.windowLength > l.perIn*l.op.Group {
					exists = "inside && c < IN_C"
				}
				c.linef("window[ty][tx][c] = %s ? in[y][x][c] : IN_ZERO;", exists)
			})
		})
	})
}

func plus(n int) string {
	switch {
	case n < 0:
		return fmt.Sprintf(" - %d", -n)
	case n > 0:
		return fmt.Sprintf(" + %d", n)
	}
	return ""
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" * %d", n)
}

// multiply is the matrix-vector unit: PE accumulators, SIMD products added to each in a turn.
func (l *convLoops) multiply(c *code, st *plan.Stage) {
	f := functionName(st)
	acc := "uint32_t"
	if l.op.AccBits > 32 {
		acc = "uint64_t"
	}
	channelBase, outBase := "", ""
	body := func() {
		c.outerLoops([]fold{l.n}, func() {
			c.linef("%s acc[%d] = {0};", acc, l.n.step)
			c.partition("acc", 1, l.n.step, l.n.step)
			if l.op.Checksum {
				c.linef("uint64_t check = 0;")
			}
			c.outerLoops([]fold{l.y, l.x, l.c}, func() {
				c.pragmaf("PIPELINE II=1")
				p := fold{"n", l.n.total, l.n.step}
				c.innerLoops([]fold{p, l.y, l.x, l.c}, func() {
					c.linef("const int32_t weight = %s;", l.weightAt(f+"_weights"))
					c.linef("acc[%s] += (%s)(weight * (int32_t)window[%s][%s][%s%s]);",
						l.lane(), acc, l.y.index(), l.x.index(), channelBase, l.c.index())
				})
				if l.op.Checksum {
					l.addCheck(c, f, channelBase)
				}
			})
			if l.op.Checksum {
				l.compare(c)
			}
			l.results(c, st, outBase)
		})
	}
	if l.op.Group == 1 {
		body()
		return
	}
	channelBase, outBase = fmt.Sprintf("g%s + ", times(l.perIn)), fmt.Sprintf("g%s + ", times(l.perOut))
	c.loop("g", l.op.Group, body)
}

// lane is the accumulator of the present output channel.
func (l *convLoops) lane() string {
	if l.n.step == 1 {
		return "0"
	}
	return l.n.inner()
}

// results adds the bias to the accumulators, requantises and stores.
func (l *convLoops) results(c *code, st *plan.Stage, outBase string) {
	f := functionName(st)
	c.innerLoops([]fold{l.n}, func() {
		if l.n.padded() > l.n.total {
			c.openf("if (%s < %d)", l.n.index(), l.n.total)
		}
		c.linef("const int o = %s%s;", outBase, l.n.index())
		c.linef("int64_t v = rampart_wrap(acc[%s], ACC_BITS) + %s_bias[o];", l.lane(), f)
		c.requantise(st, &l.op.Scale, "o", "out[oy][ox][o]")
		if l.n.padded() > l.n.total {
			c.close()
		}
	})
}

// dimsText names the dimensions of the weight array.
func (l *convLoops) dimsText() string {
	text := ""
	for i, name := range []string{"phase", "group", "output channel", "kernel row", "kernel column", "input channel"} {
		if l.weightDims[i] > 1 || i > 1 {
			text += "[" + name + "]"
		}
	}
	return text
}

// constants is the header of weights, biases and scales.
func (l *convLoops) constants(st *plan.Stage) File {
	f := functionName(st)
	var c code
	c.linef("/* Constants of stage %s (node %s). */", st.Name, comment(st.Node.Name))
	c.linef("#include <stdint.h>")
	c.linef("")
	c.linef("/* %s; 0 where folding pads. */", l.dimsText())
	wtype := cType(fixed.Format{Bits: l.op.WeightBits, Signed: true})
	c.array(wtype, f+"_weights", l.dims(), func(i int) string { return fmt.Sprint(l.weight(i)) })
	if l.op.Checksum {
		l.checksumArray(&c, f)
	}
	btype := "int32_t"
	if l.op.BiasBits > 32 {
		btype = "int64_t"
	}
	c.array(btype, f+"_bias", []int{len(l.op.Bias)}, func(i int) string { return literal(l.op.Bias[i]) })
	c.scaleArrays(st, &l.op.Scale)
	return c.file(constantsName(st))
}

// weight is element i of the weight array.
func (l *convLoops) weight(i int) int32 {
	var at [6]int
	for d := len(at) - 1; d >= 0; d-- {
		at[d], i = i%l.weightDims[d], i/l.weightDims[d]
	}
	phase, group, n, c := at[0], at[1], at[2], at[5]
	ky := l.rows.Element(phase/l.cols.Phases, at[3])
	kx := l.cols.Element(phase%l.cols.Phases, at[4])
	if n >= l.perOut || c >= l.perIn || ky < 0 || kx < 0 {
		return 0
	}
	return l.op.Weight[(((group*l.perOut+n)*l.perIn+c)*l.op.Kernel[0]+ky)*l.op.Kernel[1]+kx]
}
