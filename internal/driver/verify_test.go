package driver

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/onnxtest"
	"rampart/ir/rtl"
	"rampart/sim"
)

func TestVerify(t *testing.T) {
	b := compiled(t, unet())
	r, err := b.Verify(t.Context(), VerifyOptions{Images: beside(b, "images.npy"), Flips: 28, Seed: 3, Jobs: 2})
	require.NoError(t, err)
	var checks []string
	for _, c := range r.Checks {
		assert.True(t, c.Passed, "%s: %s", c.Name, c.Detail)
		checks = append(checks, c.Name)
	}
	assert.True(t, r.Passed)
	assert.Equal(t, []string{
		"files = compiled plan", "accumulators cannot overflow", "HLS C = evaluator",
		"go = evaluator", "go = schedule", "verilator = evaluator", "verilator = schedule", "verilator = go, steady input",
		"go = evaluator, with pauses", "verilator = evaluator, with pauses", "verilator = go, with pauses",
		"interpreter = go", "flips, verilator = go",
	}, checks)
	assert.Equal(t, 28, r.Flips.Flips)
	assert.Equal(t, []string{"bias", "fifo", "line", "register", "requant", "skip", "weights"}, slices.Sorted(maps.Keys(r.Flips.Kinds)))
	assert.Positive(t, r.Flips.Changed)
	assert.Positive(t, r.Flips.Converged)
}

// wrong is a machine with a fault of its own: what it does before and after a run.
type wrong struct {
	sim.Machine
	before func(*sim.Stimulus)
	after  func(sim.Machine, *sim.Trace) error
}

func (w wrong) Run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, error) {
	if w.before != nil {
		own := *s
		w.before(&own)
		s = &own
	}
	t, err := w.Machine.Run(ctx, s)
	if err == nil && w.after != nil {
		err = w.after(w.Machine, t)
	}
	return t, err
}

// small is a network that every engine runs in no time.
func small() onnxtest.Model {
	b := onnxtest.NewBuilder(1, 4, 4)
	b.Output(b.Conv("head", b.Relu("r", b.Conv("c", "x", 1, 2, 3)), 2, 2, 1), 2, 4, 4)
	for _, w := range b.Weights { // so that images decide which class wins
		if w.Name == "c.weight" {
			for i := range w.Data {
				w.Data[i] -= 0.2
			}
		} else if strings.HasSuffix(w.Name, ".bias") {
			clear(w.Data)
		}
	}
	return b.Model
}

// oneWrong verifies a build with generated Go, which is fast, for all machines, the one of engine e made wrong.
func oneWrong(t *testing.T, b *Build, flips int, e Engine, w wrong, change func(*verifier)) *Report {
	t.Helper()
	v := b.verifier(VerifyOptions{Seed: 1, Flips: flips, Engines: []Engine{GoSim, Verilator, Interp}})
	v.machine = func(_ context.Context, engine Engine, _ int) (sim.Machine, error) {
		m, err := b.Machine(t.Context(), GoSim, 1)
		if err != nil {
			return nil, err
		}
		if change != nil && engine == GoSim { // the evaluator and the schedule are known by now
			change(v)
		}
		if engine == e {
			w.Machine = m
			return w, nil
		}
		return m, nil
	}
	r, err := v.all(t.Context())
	require.NoError(t, err)
	return r
}

func failed(r *Report) []string {
	var names []string
	for _, c := range r.Checks {
		if !c.Passed {
			names = append(names, c.Name)
		}
	}
	return names
}

