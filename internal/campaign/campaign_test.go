package campaign

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/internal/filetest"
	"rampart/internal/metrics"
	"rampart/internal/onnxtest"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// Simulators are built once for all tests of a run.
func TestMain(m *testing.M) { os.Exit(filetest.WithCache(m, "RAMPART_CACHE")) }

// bench is a small compiled network with images and labels.
type bench struct {
	dir, model, build string
	options           Options
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	b.model, b.build = filepath.Join(b.dir, "net.onnx"), filepath.Join(b.dir, "build")
	require.NoError(t, os.WriteFile(b.model, onnxtest.UNet(2, 6, 8, 3).Encode(), 0o666))
	images := filetest.Noise(t, b.dir, "images.npy", 256, 3, 6, 8, 2)
	_, err := driver.Compile(t.Context(), driver.Request{
		Model: b.model, Calib: images, Out: b.build,
		Options: driver.Options{WeightBits: 8, ActBits: 8, HeadBits: 16, Scales: quant.General, Calibration: quant.MSE, Percentile: 99.99},
	}, nil)
	require.NoError(t, err)
	b.options = Options{
		Images: images, Labels: filetest.Noise(t, b.dir, "labels.npy", 3, 3, 6, 8), Ignore: -1, Border: 1,
		CrossCheck: -1, Confidence: 0.95, Jobs: 2,
	}
	return b
}

// with gives options for a description; the results go to a folder of that name.
func (b *bench) with(t testing.TB, name, description string) Options {
	t.Helper()
	o := b.options
	o.File, o.Out = filepath.Join(b.dir, name+".yaml"), filepath.Join(b.dir, name)
	require.NoError(t, os.WriteFile(o.File, []byte("name: test\n"+description), 0o666))
	return o
}

// rows reads results.
func rows(t testing.TB, dir string) []result.Row {
	t.Helper()
	f, err := result.Read(dir)
	require.NoError(t, err)
	defer f.Close()
	var all []result.Row
	for row, err := range f.Rows() {
		require.NoError(t, err)
		all = append(all, *row)
	}
	return all
}

// runs makes the masks and the changed scores of a network from its evaluator.
func runs(t testing.TB, b *driver.Build, images []*fixed.Tensor) (masks []uint8, frames [][]*fixed.Tensor) {
	t.Helper()
	for _, image := range images {
		out, err := fixed.Eval(t.Context(), b.Net, image, nil)
		require.NoError(t, err)
		frames = append(frames, out)
	}
	return b.Masks(frames).Class, frames
}

// poke changes a number of a network.
func poke(n *fixed.Node, p functional.Patch) {
	op := n.Op.(*fixed.Conv)
	switch p.Kind {
	case functional.Weight:
		op.Weight[p.Index] = int32(p.Change.Apply(int64(op.Weight[p.Index]), op.WeightBits, true))
	case functional.Bias:
		op.Bias[p.Index] = p.Change.Apply(op.Bias[p.Index], op.BiasBits, true)
	case functional.Mult:
		op.Scale.Mult[p.Index] = p.Change.Apply(op.Scale.Mult[p.Index], op.Scale.MultBits, false)
	case functional.Shift:
		op.Scale.Shift[p.Index] = int(p.Change.Apply(int64(op.Scale.Shift[p.Index]), 6, false))
	}
}

// Every row of a campaign on parameters is what the evaluator makes of the changed network.
func TestParameters(t *testing.T) {
	b := newBench(t)
	o := b.with(t, "parameters", "space: parameters\nplan: {random: 400}\n")
	r, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	assert.EqualValues(t, 400, r.Faults)

	build, err := driver.Open(t.Context(), b.build)
	require.NoError(t, err)
	_, images, err := build.Images(o.Images)
	require.NoError(t, err)
	labels, err := build.LoadLabels(o.Labels, -1, 3)
	require.NoError(t, err)
	golden, scores := runs(t, build, images)
	patcher := fault.NewPatcher(fault.Parameters(build.Net), build.Net)
	seen := map[string]int{}
	for _, row := range rows(t, o.Out) {
		f, err := fault.Parse(row.Fault)
		require.NoError(t, err)
		require.Len(t, f, 1)
		patch := patcher.Patches(f, 0)[0]
		assert.Equal(t, functional.Change{Flip: 1 << f[0].Bit}, patch.Change)
		poke(build.Net.Nodes[patch.Node], patch)
		masks, got := runs(t, build, images)
		poke(build.Net.Nodes[patch.Node], patch)
		assert.EqualValues(t, metrics.Changed(golden, masks), row.Changed, row.Fault)
		different := 0
		for i := range got {
			for k, v := range got[i][0].Data {
				if v != scores[i][0].Data[k] {
					different++
				}
			}
		}
		assert.EqualValues(t, different, row.Scores, row.Fault)
		truth := metrics.NewConfusion(3, metrics.NoIgnore)
		require.NoError(t, truth.Add(labels.Masks.Class, masks))
		assert.InDelta(t, truth.MeanIoU(), *row.MIoUTruth, 1e-12, row.Fault)
		assert.Equal(t, row.Kind, strings.TrimPrefix(f[0].Place, row.Layer+"."))
		assert.NotEqual(t, *row.Before, *row.After)
		seen[row.Kind]++
	}
	assert.Len(t, seen, 4, "%v", seen)
}

