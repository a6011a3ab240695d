package quant

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// Preprocess says how a pixel becomes a real value: (pixel*Scale - Mean[c]) / Std[c]. Mean and Std
// are nil, or have an element for all channels, or one each.
type Preprocess struct {
	Scale     float64
	Mean, Std []float64
}

func perChannel(vs []float64, c int, none float64) float64 {
	switch len(vs) {
	case 0:
		return none
	case 1:
		return vs[0]
	}
	return vs[c]
}

// Real is the value of a pixel of channel c.
func (p Preprocess) Real(pixel uint8, c int) float64 {
	return (float64(pixel)*p.Scale - perChannel(p.Mean, c, 0)) / perChannel(p.Std, c, 1)
}

// Range is the least and the greatest value that a pixel of any channel can have: Options.InputRange.
func (p Preprocess) Range(channels int) [2]float64 {
	r := [2]float64{p.Real(0, 0), p.Real(0, 0)}
	for c := range channels {
		for _, v := range []float64{p.Real(0, c), p.Real(255, c)} {
			r[0], r[1] = min(r[0], v), max(r[1], v)
		}
	}
	return r
}

// Tensor makes a float image of shape s from pixels in the order height, width, channel.
func (p Preprocess) Tensor(pixels []uint8, s graph.Shape) (*graph.Tensor, error) {
	if len(pixels) != s.Size() {
		return nil, diag.Problem{What: fmt.Sprintf("an image has %d values, the network wants %d x %d x %d", len(pixels), s.H, s.W, s.C),
			Remedy: "give images of the network's size, uint8 in the order height, width, channel"}
	}
	for _, vs := range [][]float64{p.Mean, p.Std} {
		if len(vs) > 1 && len(vs) != s.C {
			return nil, diag.Problem{What: fmt.Sprintf("there are %d means or deviations for %d channels", len(vs), s.C), Remedy: "give one, or one per channel"}
		}
	}
	for _, v := range p.Std {
		if v == 0 {
			return nil, diag.Problem{What: "a standard deviation is 0", Remedy: "give deviations other than 0"}
		}
	}
	t := &graph.Tensor{Shape: s, Data: make([]float32, s.Size())}
	plane := s.H * s.W
	for i, v := range pixels {
		t.Data[i%s.C*plane+i/s.C] = float32(p.Real(v, i%s.C))
	}
	return t, nil
}

// Input quantises a real image for network input i: to the nearest integer, saturating.
func (r *Result) Input(i int, real *graph.Tensor) *fixed.Tensor {
	v := r.Values[i]
	g := grid{scale: v.Scale, zero: v.Zero, format: v.Value.Format}
	t := fixed.NewTensor(v.Value.Shape)
	for k, x := range real.Data {
		t.Data[k] = int32(g.quantise(float64(x)))
	}
	return t
}

// Real turns integers back into real values.
func (v Value) Real(t *fixed.Tensor) *graph.Tensor {
	real := &graph.Tensor{Shape: graph.Shape{C: t.Shape.C, H: t.Shape.H, W: t.Shape.W}, Data: make([]float32, len(t.Data))}
	for i, x := range t.Data {
		real.Data[i] = float32(float64(int64(x)-v.Zero) * v.Scale)
	}
	return real
}

// Lookup finds the meaning of a value of the network.
func (r *Result) Lookup(v *fixed.Value) (Value, bool) {
	for _, known := range r.Values {
		if known.Value == v {
			return known, true
		}
	}
	return Value{}, false
}
