package graph

import (
	"errors"
	"fmt"
)

// maxDim bounds every dimension and window attribute, so that no product of them overflows an int.
// maxSize bounds the elements of a tensor, of which an evaluation holds several: a damaged attribute must
// not take all memory. 64 channels of 1024x2048 are just allowed.
const (
	maxDim  = 1 << 20
	maxSize = 1 << 27
)

// check says whether the shape can be a tensor's.
func (s Shape) check() error {
	for _, d := range []int{s.C, s.H, s.W} {
		if d < 1 || d > maxDim {
			return fmt.Errorf("shape %v has a dimension outside 1 to %d", s, maxDim)
		}
	}
	if s.Size() > maxSize {
		return fmt.Errorf("shape %v has more than %d elements", s, maxSize)
	}
	return nil
}

// one checks that an operator has a single input and gives its shape.
func one(in []Shape) (Shape, error) {
	if len(in) != 1 {
		return Shape{}, fmt.Errorf("has %d inputs; it takes one", len(in))
	}
	return in[0], in[0].check()
}

// NewWindow is a window of the given kernel with stride and dilation 1 and no padding.
func NewWindow(height, width int) Window {
	ones := [2]int{1, 1}
	return Window{Kernel: [2]int{height, width}, Stride: ones, Dilation: ones}
}

// Extent is the rows (dim 0) or columns (dim 1) that the kernel spans, dilation included.
func (w Window) Extent(dim int) int { return (w.Kernel[dim]-1)*w.Dilation[dim] + 1 }

func (w Window) check() error {
	for _, a := range []struct {
		name string
		low  int
		v    [2]int
	}{
		{"kernel", 1, w.Kernel}, {"stride", 1, w.Stride}, {"dilation", 1, w.Dilation},
		{"padding before", 0, w.Before}, {"padding after", 0, w.After},
	} {
		if min(a.v[0], a.v[1]) < a.low || max(a.v[0], a.v[1]) > maxDim {
			return fmt.Errorf("%s %dx%d is outside %d to %d", a.name, a.v[0], a.v[1], a.low, maxDim)
		}
	}
	return nil
}

// slide gives the number of positions of the window over size rows or columns: the convolution
// arithmetic of ONNX's Conv and MaxPool. With ceil the last position may hang over the padded edge, as
// long as it starts before the padding after the image does.
func (w Window) slide(dim, size int, ceil bool) (int, error) {
	room := size + w.Before[dim] + w.After[dim] - w.Extent(dim)
	if ceil && room < 0 && room > -w.Stride[dim] {
		return 1, nil // the only position hangs over
	}
	if room < 0 {
		return 0, fmt.Errorf("kernel %dx%d with dilation %dx%d does not fit an image of %d %s with padding %d and %d",
			w.Kernel[0], w.Kernel[1], w.Dilation[0], w.Dilation[1], size, [2]string{"rows", "columns"}[dim],
			w.Before[dim], w.After[dim])
	}
	n := room/w.Stride[dim] + 1
	if ceil && room%w.Stride[dim] != 0 && n*w.Stride[dim] < size+w.Before[dim] {
		n++
	}
	return n, nil
}

// grouped checks the channel arithmetic that Conv and ConvTranspose share.
func grouped(in, out, group int, w Window, weight, bias []float32) error {
	if out < 1 || out > maxDim || group < 1 || group > maxDim {
		return fmt.Errorf("%d output channels in %d groups are outside 1 to %d", out, group, maxDim)
	}
	if in%group != 0 || out%group != 0 {
		return fmt.Errorf("%d groups do not divide %d input and %d output channels", group, in, out)
	}
	if len(bias) != 0 && len(bias) != out {
		return fmt.Errorf("has %d bias values for %d output channels", len(bias), out)
	}
	// Division, not multiplication, so that absurd attributes cannot overflow.
	rest := len(weight)
	for _, f := range []int{in, out / group, w.Kernel[0], w.Kernel[1]} {
		if rest == 0 || rest%f != 0 {
			rest = 0
			break
		}
		rest /= f
	}
	if rest != 1 {
		return fmt.Errorf("has %d weights; %d input channels, %d output channels, %d groups and kernel %dx%d do not make that",
			len(weight), in, out, group, w.Kernel[0], w.Kernel[1])
	}
	return nil
}

// Infer gives the output shape of a convolution.
func (c *Conv) Infer(in []Shape) (Shape, error) {
	x, err := one(in)
	if err := errors.Join(err, c.Window.check()); err != nil {
		return Shape{}, err
	}
	if err := grouped(x.C, c.Out, c.Group, c.Window, c.Weight, c.Bias); err != nil {
		return Shape{}, err
	}
	h, err := c.slide(0, x.H, false)
	if err != nil {
		return Shape{}, err
	}
	w, err := c.slide(1, x.W, false)
	if err != nil {
		return Shape{}, err
	}
	y := Shape{c.Out, h, w}
	return y, y.check()
}

