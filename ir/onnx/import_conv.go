package onnx

import (
	"fmt"

	"rampart/ir/graph"
)

func importConv(c *call) {
	x := c.activation(0)
	weight, dims := c.weights(1, 4)
	bias, _ := c.weights(2, 1)
	w, pad := c.window(dims)
	op := &graph.Conv{Window: w, Group: c.count("group", 1), Weight: weight, Bias: bias}
	if x == nil || weight == nil {
		return
	}
	op.Out = int(dims[0])
	if int(dims[1])*op.Group != x.Shape.C {
		c.refuse(fmt.Sprintf("weights %v in %d groups do not fit %d input channels", dims, op.Group, x.Shape.C), "correct the network and export it again")
		return
	}
	pad.apply(&op.Window, x.Shape)
	c.emit(op, x)
}

func importConvTranspose(c *call) {
	x := c.activation(0)
	weight, dims := c.weights(1, 4)
	bias, _ := c.weights(2, 1)
	w, pad := c.window(dims)
	op := &graph.ConvTranspose{
		Window: w, Group: c.count("group", 1), OutputPad: c.pair("output_padding", 0, 0), Weight: weight, Bias: bias,
	}
	size := c.pair("output_shape", 1, 0)
	if x == nil || weight == nil {
		return
	}
	op.Out = int(dims[1]) * op.Group
	if int(dims[0]) != x.Shape.C {
		c.refuse(fmt.Sprintf("weights %v do not fit %d input channels", dims, x.Shape.C), "correct the network and export it again")
		return
	}
	pad.applyTransposed(op, x.Shape, size)
	c.emit(op, x)
}

// window reads the attributes of a sliding kernel. A convolution's kernel size is that of its weights;
// dims is nil where there are none.
func (c *call) window(dims []int64) (graph.Window, autoPad) {
	w := graph.Window{Kernel: [2]int{1, 1}, Stride: c.pair("strides", 1, 1), Dilation: c.pair("dilations", 1, 1)}
	given := c.pair("kernel_shape", 1, 0)
	switch {
	case dims != nil && min(dims[2], dims[3]) >= 1 && max(dims[0], dims[1], dims[2], dims[3]) <= maxAttr:
		w.Kernel = [2]int{int(dims[2]), int(dims[3])}
		if c.has("kernel_shape") && given != w.Kernel {
			c.refuse(fmt.Sprintf("kernel_shape %v is not that of the weights %v", given, dims), "the file is damaged; export it again")
		}
	case dims != nil:
		c.refuse(fmt.Sprintf("weights %v hold nothing or are too large", dims), "the file is damaged; export it again")
	case c.has("kernel_shape"):
		w.Kernel = [2]int{max(given[0], 1), max(given[1], 1)}
	}
	pads := c.integers("pads", 0, 0, 0, 0, 0)
	w.Before, w.After = [2]int{pads[0], pads[1]}, [2]int{pads[2], pads[3]}
	pad := autoPad(c.text("auto_pad", string(padNotSet)))
	switch pad {
	case padNotSet:
	case padSameUpper, padSameLower, padValid:
		if w.Before != [2]int{} || w.After != [2]int{} {
			c.refuse(fmt.Sprintf("pads %v and auto_pad %s exclude each other", pads, pad), "export with one of them")
		}
	default:
		c.refuse(fmt.Sprintf("auto_pad %s is not known", pad), "export with explicit pads")
	}
	return w, pad
}

// autoPad is the attribute auto_pad.
type autoPad string

const (
	padNotSet    autoPad = "NOTSET"
	padSameUpper autoPad = "SAME_UPPER" // an odd row of padding goes below, an odd column right
	padSameLower autoPad = "SAME_LOWER"
	padValid     autoPad = "VALID" // none
)

// apply sets the padding of a convolution or pooling: SAME makes the output ceil(size/stride).
func (p autoPad) apply(w *graph.Window, in graph.Shape) {
	if p != padSameUpper && p != padSameLower {
		return
	}
	for dim, size := range []int{in.H, in.W} {
		out := (size + w.Stride[dim] - 1) / w.Stride[dim]
		total := max((out-1)*w.Stride[dim]+w.Extent(dim)-size, 0)
		w.Before[dim], w.After[dim] = p.split(total)
	}
}

// applyTransposed sets the padding of a transposed convolution: SAME makes the output size*stride; a
// wanted output size (nonzero) overrides SAME and explicit padding. What a wanted size has beyond the
// full result is padded below and right.
func (p autoPad) applyTransposed(op *graph.ConvTranspose, in graph.Shape, want [2]int) {
	for dim, size := range []int{in.H, in.W} {
		if p == padSameUpper || p == padSameLower {
			if want[dim] == 0 {
				want[dim] = size * op.Stride[dim]
			}
		}
		if want[dim] == 0 {
			continue
		}
		total := (size-1)*op.Stride[dim] + op.Extent(dim) + op.OutputPad[dim] - want[dim]
		if total < 0 {
			op.OutputPad[dim] -= total
			total = 0
		}
		op.Before[dim], op.After[dim] = p.split(total)
	}
}

// split divides padding between before and after. ONNX gives the odd one to the end for SAME_UPPER
// and to the beginning for everything else.
func (p autoPad) split(total int) (before, after int) {
	half := total / 2
	if p == padSameUpper {
		return half, total - half
	}
	return total - half, half
}
