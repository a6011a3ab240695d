package quant

import (
	"math"

	"rampart/ir/fixed"
)

const (
	biasBits = 32
	multBits = 16
	maxShift = 63
	maxRatio = 1 << 14 // of an accumulator's scale to its result's, so that shifts are never negative
)

// fitted is one output channel in integers.
type fitted struct {
	weights   []int32
	bias      int64
	mult      int64
	shift     int
	noise     float64 // sum of squared weight errors
	raised    bool
	saturated bool
}

// fit makes channel c of a convolution from in to out integer. Its weight scale is the chosen one,
// kept where the requantisation can express it, and raised while the bias does not fit.
func (l *layer) fit(c int, opt Options) fitted {
	w, in, out := l.weights, l.in[0].group, l.out.group
	ratio := in.scale / out.scale
	least, most := math.Exp2(-40)/ratio, maxRatio/ratio
	if opt.Scales == Pow2 {
		most = 1 / ratio // a greater scale would need a shift to the left
	}
	scale := w.scale[c]
	if scale == 0 {
		scale = math.Exp2(-16) / ratio // the bias alone counts
	}
	scale = min(max(scale, least), most)
	f := l.integers(c, scale)
	for f.saturated && scale*2 <= most {
		scale *= 2
		f = l.integers(c, scale)
		f.raised = true
	}
	w.fitted = append(w.fitted, scale)
	f.mult, f.shift = multiplier(ratio * scale)
	return f
}

// multiplier is the normalised multiplier and the shift of a ratio: ratio = mult / 2^shift, mult
// having exactly multBits bits.
func multiplier(ratio float64) (mult int64, shift int) {
	fraction, exponent := math.Frexp(ratio)
	mult = int64(math.Round(math.Ldexp(fraction, multBits)))
	if mult == 1<<multBits {
		mult, exponent = mult/2, exponent+1
	}
	return mult, multBits - exponent
}

// integers rounds weights and bias of channel c at a weight scale.
func (l *layer) integers(c int, scale float64) fitted {
	w, in := l.weights, l.in[0].group
	kernel := w.channel(c)
	f := fitted{weights: make([]int32, len(kernel))}
	sum := int64(0)
	for i, v := range kernel {
		q := w.quantise(v, scale)
		e := v - q*scale
		f.weights[i] = int32(q)
		f.noise += e * e
		sum += int64(q)
	}
	lo, hi := fixed.Format{Bits: biasBits, Signed: true}.Range()
	exact := math.Round(w.bias[c]/(in.scale*scale)) - float64(in.zero*sum)
	f.saturated = exact < float64(lo) || exact > float64(hi)
	f.bias = clampInt(exact, lo, hi)
	return f
}
