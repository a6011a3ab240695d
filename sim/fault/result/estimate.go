package result

import "rampart/sim/fault/sample"

// Cell is the part of a group of faults that was drawn from one stratum.
type Cell struct {
	Stratum    string
	Population int64 // faults of the stratum; 0 where there is no bound or it is not known
	Drawn      int64 // of them, rows of the campaign
	Trials     int64 // of those, rows of the group; all of them where the stratum lies within the group
	Hits       int64 // of those, rows with the outcome
}

// Estimate is a rate and an interval that holds the true one; no interval where Low and High are nil.
type Estimate struct {
	Rate float64  `json:"rate"` // 0 to 1
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
}

// Estimator tells the rate of an outcome in a group of faults from what each stratum shows of it.
type Estimator func([]Cell) Estimate

// Intervals estimates with sample.Total, at a confidence below 1. The parts of strata that only partly lie in
// a group, as those of a layer where bits are asked for, weigh as much as the sample says, and count as drawn
// from a population without bound.
func Intervals(confidence float64) Estimator {
	return func(cells []Cell) Estimate {
		weights := weigh(cells)
		var strata []sample.Stratum
		for i, c := range cells {
			if weights[i] == 0 {
				continue
			}
			population := int64(0)
			switch {
			case c.Population > 0 && c.Drawn == c.Population: // all of the stratum was drawn, and so all of this part
				population = c.Trials
			case c.Trials == c.Drawn && c.Drawn < c.Population:
				population = c.Population
			}
			strata = append(strata, sample.Stratum{Tally: sample.Binary(population, c.Trials, c.Hits), Weight: weights[i]})
		}
		if strata == nil {
			return Estimate{}
		}
		e := sample.Total(strata, confidence)
		return Estimate{Rate: e.Share, Low: &e.Lo, High: &e.Hi}
	}
}

// Pooled is the share of hits where each row counts for as many faults as it stands for in its stratum. It
// has no interval.
func Pooled(cells []Cell) Estimate {
	weights := weigh(cells)
	hits, all := 0.0, 0.0
	for i, c := range cells {
		if c.Trials > 0 {
			hits, all = hits+weights[i]*float64(c.Hits)/float64(c.Trials), all+weights[i]
		}
	}
	if all == 0 {
		return Estimate{}
	}
	return Estimate{Rate: hits / all}
}

// weigh tells how many faults each cell stands for: its share of the stratum's population, or of the rows
// where a population is not known.
func weigh(cells []Cell) []float64 {
	known := true
	for _, c := range cells {
		known = known && c.Population > 0
	}
	weights := make([]float64, len(cells))
	for i, c := range cells {
		switch {
		case !known:
			weights[i] = float64(c.Trials)
		case c.Drawn == 0:
			weights[i] = float64(c.Population)
		default:
			weights[i] = float64(c.Population) / float64(c.Drawn) * float64(c.Trials)
		}
	}
	return weights
}
