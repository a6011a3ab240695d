package graph

// Eval computes a convolution, in parallel over output channels. Each output is summed in float32 in
// the order input channel, kernel row, kernel column, so the result does not depend on the machine.
func (c *Conv) Eval(in []*Tensor) *Tensor {
	x := in[0]
	y := result(c, in)
	parallel(c.Out, x.Shape.C/c.Group*y.Shape.H*y.Shape.W, func(o int) { c.evalChannel(x, y.plane(o), y.Shape, o) })
	return y
}

func (c *Conv) evalChannel(x *Tensor, plane []float32, shape Shape, o int) {
	per := x.Shape.C / c.Group
	first := o / (c.Out / c.Group) * per
	kh, kw := c.Kernel[0], c.Kernel[1]
	columns := c.spans(x.Shape.W, shape.W)
	for oy := range shape.H {
		row := plane[oy*shape.W : (oy+1)*shape.W]
		if c.Bias != nil {
			fill(row, c.Bias[o])
		}
		lo, hi := c.taps(0, oy, x.Shape.H)
		for i := range per {
			weights := c.Weight[(o*per+i)*kh*kw:][:kh*kw]
			image := x.plane(first + i)
			for ky := lo; ky < hi; ky++ {
				iy := oy*c.Stride[0] - c.Before[0] + ky*c.Dilation[0]
				line := image[iy*x.Shape.W : (iy+1)*x.Shape.W]
				for kx, s := range columns {
					if s.lo < s.hi {
						gather(row[s.lo:s.hi], line[s.from:], c.Stride[1], weights[ky*kw+kx])
					}
				}
			}
		}
	}
}

// span is the outputs lo to hi of a row that one kernel column serves; from is the input of lo.
type span struct{ lo, hi, from int }

// spans gives each kernel column's span, from the sizes of an input and an output row.
func (c *Conv) spans(in, out int) []span {
	spans := make([]span, c.Kernel[1])
	stride := c.Stride[1]
	for k := range spans {
		off := k*c.Dilation[1] - c.Before[1] // output o reads input o*stride + off
		s := &spans[k]
		if off < 0 {
			s.lo = (-off + stride - 1) / stride
		}
		if off < in {
			s.hi = min(out, (in-1-off)/stride+1)
		}
		s.from = s.lo*stride + off
	}
	return spans
}

// gather adds w times every stride-th source to a run of destinations. The conversion forbids fused
// multiply-add, which would make results differ between processors.
func gather(dst, src []float32, stride int, w float32) {
	if stride == 1 {
		src = src[:len(dst)]
		for i, v := range src {
			dst[i] += float32(w * v)
		}
		return
	}
	for i := range dst {
		dst[i] += float32(w * src[i*stride])
	}
}

// Eval computes a transposed convolution, in parallel over output channels; see Conv.Eval.
func (c *ConvTranspose) Eval(in []*Tensor) *Tensor {
	x := in[0]
	y := result(c, in)
	parallel(c.Out, x.Shape.Size()/c.Group, func(o int) { c.evalChannel(x, y.plane(o), y.Shape, o) })
	return y
}

func (c *ConvTranspose) evalChannel(x *Tensor, plane []float32, shape Shape, o int) {
	perIn, perOut := x.Shape.C/c.Group, c.Out/c.Group
	first := o / perOut * perIn
	kh, kw := c.Kernel[0], c.Kernel[1]
	if c.Bias != nil {
		fill(plane, c.Bias[o])
	}
	for i := range perIn {
		weights := c.Weight[((first+i)*perOut+o%perOut)*kh*kw:][:kh*kw]
		image := x.plane(first + i)
		for iy := range x.Shape.H {
			line := image[iy*x.Shape.W : (iy+1)*x.Shape.W]
			for ky := range kh {
				oy := iy*c.Stride[0] + ky*c.Dilation[0] - c.Before[0]
				if oy < 0 || oy >= shape.H {
					continue
				}
				row := plane[oy*shape.W : (oy+1)*shape.W]
				for kx := range kw {
					scatter(row, line, kx*c.Dilation[1]-c.Before[1], c.Stride[1], weights[ky*kw+kx])
				}
			}
		}
	}
}

// scatter adds w times source i to destination i*stride + off, where there is one.
func scatter(dst, src []float32, off, stride int, w float32) {
	lo := 0
	if off < 0 {
		lo = (-off + stride - 1) / stride
	}
	for i, o := lo, lo*stride+off; i < len(src) && o < len(dst); i, o = i+1, o+stride {
		dst[o] += float32(w * src[i])
	}
}
