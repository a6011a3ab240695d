package campaign

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/fault/sample"
)

// batch is how many faults a worker takes at a time: each image is run without a fault once for all of them.
const batch = 192

// session is one campaign under way.
type session struct {
	*target
	opt    *Options
	draw   *fault.Draw
	writer *result.Writer

	of int64 // faults of the shard, at most where the campaign stops by its outcomes

	mu   sync.Mutex
	done int64
}

// OnBuild runs a campaign on a build: on its hardware, its parameters or its activations.
func OnBuild(ctx context.Context, dir string, o Options) (*Report, error) {
	c, err := read(&o, fault.Fixed)
	if err != nil {
		return nil, err
	}
	b, err := driver.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	t, err := ofBuild(ctx, b, c, &o)
	if err != nil {
		return nil, err
	}
	return run(ctx, c, t, &o)
}

// OnModel runs a campaign on a float model: on its parameters, batch normalisations as trained, or activations.
func OnModel(ctx context.Context, path string, o Options) (*Report, error) {
	c, err := read(&o, fault.FP32)
	if err != nil {
		return nil, err
	}
	t, err := ofModel(ctx, path, c, &o)
	if err != nil {
		return nil, err
	}
	return run(ctx, c, t, &o)
}

// read reads the description, which must be of networks of the given format.
func read(o *Options, format fault.Format) (*fault.Campaign, error) {
	text, err := os.ReadFile(o.File)
	if err != nil {
		return nil, diag.Problem{File: o.File, What: "it cannot be read: " + err.Error(), Remedy: "give a campaign's description, a YAML file"}
	}
	c, err := fault.Read(o.File, text)
	if err != nil {
		return nil, err
	}
	if c.Format != format {
		remedy := "give the folder that rampart compile wrote"
		if c.Format == fault.FP32 {
			remedy = "give the ONNX file"
		}
		return nil, diag.Problem{File: o.File, At: "format", What: fmt.Sprintf("it strikes the %s network, and what is given is not that", c.Format), Remedy: remedy}
	}
	if o.Seed != nil {
		c.Seed = *o.Seed
	}
	if o.CrossCheck < 0 {
		o.CrossCheck = c.CrossCheck
	}
	return c, nil
}

// run draws the faults and runs those that are not done yet.
func run(ctx context.Context, c *fault.Campaign, t *target, o *Options) (r *Report, err error) {
	s := &session{target: t, opt: o}
	if s.draw, err = fault.Resolve(c, t.population, t.run); err != nil {
		return nil, err
	}
	if s.of = o.Shard.Count(s.draw.Len()); s.of == 0 {
		return nil, s.nothing()
	}
	if err := s.canReplay(); err != nil {
		return nil, err
	}
	sequential := c.Plan.Type == fault.Sequential
	if sequential && o.Shard.Of > 1 {
		return nil, diag.Problem{At: "--shard", What: "a sequential campaign decides by all outcomes where to stop", Remedy: "run it in one piece"}
	}
	if s.writer, err = result.Open(o.Out, s.meta(sequential)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.writer.Close()) }()
	s.done = s.writer.Count()
	numbers := s.all
	if sequential {
		numbers = s.rounds
	}
	if err := numbers(ctx); err != nil {
		return nil, s.kept(ctx, err)
	}
	report := &Report{Faults: s.writer.Count(), Out: o.Out}
	if o.CrossCheck > 0 {
		if err := s.crossCheck(ctx, report); err != nil {
			return nil, s.kept(ctx, err)
		}
	}
	return report, s.finish(ctx, report)
}

// nothing is a campaign or a shard without faults.
func (s *session) nothing() error {
	if s.draw.Len() > 0 {
		return diag.Problem{At: "--shard", What: fmt.Sprintf("shard %s has no faults, for there are %d in all", s.opt.Shard, s.draw.Len()), Remedy: "run the campaign in fewer parts"}
	}
	return diag.Problem{File: s.opt.File, What: "it has no faults", Remedy: "select more, or ask for more"}
}

// kept tells, where the context ended the campaign, what is kept of it.
func (s *session) kept(ctx context.Context, err error) error {
	if ctx.Err() != nil && s.writer.Count() > 0 {
		return driver.Kept{Done: int(s.writer.Count()), Of: int(s.of), Err: ctx.Err()}
	}
	return err
}

