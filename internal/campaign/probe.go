package campaign

import (
	"context"
	"slices"

	"rampart/internal/metrics"
	"rampart/ir/rtl"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/functional"
	"rampart/sim/functional/float"
)

// spans are patches and the images that meet them.
type spans[P any] []span[P]

type span[P any] struct {
	first, last int
	patches     []P
}

// of is the patches that an image meets.
func (s spans[P]) of(image int) []P {
	var all []P
	for _, one := range s {
		switch {
		case image < one.first || image > one.last:
		case all == nil:
			all = one.patches[:len(one.patches):len(one.patches)]
		default:
			all = append(all, one.patches...)
		}
	}
	return all
}

// spansOf makes the spans of a fault of tensors, of which images differ only where an upset names one.
func spansOf[P any](f fault.Fault, images int, patches func(frame int64) []P) spans[P] {
	if !slices.ContainsFunc(f, func(u fault.Upset) bool { return u.When.Kind == fault.Frame }) {
		return spans[P]{{0, images - 1, patches(0)}}
	}
	var all spans[P]
	for i := range images {
		all = append(all, span[P]{i, i, patches(int64(i))})
	}
	return all
}

// task is one fault, made ready for the engine that will run it.
type task struct {
	row      result.Row              // what is known of it beforehand
	integers spans[functional.Patch] // for the integer engine
	floats   spans[float.Patch]      // for the float engine
	upsets   []rtl.Fault             // for the cycle engine

	corrected, detected bool // by a protection; the cycle engine sees for itself
}

// probe puts faults to images on one engine. One goroutine may use it at a time.
type probe interface {
	// measure runs all images with each task's fault, and reports each task once.
	measure(ctx context.Context, tasks []*task, report reporter) error
	close() error
}

// reporter takes what a fault did. The effect holds until it returns.
type reporter func(*task, *result.Effect) error

// tally gathers what one fault does, image by image.
type tally struct {
	meter  *metrics.Meter
	effect result.Effect
}

// tallies are as many as a batch needs.
type tallies struct {
	reference *metrics.Reference
	all       []*tally
}

// takeFor gives one for each task, with what is known of it.
func (t *tallies) takeFor(tasks []*task) []*tally {
	all := t.take(len(tasks))
	for i, one := range tasks {
		all[i].effect.Corrected, all[i].effect.Detected = one.corrected, one.detected
	}
	return all
}

// take gives n of them, reset.
func (t *tallies) take(n int) []*tally {
	for len(t.all) < n {
		t.all = append(t.all, &tally{meter: t.reference.Meter()})
	}
	for _, one := range t.all[:n] {
		one.meter.Reset()
		one.effect = result.Effect{}
	}
	return t.all[:n]
}

// finish gives the effect of all images.
func (t *tally) finish() *result.Effect {
	t.effect.Score = t.meter.Score()
	return &t.effect
}

func finish(tasks []*task, all []*tally, report reporter) error {
	for k, t := range tasks {
		if err := report(t, all[k].finish()); err != nil {
			return err
		}
	}
	return nil
}

// still is the probe of faults that are proved dead.
type still struct{ tallies tallies }

func (p *still) close() error { return nil }

func (p *still) measure(_ context.Context, tasks []*task, report reporter) error {
	return finish(tasks, p.tallies.takeFor(tasks), report)
}
