package functional

import (
	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// conv is a convolution or transposed convolution. Its accumulators, where they fit 32 bits, lie
// [row][column][channel] with a border for what inputs at the edge would add outside the output.
type conv struct {
	*fixed.Conv
	g        *geometry
	in, out  int // values
	node     int
	src, dst *value
	image    *image // of the input
	shape    fixed.Shape
	perIn    int // input channels of a group
	perOut   int

	exactly bool     // every output is computed by exact: the rest is not set
	parts   [][]part // per phase of the rows
	scale   *kernel.Scale
	settler *kernel.Scale // of sums by the weights as they are, which need not wrap if that is proved
	fan     *fan
	weave   *weave   // nil where the gather kernel does not suit
	bytes   []*bytes // for all input channels, then for each joined part; none where bytes do not suit
	joined  []int    // the values that the input is joined of

	perPixel  int64   // multiply-accumulates of an output pixel, about
	denseCost float64 // of an output pixel by the dense kernel, in steps of 16 accumulators

	row, origin, size int // of the accumulators
}

func (e *Engine) newConv(i int, op *fixed.Conv, g *geometry) *conv {
	n := &e.nodes[i]
	src, dst := &e.values[n.in[0]], &e.values[n.out]
	c := &conv{Conv: op, g: g, in: n.in[0], out: n.out, node: i, src: src, dst: dst, image: &e.images[src.image],
		shape: n.Out.Shape, perIn: src.Shape.C / op.Group, perOut: n.Out.Shape.C / op.Group}
	if !c.simple() {
		c.exactly = true
		return c
	}
	c.parts = c.pack()
	c.fan = c.newFan()
	c.weave = c.newWeave()
	c.row = (g.xs.before + c.shape.W + max(g.xs.after, c.weave.slack(c.shape.C))) * c.shape.C
	c.origin = g.ys.before*c.row + g.xs.before*c.shape.C
	c.size = (g.ys.before + c.shape.H + g.ys.after) * c.row
	c.layFan()
	for i := range c.parts {
		for k := range c.parts[i] {
			p := &c.parts[i][k]
			c.denseCost += float64(p.blocks*len(p.offs)) / float64(p.strip.step*len(c.parts))
		}
	}
	c.bytes = e.newBytes(c)
	c.perPixel = c.macs() / int64(c.shape.H*c.shape.W)
	if !wide(dst.Value) {
		k := c.constants(nil)
		c.scale = kernel.NewScale(k)
		if c.settler = c.scale; !c.wraps() {
			k.AccBits = 32
			c.settler = kernel.NewScale(k)
		}
	}
	return c
}

// macs is the multiply-accumulates of a whole frame, products with padding among them.
func (c *conv) macs() int64 {
	s := c.shape
	if c.Transposed { // each input, not each output, meets every kernel element
		s = c.src.Shape
	}
	return int64(len(c.Weight)) * int64(s.H) * int64(s.W)
}

// simple tells whether the kernels can do this convolution: its sums, or all of them that count, fit 32 bits.
func (c *conv) simple() bool { return simple(c.Conv, c.src.Value, c.shape.C, c.g) }

func simple(c *fixed.Conv, in *fixed.Value, channels int, g *geometry) bool {
	return !g.unreasonable() && (c.AccBits <= 32 || largest(c, in, channels) < 1<<31)
}

// largest bounds the magnitude of every sum of the convolution, whatever the activations in their format.
func largest(c *fixed.Conv, in *fixed.Value, channels int) int64 {
	per, most := len(c.Weight)/channels, int64(0)
	for o := range channels {
		sum := int64(0)
		for _, w := range c.Weight[o*per:][:per] {
			sum += max(int64(w), -int64(w))
		}
		most = max(most, sum)
	}
	if most > 1<<40 {
		return most // times an activation it might leave 64 bits
	}
	return most * magnitude(in)
}

// wraps tells whether some sum may leave the accumulator.
func (c *conv) wraps() bool {
	limit := int64(1) << (min(c.AccBits, 32) - 1)
	for o := range c.shape.C {
		if low, high := c.sums(o); low < -limit || high >= limit {
			return true
		}
	}
	return false
}

// sums is the range of the sums of an output channel, whatever the activations.
func (c *conv) sums(o int) (low, high int64) {
	lo, hi := c.src.Format.Range()
	for _, rows := range c.g.rows.phases {
		for _, cols := range c.g.cols.phases {
			least, most := int64(0), int64(0)
			for i := range c.perIn {
				for _, r := range rows {
					for _, col := range cols {
						w := int64(c.Weight[((o*c.perIn+i)*c.Kernel[0]+r.k)*c.Kernel[1]+col.k])
						least, most = least+min(w*lo, w*hi), most+max(w*lo, w*hi)
					}
				}
			}
			low, high = min(low, least), max(high, most)
		}
	}
	return low, high
}

// magnitude is the greatest of a value.
func magnitude(v *fixed.Value) int64 {
	lo, hi := v.Format.Range()
	return max(-lo, hi)
}

// constants of the requantisation, under patches.
func (c *conv) constants(ps []Patch) kernel.Constants {
	k := rescaling(&c.Scale, c.dst, ps)
	k.AccBits = min(c.AccBits, 32)
	k.Bias = make([]int64, c.shape.C)
	for o, b := range c.Bias {
		k.Bias[o] = params(ps, Bias, o, b, c.biasFormat())
	}
	return k
}

// rescaling is the constants of a requantisation but for bias and accumulator, as values of dst are stored.
func rescaling(s *fixed.Scale, dst *value, ps []Patch) kernel.Constants {
	k := kernel.Constants{Even: s.Rounding == fixed.HalfEven, Zero: dst.Zero - dst.offset, Lo: s.Lo - dst.offset, Hi: s.Hi - dst.offset}
	for ch, v := range s.Shift {
		k.Shift = append(k.Shift, int(params(ps, Shift, ch, int64(v), shiftFormat)))
	}
	for ch, v := range s.Mult {
		k.Mult = append(k.Mult, params(ps, Mult, ch, v, multFormat(s)))
	}
	return k
}

// shiftFormat is the width of a shift, as it can be struck.
var shiftFormat = fixed.Format{Bits: 6}

func multFormat(s *fixed.Scale) fixed.Format { return fixed.Format{Bits: s.MultBits} }

func (c *conv) weightFormat() fixed.Format { return fixed.Format{Bits: c.WeightBits, Signed: true} }

func (c *conv) biasFormat() fixed.Format { return fixed.Format{Bits: c.BiasBits, Signed: true} }

// weight takes apart an index into the weights: output channel, input channel, kernel row and column.
func (c *conv) weight(index int) (o, i, ky, kx int) {
	kx, index = index%c.Kernel[1], index/c.Kernel[1]
	ky, index = index%c.Kernel[0], index/c.Kernel[0]
	o = index / c.perIn
	return o, o/c.perOut*c.perIn + index%c.perIn, ky, kx
}

// channel is the output channel that a patch of a weight or a constant changes.
func (c *conv) channel(p *Patch) int {
	if p.Kind == Weight {
		o, _, _, _ := c.weight(p.Index)
		return o
	}
	return p.Index
}
