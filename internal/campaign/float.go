package campaign

import (
	"context"

	"rampart/internal/metrics"
	"rampart/ir/graph"
	"rampart/sim/functional/float"
)

// floats is the float network and the images of a campaign. The mask is that of the first output.
type floats struct {
	engine *float.Engine
	images []*graph.Tensor
	golden []uint8 // masks of all images without a fault, whose scores are finite
}

// floatProbe sums anew what a difference reaches in the float network.
type floatProbe struct {
	*floats
	worker  *float.Worker
	tallies tallies
	changes []metrics.Change
}

func (n *floats) probe(r *metrics.Reference) *floatProbe {
	return &floatProbe{floats: n, worker: n.engine.Worker(), tallies: tallies{reference: r}}
}

func (p *floatProbe) close() error { return nil }

func (p *floatProbe) measure(ctx context.Context, tasks []*task, report reporter) error {
	all := p.tallies.take(len(tasks))
	for i, image := range p.images {
		if err := p.worker.Run([]*graph.Tensor{image}); err != nil {
			return err
		}
		for k, t := range tasks {
			if err := ctx.Err(); err != nil {
				return err
			}
			if patches := t.floats.of(i); len(patches) > 0 {
				p.count(all[k], i, p.worker.Strike(patches))
			}
		}
	}
	return finish(tasks, all, report)
}

// count adds what differs in an image.
func (p *floatProbe) count(t *tally, image int, d *float.Diff) {
	out := d.Outputs[0]
	if out.Changed == 0 {
		return
	}
	t.effect.Scores += int64(out.Changed)
	t.effect.NaN += int64(out.NaN)
	t.effect.Inf += int64(out.Inf)
	size := len(p.golden) / len(p.images)
	golden := p.golden[image*size:][:size]
	p.changes = p.changes[:0]
	for j, at := range out.Pixels {
		p.changes = append(p.changes, metrics.Change{Pixel: int(at), Old: golden[at], New: uint8(out.Classes[j])})
	}
	t.meter.Change(image, p.changes)
}
