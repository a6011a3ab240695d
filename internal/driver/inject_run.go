package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"rampart/internal/metrics"
	"rampart/internal/picture"
	"rampart/ir/rtl"
	"rampart/sim"
)

// runner is a machine and its golden run, from whose snapshots it replays faults.
type runner struct {
	machine sim.Machine
	golden  *sim.Golden
}

// runner starts a machine and makes its golden run.
func (in *injector) runner(ctx context.Context) (*runner, error) {
	m, err := in.Machine(ctx, in.opt.Engine, in.opt.Jobs)
	if err != nil {
		return nil, err
	}
	golden, err := in.Golden(ctx, m, in.images)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return &runner{m, golden}, nil
}

// outcomes runs every fault that the journal does not know, several at a time, and lists all in their order.
func (in *injector) outcomes(ctx context.Context, first *runner) (*Injection, error) {
	var todo []int
	for n := range in.faults {
		if out, known := in.journal.done[n]; known {
			in.worst.offer(n, out.Changed, nil)
		} else {
			todo = append(todo, n)
		}
	}
	err := in.spread(ctx, first, todo)
	switch {
	case err != nil && ctx.Err() != nil && len(in.journal.done) == 0:
		return nil, ctx.Err()
	case err != nil && ctx.Err() != nil:
		return nil, Kept{Done: len(in.journal.done), Of: len(in.faults), Err: ctx.Err()}
	case err != nil:
		return nil, err
	}
	r := &Injection{Engine: in.opt.Engine, Images: len(in.images), Seed: in.opt.Seed, Cycles: in.trace.Cycle, Faults: len(in.faults), GoldenTruth: in.truth}
	for n := range in.faults {
		r.add(in.journal.done[n])
	}
	return r, nil
}

// spread shares faults out among runners: the first, and as many more as there are jobs and faults for.
func (in *injector) spread(ctx context.Context, first *runner, todo []int) error {
	var mu sync.Mutex // of todo, the journal and the podium
	take := func(ctx context.Context) (n int, ok bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		if len(todo) == 0 {
			return 0, false, nil
		}
		if in.opt.Progress != nil {
			in.opt.Progress("faults", len(in.journal.done), len(in.faults))
		}
		n, todo = todo[0], todo[1:]
		return n, true, ctx.Err()
	}
	work := func(ctx context.Context, m *runner) error {
		for {
			n, ok, err := take(ctx)
			if err != nil || !ok {
				return err
			}
			out, masks, err := in.one(ctx, m, in.faults[n])
			if err != nil {
				return fmt.Errorf("fault %s: %w", in.faults[n], err)
			}
			mu.Lock()
			err = in.journal.add(n, out)
			in.worst.offer(n, out.Changed, masks)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	more := min(in.opt.Jobs, len(todo)) - 1
	g.Go(func() error { return work(ctx, first) })
	for range more {
		g.Go(func() (err error) {
			m, err := in.runner(ctx)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, m.machine.Close()) }()
			return work(ctx, m)
		})
	}
	return g.Wait()
}

// one runs the images with a fault. Runners may do so at the same time.
func (in *injector) one(ctx context.Context, m *runner, f rtl.Fault) (Outcome, *picture.Masks, error) {
	t, converged, err := m.golden.Strike(ctx, []rtl.Fault{f}, 0)
	if err != nil {
		return Outcome{}, nil, err
	}
	frames := in.Unpack(t, len(in.images))
	masks := in.Build.Masks(frames)
	out := Outcome{
		Fault: f.String(), Kind: in.kinds[f.Path], Stop: "done", Cycles: t.Cycle, CyclesOff: t.Cycle - in.trace.Cycle,
		Converged: converged, Changed: metrics.Changed(in.masks.Class, masks.Class),
	}
	if t.Stop == sim.Hang {
		out.Stop = "hang"
	}
	most := -1
	for i, frame := range frames {
		if n := metrics.Changed(in.masks.Of(i), masks.Of(i)); n > most {
			most, out.Worst = n, i
		}
		for k, v := range frame[0].Data {
			if v != in.frames[i][0].Data[k] {
				out.Logits++
			}
		}
	}
	out.Golden, _ = compare(in.masks.Class, masks.Class, in.Classes(), metrics.NoIgnore)
	if in.labels != nil {
		miou, _ := in.labels.score(masks)
		drop := *in.truth - miou
		out.Truth, out.Drop = &miou, &drop
	}
	return out, masks, nil
}
