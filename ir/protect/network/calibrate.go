package network

import (
	"context"
	"fmt"
	"math"

	"rampart/ir/fixed"
)

// Calibration counts the numbers that values of a network took over images.
type Calibration struct{ counts map[*fixed.Value][][]int64 } // per channel and number, from the format's least on

// Calibrate takes images, each a tensor per input of the network, through it and counts the numbers of the values
// asked for, whose formats have 16 bits or less. An error is a wrong image or the context's.
func Calibrate(ctx context.Context, net *fixed.Net, images [][]*fixed.Tensor, values ...*fixed.Value) (*Calibration, error) {
	c := &Calibration{counts: map[*fixed.Value][][]int64{}}
	for _, v := range values {
		if v.Format.Bits > widest {
			panic(fmt.Sprintf("BUG: network: calibration of %s with %d bits", v.Name, v.Format.Bits))
		}
		channels := make([][]int64, v.Shape.C)
		for i := range channels {
			channels[i] = make([]int64, 1<<v.Format.Bits)
		}
		c.counts[v] = channels
	}
	for i, img := range images {
		if _, err := fixed.EvalAll(ctx, net, img, c.count); err != nil {
			return nil, fmt.Errorf("calibration image %d: %w", i, err)
		}
	}
	return c, nil
}

func (c *Calibration) count(v *fixed.Value, t *fixed.Tensor) {
	least, _ := v.Format.Range()
	for ch, counts := range c.counts[v] {
		for _, x := range t.Plane(ch) {
			counts[int64(x)-least]++
		}
	}
}

// each visits the numbers that a channel took, in ascending order, and how often.
func (c *Calibration) each(v *fixed.Value, channel int, visit func(x, times int64)) {
	least, _ := v.Format.Range()
	for i, n := range c.counts[v][channel] {
		if n > 0 {
			visit(least+int64(i), n)
		}
	}
}

// Bounds gives for each channel of a value the least interval of which at least that share of its numbers, above
// one half, does not lie above, and as many not below; 1 gives the least and the greatest number.
func (c *Calibration) Bounds(v *fixed.Value, share float64) []fixed.Interval {
	all := make([]fixed.Interval, v.Shape.C)
	for ch := range all {
		total := int64(0)
		c.each(v, ch, func(_, n int64) { total += n })
		enough := int64(math.Ceil(share * float64(total) * (1 - 0x1p-40))) // percentages are not exact
		seen, low, high := int64(0), false, false
		c.each(v, ch, func(x, n int64) {
			if total-seen >= enough { // so many are x or more
				all[ch].Lo, low = x, true
			}
			if seen += n; seen >= enough && !high {
				all[ch].Hi, high = x, true
			}
		})
		if !low || !high {
			panic("BUG: network: bounds of a value that was not counted")
		}
	}
	return all
}

// Outside is how many of a value's numbers a clip changes, of how many.
func (c *Calibration) Outside(v *fixed.Value, clip *fixed.Clip) (outside, total int64) {
	for ch := range v.Shape.C {
		c.each(v, ch, func(x, n int64) {
			total += n
			if clip.Apply(ch, x) != x {
				outside += n
			}
		})
	}
	return outside, total
}

// distances is the sum, for each channel of a value, of its numbers' distances from the zero point.
func (c *Calibration) distances(v *fixed.Value) []float64 {
	all := make([]float64, v.Shape.C)
	for ch := range all {
		c.each(v, ch, func(x, n int64) { all[ch] += float64(n) * math.Abs(float64(x-v.Zero)) })
	}
	return all
}
