package hw_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
)

// compare runs a plan's hardware in the interpreter and holds it to the evaluator and to the schedule:
// every output value and the cycle of every output beat, over several images, without pauses.
func compare(ctx context.Context, p *plan.Plan, schedule *plan.Schedule, net *fixed.Net, images [][]*fixed.Tensor) error {
	got, err := interpret(ctx, p, images)
	if err != nil {
		return err
	}
	if err := schedule.Run(ctx, len(images)); err != nil {
		return err
	}
	for k, times := range schedule.Outputs() {
		if len(got.Cycles[k]) != len(times) {
			return fmt.Errorf("output %s: %d beats, scheduled %d", p.Outputs[k].Name, len(got.Cycles[k]), len(times))
		}
		for n, t := range got.Cycles[k] {
			if t != times[n] {
				return fmt.Errorf("output %s, beat %d: cycle %d, scheduled %d", p.Outputs[k].Name, n, t, times[n])
			}
		}
	}
	for f, img := range images {
		want, err := fixed.EvalAll(ctx, net, img, nil)
		if err != nil {
			return err
		}
		for k, out := range p.Outputs {
			tensors, _ := hw.Unpack(out, got.Outputs[k])
			for i, v := range tensors[f].Data {
				if v != want[k].Data[i] {
					return fmt.Errorf("output %s, image %d, element %d: %d, evaluator says %d", out.Name, f, i, v, want[k].Data[i])
				}
			}
		}
	}
	return nil
}

func interpret(ctx context.Context, p *plan.Plan, images [][]*fixed.Tensor) (*sim.Trace, error) {
	h, err := hw.Build(p)
	if err != nil {
		return nil, err
	}
	m, err := interp.New(h.Design)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	got, err := m.Run(ctx, steady(p, images))
	if err == nil && got.Stop != sim.Done {
		err = fmt.Errorf("the design stopped at cycle %d", got.Cycle)
	}
	return got, err
}

// steady are images one after the other, without pauses.
func steady(p *plan.Plan, images [][]*fixed.Tensor) *sim.Stimulus {
	s := &sim.Stimulus{Quiet: 1 << 20}
	for i, in := range p.Inputs {
		var column []*fixed.Tensor
		for _, img := range images {
			column = append(column, img[i])
		}
		s.Inputs = append(s.Inputs, hw.Pack(in, column))
	}
	for _, out := range p.Outputs {
		s.Want = append(s.Want, len(images)*out.FrameBeats())
	}
	return s
}

// random plans a random network; target 0 mod 3 is the least folding, where that is quick enough.
func random(t *testing.T, seed uint64) (*plan.Plan, *fixed.Net, [][]*fixed.Tensor) {
	d := nettest.New(seed)
	net := d.Net(d.Within(1, 6))
	target := plan.Target{}
	if seed%3 > 0 {
		target.Multipliers = 20 * d.Within(1, 30)
	}
	p, err := plan.New(t.Context(), net, target)
	require.NoError(t, err)
	if p.Estimate.CyclesPerFrame > 20000 {
		p, err = plan.New(t.Context(), net, plan.Target{Multipliers: 1000})
		require.NoError(t, err)
	}
	return p, net, [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net), d.Inputs(net)}
}

func TestHardwareEqualsEvaluatorAndSchedule(t *testing.T) {
	for seed := uint64(1); seed <= 80; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p, net, images := random(t, seed)
			require.NoError(t, compare(t.Context(), p, plan.NewSchedule(p, nil), net, images))
		})
	}
}

// The comparison above sees one changed weight and one cycle.
func TestComparisonSeesDifferences(t *testing.T) {
	p, net, images := random(t, 1)
	other, otherNet, _ := random(t, 1)
	require.NoError(t, compare(t.Context(), p, plan.NewSchedule(other, nil), otherNet, images))

	for _, n := range otherNet.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			for i := range c.Bias {
				c.Bias[i] ^= 1 << (c.BiasBits - 2)
			}
		}
	}
	require.ErrorContains(t, compare(t.Context(), p, plan.NewSchedule(other, nil), otherNet, images), "evaluator says")

	for _, s := range other.Stages {
		if s.Kind == plan.Conv {
			s.Walk[0].Start++ // waits for a later row
		}
	}
	require.ErrorContains(t, compare(t.Context(), p, plan.NewSchedule(other, nil), net, images), "scheduled")
}

// What the map says a word holds is what the memory holds.
func TestMemoryMapNamesEveryWord(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		p, net, _ := random(t, seed)
		h, err := hw.Build(p)
		require.NoError(t, err)
		mems := map[string]*rtl.State{}
		for _, s := range h.Design.States() {
			if s.Mem != nil {
				mems[s.Path] = s
			}
		}
		require.Len(t, h.Map, len(mems))
		for _, e := range h.Map {
			s := mems[e.Path]
			require.NotNil(t, s, e.Path)
			require.Equal(t, s.Depth, e.Depth)
			require.Equal(t, s.Type.Width(), e.Width)
			if s.Mem.Init == nil {
				require.Empty(t, e.Index, e.Path)
				require.NotEmpty(t, e.Holds, e.Path)
				continue
			}
			if e.Tensor == e.Node+".checksum" {
				requireSums(t, p, h, s)
				require.NotEmpty(t, e.Holds)
				continue
			}
			values := tensorOf(t, net, e.Node, e.Tensor)
			seen := map[int]bool{}
			for w, word := range s.Mem.Init {
				for l, v := range word {
					if i := e.Index[w][l]; i >= 0 {
						require.Equal(t, values[i], v, "%s[%d] lane %d", e.Path, w, l)
						seen[i] = true
					} else {
						require.Zero(t, v)
					}
				}
			}
			require.Len(t, seen, len(values), "%s holds all of %s", e.Path, e.Tensor)
		}
	}
}

// requireSums holds a memory of checksums to the memory of weights beside it.
func requireSums(t *testing.T, p *plan.Plan, h *hw.Hardware, checks *rtl.State) {
	stage := hw.Places(p)[checks.Path].Stage
	states := h.Design.States()
	weights := states[slices.IndexFunc(states, func(s *rtl.State) bool { return s.Path == stage.Name+".weights" })]
	require.Equal(t, weights.Depth, checks.Depth)
	for w, word := range weights.Mem.Init {
		sums := make([]int64, checks.Type.Lanes)
		for l, v := range word {
			sums[l/stage.Fold.PE] += v
		}
		require.Equal(t, sums, checks.Mem.Init[w], "%s[%d]", checks.Path, w)
	}
}

// tensorOf is the constant tensor of a node that a map entry names.
func tensorOf(t *testing.T, net *fixed.Net, node, tensor string) []int64 {
	for _, n := range net.Nodes {
		if n.Name != node {
			continue
		}
		var bias []int64
		var scale fixed.Scale
		switch op := n.Op.(type) {
		case *fixed.Conv:
			if tensor == node+".weight" {
				return widen(op.Weight)
			}
			bias, scale = op.Bias, op.Scale
		case *fixed.Clip:
			if tensor == node+".low" {
				return op.Lo
			}
			require.Equal(t, node+".high", tensor)
			return op.Hi
		case *fixed.Requant:
			for range n.In[0].Shape.C {
				bias = append(bias, -n.In[0].Zero)
			}
			scale = op.Scale
		}
		switch tensor {
		case node + ".bias":
			return bias
		case node + ".multiplier":
			return scale.Mult
		case node + ".shift":
			return widen(scale.Shift)
		}
	}
	t.Fatalf("no tensor %s", tensor)
	return nil
}

func widen[T int | int32](v []T) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}
