package fault

import (
	"fmt"
	"iter"

	"rampart/sim/fault/sample"
)

// Sequencer runs a campaign that stops by its outcomes: batches of faults, then what they did, until every
// stratum's interval is narrow enough or the stratum's plan is at its end. What it asks for depends on the
// tallies alone, so that a campaign that is taken up again asks for the same.
type Sequencer struct {
	draw   *Draw
	plan   sample.Sequence
	looks  [][]int64 // by stratum
	at     []int     // the look that comes next, by stratum
	states []Progress
}

// Progress is how far a stratum is.
type Progress struct {
	Estimate sample.Estimate // at the last look; of nothing before the first
	Done     bool
	Narrow   bool // the interval is narrow enough
}

// Sequencer starts a campaign of plan Sequential.
func (d *Draw) Sequencer() *Sequencer {
	if d.Campaign.Plan.Type != Sequential {
		panic("BUG: fault: a campaign that does not stop by its outcomes")
	}
	n := len(d.Strata)
	q := &Sequencer{
		draw: d, plan: d.Campaign.Plan.Sequence(), looks: make([][]int64, n), at: make([]int, n), states: make([]Progress, n),
	}
	for i, s := range d.Strata {
		q.looks[i] = q.plan.Looks(s.Population)
		q.states[i].Estimate.Hi = 1
	}
	return q
}

// bounds is what the next batch takes of a stratum: places from from to before to.
func (q *Sequencer) bounds(stratum int) (from, to int64) {
	k, looks := q.at[stratum], q.looks[stratum]
	if q.states[stratum].Done {
		return 0, 0
	}
	if k > 0 {
		from = looks[k-1]
	}
	return from, looks[k]
}

// Len is how many faults the next batch has; 0 where all is done.
func (q *Sequencer) Len() int64 {
	n := int64(0)
	for i := range q.at {
		from, to := q.bounds(i)
		n += to - from
	}
	return n
}

// Batch visits the numbers of the faults that are to be tried next.
func (q *Sequencer) Batch() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for i := range q.at {
			from, to := q.bounds(i)
			for place := from; place < to; place++ {
				if !yield(q.draw.Number(i, place)) {
					return
				}
			}
		}
	}
}

// Look takes the outcomes of all faults so far, stratum by stratum: those of the batch and those before. It
// is refused where a tally does not count what was asked for.
func (q *Sequencer) Look(tallies []sample.Tally) error {
	for i, t := range tallies {
		t.Population = q.draw.Strata[i].Population
		if _, to := q.bounds(i); !q.states[i].Done && t.Drawn() != to {
			return fmt.Errorf("stratum %s: %d outcomes are told where %d were asked for", q.draw.Strata[i].Name, t.Drawn(), to)
		}
	}
	for i, t := range tallies {
		if q.states[i].Done {
			continue
		}
		t.Population = q.draw.Strata[i].Population
		e := sample.Exact(t, q.plan.At(len(q.looks[i])))
		q.at[i]++
		narrow := e.Width() <= q.plan.Width
		q.states[i] = Progress{Estimate: e, Narrow: narrow, Done: narrow || q.at[i] == len(q.looks[i])}
	}
	return nil
}

// Progress tells how far each stratum is.
func (q *Sequencer) Progress() []Progress { return q.states }
