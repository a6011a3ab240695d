package campaign

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"rampart/sim/fault"
	"rampart/sim/fault/sample"
)

// What is tried: sizes of whole samples, margins of strata, and widths at which sequences stop.
var (
	trialSizes   = []int64{100, 400, 1600, 6400}
	trialMargins = []float64{0.1, 0.05, 0.025}
	trialWidths  = []float64{0.2, 0.1, 0.05}
)

// firstLook is how many faults of a stratum a sequence draws before its first look, as campaigns do where they
// do not say.
const firstLook = 100

// trial is a Trial to run.
type trial struct {
	Trial
	run func() sample.Coverage
}

// plans are the trials of one share.
func plans(p *population, o *CoverageOptions) []trial {
	b := planner{population: p, o: o}
	b.random()
	for _, division := range []string{"layer", "bit"} {
		if len(p.strata[division]) > 1 {
			b.stratified(division)
			b.groups(division)
		}
	}
	for _, division := range []string{"all", "layer", "bit"} {
		if division == "all" || len(p.strata[division]) > 1 {
			b.sequential(division)
		}
	}
	return b.trials
}

type planner struct {
	*population
	o      *CoverageOptions
	trials []trial
}

func (b *planner) sizes(division string) []int64 {
	var sizes []int64
	for _, t := range b.strata[division] {
		sizes = append(sizes, t.Population())
	}
	return sizes
}

// random is one draw from all faults, which is the allocation uniform too.
func (b *planner) random() {
	truth := b.strata["all"]
	for _, n := range trialSizes {
		if n >= truth[0].Population() {
			continue
		}
		for _, m := range []struct {
			name    string
			method  sample.Method
			offered bool
		}{{"exact", sample.Exact, true}, {"wilson", sample.Wilson, true}, {"normal", normal, false}} {
			// The interval of the whole is that of its only stratum.
			total := func(s []sample.Stratum, confidence float64) sample.Estimate { return m.method(s[0].Tally, confidence) }
			b.fixed(fmt.Sprintf("%s %d", fault.RandomPlan, n), "all", m.name, m.offered, []int64{n}, m.method, total)
		}
	}
}

// stratified draws from each stratum by itself.
func (b *planner) stratified(division string) {
	rooms := b.sizes(division)
	for _, e := range trialMargins {
		margin := sample.Margin{E: e, T: sample.Quantile(b.o.Confidence), P: 0.5}
		var sizes []int64
		for _, n := range rooms {
			sizes = append(sizes, margin.Faults(n))
		}
		b.fixed(fmt.Sprintf("%s margin %g", fault.Each, e), division, "exact", true, sizes, sample.Exact, sample.Total)
	}
	shares := make([]float64, len(rooms))
	for i, t := range b.strata[division] {
		shares[i] = t.Mean() // the best guess that there is
	}
	for _, n := range b.deals(division) {
		for _, a := range []struct {
			name  fault.Allocation
			sizes []int64
		}{{fault.Proportional, sample.Proportional(n, rooms)}, {fault.Neyman, sample.Neyman(n, rooms, shares)}, {fault.Equal, sample.Equal(n, rooms)}} {
			plan := fmt.Sprintf("%s %d", a.name, n)
			b.fixed(plan, division, "exact", true, a.sizes, sample.Exact, sample.Total)
			if a.name == fault.Proportional {
				b.fixed(plan, division, "normal", false, a.sizes, normal, normalTotal)
			}
		}
	}
}

