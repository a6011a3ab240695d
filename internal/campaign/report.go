package campaign

import (
	"context"
	"fmt"
	"io"

	"rampart/sim/fault/result"
)

// Report is what a campaign came to.
type Report struct {
	Faults  int64                   `json:"faults"`
	Engines map[result.Engine]int64 `json:"engines"` // faults by engine
	Checked *CrossCheck             `json:"cross_check,omitempty"`
	Summary *result.Summary         `json:"summary"`
	Out     string                  `json:"out"`
}

// finish writes the results, and sums them up.
func (s *session) finish(ctx context.Context, r *Report) error {
	how := result.Report{Confidence: s.opt.Confidence}
	if err := s.writer.Finish(ctx, how); err != nil {
		return err
	}
	var err error
	if r.Summary, err = Summary(s.opt.Out, how); err != nil {
		return err
	}
	r.Engines = map[result.Engine]int64{}
	for _, g := range r.Summary.By["engine"] {
		r.Engines[result.Engine(g.Name)] = g.Faults
	}
	return nil
}

// Summary sums up a folder of results.
func Summary(dir string, how result.Report) (*result.Summary, error) {
	f, err := result.Read(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return result.Summarise(f.Meta, f.Rows(), how)
}

// Print writes a report as text.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "%d faults", r.Faults)
	for _, e := range []result.Engine{result.Dead, result.Functional, result.Cycle} {
		if n := r.Engines[e]; n > 0 {
			fmt.Fprintf(w, ", %d %s", n, e)
		}
	}
	fmt.Fprintln(w)
	line := func(name string, s result.Share) {
		fmt.Fprintf(w, "%-10s %9d  %.5f", name, s.Faults, s.Rate)
		if s.Low != nil {
			fmt.Fprintf(w, "  [%.5f, %.5f]", *s.Low, *s.High)
		}
		fmt.Fprintln(w)
	}
	total := r.Summary.Total
	for _, o := range result.Outcomes() {
		if share := total.Outcomes[o]; share.Faults > 0 {
			line(string(o), share)
		}
	}
	if total.Harmful.Faults > total.Outcomes[result.Critical].Faults {
		line("harmful", total.Harmful)
	}
	if c := r.Checked; c != nil {
		fmt.Fprintf(w, "cross-check: %d faults replayed on %v, %d mismatches\n", c.Faults, c.Engines, c.Mismatches)
	}
	fmt.Fprintf(w, "written to %s\n", r.Out)
}