// Every kind of memory and registers, at any cycle, single, stuck, clustered and several at once: the
// functional engine and the record tell what generated Go and Verilator show.
func TestHardware(t *testing.T) {
	b := newBench(t)
	for name, description := range map[string]string{
		"flips":    "model: flip\nplan: {stratified: {by: kind, margin: 15%, confidence: 90%}}\n",
		"stuck":    "model: {type: stuck, value: both}\nselect: {kinds: ['!register']}\nplan: {random: 60}\n",
		"clusters": "model: {type: cluster, interleave: 2, shapes: [{cells: 2x2, share: 100%}]}\nselect: {kinds: ['!register']}\nplan: {random: 60}\n",
		"several":  "model: {type: several, count: 3}\nselect: {kinds: ['!register']}\nplan: {random: 60}\n",
		"start":    "when: start\nplan: {random: 60}\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := b.with(t, name, "space: hardware\n"+description)
			o.CrossCheck = 40
			r, err := OnBuild(t.Context(), b.build, o)
			require.NoError(t, err)
			assert.EqualValues(t, 40, r.Checked.Faults)
			assert.Zero(t, r.Checked.Mismatches)
			assert.Equal(t, []string{"go", "verilator"}, r.Checked.Engines)
			if name == "flips" {
				for _, e := range []result.Engine{result.Dead, result.Functional, result.Cycle} {
					assert.Positive(t, r.Engines[e], e)
				}
			}
		})
	}
}

// A cross-check chooses by numbers, which do not tell who ran a fault or when.
func TestCrossCheckChooses(t *testing.T) {
	s := &session{draw: &fault.Draw{Campaign: &fault.Campaign{Seed: 3}}, opt: &Options{CrossCheck: 10, Shard: result.Shard{Index: 1, Of: 3}}}
	some := s.replayed(20)
	assert.Len(t, some, 10)
	for n := range some {
		assert.True(t, n%3 == 1 && n < 60, "%d is not of the shard", n)
	}
	assert.Equal(t, some, s.replayed(20))
	s.draw.Campaign.Seed++
	assert.NotEqual(t, some, s.replayed(20))
	assert.Len(t, s.replayed(4), 4)
}

// The cross-check sees a row that tells something else.
func TestCrossCheckSees(t *testing.T) {
	row := result.Row{Changed: 3, Outcome: result.Tolerable}
	other := row
	assert.Empty(t, differ(&row, &other))
	other.Changed++
	assert.Equal(t, "changed pixels 3, replayed 4", differ(&row, &other))
	other = row
	other.CyclesOff = 1
	assert.NotEmpty(t, differ(&row, &other))
}

// Parameters are found in the hardware's memories: they replay on the cycle engines.
func TestParametersReplay(t *testing.T) {
	b := newBench(t)
	o := b.with(t, "replayed", "space: parameters\nplan: {random: 100}\ncross_check: 30\n")
	r, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	assert.EqualValues(t, 30, r.Checked.Faults)
	assert.Zero(t, r.Checked.Mismatches)
}

