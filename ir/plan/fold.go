package plan

import (
	"math"
	"slices"
)

// Folding is chosen by pace: for a number of cycles per image every stage gets the cheapest folding that
// keeps it. Widths are cut by ceil: a width that does not divide the channels leaves lanes idle in the
// last turn, with zero weights, which wastes far less than the next divisor would.

// folder chooses lanes and foldings for a pace.
type folder struct {
	plan  *Plan
	sets  [][]*Stream // streams that share their lanes
	rule  laneRule
	exact bool // widths divide the channels, as in compilers without padding
}

// fold gives every convolution the fewest multipliers, and every pool the fewest lanes, with which it
// keeps the pace. It returns the multipliers in all, and false where a stage cannot keep the pace.
func (f *folder) fold(cycles int64) (multipliers int, ok bool) {
	if !f.setLanes(cycles) {
		return 0, false
	}
	for _, st := range f.plan.Stages {
		switch st.Kind {
		case Conv, Pool:
			if !st.chooseFold(cycles, f.exact) {
				return 0, false
			}
			multipliers += st.Multipliers()
		default:
			if int64(st.Cycles()) > cycles {
				return 0, false
			}
		}
	}
	return multipliers, true
}

// widest gives every stage all the parallelism there is: nothing is faster.
func (f *folder) widest() {
	f.widestLanes()
	for _, st := range f.plan.Stages {
		if st.Kind == Conv || st.Kind == Pool {
			st.widest()
		}
	}
}

func (s *Stage) widest() {
	s.Fold = Folding{TapY: slices.Max(s.Walk[0].parallel()), TapX: slices.Max(s.Walk[1].parallel()), Cw: len(s.In[0].Layout)}
	if s.Kind == Conv {
		s.Fold.PE = len(s.Out[0].Layout)
	}
}

// chooseFold picks the cheapest folding that keeps the pace: the fewest multipliers, then the fewest
// line buffer banks, then the fewest accumulators.
func (s *Stage) chooseFold(cycles int64, exact bool) bool {
	in := s.In[0]
	if int64(in.FrameBeats()) > cycles {
		return false
	}
	var best Folding
	cost := [3]int{math.MaxInt}
	widths := folds(len(in.Layout), in.Lanes, exact)
	for _, tapY := range s.Walk[0].parallel() {
		for _, tapX := range s.Walk[1].parallel() {
			for _, cw := range widths {
				s.Fold = Folding{TapY: tapY, TapX: tapX, Cw: cw}
				if !s.leastPE(cycles, exact) {
					continue
				}
				c := [3]int{max(s.Multipliers(), s.Fold.SIMD()), tapY * tapX, s.Fold.PE}
				if less(c, cost) {
					best, cost = s.Fold, c
				}
			}
		}
	}
	s.Fold = best
	return cost[0] < math.MaxInt
}

// leastPE sets the fewest outputs at a time that keep the pace with the rest of the folding, if any do.
func (s *Stage) leastPE(cycles int64, exact bool) bool {
	if s.Kind == Pool {
		return int64(s.Cycles()) <= cycles
	}
	n, unit := len(s.Out[0].Layout), s.Out[0].Lanes
	turns := cycles / (int64(s.Walk[0].Out) * int64(s.Walk[1].Out) * int64(s.Steps())) // groups that the pace allows
	if turns == 0 {
		return false
	}
	for least := ceilDiv(n, int(min(turns, int64(n)))); least <= n; least = s.Fold.PE + 1 {
		s.Fold.PE = ceilDiv(least, unit) * unit
		if (!exact || n%s.Fold.PE == 0) && int64(s.Cycles()) <= cycles {
			return true
		}
	}
	return false
}

func less(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// folds are the sensible widths for n lanes, multiples of unit: of those that need equally many
// turns only the least, and with exact only those that divide n.
func folds(n, unit int, exact bool) []int {
	var widths []int
	for turns := ceilDiv(n, unit); turns > 0; {
		w := ceilDiv(ceilDiv(n, turns), unit) * unit
		if !exact || n%w == 0 {
			widths = append(widths, w)
		}
		turns = ceilDiv(n, w) - 1
	}
	return widths
}

// parallel are the numbers of taps that can be read at a time: one, or all where they always fall
// into different banks.
func (w Walk) parallel() []int {
	if w.Taps == 1 || gcd(w.Taps, w.Step) != 1 {
		return []int{1}
	}
	return []int{1, w.Taps}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
