package campaign

import (
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

// crossCheck replays a sample of the rows on each cycle engine, and fails where one tells anything else.
func (s *session) crossCheck(ctx context.Context, r *Report) error {
	rows := s.writer.Count()
	wanted := map[int64]bool{}
	order := sample.NewPermutation(rows, s.draw.Campaign.Seed, "cross-check")
	for i := range min(rows, s.opt.CrossCheck) {
		wanted[order.At(i)] = true
	}
	var chosen []result.Row
	n := int64(0)
	for row, err := range s.writer.Rows() {
		if err != nil {
			return err
		}
		if wanted[n] {
			chosen = append(chosen, *row)
		}
		n++
	}
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