// The same bytes come of one worker and of two, of one run and of one that was interrupted, of one run and of
// three shards.
func TestSameBytes(t *testing.T) {
	b := newBench(t)
	const description = "space: hardware\nselect: {kinds: ['!register']}\nplan: {random: 700}\n"
	o := b.with(t, "whole", description)
	o.Jobs = 1
	whole, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	want := filetest.Tree(t, o.Out)

	o = b.with(t, "two", description)
	_, err = OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	assert.Equal(t, want, filetest.Tree(t, o.Out))

	o = b.with(t, "interrupted", description)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(_ string, done, _ int) {
		if done > 250 {
			cancel()
		}
	}
	_, err = OnBuild(ctx, b.build, o)
	require.ErrorAs(t, err, new(driver.Kept))
	o.Progress = nil
	resumed, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	assert.Equal(t, want, filetest.Tree(t, o.Out))
	assert.Equal(t, whole.Engines, resumed.Engines)

	var shards []string
	for i := range int64(3) {
		o = b.with(t, fmt.Sprintf("shard%d", i), description)
		o.Shard = result.Shard{Index: i, Of: 3}
		o.Progress = func(_ string, done, of int) {
			assert.LessOrEqual(t, done, of)
			assert.EqualValues(t, o.Shard.Count(700), of)
		}
		_, err = OnBuild(t.Context(), b.build, o)
		require.NoError(t, err)
		shards = append(shards, o.Out)
	}
	slices.Reverse(shards)
	merged := filepath.Join(b.dir, "merged")
	require.NoError(t, result.Merge(t.Context(), merged, result.Report{}, shards...))
	assert.Equal(t, want, filetest.Tree(t, merged))
}

// A sequential campaign stops early, and the same when it is taken up again.
func TestSequential(t *testing.T) {
	b := newBench(t)
	const description = "space: parameters\nselect: {kinds: weight}\nplan: {sequential: {by: layer, width: 30%, confidence: 90%, batch: 20}}\n"
	o := b.with(t, "sequential", description)
	r, err := OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	assert.Greater(t, r.Faults, int64(80))
	s, err := Summary(o.Out, result.Report{Confidence: 0.9})
	require.NoError(t, err)
	for _, g := range s.By["stratum"] {
		assert.LessOrEqual(t, *g.Harmful.High-*g.Harmful.Low, 0.3, "%s: the interval that the campaign was to reach", g.Name)
	}
	again := b.with(t, "again", description)
	ctx, cancel := context.WithCancel(t.Context())
	again.Progress = func(_ string, done, _ int) {
		if done > 85 {
			cancel()
		}
	}
	_, err = OnBuild(ctx, b.build, again)
	require.ErrorAs(t, err, new(driver.Kept))
	again.Progress = nil
	_, err = OnBuild(t.Context(), b.build, again)
	require.NoError(t, err)
	assert.Equal(t, filetest.Tree(t, o.Out), filetest.Tree(t, again.Out))
}

// What cannot run is refused, and nothing is written.
func TestRefuses(t *testing.T) {
	b := newBench(t)
	refuse := func(description string, change func(*Options), model bool, tells string) {
		t.Helper()
		o := b.with(t, "refused", description)
		if change != nil {
			change(&o)
		}
		run, what := OnBuild, b.build
		if model {
			run, what = OnModel, b.model
		}
		_, err := run(t.Context(), what, o)
		require.ErrorAs(t, err, new(diag.Problem), "%v", err)
		assert.ErrorContains(t, err, tells)
		assert.NoDirExists(t, o.Out)
		journal, err := result.JournalPath(o.Out)
		require.NoError(t, err)
		assert.NoFileExists(t, journal)
	}
	refuse("space: parameters\nplan: exhaustive\n", nil, true, "give the folder that rampart compile wrote")
	refuse("space: parameters\nformat: fp32\nplan: {random: 3}\n", nil, false, "give the ONNX file")
	refuse("space: parameters\nformat: fp32\nplan: {random: 3}\n", func(o *Options) { o.CrossCheck = 3 }, true, "no hardware")
	const noReplay = "is no flip of a bit that the hardware holds"
	refuse("space: parameters\nmodel: stuck\nplan: {random: 3}\ncross_check: 1\n", nil, false, noReplay)
	refuse("space: activations\nplan: {random: 3}\n", func(o *Options) { o.CrossCheck = 1 }, false, noReplay)
	refuse("space: parameters\nplan: {list: [\"enc.weight[0].1\", \"enc.weight[0].1=1\"]}\ncross_check: 2\n", nil, false, noReplay)
	refuse("space: parameters\nplan: {random: 3}\n", func(o *Options) { o.Shard = result.Shard{Index: 3, Of: 4} }, false, "shard 4 of 4 has no faults")
	refuse("space: parameters\nplan: {random: 3}\nimages: 9\n", nil, false, "9 images are asked for, and there are 3")
	refuse("space: parameters\nplan: {random: 3}\nimages: [0, 3]\n", nil, false, "image 3 is asked for, and there are 3")
	refuse("space: parameters\nplan: {random: 3}\nbogus: 1\n", nil, false, "bogus")
	refuse("space: hardware\nselect: {memories: nowhere*}\nplan: {random: 3}\n", nil, false, "nowhere")
	refuse("space: parameters\nplan: {sequential: {by: layer, width: 30%, confidence: 90%, batch: 20}}\n",
		func(o *Options) { o.Shard = result.Shard{Index: 0, Of: 2} }, false, "in one piece")
	refuse("space: parameters\nplan: {random: 3}\n", func(o *Options) { o.Labels = o.Images }, false, "images.npy")
}

