package result

import "rampart/sim/fault/sample"

// extract is the part of a group of faults that was drawn from one stratum.
type extract struct {
	stratum    string
	population int64 // faults of the stratum; 0 where there is no bound or it is not known
	drawn      int64 // of them, rows of the campaign
	trials     int64 // of those, rows of the group; all of them where the stratum lies within the group
	hits       int64 // of those, rows with an outcome that is asked for
	drops      sample.Numbers
}

// Estimate is a rate and an interval that holds the true one; no interval where Low and High are nil.
type Estimate struct {
	Rate float64  `json:"rate"` // 0 to 1
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}

// rate estimates with sample.Total, at a confidence below 1. The parts of strata that only partly lie in a group, as
// those of a layer where bits are asked for, weigh as much as the sample says, and count as drawn from a
// population without bound.
func rate(extracts []extract, confidence float64) Estimate {
	weights := weigh(extracts)
	var strata []sample.Stratum
	for i, x := range extracts {
		if weights[i] > 0 {
			strata = append(strata, sample.Stratum{Tally: sample.Binary(x.bound(), x.trials, x.hits), Weight: weights[i]})
		}
	}
	if strata == nil {
		return Estimate{}
	}
	e := sample.Total(strata, confidence)
	return Estimate{Rate: e.Share, Low: &e.Lo, High: &e.Hi}
}

// meanDrop estimates the mean drop of mIoU with sample.Mean, where mIoU is golden without a fault: a fault lowers
// it by no more than that, and raises it to no more than 1.
func meanDrop(extracts []extract, golden, confidence float64) Drops {
	weights := weigh(extracts)
	var strata []sample.Numbers
	for i, x := range extracts {
		if weights[i] > 0 {
			x.drops.Population, x.drops.Weight = x.bound(), weights[i]
			strata = append(strata, x.drops)
		}
	}
	mean, low, high := sample.Mean(strata, sample.Range{Least: golden - 1, Most: golden}, confidence)
	return Drops{mean, low, high}
}

// bound is the population that the rows of the group are a sample of, 0 for one without bound.
func (x *extract) bound() int64 {
	switch {
	case x.population > 0 && x.drawn == x.population: // all of the stratum was drawn, and so all of this part
		return x.trials
	case x.trials == x.drawn && x.drawn < x.population:
		return x.population
	}
	return 0
}

// weigh tells how many faults each extract stands for: its share of the stratum's population, or of the rows
// where a population is not known.
func weigh(extracts []extract) []float64 {
	known := true
	for _, x := range extracts {
		known = known && x.population > 0
	}
	weights := make([]float64, len(extracts))
	for i, x := range extracts {
		switch {
		case !known:
			weights[i] = float64(x.trials)
		case x.drawn == 0:
			weights[i] = float64(x.population)
		default:
			weights[i] = float64(x.population) / float64(x.drawn) * float64(x.trials)
		}
	}
	return weights
}
