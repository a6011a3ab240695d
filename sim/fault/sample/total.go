package sample

import "gonum.org/v1/gonum/mathext"

// Stratum is a part of a whole.
type Stratum struct {
	Tally
	// Weight is the stratum's share of the whole in any unit; 0 stands for Population.
	Weight float64
}

func (s Stratum) weight() float64 {
	if s.Weight > 0 {
		return s.Weight
	}
	return float64(s.Population)
}

// Total estimates the share of the whole from strata whose sample sizes were fixed before any outcome was
// seen. With W[h] the strata's shares of the whole and m[h] their means, y = sum W[h]*m[h] and v the estimated
// variance of y,
//
//	Hi is the upper quantile of the beta law of mean y + max w[h](1-m[h]) and variance v + max w[h]^2 (1-m[h])
//
// where w[h] = W[h]/(n[h]+1) is the weight of one more fault of the stratum. For one stratum that is
// Clopper-Pearson; in general it is what Fay and Feuer (Statistics in Medicine 16, 1997) do for rates with
// weights, with the beta law in place of the gamma law, for shares end at 1. The one more fault, which hurts
// all images, stands for all that zero counts may hide. Where every fault that was drawn hurts some images, the law
// begins at their share. Lo is the same, seen from the other side. Strata that were drawn whole are known
// and add no doubt; of strata without a draw nothing is known.
func Total(strata []Stratum, confidence float64) Estimate {
	e := Estimate{Images: 1}
	p, only := pieces{}, Tally{}
	for _, s := range strata {
		s.check()
		e.Drawn += s.Drawn()
		e.Images = max(e.Images, s.Images())
		if p.add(s.piece(), s.weight()) {
			only = s.Tally
		}
	}
	p.scale()
	variance := 0.0
	for _, s := range p.open {
		variance += s.spread()
	}
	e.Share = p.mean() + p.unseen/2
	if e.Effective = float64(e.Drawn); variance > 0 {
		e.Effective = min(float64(e.Drawn)*float64(e.Images), e.Share*(1-e.Share)/variance)
	}
	if len(p.open) == 1 {
		one := Exact(only, confidence)
		e.Lo, e.Hi = p.around(p.open[0].share*one.Lo, p.open[0].share*one.Hi)
		return e
	}
	e.Lo, e.Hi = p.around(ends(p.open, (1-confidence)/2))
	return e
}

// pieces are the strata by what is known of them. After scale the shares of all add up to 1.
type pieces struct {
	all    float64 // weight of all
	known  float64 // hurt, in strata that were drawn whole
	unseen float64 // share of the strata without a draw
	open   []piece // the strata that were drawn in part
}

// piece is a stratum: its share of the whole, and what was seen of a number from 0 to 1 that each of its faults
// has, such as the share of the images that it hurts.
type piece struct {
	share       float64
	population  int64 // 0 for one without bound
	drawn       int64
	mean        float64
	variance    float64 // of the sample
	least, most float64
}

// add takes a stratum, and tells whether it was drawn in part.
func (p *pieces) add(s piece, weight float64) (open bool) {
	p.all += weight
	switch s.share = weight; {
	case s.population > 0 && s.drawn == s.population:
		p.known += weight * s.mean
	case s.drawn == 0:
		p.unseen += weight
	default:
		p.open = append(p.open, s)
		return true
	}
	return false
}

// scale makes shares of weights. Where nothing has a weight nothing is known.
func (p *pieces) scale() {
	if p.all == 0 {
		*p = pieces{unseen: 1}
		return
	}
	p.known /= p.all
	p.unseen /= p.all
	for i := range p.open {
		p.open[i].share /= p.all
	}
}

// mean is what the strata with a draw add to the mean of the whole.
func (p *pieces) mean() float64 {
	sum := p.known
	for _, s := range p.open {
		sum += s.share * s.mean
	}
	return sum
}

// around adds what is known and what may be in strata without a draw to bounds of the open pieces.
func (p *pieces) around(lo, hi float64) (float64, float64) {
	return p.known + lo, min(1, p.known+p.unseen+hi)
}

// piece is the tally as such, without a share.
func (t Tally) piece() piece {
	variance, ok := t.variance()
	if !ok {
		variance = unknownVariance
	}
	return piece{0, t.Population, t.Drawn(), t.Mean(), variance, t.fewest(), 1 - t.turned().fewest()}
}

// unknownVariance is of a number from 0 to 1 of which there is one draw: the most that it can be.
const unknownVariance = 0.25

// part is the share of the population that was drawn.
func (p piece) part() float64 { return part(p.drawn, p.population) }

// spread is the estimated variance of what the piece adds to the estimate.
func (p piece) spread() float64 {
	return p.share * p.share * (1 - p.part()) * p.variance / float64(p.drawn)
}

// turned is the piece of 1 less the number.
func (p piece) turned() piece {
	p.mean, p.least, p.most = 1-p.mean, 1-p.most, 1-p.least
	return p
}

// turned is the tally with hurt and unhurt exchanged.
func (t Tally) turned() Tally {
	hits := make([]int64, len(t.Hits))
	for k, h := range t.Hits {
		hits[len(hits)-1-k] = h
	}
	t.Hits = hits
	return t
}

// fewest is the smallest share of images that a drawn fault hurt, 0 where none was drawn.
func (t Tally) fewest() float64 {
	for k, h := range t.Hits {
		if h > 0 {
			return float64(k) / float64(t.Images())
		}
	}
	return 0
}

// ends are the bounds of the sum over the pieces of share times true mean, see Total.
func ends(open []piece, tail float64) (lo, hi float64) {
	if len(open) == 0 {
		return 0, 0
	}
	all, turned := 0.0, make([]piece, len(open))
	for i, p := range open {
		all += p.share
		turned[i] = p.turned()
	}
	return all - upper(turned, tail), upper(open, tail)
}

// upper is the upper one of the ends. The law runs from the least to the most that the whole can be: what
// was drawn is known, and the rest hurts from as little as any drawn fault to everything. Faults that are
// left are whole, which a law without steps does not know: the bound gives way by one.
func upper(open []piece, tail float64) float64 {
	base, top, y, v, shift, extra, one := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	for _, p := range open {
		w, f := p.share/(float64(p.drawn)*gain(p.part())+1), p.part()
		base += p.share * (f*p.mean + (1-f)*p.least)
		top += p.share * (f*p.mean + (1 - f))
		y += p.share * p.mean
		v += p.spread()
		shift, extra = max(shift, w*(1-p.mean)), max(extra, w*w*(1-p.mean))
		if p.population > 0 {
			one = max(one, p.share/float64(p.population)*(1-p.least))
		}
	}
	span := top - base
	mean, variance := (y+shift-base)/span, (v+extra)/span/span
	size := mean*(1-mean)/variance - 1
	if !(mean < 1) || !(size > 0) {
		return top
	}
	return min(top, base+span*mathext.InvRegIncBeta(mean*size, (1-mean)*size, 1-tail)+one)
}
