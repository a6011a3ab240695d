package float

import (
	"math"

	"rampart/ir/graph"
	"rampart/sim/functional/float/kernel"
)

// conv is a Conv or a ConvTranspose, seen from its outputs.
//
// The kernel reads zeros for what is padding, where the operator leaves the tap out. That comes to the same
// unless a weight is not finite, or the sum starts at -0, which adding a 0 would make 0: from any other start no
// sum of rounded numbers is -0. In these cases the outputs near the edge are computed one by one.
type conv struct {
	weight        []float32
	start         []float32 // the biases, or zeros
	transposed    bool
	perIn, perOut int // channels of a group
	elements, kw  int // of the kernel, and of a row of it
	rows, cols    axis
	phases        []phase

	source, out int // values
	in          int // the value that the kernel reads: the source, or its columns taken apart
	split       int // into so many phases, see splitter
	above, left int // rows and columns of in before the first that a tap reads
}

// phase is the outputs whose row and column are of one phase of their axes.
type phase struct {
	y, x   int // the first of them
	taps   *kernel.Taps
	order  []int     // for each tap, which of the channel's weights: [in/group][kh][kw]
	packed []float32 // the weights of all channels, in blocks of channels, within a block tap by tap
}

// newConv sees a node's operator from its outputs; nil if it is no convolution.
func newConv(n *graph.Node) *conv {
	in, out := n.In[0].Shape, n.Out.Shape
	var c *conv
	var w graph.Window
	var bias []float32
	var groups int
	switch op := n.Op.(type) {
	case *graph.Conv:
		w, bias, groups = op.Window, op.Bias, op.Group
		c = &conv{weight: op.Weight, split: w.Stride[1], rows: slide(w, 0, in.H, out.H), cols: slide(w, 1, in.W, out.W)}
	case *graph.ConvTranspose:
		w, bias, groups = op.Window, op.Bias, op.Group
		c = &conv{weight: op.Weight, split: 1, transposed: true, rows: transpose(w, 0, in.H, out.H), cols: transpose(w, 1, in.W, out.W)}
	default:
		return nil
	}
	c.perIn, c.perOut = in.C/groups, out.C/groups
	c.elements, c.kw = w.Kernel[0]*w.Kernel[1], w.Kernel[1]
	c.start = bias
	if bias == nil {
		c.start = make([]float32, out.C)
	}
	return c
}

// reads is what the taps reach of the value of so many columns that the kernel reads, in rows above and below it
// and columns beside it.
func (c *conv) reads(columns int) border {
	var below, right int
	for p, taps := range c.rows.phases {
		for _, t := range taps {
			c.above = max(c.above, -t.at)
			below = max(below, t.at+(c.rows.count(p)-1)*c.rows.inStep-(c.rows.in-1))
		}
	}
	for p, taps := range c.cols.phases {
		for _, t := range taps {
			at := floor(t.at, c.split)
			c.left = max(c.left, -at)
			right = max(right, at+c.cols.count(p)-columns)
		}
	}
	return border{max(c.above, below), max(c.left, right)}
}

// lay finds the taps in memory and packs the weights into blocks.
func (c *conv) lay(in *value, block int) {
	for y, rows := range c.rows.phases {
		for x, cols := range c.cols.phases {
			p := phase{y: y, x: x}
			var offs []int32
			for i := range c.perIn {
				for _, r := range rows {
					for _, k := range cols {
						at := floor(k.at, c.split)
						plane := i*c.split + k.at - at*c.split
						offs = append(offs, int32(plane*in.plane+(r.at+c.above)*in.row+at+c.left))
						p.order = append(p.order, i*c.elements+r.k*c.kw+k.k)
					}
				}
			}
			p.taps = kernel.NewTaps(offs)
			for o := 0; o < len(c.start); {
				n := c.block(o, block)
				for _, k := range p.order {
					for b := range n {
						p.packed = append(p.packed, c.weight[c.place(o+b, k)])
					}
				}
				o += n
			}
			c.phases = append(c.phases, p)
		}
	}
}

// block is how many channels the block has that channel o begins; 0 if it begins none.
func (c *conv) block(o, size int) int {
	in := o % c.perOut
	if in%size != 0 {
		return 0
	}
	return min(size, c.perOut-in)
}

// place is where weight k of output channel o lies in the operator's weights.
func (c *conv) place(o, k int) int {
	if !c.transposed {
		return o*c.perIn*c.elements + k
	}
	return ((o/c.perOut*c.perIn+k/c.elements)*c.perOut+o%c.perOut)*c.elements + k%c.elements
}

// channel is the output channel that a parameter serves, and which of the channel's weights it is.
func (c *conv) channel(t Tensor, index int) (o, k int) {
	switch {
	case t == Bias:
		return index, 0
	case !c.transposed:
		n := c.perIn * c.elements
		return index / n, index % n
	}
	in, rest := index/(c.perOut*c.elements), index%(c.perOut*c.elements)
	return in/c.perIn*c.perOut + rest/c.elements, in%c.perIn*c.elements + rest%c.elements
}

func (c *conv) owner(p *Patch) int {
	o, _ := c.channel(p.Tensor, p.Index)
	return o
}

// macs is the number of products, nominally: those with padding count.
func (c *conv) macs() int64 {
	if c.transposed {
		return int64(len(c.weight)) * int64(c.rows.in) * int64(c.cols.in)
	}
	return int64(len(c.weight)) * int64(c.rows.out) * int64(c.cols.out)
}

// reach is, for a group's outputs, what its changed inputs reach.
func (c *conv) reach(w *Worker, todo []rect) {
	changed := w.changed[c.source]
	for g := range len(changed) / c.perIn {
		in := joined(changed[g*c.perIn : (g+1)*c.perIn])
		if in.empty() {
			continue
		}
		var r rect
		r.y0, r.y1 = c.rows.reach(in.y0, in.y1)
		r.x0, r.x1 = c.cols.reach(in.x0, in.x1)
		for o := range c.perOut {
			todo[g*c.perOut+o] = r
		}
	}
}

// sound tells whether zeros for padding come to the same as taps left out.
func sound(start float32, weights []float32) bool {
	if math.Float32bits(start) == 1<<31 {
		return false
	}
	for _, v := range weights {
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	return true
}
