package hw_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/sim"
	"rampart/sim/interp"
)

// runs compares a plan's hardware with the evaluator and with the schedule: every output value and
// the cycle of every output beat, over several images, without pauses.
func compare(ctx context.Context, p *plan.Plan, net *fixed.Net, images [][]*fixed.Tensor) error {
	h, err := hw.Build(p)
	if err != nil {
		return err
	}
	m, err := interp.New(h.Design)
	if err != nil {
		return err
	}
	defer m.Close()
	frames := len(images)
	s := &sim.Stimulus{Quiet: 1 << 20}
	for i, in := range p.Inputs {
		var column []*fixed.Tensor
		for _, img := range images {
			column = append(column, img[i])
		}
		s.Inputs = append(s.Inputs, hw.Pack(in, column))
	}
	for _, out := range p.Outputs {
		s.Want = append(s.Want, frames*out.FrameBeats())
	}
	got, err := m.Run(ctx, s)
	if err != nil {
		return err
	}
	if got.Stop != sim.Done {
		return fmt.Errorf("the design stopped at cycle %d", got.Cycle)
	}
	schedule := plan.NewSchedule(p, nil)
	if err := schedule.Run(ctx, frames); err != nil {
		return err
	}
	for k, times := range schedule.Outputs() {
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

func TestHardwareEqualsEvaluatorAndSchedule(t *testing.T) {
	for seed := uint64(1); seed <= 60; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := nettest.New(seed)
			net := d.Net(d.Within(1, 6))
			target := plan.Target{}
			if seed%3 > 0 {
				target.Multipliers = 20 * d.Within(1, 30)
			}
			p, err := plan.New(t.Context(), net, target)
			require.NoError(t, err)
			images := make([][]*fixed.Tensor, 3)
			for i := range images {
				for _, v := range net.Inputs {
					images[i] = append(images[i], d.Tensor(v))
				}
			}
			require.NoError(t, compare(t.Context(), p, net, images))
		})
	}
}
