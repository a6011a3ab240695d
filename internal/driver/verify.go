package driver

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/sim"
)

// VerifyOptions steer Verify.
type VerifyOptions struct {
	Images []*fixed.Tensor // none: random ones
	Flips  int             // random single bit flips to replay on generated Go and on Verilator
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
	VerifyOptions
	report   Report
	want     [][]*fixed.Tensor // the evaluator's outputs
	schedule *plan.Schedule
	machines map[Engine]sim.Machine
	steps    int
}

// Verify proves that every engine agrees with the evaluator, with the schedule and with each other: all
// output bits, every output beat's cycle, with and without pauses at the ports, and under bit flips.
// A disagreement is in the report; the error is for checks that could not be made.
func (b *Build) Verify(ctx context.Context, o VerifyOptions) (*Report, error) {
	v := &verifier{Build: b, VerifyOptions: o, machines: map[Engine]sim.Machine{}}
	defer v.close()
	if len(v.VerifyOptions.Images) == 0 {
		v.VerifyOptions.Images = b.randomImages(2, o.Seed)
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"files", v.files},
		{"evaluator", v.reference},
		{"HLS C", v.hls},
		{"start engines", v.start},
		{"steady input", v.steady},
		{"pauses", v.paused},
		{"interpreter", v.interpreter},
		{"flips", v.flips},
	} {
		if o.Progress != nil {
			o.Progress(step.name, v.steps, 8)
		}
		v.steps++
		if err := step.run(ctx); err != nil {
			return nil, fmt.Errorf("verify, %s: %w", step.name, err)
		}
	}
	v.report.Passed = true
	for _, c := range v.report.Checks {
		v.report.Passed = v.report.Passed && c.Passed
	}
	return &v.report, nil
}

func (v *verifier) close() {
	for _, m := range v.machines {
		m.Close()
	}
}

func (v *verifier) uses(e Engine) bool {
	if len(v.Engines) == 0 {
		return true
	}
	for _, x := range v.Engines {
		if x == e {
			return true
		}
	}
	return false
}

// note records a check: passed where diff is empty.
func (v *verifier) note(name, passed, diff string) {
	c := Check{Name: name, Detail: passed, Passed: diff == ""}
	if diff != "" {
		c.Detail = diff
	}
	v.report.Checks = append(v.report.Checks, c)
}

// files compares the build folder with what its plan compiles to.
func (v *verifier) files(ctx context.Context) error {
	fresh := &compilation{Build: Build{Net: v.Net, Plan: v.Plan}, files: map[string][]byte{}}
	for _, f := range []func(context.Context) error{fresh.hardware, fresh.verilog, fresh.hls} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(fresh.files))
	for name := range fresh.files {
		names = append(names, name)
	}
	sort.Strings(names)
	diff := ""
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(v.Dir, name))
		switch {
		case err != nil:
			diff = fmt.Sprintf("%s: %s", name, cause(err))
		case !bytes.Equal(got, fresh.files[name]):
			diff = name + " is not what the plan compiles to"
		}
		if diff != "" {
			break
		}
	}
	v.note("files = compiled plan", fmt.Sprintf("%d files", len(names)), diff)
	return nil
}

func (v *verifier) reference(ctx context.Context) error {
	if err := fixed.Verify(v.Net); err != nil {
		v.note("accumulators cannot overflow", "", err.Error())
	} else {
		v.note("accumulators cannot overflow", fmt.Sprintf("%d proved", len(fixed.Accumulators(v.Net))), "")
	}
	f, err := v.Run(ctx, Fixed, v.VerifyOptions.Images, v.Jobs)
	if err != nil {
		return err
	}
	v.want = f.Outputs
	v.schedule = plan.NewSchedule(v.Plan, nil)
	return v.schedule.Run(ctx, len(v.VerifyOptions.Images))
}

