package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/sim"
)

// VerifyOptions steer Verify.
type VerifyOptions struct {
	Images string // "" for two of noise
	Flips  int    // random single bit flips to replay on generated Go and on Verilator
	Seed   uint64
	Jobs   int
	// Horizon is how many cycles each flip is followed for; 0 is to the end of the run.
	Horizon int64
	// InterpCycles bounds the interpreter, which is slow: it is compared over the first so many cycles.
	InterpCycles int64
	// Engines leaves out all engines but these; empty is all.
	Engines  []Engine
	Progress func(what string, done, of int)
}

// Check is one comparison that Verify made.
type Check struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
	Passed bool   `json:"passed"`
}

// Report is what Verify found. Passed is true only where every check passed.
type Report struct {
	Passed bool        `json:"passed"`
	Checks []Check     `json:"checks"`
	Flips  *FlipReport `json:"flips,omitempty"`
}

// verifier is a Verify under way.
type verifier struct {
	*Build
	opt VerifyOptions
	// machine starts an engine: Build.Machine, or what a test puts in its place.
	machine func(ctx context.Context, e Engine, jobs int) (sim.Machine, error)

	images   []*fixed.Tensor
	want     [][]*fixed.Tensor // the evaluator's outputs
	beats    [][]int64         // per output, the scheduled cycle of each beat
	machines map[Engine]sim.Machine
	report   Report
}

// Verify proves that every engine agrees with the evaluator, with the schedule and with each other: all
// output bits, every output beat's cycle, with and without pauses at the ports, and under bit flips.
// A disagreement is in the report; the error is for checks that could not be made.
func (b *Build) Verify(ctx context.Context, o VerifyOptions) (*Report, error) {
	return b.verifier(o).all(ctx)
}

func (b *Build) verifier(o VerifyOptions) *verifier {
	return &verifier{Build: b, opt: o, machine: b.Machine, machines: map[Engine]sim.Machine{}}
}

// all makes every check in turn.
func (v *verifier) all(ctx context.Context) (r *Report, err error) {
	defer func() { err = errors.Join(err, v.close()) }()
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"options", v.options},
		{"files", v.files},
		{"evaluator", v.reference},
		{"HLS C", v.hls},
		{"start engines", v.start},
		{"steady input", v.steady},
		{"pauses", v.paused},
		{"interpreter", v.interpreter},
		{"flips", v.flips},
	}
	for i, step := range steps {
		if v.opt.Progress != nil {
			v.opt.Progress(step.name, i, len(steps))
		}
		if err := step.run(ctx); err != nil {
			return nil, err
		}
	}
	v.report.Passed = !slices.ContainsFunc(v.report.Checks, func(c Check) bool { return !c.Passed })
	return &v.report, nil
}

