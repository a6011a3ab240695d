package fixed

import "context"

// Clip bounds each channel, so that a number too large or too small to be right does less harm:
//
//	y = min(max(x, Lo), Hi)    the upper bound wins where an upset put the lower one above it
//
// With Flag it is an alarm as well, see Raised.
type Clip struct {
	Lo   []int64 // per channel; nil where there are upper bounds alone
	Hi   []int64 // per channel
	Flag bool
}

// Kind names the operator in the text form.
func (*Clip) Kind() string { return "clip" }

// Apply bounds x, a number of channel c.
func (b *Clip) Apply(c int, x int64) int64 {
	if b.Lo != nil {
		x = max(x, b.Lo[c])
	}
	return min(x, b.Hi[c])
}

func (b *Clip) eval(ctx context.Context, in, out *Tensor) error {
	return eachChannel(ctx, out.Shape.C, func(c int) {
		y := out.Plane(c)
		for i, x := range in.Plane(c) {
			y[i] = int32(b.Apply(c, int64(x)))
		}
	})
}

// keep is what is left of ranges behind the bounds.
func (b *Clip) keep(in []Interval) []Interval {
	out := make([]Interval, len(in))
	for c, r := range in {
		out[c] = Interval{b.Apply(c, r.Lo), b.Apply(c, r.Hi)}
	}
	return out
}

func (c *checker) checkClip(n *Node, b *Clip) {
	in, out := n.In[0], n.Out
	if in.Shape != out.Shape || in.Format != out.Format || in.Zero != out.Zero {
		c.failf("its input and output differ in shape, format or zero point")
		return
	}
	if len(b.Hi) != out.Shape.C || b.Lo != nil && len(b.Lo) != out.Shape.C {
		c.failf("it has %d channels, %d lower and %d upper bounds", out.Shape.C, len(b.Lo), len(b.Hi))
		return
	}
	least, most := out.Format.Range()
	for i, hi := range b.Hi {
		lo := least
		if b.Lo != nil {
			lo = b.Lo[i]
		}
		if lo < least || hi > most || lo > hi {
			c.failf("channel %d is bounded by %d and %d, in a format of %d to %d", i, lo, hi, least, most)
		}
	}
}
