package result

import "rampart/sim/fault/sample"

// extract is the part of a group of faults that was drawn from one stratum.
type extract struct {
	population int64 // faults of the stratum; 0 where there is no bound or it is not known
	draws            // all of them
	first      draws // those of the stratum's first look, where looks is above 0
	looks      int   // that there might have been; 0 where the size was fixed before
}

// draws are rows of a stratum, those of a group among them.
type draws struct {
	drawn  int64 // rows of the campaign
	trials int64 // of those, rows of the group; all of them where the stratum lies within the group
	hits   int64 // of those, rows with an outcome that is asked for
	drops  sample.Numbers
}

// Estimate is a rate and an interval that holds the true one; no interval where Low and High are nil.
type Estimate struct {
	Rate float64  `json:"rate"` // 0 to 1
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}

// rate estimates with sample.Total or sample.StoppedTotal, at a confidence below 1. The parts of strata that only
// partly lie in a group, as those of a layer where bits are asked for, weigh as much as the sample says, and count as
// drawn from a population without bound.
func rate(extracts []extract, confidence float64) Estimate {
	weights, stopped := weigh(extracts), false
	var strata []sample.Stratum
	var looks []sample.Stopped
	for i := range extracts {
		if x := &extracts[i]; weights[i] > 0 {
			stopped = stopped || x.looks > 0
			last := x.tally(&x.draws)
			strata = append(strata, sample.Stratum{Tally: last, Weight: weights[i]})
			looks = append(looks, sample.Stopped{First: x.tally(&x.first), Last: last, Weight: weights[i], Looks: x.looks})
		}
	}
	var e sample.Estimate
	switch {
	case strata == nil:
		return Estimate{}
	case stopped:
		e = sample.StoppedTotal(looks, sample.Exact, confidence)
	default:
		e = sample.Total(strata, confidence)
	}
	return Estimate{Rate: e.Share, Low: &e.Lo, High: &e.Hi}
}

// meanDrop estimates the mean drop of mIoU with sample.Mean or sample.StoppedMean, where mIoU is golden without a
// fault: a fault lowers it by no more than that, and raises it to no more than 1.
func meanDrop(extracts []extract, golden, confidence float64) Drops {
	weights, stopped := weigh(extracts), false
	var strata []sample.Numbers
	var looks []sample.StoppedNumbers
	for i := range extracts {
		if x := &extracts[i]; weights[i] > 0 {
			stopped = stopped || x.looks > 0
			last := x.numbers(&x.draws, weights[i])
			strata = append(strata, last)
			looks = append(looks, sample.StoppedNumbers{First: x.numbers(&x.first, weights[i]), Last: last, Looks: x.looks})
		}
	}
	within := sample.Range{Least: golden - 1, Most: golden}
	var d Drops
	if stopped {
		d.MeanDrop, d.LowDrop, d.HighDrop = sample.StoppedMean(looks, within, confidence)
	} else {
		d.MeanDrop, d.LowDrop, d.HighDrop = sample.Mean(strata, within, confidence)
	}
	return d
}

func (x *extract) tally(d *draws) sample.Tally { return sample.Binary(x.bound(d), d.trials, d.hits) }

func (x *extract) numbers(d *draws, weight float64) sample.Numbers {
	n := d.drops
	n.Population, n.Weight = x.bound(d), weight
	return n
}

// bound is the population that the rows of the group are a sample of, 0 for one without bound.
func (x *extract) bound(d *draws) int64 {
	switch {
	case x.population > 0 && d.drawn == x.population: // all of the stratum was drawn, and so all of this part
		return d.trials
	case d.trials == d.drawn && d.drawn < x.population:
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
