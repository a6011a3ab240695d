package plan

import (
	"fmt"
	"math"
	"sort"

	"rampart/internal/diag"
)

// Target is what a plan aims for; one of the two is set. With neither the plan uses the fewest
// multipliers there can be.
type Target struct {
	Cycles      int64 // cycles per frame at most
	Multipliers int   // multipliers at most
}

// choice is a pace and the way to it.
type choice struct {
	folder      *folder
	cycles      int64
	multipliers int
}

// better prefers the faster, then the smaller one.
func (c choice) better(d choice) bool {
	if c.cycles != d.cycles {
		return c.cycles < d.cycles
	}
	return c.multipliers < d.multipliers
}

// pace finds the fewest cycles per frame that the target allows and leaves the folding set to it. Which
// lanes serve best depends on the channels, so each of the rules has a try.
func (p *Plan) pace(t Target, exact bool, rules ...laneRule) error {
	sets := p.laneGroups()
	best := choice{cycles: math.MaxInt64}
	leastMultipliers, leastCycles := math.MaxInt, int64(math.MaxInt64)
	for _, r := range rules {
		f := &folder{plan: p, sets: sets, rule: r, exact: exact}
		c, ok := f.reach(t)
		if ok && c.better(best) {
			best = c
		}
		f.widest()
		leastCycles = min(leastCycles, p.slowest())
		n, _ := f.fold(math.MaxInt64)
		leastMultipliers = min(leastMultipliers, n)
	}
	switch {
	case best.folder != nil:
		best.folder.fold(best.cycles)
		return nil
	case t.Cycles > 0:
		return diag.Problem{
			At: "target", What: fmt.Sprintf("no folding reaches %d cycles per frame", t.Cycles),
			Remedy: fmt.Sprintf("ask for %d cycles or more", leastCycles),
		}
	}
	return diag.Problem{
		At: "target", What: fmt.Sprintf("%d multipliers are too few; every convolution needs one, and one for a checksum", t.Multipliers),
		Remedy: fmt.Sprintf("ask for %d multipliers or more", leastMultipliers),
	}
}

// reach finds the fewest cycles that the target allows with one rule.
func (f *folder) reach(t Target) (choice, bool) {
	allowed := math.MaxInt
	if t.Multipliers > 0 {
		allowed = t.Multipliers
	}
	if t.Cycles > 0 {
		n, ok := f.fold(t.Cycles)
		return choice{f, t.Cycles, n}, ok
	}
	n, _ := f.fold(math.MaxInt64)
	slowest := f.plan.slowest() // every stage at its least keeps this
	if t.Multipliers == 0 {
		return choice{f, slowest, n}, true
	}
	fits := func(cycles int64) bool {
		n, ok := f.fold(cycles)
		return ok && n <= allowed
	}
	// Between two paces at which lanes change, a slower pace never needs more multipliers.
	steps := append(f.laneSteps(), slowest+1)
	for i, lo := range steps[:len(steps)-1] {
		hi := min(steps[i+1]-1, slowest)
		if lo > hi || !fits(hi) {
			continue
		}
		cycles := lo + int64(sort.Search(int(hi-lo), func(k int) bool { return fits(lo + int64(k)) }))
		n, _ := f.fold(cycles)
		return choice{f, cycles, n}, true
	}
	return choice{}, false
}
