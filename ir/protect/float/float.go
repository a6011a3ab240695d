package float

import (
	"context"
	"fmt"

	"rampart/ir/graph"
)

// Pass is one rewrite of a network: Mantissa, Equalise, AbsorbBias, ReconditionBatchNorm or Prune.
type Pass interface {
	// Name is the pass as policies call it.
	Name() string
	// String is the pass with all its options, as policies write it.
	String() string
	// run rewrites a network whose operators own their parameters, and notes in the report what the comparison
	// of before and after does not show.
	run(g *graph.Graph, r *Report) error
}

// Orders are the reasons for an order between two passes of one list.
var Orders = []struct{ Before, After, Why string }{
	{"prune", "equalise", "channels that go would still set the scales"},
	{"prune", "mantissa", "the comparison of weights would see moved ones"},
	{"equalise", "absorb_bias", "scaled biases are no longer those that were too high"},
	{"equalise", "mantissa", "scaled values are no longer where they were moved to"},
	{"equalise", "recondition_batchnorm", "a scaled gamma is no longer where it was moved to"},
	{"absorb_bias", "mantissa", "absorbing changes biases that were moved"},
	{"absorb_bias", "recondition_batchnorm", "gamma and beta are the spread and mean of what they make only as trained"},
	{"recondition_batchnorm", "mantissa", "reconditioning computes gamma, beta, mean and variance anew"},
}

// Run rewrites a network in place by one pass and reports on it. With images it tells the price as well. The
// network must pass graph.Check before, and does so after; where the error is not nil it is not to be used.
func Run(ctx context.Context, g *graph.Graph, p Pass, images *Images) (*Report, error) {
	before := g.Clone()
	g.Own()
	r := &Report{Pass: p.Name(), Options: p.String()}
	if err := p.run(g, r); err != nil {
		return nil, fmt.Errorf("pass %s: %w", p.Name(), err)
	}
	if err := graph.Check(g); err != nil {
		return nil, fmt.Errorf("after pass %s: %w", p.Name(), err)
	}
	r.compare(before, g)
	if images != nil {
		var err error
		if r.Price, err = images.Compare(ctx, before, g); err != nil {
			return nil, fmt.Errorf("pass %s: %w", p.Name(), err)
		}
	}
	return r, nil
}

// Apply runs passes one after another; see Run.
func Apply(ctx context.Context, g *graph.Graph, passes []Pass, images *Images) ([]*Report, error) {
	var reports []*Report
	for _, p := range passes {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("pass %s: %w", p.Name(), err)
		}
		r, err := Run(ctx, g, p, images)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}
