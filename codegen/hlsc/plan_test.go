package hlsc

import (
	"fmt"
	"slices"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// dice draws networks, foldings and frames.
type dice struct{ nettest.Dice }

func newDice(seed uint64) dice { return dice{nettest.New(seed)} }

func (d dice) frames(net *fixed.Net, n int) [][]*fixed.Tensor {
	frames := make([][]*fixed.Tensor, n)
	for i := range frames {
		frames[i] = d.Inputs(net)
	}
	return frames
}

// trivialPlan makes every node a stage, and a fork of every value with several users.
func trivialPlan(net *fixed.Net, folding func(*plan.Stage) plan.Folding) *plan.Plan {
	p := &plan.Plan{Name: net.Name}
	readers := map[*fixed.Value][]*plan.Stream{} // streams of a value that have no reader yet
	stream := func(v *fixed.Value, from *plan.Stage) *plan.Stream {
		s := &plan.Stream{Name: fmt.Sprintf("%s_%d", v.Name, len(p.Streams)), Value: v, From: from}
		p.Streams = append(p.Streams, s)
		return s
	}
	share := func(s *plan.Stream) {
		users := 0
		for _, n := range net.Nodes {
			for _, v := range n.In {
				if v == s.Value {
					users++
				}
			}
		}
		if slices.Contains(net.Outputs, s.Value) {
			users++
		}
		if users < 2 {
			readers[s.Value] = []*plan.Stream{s}
			return
		}
		fork := &plan.Stage{Name: "fork_" + s.Value.Name, Kind: plan.Fork, In: []*plan.Stream{s}}
		s.To = fork
		for range users {
			fork.Out = append(fork.Out, stream(s.Value, fork))
		}
		p.Stages = append(p.Stages, fork)
		readers[s.Value] = slices.Clone(fork.Out)
	}
	take := func(v *fixed.Value, to *plan.Stage) *plan.Stream {
		s := readers[v][0]
		readers[v], s.To = readers[v][1:], to
		return s
	}
	for _, v := range net.Inputs {
		p.Inputs = append(p.Inputs, stream(v, nil))
		share(p.Inputs[len(p.Inputs)-1])
	}
	kinds := map[string]plan.Kind{"conv": plan.Conv, "maxpool": plan.Pool, "requant": plan.Scale, "concat": plan.Concat, "argmax": plan.ArgMax, "clip": plan.Clip, "vote": plan.Vote}
	for _, n := range net.Nodes {
		st := &plan.Stage{Name: n.Name, Kind: kinds[n.Op.Kind()], Node: n}
		for _, v := range n.In {
			st.In = append(st.In, take(v, st))
		}
		st.Out = []*plan.Stream{stream(n.Out, st)}
		st.Fold = folding(st)
		p.Stages = append(p.Stages, st)
		share(st.Out[0])
	}
	for _, v := range net.Outputs {
		p.Outputs = append(p.Outputs, take(v, nil))
	}
	return p
}

// foldOne does one product at a time.
func foldOne(*plan.Stage) plan.Folding { return plan.Folding{PE: 1, TapY: 1, TapX: 1, Cw: 1} }

// folding is a random folding, not only of divisors.
func (d dice) folding(st *plan.Stage) plan.Folding {
	in, out := st.In[0].Value.Shape, st.Out[0].Value.Shape
	f := plan.Folding{PE: d.Within(1, out.C), TapY: 1, TapX: 1, Cw: d.Within(1, in.C)}
	if op, ok := st.Node.Op.(*fixed.Conv); ok {
		f.TapY = d.Pick(1, plan.NewWalk(op.Window, op.Transposed, 0, in.H, out.H).Taps)
		f.TapX = d.Pick(1, plan.NewWalk(op.Window, op.Transposed, 1, in.W, out.W).Taps)
	}
	return f
}
