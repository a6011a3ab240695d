package fixed

import "fmt"

// checkWindow tells whether the window's numbers are sensible.
func (c *checker) checkWindow(w *Window) bool {
	ok := c.checkShape("kernel", w.Kernel[:]...)
	ok = c.checkShape("stride", w.Stride[:]...) && ok
	ok = c.checkShape("dilation", w.Dilation[:]...) && ok
	for d := range 2 {
		ok = c.within("padding before", int64(w.Before[d]), 0, maxSize) && ok
		ok = c.within("padding after", int64(w.After[d]), 0, maxSize) && ok
	}
	return ok
}

// span is the number of input elements that the kernel covers in dimension d.
func (w *Window) span(d int) int { return (w.Kernel[d]-1)*w.Dilation[d] + 1 }

// OutSize is the output size of a sliding window in dimension d over an input of that size; it is
// less than 1 where the kernel does not fit.
func (w *Window) OutSize(d, in int) int {
	room := in + w.Before[d] + w.After[d] - w.span(d)
	if room < 0 {
		return 0
	}
	return room/w.Stride[d] + 1
}

func (c *checker) checkMaxPool(n *Node, p *MaxPool) {
	in, out := n.In[0], n.Out
	if !c.checkWindow(&p.Window) {
		return
	}
	want := Shape{in.Shape.C, p.OutSize(0, in.Shape.H), p.OutSize(1, in.Shape.W)}
	if out.Shape != want {
		c.failf("its output has shape %v, its window makes %v", out.Shape, want)
		return
	}
	if out.Format != in.Format || out.Zero != in.Zero {
		c.failf("its input and output differ in format or zero point")
	}
	for d, size := range [2]int{in.Shape.H, in.Shape.W} {
		last := [2]int{out.Shape.H, out.Shape.W}[d] - 1
		for o := 0; o <= last; o++ {
			if !p.meets(d, o, size) {
				c.failf("window %d of dimension %d lies in the padding alone", o, d)
				break
			}
		}
	}
}

// meets tells whether window o has an element inside an image of the given size.
func (w *Window) meets(d, o, size int) bool {
	at := o*w.Stride[d] - w.Before[d]
	if at < 0 {
		at += min(ceilDiv(-at, w.Dilation[d]), w.Kernel[d]-1) * w.Dilation[d]
	}
	return at >= 0 && at < size
}

func (c *checker) checkConv(n *Node, v *Conv) {
	in, out := n.In[0].Shape, n.Out.Shape
	if !c.checkWindow(&v.Window) || !c.checkConvShape(v, in, out) {
		return
	}
	if v.Group < 1 || in.C%v.Group != 0 || out.C%v.Group != 0 {
		c.failf("%d groups do not divide %d input and %d output channels", v.Group, in.C, out.C)
		return
	}
	weights := int64(out.C) * int64(in.C/v.Group)
	if taps := int64(v.Kernel[0]) * int64(v.Kernel[1]); taps > maxVolume/weights || int64(len(v.Weight)) != weights*taps {
		c.failf("it has %d weights, its shape wants %d x %d", len(v.Weight), weights, taps)
		return
	}
	if len(v.Bias) != out.C {
		c.failf("it has %d biases for %d channels", len(v.Bias), out.C)
		return
	}
	if !c.within("width of the weights", int64(v.WeightBits), 2, 16) ||
		!c.within("width of the bias", int64(v.BiasBits), 2, 48) ||
		!c.within("width of the accumulator", int64(v.AccBits), 2, 61) {
		return
	}
	lo, hi := Format{Bits: v.WeightBits, Signed: true}.Range()
	for i, w := range v.Weight {
		if !c.within(fmt.Sprintf("weight %d", i), int64(w), lo, hi) {
			break
		}
	}
	lo, hi = Format{Bits: v.BiasBits, Signed: true}.Range()
	for i, b := range v.Bias {
		c.within(fmt.Sprintf("bias of channel %d", i), b, lo, hi)
	}
	c.checkScale(n, &v.Scale, max(v.AccBits, v.BiasBits)+1)
}

// checkConvShape tells whether the output's height and width follow from the input's.
func (c *checker) checkConvShape(v *Conv, in, out Shape) bool {
	ok := true
	for d := range 2 {
		i, o := [2]int{in.H, in.W}[d], [2]int{out.H, out.W}[d]
		least := v.OutSize(d, i)
		most := least
		if v.Transposed {
			least = (i-1)*v.Stride[d] - v.Before[d] - v.After[d] + v.span(d)
			most = maxSize // output padding adds rows that no product reaches
		}
		if o < least || o > most {
			c.failf("dimension %d of its output has size %d, its window makes %d to %d", d, o, least, most)
			ok = false
		}
	}
	return ok
}