// Rows of a campaign on a float model are what its evaluator makes of the changed network.
func TestFloat(t *testing.T) {
	b := newBench(t)
	for name, description := range map[string]string{
		"parameters":  "space: parameters\nformat: fp32\nplan: {random: 300}\n",
		"activations": "space: activations\nformat: fp32\nplan: {random: 60}\nwhen: {frame: 1}\n",
	} {
		o := b.with(t, name, description)
		_, err := OnModel(t.Context(), b.model, o)
		require.NoError(t, err)
		for _, row := range rows(t, o.Out) {
			if name == "activations" {
				assert.LessOrEqual(t, row.ImagesChanged, int32(1), row.Fault)
				assert.Contains(t, row.Fault, "@frame1")
				continue
			}
			assert.EqualValues(t, row.Changed, changedByHand(t, b, row.Fault), row.Fault)
		}
	}
}

// changedByHand counts the pixels that change where a parameter of the model is changed in its graph.
func changedByHand(t *testing.T, b *bench, text string) (changed int) {
	t.Helper()
	f, err := fault.Parse(text)
	require.NoError(t, err)
	g, _, err := driver.ReadModel(b.model, driver.Size{})
	require.NoError(t, err)
	require.NoError(t, graph.Trim(g))
	pics, err := picture.Load(b.options.Images, 2, 6, 8)
	require.NoError(t, err)
	var before []uint8
	for i := range pics.N {
		out, err := g.Eval(t.Context(), &graph.Tensor{Shape: g.Inputs[0].Shape, Data: pics.Tensor(i, picture.Preprocess{})})
		require.NoError(t, err)
		before = append(before, driver.Winners(g, out[0])...)
	}
	for _, n := range g.Nodes {
		for _, p := range graph.Parameters(n.Op) {
			if fault.TensorName(n.Name, p.Name) == f[0].Place {
				v := &p.Data[f[0].Word]
				*v = math.Float32frombits(math.Float32bits(*v) ^ 1<<f[0].Bit)
			}
		}
	}
	for i := range pics.N {
		out, err := g.Eval(t.Context(), &graph.Tensor{Shape: g.Inputs[0].Shape, Data: pics.Tensor(i, picture.Preprocess{})})
		require.NoError(t, err)
		changed += metrics.Changed(before[i*48:][:48], driver.Winners(g, out[0]))
	}
	return changed
}

// The benchmark runs every set of kernels, on all images, and counts the work of following a difference.
func TestBench(t *testing.T) {
	b := newBench(t)
	r, err := RunBench(t.Context(), b.build, BenchOptions{Images: b.options.Images, Faults: 20, Seed: 1})
	require.NoError(t, err)
	assert.Len(t, r.Sets, len(kernel.Sets()))
	for _, s := range r.Sets {
		assert.Equal(t, 3, s.Images)
		assert.Positive(t, s.GMACs)
		assert.Positive(t, s.Ratio)
		assert.Less(t, s.Share, 1.0)
		require.NotNil(t, s.Masks)
		assert.Positive(t, s.Masks.Ratio)
		assert.LessOrEqual(t, s.Masks.Share, s.Share)
	}
	var table strings.Builder
	r.Print(&table)
	assert.Equal(t, len(kernel.Sets()), strings.Count(table.String(), " masks "))
	_, err = RunBench(t.Context(), b.build, BenchOptions{Images: b.options.Images})
	assert.ErrorContains(t, err, "--faults")
}
