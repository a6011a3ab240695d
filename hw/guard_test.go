package hw_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
)

// alarmed is the hardware of a plan in which a counter follows the alarm of each stage that has one.
type alarmed struct {
	plan    *plan.Plan
	design  *rtl.Design
	counter map[string]int // the output port of a stage's counter
	images  [][]*fixed.Tensor
}

func newAlarmed(t *testing.T, p *plan.Plan, images [][]*fixed.Tensor) *alarmed {
	t.Helper()
	h, err := hw.Build(p)
	require.NoError(t, err)
	a := &alarmed{plan: p, design: h.Design, counter: map[string]int{}, images: images}
	top := h.Design.Top
	for _, inst := range top.Insts {
		for k, out := range inst.Of.Outputs {
			if out.Name != "fault" {
				continue
			}
			count := top.Reg("faults_of_"+inst.Name, rtl.U(32), 0)
			count.SetIf(inst.Out[k], count.Q.AddI(1))
			a.counter[inst.Name] = len(top.Outputs)
			top.Out("fault_count_of_"+inst.Name, count.Q)
		}
	}
	require.NoError(t, rtl.Check(h.Design))
	return a
}

// run takes all images through the hardware with flips at the start, lets it come to rest, and gives what left
// it and how often each stage raised its alarm.
func (a *alarmed) run(t *testing.T, flips ...rtl.Site) (*sim.Trace, map[string]int) {
	t.Helper()
	m, err := interp.New(a.design)
	require.NoError(t, err)
	for _, site := range flips {
		require.NoError(t, m.Flip(site))
	}
	trace, err := m.Run(t.Context(), steady(a.plan, a.images))
	require.NoError(t, err)
	require.Equal(t, sim.Done, trace.Stop)
	_, err = m.Run(t.Context(), &sim.Stimulus{Inputs: make([][]byte, len(a.plan.Inputs)), Quiet: 1500})
	require.NoError(t, err)
	raised := map[string]int{}
	for stage, port := range a.counter {
		for i, b := range m.Get(port) {
			raised[stage] += int(b) << (8 * i)
		}
	}
	return trace, raised
}

// due is how often stages raise their alarms: a vote once for each pixel in which copies differ, a clip once for
// each beat that it clips.
func due(t *testing.T, p *plan.Plan, net *fixed.Net, images [][]*fixed.Tensor) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, img := range images {
		values := evaluated(t, net, img)
		for _, s := range p.Stages {
			if s.Node == nil {
				continue
			}
			wrong := fixed.Raised(s.Node, inputsOf(s.Node, values))
			if wrong == nil {
				continue
			}
			all[s.Name] += 0
			at := map[[2]int]bool{}
			for c := range wrong.Shape.C {
				beat := slices.Index(s.Out[0].Layout, c) / s.Out[0].Lanes
				if s.Kind == plan.Vote {
					beat = 0
				}
				for px, w := range wrong.Plane(c) {
					if w != 0 {
						at[[2]int{px, beat}] = true
					}
				}
			}
			all[s.Name] += len(at)
		}
	}
	return all
}

func evaluated(t *testing.T, net *fixed.Net, img []*fixed.Tensor) map[*fixed.Value]*fixed.Tensor {
	t.Helper()
	values := map[*fixed.Value]*fixed.Tensor{}
	_, err := fixed.EvalAll(t.Context(), net, img, func(v *fixed.Value, x *fixed.Tensor) { values[v] = x })
	require.NoError(t, err)
	return values
}

func inputsOf(n *fixed.Node, values map[*fixed.Value]*fixed.Tensor) []*fixed.Tensor {
	var in []*fixed.Tensor
	for _, v := range n.In {
		in = append(in, values[v])
	}
	return in
}

// Each stage raises its alarm where the evaluator says so, checksums never.
func TestAlarmsAreThoseOfTheEvaluator(t *testing.T) {
	kinds := map[plan.Kind]int{}
	for seed := uint64(1); seed <= 50; seed++ {
		p, net, images := random(t, seed)
		_, raised := newAlarmed(t, p, images).run(t)
		want := due(t, p, net, images)
		require.Equal(t, want, raised, "seed %d", seed)
		for _, s := range p.Stages {
			if want[s.Name] > 0 || s.Kind == plan.Conv {
				kinds[s.Kind]++
			}
		}
	}
	assert.Greater(t, kinds[plan.Clip], 3)
	assert.Greater(t, kinds[plan.Vote], 10)
}

