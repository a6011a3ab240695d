package campaign

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"rampart/internal/diag"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/fault/sample"
)

// CrossCheck is what replaying faults of a campaign on cycle engines showed.
type CrossCheck struct {
	Faults     int64    `json:"faults"`
	Engines    []string `json:"engines"`
	Mismatches int64    `json:"mismatches"`
	First      string   `json:"first_mismatch,omitempty"`
}

// replayed are the numbers of the rows that a cross-check replays, of so many rows of the shard: the same whoever
// ran them, and in whatever order they came.
func (s *session) replayed(rows int64) map[int64]bool {
	wanted := map[int64]bool{}
	order := sample.NewPermutation(rows, s.draw.Campaign.Seed, "cross-check")
	for i := range min(rows, s.opt.CrossCheck) {
		wanted[s.opt.Shard.Number(order.At(i))] = true
	}
	return wanted
}

// canReplay refuses, before anything runs, a cross-check of faults that the hardware cannot have.
func (s *session) canReplay() error {
	if s.opt.CrossCheck <= 0 {
		return nil
	}
	if s.replays == nil {
		return diag.Problem{File: s.opt.File, At: "cross_check", What: "a float network has no hardware to replay on", Remedy: "leave it out"}
	}
	for _, n := range slices.Sorted(maps.Keys(s.replayed(s.of))) {
		if _, err := s.replay(s.draw.At(n)); err != nil {
			return err
		}
	}
	return nil
}

// crossCheck replays a sample of the rows on each cycle engine, and fails where one tells anything else.
func (s *session) crossCheck(ctx context.Context, r *Report) error {
	wanted := s.replayed(s.writer.Count())
	var chosen []result.Row
	for row, err := range s.writer.Rows() {
		if err != nil {
			return err
		}
		if wanted[row.Number] {
			chosen = append(chosen, *row)
		}
	}
	slices.SortFunc(chosen, func(a, b result.Row) int { return cmp.Compare(a.Number, b.Number) })
	check := &CrossCheck{Faults: int64(len(chosen)), Engines: slices.Sorted(maps.Keys(s.replays))}
	r.Checked = check
	for _, name := range check.Engines {
		if err := s.replayOn(ctx, name, chosen, check); err != nil {
			return err
		}
	}
	if check.Mismatches > 0 {
		return diag.Difference{What: fmt.Sprintf("cross-check: %d of %d replays differ; the first: %s", check.Mismatches, len(chosen)*len(check.Engines), check.First)}
	}
	return nil
}

// replayOn replays rows on one engine.
func (s *session) replayOn(ctx context.Context, name string, rows []result.Row, check *CrossCheck) (err error) {
	p, err := s.replays[name](ctx)
	if err != nil {
		return err
	}
	defer func() { err = closeAll(map[result.Engine]probe{result.Cycle: p}, err) }()
	for i, row := range rows {
		if s.opt.Progress != nil {
			s.opt.Progress("cross-check on "+name, i, len(rows))
		}
		f, err := fault.Parse(row.Fault)
		if err != nil {
			return err
		}
		t, err := s.replay(f)
		if err != nil {
			return err
		}
		t.row = row
		err = p.measure(ctx, []*task{&t}, func(t *task, e *result.Effect) error {
			t.row.Measure(e, s.draw.Campaign.Critical)
			return nil
		})
		if err != nil {
			return err
		}
		if diff := differ(&row, &t.row); diff != "" {
			if check.Mismatches++; check.First == "" {
				check.First = fmt.Sprintf("%s on %s: %s", row.Fault, name, diff)
			}
		}
	}
	return nil
}

// differ tells in what two rows of one fault differ.
func differ(a, b *result.Row) string {
	for _, c := range []struct {
		what     string
		one, two any
	}{
		{"outcome", a.Outcome, b.Outcome}, {"changed pixels", a.Changed, b.Changed}, {"changed scores", a.Scores, b.Scores},
		{"images with a change", a.ImagesChanged, b.ImagesChanged}, {"worst image", a.Worst, b.Worst},
		{"changed pixels of the worst image", a.WorstChanged, b.WorstChanged},
		{"mIoU", a.MIoUGolden, b.MIoUGolden}, {"mIoU drop", a.Drop, b.Drop}, {"cycles", a.CyclesOff, b.CyclesOff},
	} {
		if c.one != c.two {
			return fmt.Sprintf("%s %v, replayed %v", c.what, c.one, c.two)
		}
	}
	return ""
}
