package campaign

import (
	"context"

	"rampart/internal/metrics"
	"rampart/ir/fixed"
	"rampart/sim/functional"
)

// integers is the integer network and the images of a campaign.
type integers struct {
	engine *functional.Engine
	images []*fixed.Tensor
	mask   int     // the output that is the mask, -1 where the sign of the only score is the class
	golden []uint8 // masks of all images without a fault
	zero   int64   // a score above it is class 1, where there is no mask output
}

// integerProbe follows differences through the integer network.
type integerProbe struct {
	*integers
	worker  *functional.Worker
	tallies tallies
	changes []metrics.Change
}

func (n *integers) probe(r *metrics.Reference) *integerProbe {
	return &integerProbe{integers: n, worker: n.engine.Worker(), tallies: tallies{reference: r}}
}

func (p *integerProbe) close() error { return nil }

func (p *integerProbe) measure(ctx context.Context, tasks []*task, report reporter) error {
	all := p.tallies.takeFor(tasks)
	for i, image := range p.images {
		if err := p.worker.Run([]*fixed.Tensor{image}); err != nil {
			return err
		}
		for k, t := range tasks {
			if err := ctx.Err(); err != nil {
				return err
			}
			if patches := t.integers.of(i); len(patches) > 0 {
				p.count(all[k], i, p.worker.Strike(patches))
			}
		}
	}
	return finish(tasks, all, report)
}

// count adds what differs in an image.
func (p *integerProbe) count(t *tally, image int, d *functional.Diff) {
	for k, out := range d.Outputs {
		if k != p.mask {
			t.effect.Scores += int64(out.Changed)
		}
	}
	mask := p.mask
	if mask < 0 {
		mask = 0
	}
	out := d.Outputs[mask]
	if out.Changed == 0 {
		return
	}
	size := len(p.golden) / len(p.images)
	golden := p.golden[image*size:][:size]
	p.changes = p.changes[:0]
	for j, at := range out.Index {
		class := uint8(out.Value[j])
		if p.mask < 0 {
			class = 0
			if int64(out.Value[j]) > p.zero {
				class = 1
			}
		}
		if class != golden[at] {
			p.changes = append(p.changes, metrics.Change{Pixel: int(at), Old: golden[at], New: class})
		}
	}
	t.meter.Change(image, p.changes)
}
