package plan

import (
	"fmt"
	"math"

	"rampart/internal/diag"
	"rampart/ir/fixed"
)

// setWalks derives how each window moves; a 1x1 window without stride or padding sees its image as
// one long column of pixels and needs no rows buffered.
func (p *Plan) setWalks() {
	for _, st := range p.Stages {
		var w fixed.Window
		transposed := false
		switch op := st.op().(type) {
		case *fixed.Conv:
			w, transposed = op.Window, op.Transposed
		case *fixed.MaxPool:
			w = op.Window
		default:
			continue
		}
		in, out := st.Node.In[0].Shape, st.Node.Out.Shape
		if w.Kernel == [2]int{1, 1} && w.Stride == [2]int{1, 1} && in.H == out.H && in.W == out.W && w.Before == [2]int{} {
			st.Walk = [2]Walk{Flat(in.H * in.W), Flat(1)}
			continue
		}
		st.Walk = [2]Walk{NewWalk(w, transposed, 0, in.H, out.H), NewWalk(w, transposed, 1, in.W, out.W)}
	}
}

// setRows sizes the line buffers: the rows under the window, and those that arrive while an output row
// is under way. Parallel tap rows need the rows spread evenly over their banks.
func (p *Plan) setRows() {
	for _, st := range p.Stages {
		if st.Kind != Conv && st.Kind != Pool {
			continue
		}
		y := st.Walk[0]
		rows := y.Span() + max(1, y.Advance)
		if y.Phases > 1 || y.Taps == 1 {
			rows++
		}
		st.Rows = ceilDiv(rows, st.Fold.TapY) * st.Fold.TapY
	}
}

// fold gives every convolution the fewest multipliers, and every pool the fewest lanes, with which it
// keeps the pace. It returns the multipliers in all, and false where a stage cannot keep the pace.
func (p *Plan) fold(cycles int64) (multipliers int, ok bool) {
	p.setLanes(cycles)
	ok = true
	for _, st := range p.Stages {
		switch st.Kind {
		case Conv, Pool:
			if !st.chooseFold(cycles) {
				ok = false
			}
			multipliers += st.Multipliers()
		default:
			ok = ok && int64(st.Cycles()) <= cycles
		}
	}
	return multipliers, ok
}

// chooseFold picks the cheapest folding that keeps the pace, or the fastest there is: the fewest
// multipliers, then the fewest line buffer banks, then the fewest accumulators.
func (s *Stage) chooseFold(cycles int64) bool {
	var best Folding
	bestCost, bestCycles := [3]int{math.MaxInt}, int64(math.MaxInt64)
	found := false
	s.eachFold(func(f Folding) {
		s.Fold = f
		c := int64(s.Cycles())
		cost := [3]int{max(1, f.PE) * f.SIMD(), f.TapY * f.TapX, f.PE}
		switch keeps := c <= cycles; {
		case keeps && (!found || less(cost, bestCost)), !keeps && !found && (c < bestCycles || c == bestCycles && less(cost, bestCost)):
			best, bestCost, bestCycles, found = f, cost, c, found || keeps
		}
	})
	s.Fold = best
	return found
}

func less(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// eachFold visits every folding that the stage's streams allow.
func (s *Stage) eachFold(visit func(Folding)) {
	in, out := s.In[0], s.Out[0]
	pes := []int{0}
	if s.Kind == Conv {
		pes = folds(len(out.Layout), out.Lanes)
	}
	for _, tapY := range s.Walk[0].parallel() {
		for _, tapX := range s.Walk[1].parallel() {
			for _, cw := range folds(len(in.Layout), in.Lanes) {
				for _, pe := range pes {
					visit(Folding{PE: pe, TapY: tapY, TapX: tapX, Cw: cw})
				}
			}
		}
	}
}

// folds are the sensible widths for n lanes, multiples of unit: of those that need equally many
// turns only the least.
func folds(n, unit int) []int {
	var widths []int
	turns := 0
	for w := unit; w <= n; w += unit {
		if t := ceilDiv(n, w); t != turns {
			widths, turns = append(widths, w), t
		}
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

// Target is what a plan aims for; one of the two is set. With neither the plan uses the fewest
// multipliers there can be.
type Target struct {
	Cycles      int64 // cycles per frame at most
	Multipliers int   // multipliers at most
}

// pace finds the fewest cycles per frame that the target allows and leaves the folding set to it.
func (p *Plan) pace(t Target) error {
	slowest := int64(1) // every stage at its least keeps this
	p.fold(math.MaxInt64)
	for _, s := range p.Stages {
		slowest = max(slowest, int64(s.Cycles()))
	}
	switch {
	case t.Cycles > 0:
		if _, ok := p.fold(t.Cycles); !ok {
			return diag.Problem{At: "target", What: fmt.Sprintf("no folding reaches %d cycles per frame; %d is the least", t.Cycles, p.fastest()), Remedy: "ask for more cycles"}
		}
		return nil
	case t.Multipliers > 0:
		if least, _ := p.fold(slowest); least > t.Multipliers {
			return diag.Problem{At: "target", What: fmt.Sprintf("%d multipliers are too few; every convolution needs one, %d in all", t.Multipliers, least), Remedy: "ask for more multipliers"}
		}
		lo, hi := int64(1), slowest // hi is always within the target
		for lo < hi {
			mid := lo + (hi-lo)/2
			if n, ok := p.fold(mid); ok && n <= t.Multipliers {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		p.fold(hi)
		return nil
	}
	p.fold(slowest)
	return nil
}

// fastest is the fewest cycles per frame of any folding.
func (p *Plan) fastest() int64 {
	p.fold(1)
	most := int64(1)
	for _, s := range p.Stages {
		most = max(most, int64(s.Cycles()))
	}
	return most
}
