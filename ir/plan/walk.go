package plan

import "rampart/ir/fixed"

// Walk is how a window moves along one dimension. Tap t of output o lies at input
// start(o) + t*Step. The phase of output o is (o + Phase0) mod Phases; start begins at Start and grows
// by Advance each time the phase wraps. A convolution has one phase and advances by its stride. A
// transposed convolution has as many phases as its stride, each with the sub-kernel of the elements
// that meet real input there, so that no inserted zero is ever multiplied.
type Walk struct {
	In, Out int // sizes of the input and of the output
	Taps    int // taps of one phase
	Step    int // input distance between taps
	Start   int // input position of tap 0 for output 0; negative in the padding
	Advance int
	Phases  int
	Phase0  int

	kernel   int // kernel size, without dilation
	dilation int
	flipped  bool // transposed: taps run against the kernel
}

// NewWalk derives the walk of a convolution or pool along dimension dim (0 rows, 1 columns).
func NewWalk(w fixed.Window, transposed bool, dim, in, out int) Walk {
	k, s, d, before := w.Kernel[dim], w.Stride[dim], w.Dilation[dim], w.Before[dim]
	if !transposed {
		return Walk{In: in, Out: out, Taps: k, Step: d, Start: -before, Advance: s, Phases: 1, kernel: k, dilation: d}
	}
	span := (k-1)*d + 1
	taps := (span + s - 1) / s
	return Walk{
		In: in, Out: out, Taps: taps, Step: 1, Start: before/s - (taps - 1), Advance: 1,
		Phases: s, Phase0: before % s, kernel: k, dilation: d, flipped: true,
	}
}

// Element is the kernel index that tap t meets in the outputs of a phase, or -1 where it meets none.
func (w Walk) Element(phase, t int) int {
	if !w.flipped {
		return t
	}
	k := phase + w.Phases*(w.Taps-1-t)
	if k%w.dilation != 0 || k/w.dilation >= w.kernel {
		return -1
	}
	return k / w.dilation
}

// Span is the distance from the first tap to the last.
func (w Walk) Span() int { return (w.Taps - 1) * w.Step }

// At gives tap 0's input position and the phase for output o.
func (w Walk) At(o int) (start, phase int) {
	o += w.Phase0
	return w.Start + o/w.Phases*w.Advance, o % w.Phases
}

// Last is tap 0's input position for the last output.
func (w Walk) Last() int {
	start, _ := w.At(w.Out - 1)
	return start
}

// Flat is the walk of rows over an image that is seen as one pixel wide: what a 1x1 window with
// stride 1 and no padding does, whose line buffer is then a few pixels instead of rows.
func Flat(pixels int) Walk {
	return Walk{In: pixels, Out: pixels, Taps: 1, Step: 1, Advance: 1, Phases: 1, kernel: 1, dilation: 1}
}
