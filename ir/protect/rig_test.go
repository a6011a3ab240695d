package protect

import (
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

// rig is the hardware of a random network, and images to run through it.
type rig struct {
	t      *testing.T
	plan   *plan.Plan
	hw     *hw.Hardware
	images int
	inputs [][]byte
}

// newRig draws a small network of one input with a convolution that has a line buffer, and plans it; many
// multipliers keep it quick.
func newRig(t *testing.T, seed uint64, images int) *rig {
	t.Helper()
	d := nettest.New(seed)
	var net *fixed.Net
	var p *plan.Plan
	for p == nil || !windowed(p) || p.Estimate.CyclesPerFrame > 600 {
		if net = d.Net(d.Within(2, 5)); len(net.Inputs) != 1 {
			continue
		}
		var err error
		p, err = plan.New(t.Context(), net, plan.Target{Multipliers: 300})
		require.NoError(t, err)
	}
	r := &rig{t: t, plan: p, images: images}
	var all []*fixed.Tensor
	for range images {
		all = append(all, d.Tensor(net.Inputs[0]))
	}
	r.inputs = [][]byte{hw.Pack(p.Inputs[0], all)}
	r.build()
	return r
}

// build makes the hardware anew, without protection.
func (r *rig) build() *rtl.Design {
	h, err := hw.Build(r.plan)
	require.NoError(r.t, err)
	r.hw = h
	return h.Design
}

// stream is a plan's stream as the watchdog knows it.
func stream(s *plan.Stream) Stream { return Stream{s.Name, s.FrameBeats()} }

func streams(all []*plan.Stream) (found []Stream) {
	for _, s := range all {
		found = append(found, stream(s))
	}
	return found
}

// run runs a design of the rig's streams under faults.
func (r *rig) run(d *rtl.Design, s sim.Stimulus) *sim.Trace {
	r.t.Helper()
	require.NoError(r.t, rtl.Check(d))
	m, err := interp.New(d)
	require.NoError(r.t, err)
	defer m.Close()
	s.Inputs, s.Want = r.inputs, nil
	for _, out := range r.plan.Outputs {
		s.Want = append(s.Want, r.images*out.FrameBeats())
	}
	got, err := m.Run(r.t.Context(), &s)
	require.NoError(r.t, err)
	return got
}

// windowed tells whether a plan has a convolution with a line buffer.
func windowed(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Stages, func(s *plan.Stage) bool { return s.Kind == plan.Conv && s.Rows > 0 })
}