func (v *verifier) hls(ctx context.Context) error {
	if !v.uses(HLSC) {
		return nil
	}
	f, err := v.Run(ctx, HLSC, v.VerifyOptions.Images, v.Jobs)
	if err != nil {
		return err
	}
	v.note("HLS C = evaluator", fmt.Sprintf("%d images, every output bit", len(v.want)), v.outputsDiffer(f.Outputs))
	return nil
}

// outputsDiffer says where outputs first leave the evaluator's, or "".
func (v *verifier) outputsDiffer(got [][]*fixed.Tensor) string {
	for i, frame := range v.want {
		for k, want := range frame {
			for e, w := range want.Data {
				if g := got[i][k].Data[e]; g != w {
					return fmt.Sprintf("image %d, output %s, element %d: %d instead of %d", i, v.Plan.Outputs[k].Name, e, g, w)
				}
			}
		}
	}
	return ""
}

func (v *verifier) start(ctx context.Context) error {
	for _, e := range []Engine{GoSim, Verilator, Interp} {
		if !v.uses(e) {
			continue
		}
		m, err := v.Machine(ctx, e, v.Jobs)
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
	traces, err := v.runAll(ctx, v.stimulus(v.VerifyOptions.Images))
	if err != nil {
		return err
	}
	for _, e := range v.cycleEngines() {
		t := traces[e]
		v.note(string(e)+" = evaluator", v.measure(t), v.traceDiffers(t))
		v.note(string(e)+" = schedule", "every output beat's cycle", v.scheduleDiffers(t))
	}
	v.compareTraces("steady input", traces)
	return nil
}

// measure tells the timing of a finished trace.
func (v *verifier) measure(t *sim.Trace) string {
	n := len(v.VerifyOptions.Images)
	if t.Stop != sim.Done || n < 2 {
		return fmt.Sprintf("%d images, every output bit", n)
	}
	m := v.timing(t, n, n)
	return fmt.Sprintf("%d images, every output bit; latency %d, next image after %d cycles", n, m.LatencyCycles, m.CyclesPerFrame)
}

func (v *verifier) traceDiffers(t *sim.Trace) string {
	if t.Stop != sim.Done {
		return fmt.Sprintf("nothing moves from cycle %d on", t.Cycle)
	}
	return v.outputsDiffer(v.unpack(t, len(v.VerifyOptions.Images)))
}

func (v *verifier) scheduleDiffers(t *sim.Trace) string {
	for k, times := range v.schedule.Outputs() {
		if len(t.Cycles[k]) != len(times) {
			return fmt.Sprintf("output %s has %d beats instead of %d", v.Plan.Outputs[k].Name, len(t.Cycles[k]), len(times))
		}
		for n, at := range times {
			if t.Cycles[k][n] != at {
				return fmt.Sprintf("output %s, beat %d: cycle %d instead of %d", v.Plan.Outputs[k].Name, n, t.Cycles[k][n], at)
			}
		}
	}
	return ""
}

// paused does the same with pauses at inputs and outputs, where the schedule has no say.
func (v *verifier) paused(ctx context.Context) error {
	s := v.stimulus(v.VerifyOptions.Images)
	// Input beats come at about the pace that the accelerator takes them; outputs are taken at most times.
	beats := float64(v.Plan.Inputs[0].FrameBeats())
	open := min(1, max(0.02, 1.5*beats/float64(v.Info.Estimate.CyclesPerFrame)))
	s.Gaps = sim.Throttle{Seed: v.Seed*2 + 1, Open: uint64(open * (1 << 32))}
	s.Stalls = sim.Throttle{Seed: v.Seed*2 + 12345, Open: 1 << 31}
	traces, err := v.runAll(ctx, s)
	if err != nil {
		return err
	}
	for _, e := range v.cycleEngines() {
		v.note(string(e)+" = evaluator, with pauses", fmt.Sprintf("%d cycles", traces[e].Cycle), v.traceDiffers(traces[e]))
	}
	v.compareTraces("with pauses", traces)
	return nil
}

// runAll runs the whole-image engines on a stimulus from reset, at the same time.
func (v *verifier) runAll(ctx context.Context, s *sim.Stimulus) (map[Engine]*sim.Trace, error) {
	es := v.cycleEngines()
	traces := make([]*sim.Trace, len(es))
	err := inParallel(len(es), func(i int) (err error) {
		m := v.machines[es[i]]
		if err := m.Reset(); err != nil {
			return err
		}
		traces[i], err = m.Run(ctx, s)
		return err
	})
	out := map[Engine]*sim.Trace{}
	for i, e := range es {
		out[e] = traces[i]
	}
	return out, err
}

// compareTraces notes whether generated Go and Verilator did the same in every cycle: port values by
// digest, and all state at the end by hash.
func (v *verifier) compareTraces(how string, traces map[Engine]*sim.Trace) {
	a, b := traces[GoSim], traces[Verilator]
	if a == nil || b == nil {
		return
	}
	diff := tracesDiffer(a, b)
	if diff == "" {
		ha, errA := v.machines[GoSim].Hash()
		hb, errB := v.machines[Verilator].Hash()
		if errA != nil || errB != nil || ha != hb {
			diff = "the state after the last cycle differs"
		}
	}
	v.note("verilator = go, "+how, fmt.Sprintf("all ports over %d cycles, all state at the end", a.Cycle), diff)
}

// tracesDiffer says where two traces first differ, or "".
func tracesDiffer(a, b *sim.Trace) string {
	switch {
	case a.Stop != b.Stop:
		return fmt.Sprintf("one run ends by %v, the other by %v", a.Stop, b.Stop)
	case a.Cycle != b.Cycle:
		return fmt.Sprintf("one run ends at cycle %d, the other at %d", a.Cycle, b.Cycle)
	}
	for k := range a.Cycles {
		for n := 0; n < min(len(a.Cycles[k]), len(b.Cycles[k])); n++ {
			if a.Cycles[k][n] != b.Cycles[k][n] {
				return fmt.Sprintf("output %d, beat %d: cycle %d against %d", k, n, a.Cycles[k][n], b.Cycles[k][n])
			}
		}
		if len(a.Cycles[k]) != len(b.Cycles[k]) {
			return fmt.Sprintf("output %d: %d beats against %d", k, len(a.Cycles[k]), len(b.Cycles[k]))
		}
		if !bytes.Equal(a.Outputs[k], b.Outputs[k]) {
			return fmt.Sprintf("output %d: different data", k)
		}
	}
	if a.Digest != b.Digest {
		return "ports differ in some cycle"
	}
	return ""
}

// interpreter compares the interpreter with generated Go over the first cycles: ports and all state.
func (v *verifier) interpreter(ctx context.Context) error {
	m := v.machines[Interp]
	if m == nil || v.machines[GoSim] == nil {
		return nil
	}
	s := v.stimulus(v.VerifyOptions.Images)
	if s.Limit = v.InterpCycles; s.Limit == 0 {
		s.Limit = 20000
	}
	var traces [2]*sim.Trace
	var hashes [2]uint64
	err := inParallel(2, func(i int) (err error) {
		e := []sim.Machine{v.machines[GoSim], m}[i]
		if err := e.Reset(); err != nil {
			return err
		}
		if traces[i], err = e.Run(ctx, s); err != nil {
			return err
		}
		hashes[i], err = e.Hash()
		return err
	})
	if err != nil {
		return err
	}
	diff := tracesDiffer(traces[0], traces[1])
	if diff == "" && hashes[0] != hashes[1] {
		diff = "the state after the last cycle differs"
	}
	if diff == "" && traces[1].Stop == sim.Done {
		diff = v.traceDiffers(traces[1])
	}
	v.note("interpreter = go", fmt.Sprintf("all ports over %d cycles, all state at the end", traces[1].Cycle), diff)
	return nil
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
