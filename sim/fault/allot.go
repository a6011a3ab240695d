package fault

import (
	"fmt"
	"math"
	"slices"

	"rampart/sim/fault/sample"
)

// sizes sets how many faults of each stratum are tried.
func (x *resolver) sizes() {
	p := &x.Campaign.Plan
	switch p.Type {
	case Exhaustive:
		for _, s := range x.Strata {
			s.Size = s.Population
		}
	case RandomPlan:
		s := x.Strata[0]
		if s.Size = p.N; s.Population > 0 && p.N > s.Population {
			x.fail("plan.random", fmt.Sprintf("there are %d faults in all", s.Population), "give no more, or make the plan exhaustive")
		}
	case Sequential:
		for _, s := range x.Strata {
			looks := p.Sequence().Looks(s.Population)
			s.Size = looks[len(looks)-1]
		}
	case Stratified:
		x.allocate()
	}
}

// Sequence is how strata stop, where the plan is Sequential.
func (p *Plan) Sequence() sample.Sequence {
	return sample.Sequence{Width: p.Width, Confidence: p.Confidence, First: p.Batch, Max: p.Max}
}

// allocate deals a stratified sample out.
func (x *resolver) allocate() {
	p := &x.Campaign.Plan
	margin := sample.Margin{E: p.Margin, T: p.T}
	if p.T == 0 {
		margin.T = sample.Quantile(p.Confidence)
	}
	guess, all, mean, sites := make([]float64, len(x.Strata)), int64(0), 0.0, 0.0
	for i, s := range x.Strata {
		guess[i] = x.guess(s)
		mean += guess[i] * float64(s.Sites)
		sites += float64(s.Sites)
		all += s.Population
		if margin.P = guess[i]; p.Allocation == Each {
			s.Size = margin.Faults(s.Population)
		}
	}
	if p.Allocation == Each {
		return
	}
	margin.P = mean / sites
	total := margin.Faults(all)
	room := make([]int64, len(x.Strata))
	for i, s := range x.Strata {
		if room[i] = s.Population; room[i] == 0 {
			room[i] = s.Sites * min(total, math.MaxInt64/s.Sites/2) // without bound, in proportion to sites
		}
	}
	dealt := map[Allocation]func() []int64{
		Proportional: func() []int64 { return sample.Proportional(total, room) },
		UniformDraw:  func() []int64 { return []int64{total} },
		Equal:        func() []int64 { return sample.Equal(total, room) },
		Neyman:       func() []int64 { return sample.Neyman(total, room, guess) },
	}[p.Allocation]()
	for i, s := range x.Strata {
		s.Size = dealt[i]
	}
}

// guess is the expected share of a stratum: the mean over its bits.
func (x *resolver) guess(s *Stratum) float64 {
	sum, n := 0.0, 0.0
	for _, one := range s.parts {
		st := &x.Population.Stores[one.store]
		for _, b := range one.bits {
			p := 0.5
			for _, g := range x.Campaign.Plan.P {
				if g.Select.has(st) && slices.Contains(g.Select.bits(st), b) {
					p = g.P
				}
			}
			sum, n = sum+p*float64(one.words), n+float64(one.words)
		}
	}
	return sum / n
}