func (s *session) meta(sequential bool) result.Meta {
	c := s.draw.Campaign
	m := result.Meta{
		Version: driver.Version, Campaign: string(fault.Print(c)), Seed: c.Seed, Model: s.model, Build: s.build, Inputs: s.inputs,
		Faults: s.draw.Len(), Thresholds: c.Critical, Layers: s.layers, Shard: s.opt.Shard,
	}
	if sequential {
		looks := c.Plan.Sequence()
		m.Faults, m.Sequence = 0, &looks
	}
	for _, st := range s.draw.Strata {
		m.Strata = append(m.Strata, result.Stratum{Name: st.Name, Population: st.Population})
	}
	return m
}

// item is a fault to run: its row's number, and its number in the draw.
type item struct{ row, draw int64 }

// all runs every fault of the shard.
func (s *session) all(ctx context.Context) error {
	return s.work(ctx, func(yield func(item) bool) {
		for k := range s.of {
			if i := s.opt.Shard.Number(k); !s.writer.Done(i) && !yield(item{i, i}) {
				return
			}
		}
	})
}

// rounds runs batches until the sequencer has enough. Rows are numbered in the order in which it asks.
func (s *session) rounds(ctx context.Context) error {
	q := s.draw.Sequencer()
	var asked []int64
	for q.Len() > 0 {
		from := len(asked)
		for n := range q.Batch() {
			asked = append(asked, n)
		}
		err := s.work(ctx, func(yield func(item) bool) {
			for i := from; i < len(asked); i++ {
				if !s.writer.Done(int64(i)) && !yield(item{int64(i), asked[i]}) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
		tallies := make([]sample.Tally, len(s.draw.Strata))
		for i, st := range s.draw.Strata {
			tallies[i] = sample.Binary(st.Population, 0, 0)
		}
		for row, err := range s.writer.Rows() {
			if err != nil {
				return err
			}
			if row.Number >= int64(len(asked)) {
				continue
			}
			st, _ := s.draw.Stratum(asked[row.Number])
			hit := 0
			if row.Outcome.Harmful() {
				hit = 1
			}
			tallies[st].Hits[hit]++
		}
		if err := q.Look(tallies); err != nil {
			return err
		}
	}
	return nil
}

// work shares faults out among workers.
func (s *session) work(ctx context.Context, faults iter.Seq[item]) error {
	next, stop := iter.Pull(faults)
	defer stop()
	var mu sync.Mutex
	take := func() []item {
		mu.Lock()
		defer mu.Unlock()
		var some []item
		for len(some) < batch {
			one, ok := next()
			if !ok {
				break
			}
			some = append(some, one)
		}
		return some
	}
	g, ctx := errgroup.WithContext(ctx)
	for range max(1, s.opt.Jobs) {
		g.Go(func() (err error) {
			probes := map[result.Engine]probe{}
			defer func() { err = closeAll(probes, err) }()
			for some := take(); len(some) > 0; some = take() {
				if err := s.batch(ctx, probes, some); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// batch runs some faults, each on the engine that suits it.
func (s *session) batch(ctx context.Context, probes map[result.Engine]probe, some []item) error {
	tasks := map[result.Engine][]*task{}
	for _, one := range some {
		t, err := s.task(one)
		if err != nil {
			return err
		}
		tasks[t.row.Engine] = append(tasks[t.row.Engine], t)
	}
	for _, e := range []result.Engine{result.Dead, result.Functional, result.Cycle} {
		if len(tasks[e]) == 0 {
			continue
		}
		if probes[e] == nil {
			p, err := s.probe(ctx, e)
			if err != nil {
				return err
			}
			probes[e] = p
		}
		if err := probes[e].measure(ctx, tasks[e], s.report); err != nil {
			return err
		}
	}
	return nil
}

// task makes a fault ready.
func (s *session) task(one item) (*task, error) {
	f := s.draw.At(one.draw)
	st, _ := s.draw.Stratum(one.draw)
	t := &task{row: s.identify(one.row, s.draw.Strata[st].Name, f)}
	if err := s.prepare(f, t); err != nil {
		return nil, fmt.Errorf("fault %s: %w", f, err)
	}
	return t, nil
}

// report keeps what a fault did.
func (s *session) report(t *task, e *result.Effect) error {
	t.row.Measure(e, s.draw.Campaign.Critical)
	if err := s.writer.Add(t.row); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if s.opt.Progress != nil {
		s.opt.Progress("faults", int(s.done), int(s.of))
	}
	return nil
}
