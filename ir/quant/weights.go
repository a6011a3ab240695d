package quant

import (
	"math"

	"rampart/ir/graph"
)

// weights is the kernels of a convolution, in the order that the integer network has them:
// [out][in/group][taps]. Scale is per output channel; 0 marks a channel of zeros.
type weights struct {
	window     graph.Window
	transposed bool
	group      int
	outs       int
	perIn      int
	real       []float64
	bias       []float64
	scale      []float64
	fitted     []float64 // likewise, as the integer network has it
	top        float64   // the greatest integer
}

func convWeights(op *graph.Conv, ins int) *weights {
	w := newWeights(op.Window, op.Group, op.Out, ins, op.Bias)
	for i, v := range op.Weight {
		w.real[i] = float64(v)
	}
	return w
}

// transposedWeights brings [in][out/group] into the order [out][in/group].
func transposedWeights(op *graph.ConvTranspose, ins int) *weights {
	w := newWeights(op.Window, op.Group, op.Out, ins, op.Bias)
	w.transposed = true
	perOut, taps := op.Out/op.Group, w.taps()
	for o := range op.Out {
		for i := range w.perIn {
			from := ((o/perOut*w.perIn+i)*perOut + o%perOut) * taps
			for t, v := range op.Weight[from : from+taps] {
				w.real[(o*w.perIn+i)*taps+t] = float64(v)
			}
		}
	}
	return w
}

func newWeights(window graph.Window, group, outs, ins int, bias []float32) *weights {
	w := &weights{window: window, group: group, outs: outs, perIn: ins / group}
	w.real = make([]float64, outs*w.perIn*w.taps())
	w.bias = make([]float64, outs)
	for c, b := range bias {
		w.bias[c] = float64(b)
	}
	return w
}

func (w *weights) taps() int { return w.window.Kernel[0] * w.window.Kernel[1] }

// channel is the kernel of one output channel.
func (w *weights) channel(c int) []float64 {
	n := w.perIn * w.taps()
	return w.real[c*n : (c+1)*n]
}

// chooseScales gives every channel its scale.
func (w *weights) chooseScales(opt Options) {
	w.top = float64(int(1)<<(opt.WeightBits-1) - 1)
	w.scale = make([]float64, w.outs)
	for c := range w.scale {
		w.scale[c] = w.best(w.channel(c), opt)
	}
}

// best is the scale of one kernel.
func (w *weights) best(kernel []float64, opt Options) float64 {
	greatest := 0.0
	for _, v := range kernel {
		greatest = max(greatest, math.Abs(v))
	}
	whole := greatest / w.top
	if whole == 0 || !isFinite(1/whole) {
		return 0
	}
	step, steps := 0.98, 40
	if opt.Scales == Pow2 {
		whole = math.Exp2(math.Ceil(math.Log2(whole)))
		step, steps = 0.5, 4
	} else if opt.PlainWeights {
		return whole
	}
	best, least := whole, math.Inf(1)
	for s := range steps {
		scale := whole * math.Pow(step, float64(s))
		if d := w.distortion(kernel, scale); d < least {
			best, least = scale, d
		}
	}
	return best
}

// distortion is the sum of squared errors of a kernel at a scale.
func (w *weights) distortion(kernel []float64, scale float64) float64 {
	sum := 0.0
	for _, v := range kernel {
		e := v - scale*w.quantise(v, scale)
		sum += e * e
	}
	return sum
}

// quantise is the nearest integer, as a float.
func (w *weights) quantise(v, scale float64) float64 {
	return min(max(math.Round(v/scale), -w.top), w.top)
}

// coarsest is the greatest scale of all channels.
func (w *weights) coarsest() float64 {
	greatest := 0.0
	for _, s := range w.scale {
		greatest = max(greatest, s)
	}
	return greatest
}