// Infer gives the output shape of a transposed convolution.
func (c *ConvTranspose) Infer(in []Shape) (Shape, error) {
	x, err := one(in)
	if err := errors.Join(err, c.Window.check()); err != nil {
		return Shape{}, err
	}
	if err := grouped(x.C, c.Out, c.Group, c.Window, c.Weight, c.Bias); err != nil {
		return Shape{}, err
	}
	if min(c.OutputPad[0], c.OutputPad[1]) < 0 || max(c.OutputPad[0], c.OutputPad[1]) > maxDim {
		return Shape{}, fmt.Errorf("output padding %dx%d is outside 0 to %d", c.OutputPad[0], c.OutputPad[1], maxDim)
	}
	var size [2]int
	for dim, n := range []int{x.H, x.W} {
		size[dim] = (n-1)*c.Stride[dim] + c.Extent(dim) + c.OutputPad[dim] - c.Before[dim] - c.After[dim]
		if size[dim] < 1 {
			return Shape{}, fmt.Errorf("padding %dx%d before and %dx%d after leaves nothing of the output",
				c.Before[0], c.Before[1], c.After[0], c.After[1])
		}
	}
	y := Shape{c.Out, size[0], size[1]}
	return y, y.check()
}

// Infer gives the output shape of a batch normalisation.
func (b *BatchNorm) Infer(in []Shape) (Shape, error) {
	x, err := one(in)
	if err != nil {
		return Shape{}, err
	}
	for _, f := range fieldsOf(b) {
		if f.data != nil && len(*f.data) != x.C {
			return Shape{}, fmt.Errorf("has %d values of %s for %d channels", len(*f.data), f.name, x.C)
		}
	}
	return x, nil
}

// untrained says what is wrong with parameters that no training leaves, though the operator can be evaluated
// with them, as it must be where a fault made them so: variances below 0, of which the root is NaN.
func untrained(op Op) error {
	b, ok := op.(*BatchNorm)
	if !ok {
		return nil
	}
	for c, v := range b.Var {
		if float64(v)+float64(b.Eps) <= 0 {
			return fmt.Errorf("variance %g of channel %d plus epsilon %g is not positive", v, c, b.Eps)
		}
	}
	return nil
}

// Infer gives the output shape of a rectifier.
func (*Relu) Infer(in []Shape) (Shape, error) { return one(in) }

// Infer gives the output shape of a maximum pooling. A window that lies wholly in the padding has no
// maximum and is refused.
func (m *MaxPool) Infer(in []Shape) (Shape, error) {
	x, err := one(in)
	if err := errors.Join(err, m.Window.check()); err != nil {
		return Shape{}, err
	}
	var size [2]int
	for dim, n := range []int{x.H, x.W} {
		if size[dim], err = m.slide(dim, n, m.CeilMode); err != nil {
			return Shape{}, err
		}
		for o := range size[dim] {
			if lo, hi := m.taps(dim, o, n); lo >= hi {
				return Shape{}, fmt.Errorf("window %d of the %s lies wholly in the padding", o, [2]string{"rows", "columns"}[dim])
			}
		}
	}
	y := Shape{x.C, size[0], size[1]}
	return y, y.check()
}

// taps is the range of kernel positions of output o that lie inside the image.
func (w Window) taps(dim, o, size int) (lo, hi int) {
	start, d := o*w.Stride[dim]-w.Before[dim], w.Dilation[dim]
	if start < 0 {
		lo = (-start + d - 1) / d
	}
	if start < size {
		hi = min(w.Kernel[dim], (size-1-start)/d+1)
	}
	return lo, hi
}

// Infer gives the output shape of a concatenation.
func (*Concat) Infer(in []Shape) (Shape, error) {
	if len(in) == 0 {
		return Shape{}, errors.New("has no inputs")
	}
	y := in[0]
	for _, s := range in[1:] {
		if s.H != y.H || s.W != y.W {
			return Shape{}, fmt.Errorf("joins images of %dx%d and %dx%d", y.H, y.W, s.H, s.W)
		}
		if y.C += s.C; y.C > maxDim {
			break
		}
	}
	return y, y.check()
}

// Infer gives the output shape of a softmax.
func (*Softmax) Infer(in []Shape) (Shape, error) { return one(in) }

// Infer gives the output shape of an argmax: one channel.
func (*ArgMax) Infer(in []Shape) (Shape, error) {
	x, err := one(in)
	return Shape{1, x.H, x.W}, err
}
