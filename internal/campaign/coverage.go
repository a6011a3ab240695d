package campaign

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"rampart/internal/diag"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/fault/sample"
)

// CoverageOptions steer a measurement of coverage.
type CoverageOptions struct {
	Outcome    result.Set // whose share is estimated, nil for result.HarmfulOnes
	Confidence float64    // of intervals, below 1
	Campaigns  int        // simulated, for each trial; 0 for 1000
	Seed       uint64
	Progress   func(what string, done, of int)
}

// Coverage is how often the intervals of simulated sampling campaigns held the truth, which is known where a
// campaign tried every fault.
type Coverage struct {
	Faults     int64      `json:"faults"`
	Images     int        `json:"images"`
	Outcome    result.Set `json:"outcome"`
	Share      float64    `json:"share"`                // of faults with one of the outcomes
	Changed    float64    `json:"share_images_changed"` // of (fault, image) pairs with a changed pixel
	Confidence float64    `json:"confidence"`
	Campaigns  int        `json:"campaigns"` // for each trial
	// Least is what a method with coverage Confidence reaches in so many campaigns, but for one trial in
	// several thousand: Confidence less 3.5 standard errors.
	Least  float64 `json:"least"`
	Trials []Trial `json:"trials"`
}

// Trial is one way to plan and to estimate, and how it did.
type Trial struct {
	Of      string  `json:"of"`      // what share is estimated: faults, of those with one of the outcomes, or images, of (fault, image) pairs
	Plan    string  `json:"plan"`    // as campaigns name it
	Strata  string  `json:"strata"`  // that the plan has: all, layer or bit
	Method  string  `json:"method"`  // that makes the interval of each stratum
	Offered bool    `json:"offered"` // to campaigns; others are here for comparison
	Drawn   float64 `json:"drawn"`   // mean number of faults in a campaign
	Held    float64 `json:"held"`    // share of campaigns whose interval of the whole held the truth
	Worst   float64 `json:"held_in_worst_stratum"`
	Width   float64 `json:"width"` // mean, of the interval of the whole
	Holds   bool    `json:"holds"` // both shares reach Coverage.Least
}

// population is the truth of a campaign, whole and divided.
type population struct {
	of     string
	strata map[string][]sample.Truth // by division
}

// MeasureCoverage simulates sampling campaigns against the results of an exhaustive one. Results of any other
// are refused.
func MeasureCoverage(ctx context.Context, path string, o CoverageOptions) (*Coverage, error) {
	if o.Outcome == nil {
		o.Outcome = result.HarmfulOnes()
	}
	if o.Campaigns == 0 {
		o.Campaigns = 1000
	}
	f, err := result.Read(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := exhaustive(path, &f.Meta); err != nil {
		return nil, err
	}
	faults, images, err := truths(f, o.Outcome)
	if err != nil {
		return nil, err
	}
	whole, pairs := faults.strata["all"][0], images.strata["all"][0]
	c := &Coverage{
		Faults: whole.Population(), Images: len(pairs) - 1, Outcome: o.Outcome, Share: whole.Mean(), Changed: pairs.Mean(),
		Confidence: o.Confidence, Campaigns: o.Campaigns,
		Least: o.Confidence - 3.5*math.Sqrt(o.Confidence*(1-o.Confidence)/float64(o.Campaigns)),
	}
	if err := c.try(ctx, append(plans(faults, &o), plans(images, &o)...), o.Progress); err != nil {
		return nil, err
	}
	return c, nil
}

// exhaustive refuses results that are not of every fault.
func exhaustive(path string, m *result.Meta) error {
	if m.Shard.Of > 1 {
		return diag.Problem{File: path, What: "it is part " + m.Shard.String() + " of a campaign, and coverage is measured against all outcomes", Remedy: "merge the parts with rampart results --merge"}
	}
	d, err := fault.Read(result.CampaignFile, []byte(m.Campaign))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if d.Plan.Type == fault.Exhaustive {
		return nil
	}
	of, all := "", int64(0)
	for _, s := range m.Strata {
		all += s.Population
	}
	if all > m.Faults {
		of = fmt.Sprintf(" of %d", all)
	}
	return diag.Problem{
		File: path, What: fmt.Sprintf("its plan is %s: it tried %d faults%s, and coverage is measured against the outcomes of all", d.Plan.Type, m.Faults, of),
		Remedy: "give the results of a campaign with plan: exhaustive",
	}
}

// truths are the two shares of a campaign: of faults with one of some outcomes, and of (fault, image) pairs with a
// changed pixel, where the images of a fault go together.
func truths(f *result.File, outcomes result.Set) (faults, images *population, err error) {
	bits := map[string]func(*result.Row) string{
		"all":   func(*result.Row) string { return "" },
		"layer": func(r *result.Row) string { return r.Layer },
		"bit":   func(r *result.Row) string { return strconv.Itoa(int(r.Bit)) },
	}
	faults = &population{"faults", map[string][]sample.Truth{}}
	images = &population{"images", map[string][]sample.Truth{}}
	places := map[string]map[string]int{"all": {}, "layer": {}, "bit": {}}
	for r, err := range f.Rows() {
		if err != nil {
			return nil, nil, err
		}
		hit := 0
		if outcomes.Has(r.Outcome) {
			hit = 1
		}
		for division, of := range bits {
			at, ok := places[division][of(r)]
			if !ok { // in the order of the rows
				at = len(places[division])
				places[division][of(r)] = at
				faults.strata[division] = append(faults.strata[division], make(sample.Truth, 2))
				images.strata[division] = append(images.strata[division], make(sample.Truth, r.Images+1))
			}
			faults.strata[division][at][hit]++
			images.strata[division][at][r.ImagesChanged]++
		}
	}
	return faults, images, nil
}

// try runs trials, as many at a time as there are processors to use.
func (c *Coverage) try(ctx context.Context, trials []trial, progress func(string, int, int)) error {
	c.Trials = make([]Trial, len(trials))
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range trials {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			got := t.run()
			t.Drawn, t.Held, t.Worst, t.Width = got.Drawn, got.Total, slices.Min(got.Strata), got.Whole
			t.Holds = t.Held >= c.Least && t.Worst >= c.Least
			c.Trials[i] = t.Trial
			mu.Lock()
			defer mu.Unlock()
			if done++; progress != nil {
				progress("trials", done, len(trials))
			}
			return nil
		})
	}
	return g.Wait()
}

// Fails lists the trials of offered methods that did not hold.
func (c *Coverage) Fails() []Trial {
	var all []Trial
	for _, t := range c.Trials {
		if t.Offered && !t.Holds {
			all = append(all, t)
		}
	}
	return all
}
