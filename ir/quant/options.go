package quant

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/fixed"
)

// Scales says which real scales are allowed.
type Scales string

// The kinds of scales: any, met by a multiplier and a shift; or powers of two, met by a shift alone.
const (
	General Scales = "general"
	Pow2    Scales = "pow2"
)

// Calibration says how the range of an activation follows from what the calibration images show.
type Calibration string

// The calibrations: the whole range seen; the range without rare values; the range of least squared
// error. Power-of-two scales always take the power of least squared error within that range.
const (
	MinMax     Calibration = "minmax"
	Percentile Calibration = "percentile"
	MSE        Calibration = "mse"
)

// Options steer Quantize. The zero value of a field means its default.
type Options struct {
	WeightBits  int         // 2 to 16, default 8
	ActBits     int         // 2 to 16, default 8
	InputBits   int         // of the network's inputs, 2 to 16, default ActBits, or 8 where that is less: pixels have 8
	HeadBits    int         // of the network's last convolutions, signed, 2 to 32, default 16
	Scales      Scales      // default General
	Calibration Calibration // default MSE
	Percentile  float64     // per cent of values within the range, for Percentile; default 99.99
	Rounding    fixed.Rounding

	// InputRange is the least and the greatest real value of the network's inputs, where known: for
	// pixels / 255 it is {0, 1}, and the scale of 8 bits then is exactly 1/255. Both zero: not known.
	InputRange [2]float64

	// PlainWeights scales weights to their greatest magnitude instead of to the least squared error.
	PlainWeights bool
	// PlainBias leaves out the correction of biases by the mean error that all rounding makes.
	PlainBias bool
}

// complete fills in defaults and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	fill := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&o.WeightBits, 8)
	fill(&o.ActBits, 8)
	fill(&o.InputBits, max(8, o.ActBits))
	fill(&o.HeadBits, 16)
	if o.Scales == "" {
		o.Scales = General
	}
	if o.Calibration == "" {
		o.Calibration = MSE
	}
	if o.Percentile == 0 {
		o.Percentile = 99.99
	}
	return o, o.check()
}

func (o Options) check() error {
	var found diag.Problems
	wrong := func(at string, v any, remedy string) {
		found.Add(diag.Problem{At: at, What: fmt.Sprintf("%v is not possible", v), Remedy: remedy})
	}
	for _, w := range []struct {
		name       string
		bits, most int
	}{{"weight bits", o.WeightBits, 16}, {"activation bits", o.ActBits, 16}, {"input bits", o.InputBits, 16}, {"head bits", o.HeadBits, 32}} {
		if w.bits < 2 || w.bits > w.most {
			wrong(w.name, w.bits, fmt.Sprintf("choose 2 to %d", w.most))
		}
	}
	if o.Scales != General && o.Scales != Pow2 {
		wrong("scales", o.Scales, "choose general or pow2")
	}
	if o.Calibration != MinMax && o.Calibration != Percentile && o.Calibration != MSE {
		wrong("calibration", o.Calibration, "choose minmax, percentile or mse")
	}
	if !(o.Percentile > 50 && o.Percentile <= 100) {
		wrong("percentile", o.Percentile, "choose more than 50 and at most 100")
	}
	if o.Rounding > fixed.HalfEven {
		wrong("rounding", o.Rounding, "choose halfup or halfeven")
	}
	if r := o.InputRange; r != [2]float64{} && !(r[0] < r[1] && isFinite(r[0]) && isFinite(r[1])) {
		wrong("input range", r, "give the least value, then a greater one")
	}
	return found.Err()
}
