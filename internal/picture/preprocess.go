package picture

import (
	"fmt"
	"math"

	"rampart/internal/diag"
)

// Preprocess is what happens to a pixel value on its way to the network:
//
//	(value * Scale - Mean[channel]) / Std[channel]
//
// The zero Preprocess divides by the images' Max: 255 for bytes, 1 for arrays of floats.
type Preprocess struct {
	Scale float64   `json:"scale,omitempty"` // 0: divide by Max
	Mean  []float64 `json:"mean,omitempty"`  // empty, one for all channels, or one per channel
	Std   []float64 `json:"std,omitempty"`   // likewise
}

// Check tells what is wrong with the options for a network of c input channels, as diag.Problems.
func (p Preprocess) Check(c int) error {
	var ps diag.Problems
	if !finite(p.Scale) || p.Scale < 0 {
		ps.Add(diag.Problem{At: "--scale", What: fmt.Sprintf("%v is not a positive number", p.Scale), Remedy: "give a factor such as 0.00392157"})
	}
	for _, o := range []struct {
		name   string
		values []float64
		ok     func(float64) bool
		rule   string
	}{
		{"--mean", p.Mean, finite, "numbers"},
		{"--std", p.Std, func(v float64) bool { return finite(v) && v > 0 }, "positive numbers"},
	} {
		if n := len(o.values); n > 1 && n != c {
			ps.Add(diag.Problem{At: o.name, What: fmt.Sprintf("%d values for %d channels", n, c), Remedy: "give one value, or one per channel"})
		}
		for _, v := range o.values {
			if !o.ok(v) {
				ps.Add(diag.Problem{At: o.name, What: fmt.Sprintf("%v is not among the %s", v, o.rule), Remedy: "give " + o.rule})
			}
		}
	}
	return ps.Err()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Tensor is image i as the network takes it: float32 in CHW order. p has passed Check. Without options
// a value is divided in float32, as NumPy does.
func (im *Images) Tensor(i int, p Preprocess) []float32 {
	plane := im.H * im.W
	out := make([]float32, im.C*plane)
	for c := range im.C {
		mean, std := pick(p.Mean, c, 0), pick(p.Std, c, 1)
		for at := range plane {
			v := im.at((i*plane+at)*im.C + c)
			if p.Scale == 0 {
				v /= im.Max
			} else {
				v = float32(float64(v) * p.Scale)
			}
			out[c*plane+at] = float32((float64(v) - mean) / std)
		}
	}
	return out
}

// pick is the value of channel c where there may be none, one for all, or one per channel.
func pick(values []float64, c int, otherwise float64) float64 {
	switch len(values) {
	case 0:
		return otherwise
	case 1:
		return values[0]
	}
	return values[c]
}

// Range is the least and the greatest value that a pixel of byte images can have on its way to the
// network, over all channels; both are zero for images of floats, whose values know no bounds.
func (im *Images) Range(p Preprocess) [2]float64 {
	if im.U8 == nil {
		return [2]float64{}
	}
	scale := p.Scale
	if scale == 0 {
		scale = 1 / float64(im.Max)
	}
	r := [2]float64{math.Inf(1), math.Inf(-1)}
	for c := range im.C {
		for _, v := range []float64{0, 255} {
			end := (v*scale - pick(p.Mean, c, 0)) / pick(p.Std, c, 1)
			r[0], r[1] = min(r[0], end), max(r[1], end)
		}
	}
	return r
}