// checksummed is a random network's plan, and a convolution in it that has a checksum and sums that fit the
// evaluator's numbers; nil where it has none.
func checksummed(t *testing.T, seed uint64) (*plan.Plan, *fixed.Net, [][]*fixed.Tensor, *plan.Stage) {
	p, net, images := random(t, seed)
	for _, s := range p.Stages {
		if s.Kind != plan.Conv {
			continue
		}
		if op := s.Node.Op.(*fixed.Conv); op.Checksum && op.AccBits <= 32 {
			return p, net, images, s
		}
	}
	return nil, nil, nil, nil
}

// sums is what the accumulators of a convolution come to.
func sums(t *testing.T, n *fixed.Node, in []*fixed.Tensor, weights []int32) []int32 {
	t.Helper()
	op, out := *n.Op.(*fixed.Conv), *n.Out
	out.Format, out.Zero = fixed.Format{Bits: 32, Signed: true}, 0
	op.Weight, op.Bias = weights, make([]int64, out.Shape.C)
	op.Scale = fixed.Scale{Shift: make([]int, out.Shape.C)}
	op.Scale.Lo, op.Scale.Hi = out.Format.Range()
	y, err := fixed.EvalNode(t.Context(), &fixed.Node{Name: n.Name, In: n.In, Out: &out, Op: &op}, in)
	require.NoError(t, err)
	return y.Data
}

// A flipped weight raises the checksum's alarm once for each sum that it changes. A flipped checksum raises it
// too, and no output changes.
func TestChecksumsSeeEveryWrongSum(t *testing.T) {
	seen, silent := 0, 0
	for seed := uint64(1); seed <= 60; seed++ {
		p, net, images, s := checksummed(t, seed)
		if s == nil {
			continue
		}
		a := newAlarmed(t, p, images)
		golden, _ := a.run(t)
		op, d := s.Node.Op.(*fixed.Conv), nettest.New(seed)
		words, elems := s.Weights()
		word := d.IntN(len(words))
		lane := d.IntN(len(words[word]))
		e, bit := elems[word][lane], d.IntN(op.WeightBits)
		if e < 0 {
			continue
		}
		weights := slices.Clone(op.Weight)
		weights[e] = int32(rtl.S(op.WeightBits).Wrap(int64(weights[e]) ^ 1<<bit))
		want := 0
		for _, img := range images {
			in := inputsOf(s.Node, evaluated(t, net, img))
			right := sums(t, s.Node, in, op.Weight)
			for i, v := range sums(t, s.Node, in, weights) {
				if v != right[i] {
					want++
				}
			}
		}
		_, raised := a.run(t, rtl.Site{Path: s.Name + ".weights", Mem: true, Word: word, Bit: lane*op.WeightBits + bit})
		require.Equal(t, want, raised[s.Name], "seed %d", seed)
		if want > 0 {
			seen++
		}
		checks, bits := s.Checksums()
		trace, raised := a.run(t, rtl.Site{Path: s.Name + ".checksums", Mem: true, Word: word, Bit: d.IntN(bits * len(checks[0]))})
		require.Equal(t, golden.Outputs, trace.Outputs, "seed %d", seed)
		require.Equal(t, golden.Cycles, trace.Cycles, "seed %d", seed)
		if raised[s.Name] == 0 {
			silent++ // the inputs that it meets are 0
		}
	}
	assert.Greater(t, seen, 10)
	assert.Less(t, silent, seen/2)
}

