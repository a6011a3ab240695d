package plan

import (
	"context"
	"fmt"

	"rampart/ir/fixed"
)

// New plans a network for a target. The result is complete: foldings, lanes, depths and schedule.
func New(ctx context.Context, net *fixed.Net, t Target) (*Plan, error) {
	return newPlan(ctx, net, t, false, powers, counts, divisors)
}

// DivisorOnly plans with widths that divide the channels, as compilers do that cannot pad: a yardstick
// for what folding by ceil is worth.
func DivisorOnly(ctx context.Context, net *fixed.Net, t Target) (*Plan, error) {
	return newPlan(ctx, net, t, true, divisors)
}

func newPlan(ctx context.Context, net *fixed.Net, t Target, exact bool, rules ...laneRule) (*Plan, error) {
	if err := fixed.Check(net); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	p, err := stages(net)
	if err != nil {
		return nil, err
	}
	if err := p.pace(t, exact, rules...); err != nil {
		return nil, err
	}
	p.setRows()
	if err := p.setDepths(ctx, maxEffort); err != nil {
		return nil, err
	}
	p.count()
	if err := Check(p); err != nil {
		panic(fmt.Sprintf("BUG: plan: %v", err))
	}
	return p, nil
}

// count sums up what the stages have.
func (p *Plan) count() {
	p.Estimate.Multipliers, p.Estimate.MACsPerFrame, p.Estimate.Resources = 0, 0, Resources{}
	for _, s := range p.Stages {
		p.Estimate.Multipliers += s.Multipliers()
		p.Estimate.MACsPerFrame += s.MACs()
		p.Estimate.Resources.add(s.Resources())
	}
}

// MACs is the number of multiplications that an image needs in a stage, padding included, inserted
// zeros not.
func (s *Stage) MACs() int64 {
	op, ok := s.op().(*fixed.Conv)
	if !ok {
		return 0
	}
	in, out := s.Node.In[0].Shape, s.Node.Out.Shape
	pixels := out.H * out.W
	if op.Transposed {
		pixels = in.H * in.W
	}
	return int64(pixels) * int64(op.Kernel[0]*op.Kernel[1]) * int64(in.C) * int64(out.C) / int64(op.Group)
}