// deals are the sample sizes that can be dealt out among strata.
func (b *planner) deals(division string) []int64 {
	var sizes []int64
	for _, n := range trialSizes {
		if n >= 2*int64(len(b.strata[division])) && n < b.strata["all"][0].Population() {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

// groups are the layers and bits of summaries where one draw is from all faults: of the group as many as fell
// into it, which count as drawn from a population without bound. Given their number they are a random sample of
// the group. Only the intervals of groups are measured.
func (b *planner) groups(division string) {
	loose := func(t sample.Tally, confidence float64) sample.Estimate {
		t.Population = 0
		return sample.Exact(t, confidence)
	}
	for _, n := range b.deals(division) {
		b.fixed(fmt.Sprintf("%s %d, groups", fault.RandomPlan, n), division, "exact", true, sample.Proportional(n, b.sizes(division)), loose, sample.Total)
	}
}

// fixed is a trial whose sample sizes do not depend on outcomes.
func (b *planner) fixed(plan, division, method string, offered bool, sizes []int64, m sample.Method, total sample.Totaler) {
	truths, seed := b.strata[division], b.seed(plan, division)
	b.add(plan, division, method, offered, func() sample.Coverage {
		return sample.Measure(truths, sizes, remembering(m), total, b.o.Confidence, b.o.Campaigns, seed)
	})
}

// sequential stops each stratum where its interval is narrow enough.
func (b *planner) sequential(division string) {
	truths := b.strata[division]
	for _, w := range trialWidths {
		s, plan := sample.Sequence{Width: w, Confidence: b.o.Confidence, First: firstLook}, fmt.Sprintf("%s width %g", fault.Sequential, w)
		seed := b.seed(plan, division)
		b.add(plan, division, "exact", true, func() sample.Coverage {
			return sample.MeasureSequence(truths, s, remembering(sample.Exact), b.o.Campaigns, seed)
		})
	}
}

// seed is that of a plan's draws: the same for all methods, so that they are compared on the same campaigns.
func (b *planner) seed(plan, division string) uint64 {
	return sample.Stream(b.o.Seed, b.of+" "+plan+" "+division, 0).Uint64()
}

func (b *planner) add(plan, division, method string, offered bool, run func() sample.Coverage) {
	b.trials = append(b.trials, trial{Trial{Of: b.of, Plan: plan, Strata: division, Method: method, Offered: offered}, run})
}

// remembering is a method that works out equal tallies once.
func remembering(m sample.Method) sample.Method {
	known := map[string]sample.Estimate{}
	return func(t sample.Tally, confidence float64) sample.Estimate {
		key := fmt.Sprint(t.Population, confidence, t.Hits)
		e, ok := known[key]
		if !ok {
			e = m(t, confidence)
			known[key] = e
		}
		return e
	}
}

// normal is Wald's interval, with the variance between faults and the correction for a finite population, as
// studies use it. It does not hold where shares are small, and stands beside the others for comparison.
func normal(t sample.Tally, confidence float64) sample.Estimate {
	mean, half := t.Mean(), sample.Quantile(confidence)*math.Sqrt(normalVariance(t))
	return sample.Estimate{Share: mean, Lo: mean - half, Hi: mean + half, Drawn: t.Drawn(), Images: t.Images()}
}

func normalVariance(t sample.Tally) float64 {
	n, mean, sum := float64(t.Drawn()), t.Mean(), 0.0
	for k, h := range t.Hits {
		d := float64(k)/float64(t.Images()) - mean
		sum += float64(h) * d * d
	}
	return sum / n / n * (1 - n/float64(t.Population))
}

// normalTotal is the weighted sum of Wald's intervals.
func normalTotal(strata []sample.Stratum, confidence float64) sample.Estimate {
	all, y, v := 0.0, 0.0, 0.0
	for _, s := range strata {
		all += float64(s.Population)
	}
	for _, s := range strata {
		w := float64(s.Population) / all
		y, v = y+w*s.Mean(), v+w*w*normalVariance(s.Tally)
	}
	half := sample.Quantile(confidence) * math.Sqrt(v)
	return sample.Estimate{Share: y, Lo: y - half, Hi: y + half}
}

// Print writes the measurement as a table.
func (c *Coverage) Print(w io.Writer) {
	fmt.Fprintf(w, "%d faults on %d images: %s %s; pairs of fault and image with a changed pixel %s\n", c.Faults, c.Images, c.Outcome, percent(c.Share), percent(c.Changed))
	fmt.Fprintf(w, "%d simulated campaigns each; intervals of %s hold where %s of them do, 3.5 standard errors less\n\n", c.Campaigns, percent(c.Confidence), percent(c.Least))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "share of\tplan\tstrata\tmethod\tfaults drawn\tcoverage\tworst stratum\twidth\tholds")
	for _, r := range c.Trials {
		holds := "no"
		if r.Holds {
			holds = "yes"
		}
		if !r.Offered {
			holds += ", not offered"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.0f\t%.3f\t%.3f\t%.4f\t%s\n", r.Of, r.Plan, r.Strata, r.Method, r.Drawn, r.Held, r.Worst, r.Width, holds)
	}
	t.Flush() // to a buffer
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 4, 64) + " %" }