// A wrong accumulator is seen, whichever it is.
func TestChecksumsSeeAccumulators(t *testing.T) {
	seen, tried := 0, 0
	for seed := uint64(1); seed <= 40; seed++ {
		p, _, images, s := checksummed(t, seed)
		if s == nil {
			continue
		}
		a := newAlarmed(t, p, images)
		op, d := s.Node.Op.(*fixed.Conv), nettest.New(seed)
		m, err := interp.New(a.design)
		require.NoError(t, err)
		stim := steady(p, images)
		stim.Limit = p.Estimate.LatencyCycles / 2
		_, err = m.Run(t.Context(), stim)
		require.NoError(t, err)
		require.NoError(t, m.Flip(rtl.Site{Path: s.Name + ".mac.accumulators", Bit: d.IntN(op.AccBits * s.Fold.PE)}))
		_, err = m.Run(t.Context(), &sim.Stimulus{Inputs: make([][]byte, len(p.Inputs)), Quiet: 4000})
		require.NoError(t, err)
		tried++
		if m.Get(a.counter[s.Name])[0] > 0 {
			seen++
		}
	}
	t.Logf("%d of %d flips while sums were made or waited", seen, tried)
	assert.Greater(t, seen, tried/5)
}

// The memories that a plan counts are those that its hardware has.
func TestPlansCountTheMemories(t *testing.T) {
	for seed := uint64(1); seed <= 40; seed++ {
		p, _, _ := random(t, seed)
		h, err := hw.Build(p)
		require.NoError(t, err)
		var counted, built []string
		for _, s := range p.Stages {
			for _, m := range s.Memories() {
				for range m.Banks {
					counted = append(counted, fmt.Sprintf("%s %s %dx%d", s.Name, m.Kind, m.Depth, m.Width))
				}
			}
		}
		for _, m := range h.Map {
			built = append(built, fmt.Sprintf("%s %s %dx%d", m.Stage, m.Kind, m.Depth, m.Width))
		}
		require.ElementsMatch(t, built, counted, "seed %d", seed)
	}
}

// Copies on beats of their own behind a concatenation that leaves lanes idle; outputs with more beats than
// inputs; pauses at every port.
func TestVotesOfAnyLayout(t *testing.T) {
	for _, c := range []struct {
		name   string
		parts  []int // channels that are joined
		copies []int
		pixel  int64 // cycles
		in     int   // beats of a pixel
		out    int
	}{
		{"one beat", []int{5}, []int{0, 2}, 1, 1, 1},
		{"joined", []int{3, 4, 2}, []int{0, 0, 2, 4}, 6, 5, 5},
		{"many copies", []int{2, 7}, []int{0, 0, 1, 1, 2, 2}, 9, 9, 3},
		{"one beat of many", []int{2, 7}, []int{0, 0, 1, 1, 2}, 3, 3, 2},
		{"more out than in", []int{16}, []int{0, 0, 1, 1, 2, 2, 3, 3, 4}, 7, 4, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := nettest.New(uint64(len(c.copies)))
			net := &fixed.Net{Name: "votes"}
			join := &fixed.Node{Name: "join", Op: &fixed.Concat{}, Out: value("joined", 0)}
			for i, n := range c.parts {
				in := value(fmt.Sprintf("in%d", i), n)
				net.Inputs, join.In = append(net.Inputs, in), append(join.In, in)
				join.Out.Shape.C += n
			}
			vote := &fixed.Node{Name: "vote", In: []*fixed.Value{join.Out}, Out: value("voted", join.Out.Shape.C-len(c.copies)), Op: &fixed.Vote{Copies: c.copies}}
			net.Nodes, net.Outputs = []*fixed.Node{join, vote}, []*fixed.Value{vote.Out}
			require.NoError(t, fixed.Check(net))
			p, err := plan.New(t.Context(), net, plan.Target{Cycles: 20 * c.pixel})
			require.NoError(t, err)
			s := p.Stages[len(p.Stages)-1]
			require.Equal(t, [2]int{c.in, c.out}, [2]int{s.In[0].Beats(), s.Out[0].Beats()})
			images := [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net), d.Inputs(net)}
			require.NoError(t, compare(t.Context(), p, plan.NewSchedule(p, nil), net, images))
		})
	}
}

func value(name string, channels int) *fixed.Value {
	return &fixed.Value{Name: name, Shape: fixed.Shape{C: channels, H: 4, W: 5}, Format: fixed.Format{Bits: 6, Signed: true}, Zero: -3}
}
