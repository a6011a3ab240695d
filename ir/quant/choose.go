package quant

import (
	"math"

	"rampart/ir/fixed"
)

// choose fixes the group's format, scale and zero point from its statistics.
func (g *group) choose(opt Options) {
	lo, hi := g.stats.lo, g.stats.hi
	g.format = fixed.Format{Bits: opt.ActBits, Signed: lo < 0 && g.zeroed}
	if g.input {
		g.format.Bits = opt.InputBits
	}
	free := !g.input && !g.head // its ends may be cut off
	if g.head {
		g.format = fixed.Format{Bits: opt.HeadBits, Signed: true}
		lo, hi = lo*headroom(opt.HeadBits), hi*headroom(opt.HeadBits)
	}
	if free && opt.Calibration == Percentile {
		lo, hi = g.stats.percentiles(opt.Percentile)
	}
	g.grid = over(lo, hi, g.format)
	switch {
	case opt.Scales == Pow2:
		top := g.at(math.Exp2(math.Ceil(math.Log2(g.scale))), lo, hi)
		g.grid = top
		if !g.head {
			g.grid = g.stats.best(powersBelow(top, lo, hi))
		}
	case free && opt.Calibration == MSE:
		g.grid = g.stats.best(shrunk(lo, hi, g.format))
	}
}

// headroom widens the range of logits where bits abound: logits of unseen images that saturate would
// tie, and ties cost classes.
func headroom(bits int) float64 {
	if bits >= 12 {
		return 2
	}
	return 1
}

// powersBelow lists top and the grids with the next smaller powers of two as scales.
func powersBelow(top grid, lo, hi float64) []grid {
	grids := []grid{top}
	for range 4 {
		grids = append(grids, top.at(grids[len(grids)-1].scale/2, lo, hi))
	}
	return grids
}

// shrunk lists grids over ever smaller shares of lo to hi.
func shrunk(lo, hi float64, format fixed.Format) []grid {
	var grids []grid
	for share := 1.0; share > 0.2; share *= 0.97 {
		grids = append(grids, over(lo*share, hi*share, format))
	}
	return grids
}

// best is the first of the grids with the least distortion.
func (s *stats) best(grids []grid) grid {
	best, least := grids[0], math.Inf(1)
	for _, g := range grids {
		if d := s.distortion(g); d < least {
			best, least = g, d
		}
	}
	return best
}

// distortion is the sum of squared errors that the grid makes on the values of the histogram.
func (s *stats) distortion(g grid) float64 {
	sum := 0.0
	width := s.width()
	for b, n := range s.count {
		if n == 0 {
			continue
		}
		e := g.error(s.lo + (float64(b)+0.5)*width)
		square := e * e
		if math.Abs(e) <= g.scale && g.scale < 4*width {
			square = g.scale * g.scale / 12 // bins too coarse to tell: uniform rounding noise
		}
		sum += float64(n) * square
	}
	return sum
}

// percentiles is the range that leaves out (100-p) per cent of the values at either end; it holds 0.
func (s *stats) percentiles(p float64) (lo, hi float64) {
	total := s.zeros
	for _, n := range s.count {
		total += n
	}
	spare := int64(float64(total) * (100 - p) / 100)
	hi = s.hi
	for b, left := bins-1, spare; b >= 0 && hi > 0; b-- {
		if left -= s.count[b]; left < 0 {
			break
		}
		hi = s.lo + float64(b)*s.width()
	}
	lo = s.lo
	for b, left := 0, spare; b < bins && lo < 0; b++ {
		if left -= s.count[b]; left < 0 {
			break
		}
		lo = s.lo + float64(b+1)*s.width()
	}
	return min(lo, 0), max(hi, 0)
}

// liftScales makes every shift non-negative. In a power-of-two network a result's scale is at least
// that of the accumulator, whose steps it could not show anyway. Scales only grow, and settle unless
// convolutions lead from a group back to itself and each lifts the next without end. Then only changes of
// scale lift, which always settles, and the weight scales give way instead (see fit).
func (m *model) liftScales(opt Options) {
	before := make([]grid, len(m.groups))
	for i, g := range m.groups {
		before[i] = g.grid
	}
	if m.lift(opt, true) {
		return
	}
	for i, g := range m.groups {
		g.grid = before[i]
	}
	if !m.lift(opt, false) {
		panic("BUG: quant: changes of scale do not settle")
	}
}

// lift raises scales, for the needs of convolutions or not, and tells whether they settled: without a
// circle they do after one round per layer.
func (m *model) lift(opt Options, convs bool) bool {
	for range len(m.layers) + 1 {
		settled := true
		for _, l := range m.layers {
			if isArgMax(l.op) || l.in[0].group == l.out.group || l.weights != nil && !convs {
				continue
			}
			out := l.out.group
			if need := l.leastScale(opt); out.scale < need {
				out.grid = out.at(need, out.stats.lo, out.stats.hi)
				settled = false
			}
		}
		if settled {
			return true
		}
	}
	return false
}

// leastScale is the least scale that the layer's result may have for its shifts to be possible.
func (l *layer) leastScale(opt Options) float64 {
	in := l.in[0].group.scale
	switch {
	case opt.Scales == General && l.weights == nil:
		return in / maxRatio
	case opt.Scales == General:
		return 0 // fit keeps the weight scales low enough
	case l.weights == nil:
		return in
	}
	return in * l.weights.coarsest()
}
