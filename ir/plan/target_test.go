package plan

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// every visits all legal foldings of a stage whose lanes are set.
func every(s *Stage, visit func()) {
	pes := []int{0}
	if s.Kind == Conv {
		pes = nil
		for w := s.Out[0].Lanes; w <= len(s.Out[0].Layout); w += s.Out[0].Lanes {
			pes = append(pes, w)
		}
	}
	for _, y := range s.Walk[0].parallel() {
		for _, x := range s.Walk[1].parallel() {
			for cw := s.In[0].Lanes; cw <= len(s.In[0].Layout); cw += s.In[0].Lanes {
				for _, pe := range pes {
					s.Fold = Folding{PE: pe, TapY: y, TapX: x, Cw: cw}
					visit()
				}
			}
		}
	}
}

// The folding that is chosen for a pace is the cheapest of all that keep it; widest is the fastest.
func TestFoldingIsTheCheapest(t *testing.T) {
	kept, missed := 0, 0
	for seed := uint64(1); seed <= 150; seed++ {
		d := nettest.New(seed)
		p := anyPlan(t, d, d.Net(4))
		for _, s := range p.Stages {
			if s.Kind != Conv && s.Kind != Pool {
				continue
			}
			s.widest()
			fastest := s.Cycles()
			pace := fastest * d.Within(70, 400) / 100
			best, quickest := math.MaxInt, math.MaxInt
			every(s, func() {
				if quickest = min(quickest, s.Cycles()); s.Cycles() <= pace {
					best = min(best, max(s.Multipliers(), s.Fold.SIMD()))
				}
			})
			assert.Equal(t, quickest, fastest)
			ok := s.chooseFold(int64(pace), false)
			require.Equal(t, best < math.MaxInt, ok)
			if !ok {
				missed++
				continue
			}
			kept++
			require.LessOrEqual(t, s.Cycles(), pace)
			require.Equal(t, best, max(s.Multipliers(), s.Fold.SIMD()), "seed %d, stage %s, pace %d", seed, s.Name, pace)
		}
	}
	assert.Greater(t, kept, 200)
	assert.Greater(t, missed, 5)
}

func TestFolds(t *testing.T) {
	for _, c := range []struct {
		n, unit int
		exact   bool
		want    []int
	}{
		{8, 1, false, []int{1, 2, 3, 4, 8}},
		{8, 1, true, []int{1, 2, 4, 8}},
		{8, 2, false, []int{2, 4, 8}},
		{12, 3, false, []int{3, 6, 12}},
		{11, 1, false, []int{1, 2, 3, 4, 6, 11}},
		{11, 1, true, []int{1, 11}},
		{1, 1, false, []int{1}},
		{6, 6, true, []int{6}},
	} {
		assert.Equal(t, c.want, folds(c.n, c.unit, c.exact), "%+v", c)
	}
	for n := 1; n <= 200; n++ {
		for unit := 1; unit <= n; unit++ {
			if n%unit > 0 {
				continue
			}
			turns := math.MaxInt
			var want []int
			for w := unit; w <= n; w += unit {
				if ceilDiv(n, w) < turns {
					want, turns = append(want, w), ceilDiv(n, w)
				}
			}
			require.Equal(t, want, folds(n, unit, false), "%d by %d", n, unit)
		}
	}
}

// A plan keeps within its target, and one multiplier less than the least is refused with the least.
func TestTargets(t *testing.T) {
	for seed := uint64(1); seed <= 40; seed++ {
		d := nettest.New(seed)
		net := d.Net(d.Within(1, 6))
		if seed%2 == 0 {
			net = unet(t, seed, 1)
		}
		least, err := New(t.Context(), net, Target{})
		require.NoError(t, err)
		e := least.Estimate
		last := e.CyclesPerFrame
		for m := e.Multipliers; m < 40*e.Multipliers; m = 2*m + 1 {
			p, err := New(t.Context(), net, Target{Multipliers: m})
			require.NoError(t, err)
			assert.LessOrEqual(t, p.Estimate.Multipliers, m)
			assert.LessOrEqual(t, p.Estimate.CyclesPerFrame, last, "more multipliers, slower")
			last = p.Estimate.CyclesPerFrame
			q, err := New(t.Context(), net, Target{Cycles: last})
			require.NoError(t, err)
			assert.LessOrEqual(t, q.Estimate.CyclesPerFrame, last)
			assert.LessOrEqual(t, q.Estimate.Multipliers, p.Estimate.Multipliers)
		}
		if e.Multipliers > 1 {
			_, err = New(t.Context(), net, Target{Multipliers: e.Multipliers - 1})
			assert.ErrorContains(t, err, fmt.Sprintf("ask for %d multipliers or more", e.Multipliers))
		}
		_, err = New(t.Context(), net, Target{Cycles: 1})
		if last > 1 {
			require.ErrorContains(t, err, "no folding reaches 1 cycles per frame; ask for ")
			var fastest int64
			_, scanErr := fmt.Sscanf(err.Error(), "target: no folding reaches 1 cycles per frame; ask for %d cycles or more", &fastest)
			require.NoError(t, scanErr)
			p, err := New(t.Context(), net, Target{Cycles: fastest})
			require.NoError(t, err)
			assert.Equal(t, fastest, p.Estimate.CyclesPerFrame)
			_, err = New(t.Context(), net, Target{Cycles: fastest - 1})
			assert.Error(t, err)
		}
	}
}

// Without padding a network of 5 and 7 channels has far fewer foldings to choose from.
func TestDivisorOnly(t *testing.T) {
	s, v := newSketch(t, 1, 3, 16, 16)
	for _, c := range []int{7, 11, 13, 7} {
		v = s.conv(v, c, same(3, 1))
	}
	net := s.finish(v)
	for _, m := range []int{64, 512} {
		ceil, err := New(t.Context(), net, Target{Multipliers: m})
		require.NoError(t, err)
		exact, err := DivisorOnly(t.Context(), net, Target{Multipliers: m})
		require.NoError(t, err)
		assert.Greater(t, exact.Estimate.CyclesPerFrame, ceil.Estimate.CyclesPerFrame)
		for _, st := range exact.Stages {
			if st.Kind == Conv {
				assert.Zero(t, st.Node.Out.Shape.C%st.Fold.PE)
				assert.Zero(t, st.Node.In[0].Shape.C%st.Fold.Cw)
			}
		}
	}
}

// A network whose values all have one source and no use for lanes is refused where it makes no sense.
func TestUnusableNetworks(t *testing.T) {
	s, in := newSketch(t, 1, 3, 4, 4)
	spare := &fixed.Value{Name: "spare", Shape: in.Shape, Format: uint8s}
	s.net.Inputs = append(s.net.Inputs, spare)
	out := s.conv(in, 2, same(1, 1))
	_, err := New(t.Context(), s.finish(out), Target{})
	assert.ErrorContains(t, err, "spare: it is an input that no node reads")
	s.net.Outputs = append(s.net.Outputs, spare)
	_, err = New(t.Context(), s.net, Target{})
	assert.ErrorContains(t, err, "spare: it is an input that no node reads, or that is an output as well")
	s.net.Outputs = nil
	_, err = New(t.Context(), s.net, Target{})
	assert.ErrorContains(t, err, "plan: ")
}