func (v *verifier) close() error {
	var errs []error
	for _, m := range v.machines {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// options refuses what cannot be checked, and gets the images.
func (v *verifier) options(context.Context) (err error) {
	var ps diag.Problems
	if v.opt.Flips < 0 || v.opt.Horizon < 0 || v.opt.InterpCycles < 0 {
		ps.Add(diag.Problem{At: "--flips, --horizon, --interp-cycles", What: "a number is negative", Remedy: "give 0 or more"})
	}
	if v.opt.Flips > 0 && !(v.uses(GoSim) && v.uses(Verilator)) {
		ps.Add(diag.Problem{At: "--flips", What: "flips are compared between the engines go and verilator", Remedy: "name both, or leave --engines out"})
	}
	if v.uses(Interp) && !v.uses(GoSim) {
		ps.Add(diag.Problem{At: "--engines", What: "the engine interp is compared with go", Remedy: "name both"})
	}
	if err := ps.Err(); err != nil {
		return err
	}
	if v.opt.Images == "" {
		v.images = v.randomImages(2, v.opt.Seed)
		return nil
	}
	_, v.images, err = v.Build.Images(v.opt.Images)
	return err
}

func (v *verifier) uses(e Engine) bool {
	return len(v.opt.Engines) == 0 || slices.Contains(v.opt.Engines, e)
}

// note records a check: passed where diff is empty.
func (v *verifier) note(name, passed, diff string) {
	c := Check{Name: name, Detail: passed, Passed: diff == ""}
	if diff != "" {
		c.Detail = diff
	}
	v.report.Checks = append(v.report.Checks, c)
}

func (v *verifier) reference(ctx context.Context) error {
	if err := fixed.Verify(v.Net); err != nil {
		v.note("accumulators cannot overflow", "", err.Error())
	} else {
		v.note("accumulators cannot overflow", fmt.Sprintf("%d proved", len(fixed.Accumulators(v.Net))), "")
	}
	f, err := v.Run(ctx, Fixed, v.images, v.opt.Jobs)
	if err != nil {
		return err
	}
	v.want = f.Outputs
	s := plan.NewSchedule(v.Plan, nil)
	if err := s.Run(ctx, len(v.images)); err != nil {
		return err
	}
	v.beats = s.Outputs()
	for k, out := range v.Plan.Outputs {
		v.beats[k] = v.beats[k][:v.scheduled()*out.FrameBeats()]
	}
	return nil
}

// scheduled is how many images come as scheduled: those before a watchdog lets the design begin anew.
func (v *verifier) scheduled() int {
	if p := v.Protected; p != nil && p.Watchdog != nil && p.Watchdog.Resync > 0 {
		return min(len(v.images), p.Watchdog.Resync)
	}
	return len(v.images)
}

func (v *verifier) hls(ctx context.Context) error {
	if !v.uses(HLSC) {
		return nil
	}
	f, err := v.Run(ctx, HLSC, v.images, v.opt.Jobs)
	if err != nil {
		return err
	}
	v.note("HLS C = evaluator", fmt.Sprintf("%d images, every output bit", len(v.want)), v.outputsDiffer(f.Outputs))
	return nil
}

func (v *verifier) start(ctx context.Context) error {
	for _, e := range []Engine{GoSim, Verilator, Interp} {
		if !v.uses(e) {
			continue
		}
		m, err := v.machine(ctx, e, v.opt.Jobs)
		if err != nil {
			return err
		}
		v.machines[e] = m
	}
	return nil
}

// cycleEngines are those that run whole images.
func (v *verifier) cycleEngines() []Engine {
	var es []Engine
	for _, e := range []Engine{GoSim, Verilator} {
		if v.machines[e] != nil {
			es = append(es, e)
		}
	}
	return es
}

// steady feeds the images without pauses: outputs, and the cycle of every beat as scheduled.
func (v *verifier) steady(ctx context.Context) error {
	engines := v.cycleEngines()
	runs, err := v.runAll(ctx, v.stimulus(v.images), engines...)
	if err != nil {
		return err
	}
	for i, r := range runs {
		v.note(string(engines[i])+" = evaluator", v.measure(r.trace), v.traceDiffers(r.trace))
		v.note(string(engines[i])+" = schedule", fmt.Sprintf("every output beat's cycle of %d images", v.scheduled()), v.scheduleDiffers(r.trace))
	}
	v.compareRuns("verilator = go, steady input", runs)
	return nil
}

// measure tells the timing of a trace that is as scheduled.
func (v *verifier) measure(t *sim.Trace) string {
	n := len(v.images)
	if n < 2 || v.scheduled() < n || v.scheduleDiffers(t) != "" {
		return fmt.Sprintf("%d images, every output bit", n)
	}
	m := v.timing(t, n, n)
	return fmt.Sprintf("%d images, every output bit; latency %d, next image after %d cycles", n, m.LatencyCycles, m.CyclesPerFrame)
}

// paused does the same with pauses at inputs and outputs, where the schedule has no say.
func (v *verifier) paused(ctx context.Context) error {
	s := v.stimulus(v.images)
	// Input beats come at about the pace that the accelerator takes them; outputs are taken at most times.
	beats := float64(v.Plan.Inputs[0].FrameBeats())
	open := min(1, max(0.02, 1.5*beats/float64(v.Plan.Estimate.CyclesPerFrame)))
	s.Gaps = sim.Throttle{Seed: v.opt.Seed*2 + 1, Open: uint64(open * (1 << 32))}
	s.Stalls = sim.Throttle{Seed: v.opt.Seed*2 + 12345, Open: 1 << 31}
	engines := v.cycleEngines()
	runs, err := v.runAll(ctx, s, engines...)
	if err != nil {
		return err
	}
	for i, r := range runs {
		v.note(string(engines[i])+" = evaluator, with pauses", fmt.Sprintf("%d cycles", r.trace.Cycle), v.traceDiffers(r.trace))
	}
	v.compareRuns("verilator = go, with pauses", runs)
	return nil
}

// interpreter compares the interpreter with generated Go over the first cycles: ports and all state.
func (v *verifier) interpreter(ctx context.Context) error {
	if v.machines[Interp] == nil {
		return nil
	}
	s := v.stimulus(v.images)
	s.Limit = v.opt.InterpCycles
	runs, err := v.runAll(ctx, s, GoSim, Interp)
	if err != nil {
		return err
	}
	v.compareRuns("interpreter = go", runs)
	return nil
}

// ran is a finished run and the hash of the state that it left.
type ran struct {
	trace *sim.Trace
	hash  uint64
}

// runAll runs engines on a stimulus from reset, at the same time.
func (v *verifier) runAll(ctx context.Context, s *sim.Stimulus, engines ...Engine) ([]ran, error) {
	runs := make([]ran, len(engines))
	return runs, inParallel(len(engines), func(i int) (err error) {
		m := v.machines[engines[i]]
		if err := m.Reset(); err != nil {
			return err
		}
		if runs[i].trace, err = m.Run(ctx, s); err != nil {
			return err
		}
		runs[i].hash, err = m.Hash()
		return err
	})
}

// compareRuns notes whether two engines did the same in every cycle: port values by digest, and all state
// at the end by hash.
func (v *verifier) compareRuns(name string, runs []ran) {
	if len(runs) != 2 {
		return
	}
	diff := tracesDiffer(runs[0].trace, runs[1].trace)
	if diff == "" && runs[0].hash != runs[1].hash {
		diff = "the state after the last cycle differs"
	}
	v.note(name, fmt.Sprintf("all ports over %d cycles, all state at the end", runs[0].trace.Cycle), diff)
}

// randomImages are images of noise in the input's format.
func (b *Build) randomImages(n int, seed uint64) []*fixed.Tensor {
	in := b.Net.Inputs[0]
	lo, hi := in.Format.Range()
	rng := newRand(seed, "images")
	images := make([]*fixed.Tensor, n)
	for i := range images {
		images[i] = fixed.NewTensor(in.Shape)
		for k := range images[i].Data {
			images[i].Data[k] = int32(lo + rng.Int64N(hi-lo+1))
		}
	}
	return images
}
