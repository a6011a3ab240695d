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
	p := parts(strata)
	e := Estimate{Share: p.known + p.unseen/2, Drawn: p.drawn, Images: p.images, Effective: float64(p.drawn)}
	tail, variance := (1-confidence)/2, 0.0
	for _, s := range p.open {
		e.Share += s.share * s.Mean()
		variance += s.spread()
	}
	if variance > 0 {
		e.Effective = min(float64(p.drawn)*float64(p.images), e.Share*(1-e.Share)/variance)
	}
	e.Lo, e.Hi = p.known, p.known+p.unseen
	switch len(p.open) {
	case 0:
	case 1:
		one := Exact(p.open[0].Tally, confidence)
		e.Lo += p.open[0].share * one.Lo
		e.Hi += p.open[0].share * one.Hi
	default:
		lo, hi := ends(p.open, tail)
		e.Lo += lo
		e.Hi += hi
	}
	e.Hi = min(1, e.Hi)
	return e
}

// pieces are the strata by what is known of them; the shares of all add up to 1.
type pieces struct {
	known  float64 // hurt, in strata that were drawn whole
	unseen float64 // share of the strata without a draw
	open   []piece // the strata that were drawn in part
	drawn  int64
	images int
}

// piece is a stratum and its share of the whole.
type piece struct {
	Tally
	share float64
}

func parts(strata []Stratum) pieces {
	p, all := pieces{images: 1}, 0.0
	for _, s := range strata {
		s.check()
		all += s.weight()
	}
	if all == 0 {
		p.unseen = 1
		return p
	}
	for _, s := range strata {
		share := s.weight() / all
		p.drawn += s.Drawn()
		p.images = max(p.images, s.Images())
		switch {
		case s.exhausted():
			p.known += share * s.Mean()
		case s.Drawn() == 0:
			p.unseen += share
		default:
			p.open = append(p.open, piece{s.Tally, share})
		}
	}
	return p
}

// spread is the estimated variance of what the piece adds to the estimate.
func (p piece) spread() float64 {
	variance, ok := p.variance()
	if !ok {
		variance = 0.25 // of one draw: the most that it can be
	}
	return p.share * p.share * (1 - p.part()) * variance / float64(p.Drawn())
}

// turned is the piece with hurt and unhurt exchanged.
func (p piece) turned() piece {
	hits := make([]int64, len(p.Hits))
	for k, h := range p.Hits {
		hits[len(hits)-1-k] = h
	}
	p.Hits = hits
	return p
}

// fewest is the smallest share of images that a drawn fault hurt.
func (p piece) fewest() float64 {
	k := 0
	for p.Hits[k] == 0 {
		k++
	}
	return float64(k) / float64(p.Images())
}

// ends are the bounds of the sum over the pieces of share times true mean, see Total.
func ends(open []piece, tail float64) (lo, hi float64) {
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
		w, mean, f := p.share/(float64(p.Drawn())*p.gain()+1), p.Mean(), p.part()
		base += p.share * (f*mean + (1-f)*p.fewest())
		top += p.share * (f*mean + (1 - f))
		y += p.share * mean
		v += p.spread()
		shift, extra = max(shift, w*(1-mean)), max(extra, w*w*(1-mean))
		if p.Population > 0 {
			one = max(one, p.share/float64(p.Population)*(1-p.fewest()))
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

// Pool is the tally of strata that were drawn as one: a sample of the whole that fell into strata as it may.
func Pool(strata []Tally) Tally {
	var all Tally
	for _, t := range strata {
		t.check()
		if all.Hits == nil {
			all.Hits = make([]int64, len(t.Hits))
		}
		all.Population += t.Population
		for k, h := range t.Hits {
			all.Hits[k] += h
		}
	}
	return all
}