// Every comparison is shown what it exists for.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	b := compiled(t, small())
	site := rtl.Site{Path: b.HW.Design.States()[0].Path}
	// Flips run in pieces; the faults of most machines here show in whole runs alone.
	onTrace := func(f func(*sim.Trace)) wrong {
		return wrong{after: func(_ sim.Machine, t *sim.Trace) error {
			if len(t.Cycles[1]) == 32 {
				f(t)
			}
			return nil
		}}
	}
	engines, flips := []string{"verilator = go, steady input", "verilator = go, with pauses"}, []string{"flips, verilator = go"}
	outputs := []string{"verilator = evaluator", "verilator = evaluator, with pauses"}
	for name, c := range map[string]struct {
		engine Engine
		wrong  wrong
		change func(*verifier)
		fails  []string
		detail string // of one of them
	}{
		"nothing": {},
		"an output bit": {Verilator, onTrace(func(t *sim.Trace) { t.Outputs[0][3] ^= 1 }), nil,
			append(outputs, engines...), "image 0, output head, element"},
		"an output bit of the last image": {Verilator, onTrace(func(t *sim.Trace) { t.Outputs[1][31] ^= 1 }), nil,
			append(outputs, engines...), "image 1, output mask, element 15"},
		"a beat a cycle late": {Verilator, onTrace(func(t *sim.Trace) { t.Cycles[1][7]++ }), nil,
			append([]string{"verilator = schedule"}, engines...), "output mask, beat 7: cycle"},
		"a beat taken a cycle late": {Verilator, onTrace(func(t *sim.Trace) { t.Taken[0][7]++ }), nil, engines, "input 0, beat 7: cycle"},
		"a beat missing": {Verilator, onTrace(func(t *sim.Trace) { t.Cycles[0] = t.Cycles[0][:len(t.Cycles[0])-1] }), nil,
			append([]string{"verilator = schedule"}, engines...), "output head has 63 beats instead of 64"},
		"another port": {Verilator, onTrace(func(t *sim.Trace) { t.Digest++ }), nil, engines, "ports differ in some cycle"},
		"a cycle more": {Verilator, onTrace(func(t *sim.Trace) { t.Cycle++ }), nil, engines, "one run ends at cycle"},
		"a hang": {Verilator, onTrace(func(t *sim.Trace) { t.Stop = sim.Hang }), nil,
			append(outputs, engines...), "nothing moves from cycle"},
		"a bit of state at the end": {Verilator, wrong{after: func(m sim.Machine, _ *sim.Trace) error { return m.Flip(site) }}, nil,
			append(flips, engines...), "the state after the last cycle differs"},
		"the interpreter":       {Interp, onTrace(func(t *sim.Trace) { t.Outputs[0][3] ^= 1 }), nil, []string{"interpreter = go"}, "output 0: different data"},
		"flips that do nothing": {Verilator, wrong{before: func(s *sim.Stimulus) { s.Faults = nil }}, nil, flips, "flips differ; the first: "},
		"flips a cycle late": {Verilator, wrong{before: func(s *sim.Stimulus) {
			s.Faults = slices.Clone(s.Faults)
			for i := range s.Faults {
				s.Faults[i].Cycle++
			}
		}}, nil, flips, "flips differ; the first: "},
		"the schedule": {"", wrong{}, func(v *verifier) { v.beats[0][5]++ },
			[]string{"go = schedule", "verilator = schedule"}, "output head, beat 5: cycle"},
		"the evaluator": {"", wrong{}, func(v *verifier) { v.want[1][0].Data[2]++ },
			append([]string{"go = evaluator", "go = evaluator, with pauses"}, outputs...), "image 1, output head, element 2"},
	} {
		t.Run(name, func(t *testing.T) {
			count := 4
			if slices.Contains(c.fails, flipCheck) {
				count = 60 // many flips strike where a cycle more or less makes no difference
			}
			r := oneWrong(t, b, count, c.engine, c.wrong, c.change)
			assert.ElementsMatch(t, c.fails, failed(r))
			assert.Equal(t, len(c.fails) == 0, r.Passed)
			assert.True(t, c.detail == "" || slices.ContainsFunc(r.Checks, func(k Check) bool {
				return !k.Passed && strings.Contains(k.Detail, c.detail)
			}), "%v", r.Checks)
		})
	}
}

func TestVerifyFindsWrongC(t *testing.T) {
	b := compiled(t, small())
	v := b.verifier(VerifyOptions{})
	for _, step := range []func(context.Context) error{v.options, v.reference, v.hls} {
		require.NoError(t, step(t.Context()))
	}
	assert.Empty(t, failed(&v.report))
	v.want[1][1].Data[3] ^= 1
	require.NoError(t, v.hls(t.Context()))
	assert.Equal(t, []string{"HLS C = evaluator"}, failed(&v.report))
}

func TestVerifyFindsChangedFiles(t *testing.T) {
	b := compiled(t, small())
	for name := range b.Info.Files {
		path := filepath.Join(b.Dir, name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		spoilt := slices.Clone(data)
		spoilt[len(data)/2] ^= 1
		for _, bad := range [][]byte{spoilt, nil} {
			require.NoError(t, os.Remove(path))
			if bad != nil {
				require.NoError(t, os.WriteFile(path, bad, 0o666))
			}
			again, err := Open(t.Context(), b.Dir)
			if name == fixedFile || name == planFile {
				requireProblem(t, err, name)
				continue
			}
			require.NoError(t, err)
			v := again.verifier(VerifyOptions{})
			require.NoError(t, v.files(t.Context()))
			assert.Equal(t, []string{"files = compiled plan"}, failed(&v.report), name)
			assert.Contains(t, v.report.Checks[0].Detail, name)
			require.NoError(t, os.WriteFile(path, data, 0o666))
		}
		require.NoError(t, os.WriteFile(path, data, 0o666))
	}
	extra := filepath.Join(b.Dir, "verilog", "more.v")
	require.NoError(t, os.WriteFile(extra, nil, 0o666))
	r, err := b.Verify(t.Context(), VerifyOptions{Engines: []Engine{Fixed}})
	require.NoError(t, err)
	assert.Equal(t, "verilog/more.v does not belong to the build", r.Checks[0].Detail)
	require.NoError(t, os.Remove(extra))
	r, err = b.Verify(t.Context(), VerifyOptions{Engines: []Engine{Fixed}})
	require.NoError(t, err)
	assert.Empty(t, failed(r))
}

func TestVerifyRefuses(t *testing.T) {
	b := compiled(t, small())
	for tells, o := range map[string]VerifyOptions{
		"--flips, --horizon": {Flips: -1},
		"negative":           {Horizon: -1},
		"--interp-cycles":    {InterpCycles: -1},
		"go and verilator":   {Flips: 1, Engines: []Engine{GoSim}},
		"compared with go":   {Engines: []Engine{Interp}},
		"no such file":       {Images: "nowhere.npy"},
	} {
		_, err := b.Verify(t.Context(), o)
		requireProblem(t, err, tells)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Verify(ctx, VerifyOptions{Engines: []Engine{Fixed}})
	assert.ErrorIs(t, err, context.Canceled)
}
