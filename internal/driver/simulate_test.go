package driver

import (
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/filetest"
	"rampart/internal/npy"
	"rampart/internal/rtltest"
	"rampart/ir/plan"
)

func TestSimulateWritesResults(t *testing.T) {
	b := compiled(t, unet())
	dir := filepath.Dir(b.Dir)
	labels := filetest.Noise(t, dir, "labels.npy", 3, 3, 6, 8)
	var first map[string]string
	for _, e := range Engines {
		for _, jobs := range []int{1, 2} {
			out := filepath.Join(dir, "out")
			s, err := b.Simulate(t.Context(), SimulateOptions{Engine: e, Images: beside(b, "images.npy"), Labels: labels, Ignore: -1, Out: out, Jobs: jobs})
			require.NoError(t, err, e)
			files := filetest.Tree(t, out)
			summary := files[summaryFile]
			delete(files, summaryFile)
			if first == nil {
				first = files
				checkResults(t, files)
			}
			assert.Equal(t, first, files, "%s gives other results", e)
			checkSummary(t, summary, e, b.Plan.Estimate)
			assert.Equal(t, e.CycleTrue(), s.Timing != nil)
		}
	}
}

// checkResults looks at the files that every engine writes.
func checkResults(t *testing.T, files map[string]string) {
	assert.Len(t, files, 5)
	logits, err := npy.Decode("logits", []byte(files["logits.npy"]))
	require.NoError(t, err)
	assert.Equal(t, []int{3, 3, 6, 8}, logits.Shape)
	assert.Len(t, logits.Int32, 3*3*6*8)
	masks, err := npy.Decode("masks", []byte(files["masks.npy"]))
	require.NoError(t, err)
	assert.Equal(t, []int{3, 6, 8}, masks.Shape)
	seen := map[uint8]bool{}
	for i, class := range masks.Uint8 {
		image, pixel := i/48, i%48
		for c := range 3 {
			other, best := logits.Int32[(image*3+c)*48+pixel], logits.Int32[(image*3+int(class))*48+pixel]
			assert.True(t, other < best || other == best && c >= int(class), "the greatest score wins, the lower class on ties")
		}
		seen[class] = true
	}
	assert.Greater(t, len(seen), 1, "the images must tell classes apart")
	for _, name := range []string{"overlay/000.png", "overlay/001.png", "overlay/002.png"} {
		img, err := png.Decode(strings.NewReader(files[name]))
		require.NoError(t, err, name)
		assert.Equal(t, [2]int{3 * (8 + 4 + 8), 3 * 6}, [2]int{img.Bounds().Dx(), img.Bounds().Dy()})
	}
}

func checkSummary(t *testing.T, text string, e Engine, want plan.Estimate) {
	var s map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	assert.Equal(t, string(e), s["engine"])
	assert.Equal(t, 3.0, s["images"])
	assert.Contains(t, s, "miou")
	assert.Contains(t, s, "accuracy")
	estimate := map[string]any{"cycles_per_frame": float64(want.CyclesPerFrame), "latency_cycles": float64(want.LatencyCycles)}
	assert.Equal(t, estimate, s["estimate"])
	for _, name := range []string{"cycles_per_frame", "latency_cycles"} {
		assert.Equal(t, e.CycleTrue(), s[name] == estimate[name], "%s: %s is %v", e, name, s[name])
	}
	assert.Equal(t, e.CycleTrue(), s["cycles_total"] != nil)
	if total, ok := s["cycles_total"].(float64); ok {
		assert.Greater(t, total, float64(want.LatencyCycles+2*want.CyclesPerFrame-1))
	}
}

func TestOneImageHasAPace(t *testing.T) {
	b := compiled(t, small())
	one := filetest.Noise(t, filepath.Dir(b.Dir), "one.npy", 256, 1, 4, 4, 1)
	s, err := b.Simulate(t.Context(), SimulateOptions{Engine: Interp, Images: one, Out: beside(b, "out")})
	require.NoError(t, err)
	assert.Equal(t, b.Plan.Estimate.CyclesPerFrame, s.CyclesPerFrame)
	assert.Equal(t, b.Plan.Estimate.LatencyCycles, s.LatencyCycles)
	assert.LessOrEqual(t, s.CyclesTotal, s.LatencyCycles+2, "the image that measures the pace is not the user's")
	logits, err := npy.Read(beside(b, "out/logits.npy"))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 4, 4}, logits.Shape)
}

func TestSimulateRefuses(t *testing.T) {
	b := compiled(t, small())
	dir := filepath.Dir(b.Dir)
	good := beside(b, "images.npy")
	file := func(name string, bound int, shape ...int) string {
		return filetest.Noise(t, dir, name, bound, shape...)
	}
	for name, c := range map[string]struct {
		o     SimulateOptions
		tells []string
	}{
		"images of a size":  {SimulateOptions{Images: file("wide.npy", 9, 2, 4, 5, 1)}, []string{"wide.npy", "[2 4 5 1]", "4 rows x 4 columns"}},
		"no images":         {SimulateOptions{Images: file("none.npy", 9, 0, 4, 4, 1)}, []string{"none.npy", "no image"}},
		"labels of a size":  {SimulateOptions{Images: good, Labels: file("l5.npy", 2, 3, 5, 4)}, []string{"l5.npy", "[3 5 4]", "4 rows x 4 columns"}},
		"labels too few":    {SimulateOptions{Images: good, Labels: file("l2.npy", 2, 2, 4, 4)}, []string{"l2.npy", "labels of 2 images, and there are 3"}},
		"labels of others":  {SimulateOptions{Images: good, Labels: file("l9.npy", 9, 3, 4, 4), Ignore: 8}, []string{"l9.npy", "classes 0 to 1", "--ignore"}},
		"no labels":         {SimulateOptions{Images: good, Labels: "nowhere.npy"}, []string{"nowhere.npy", "no such file"}},
		"out below a file":  {SimulateOptions{Images: good, Out: filepath.Join(good, "out")}, []string{"a part of its path is a file"}},
		"somebody's folder": {SimulateOptions{Images: good, Out: dir}, []string{"holds other files"}},
		"a build":           {SimulateOptions{Images: good, Out: b.Dir}, []string{"holds other files (and no summary.json)"}},
		"wave of fixed":     {SimulateOptions{Images: good, Wave: filepath.Join(dir, "w.vcd"), WaveTo: 9, Engine: Fixed}, []string{"engine fixed writes no waveforms", "interp or verilator"}},
		"wave of nothing":   {SimulateOptions{Images: good, Wave: filepath.Join(dir, "w.vcd"), WaveFrom: 9, WaveTo: 9, Engine: Interp}, []string{"is no window"}},
		"wave past the end": {SimulateOptions{Images: good, Wave: filepath.Join(dir, "w.vcd"), WaveFrom: 1e6, WaveTo: 2e6, Engine: Interp}, []string{"--wave", "the images take"}},
		"wave in results":   {SimulateOptions{Images: good, Wave: filepath.Join(dir, "out", "waves", "w.vcd"), WaveTo: 9, Engine: Interp}, []string{"w.vcd: --wave: the results replace all that is in", "out; give a file elsewhere"}},
		"wave on results":   {SimulateOptions{Images: good, Wave: filepath.Join(dir, "out"), WaveTo: 9, Engine: Interp}, []string{"the results replace"}},
		"wave on a folder":  {SimulateOptions{Images: good, Wave: dir, WaveTo: 9, Engine: Interp}, []string{"is a folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := filetest.Tree(t, dir)
			o := c.o
			if o.Out == "" {
				o.Out = filepath.Join(dir, "out")
			}
			if o.Engine == "" {
				o.Engine = Fixed
			}
			_, err := b.Simulate(t.Context(), o)
			requireProblem(t, err, c.tells...)
			assert.Equal(t, before, filetest.Tree(t, dir))
		})
	}
}

// An accelerator that stands still longer than any sound one is a difference, not a wait without end.
func TestHang(t *testing.T) {
	b := compiled(t, small())
	b.Plan.Estimate.LatencyCycles, b.Plan.Estimate.CyclesPerFrame = 1, 0 // so that the first pause counts
	_, err := b.Simulate(t.Context(), SimulateOptions{Engine: Interp, Images: beside(b, "images.npy"), Out: beside(b, "out")})
	var differs diag.Difference
	require.ErrorAs(t, err, &differs)
	assert.ErrorContains(t, err, "engine interp: the accelerator hangs; nothing moves from cycle")
	assert.NoDirExists(t, beside(b, "out"))
	_, err = b.Inject(t.Context(), injection(b, 1))
	require.ErrorAs(t, err, &differs)
	assert.ErrorContains(t, err, "hangs without a fault")
}

func TestSimulateInterrupted(t *testing.T) {
	b := compiled(t, small())
	dir := filepath.Dir(b.Dir)
	before := filetest.Tree(t, dir)
	for _, e := range Engines {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.Simulate(ctx, SimulateOptions{Engine: e, Images: beside(b, "images.npy"), Out: filepath.Join(dir, "out")})
		assert.ErrorIs(t, err, context.Canceled, e)
		assert.Equal(t, before, filetest.Tree(t, dir), e)
	}
}

func TestMissingTools(t *testing.T) {
	b := compiled(t, small())
	t.Setenv("PATH", t.TempDir())
	for e, install := range map[Engine]string{
		GoSim: "apt-get install golang", Verilator: "apt-get install verilator g++ make", HLSC: "apt-get install gcc libc6-dev",
	} {
		_, err := b.Simulate(t.Context(), SimulateOptions{Engine: e, Images: beside(b, "images.npy"), Out: beside(b, "out")})
		var missing diag.MissingTool
		require.ErrorAs(t, err, &missing, e)
		assert.ErrorContains(t, err, install)
		assert.NoDirExists(t, beside(b, "out"))
	}
	for _, e := range []Engine{Fixed, Interp} { // which need no tools
		_, err := b.Simulate(t.Context(), SimulateOptions{Engine: e, Images: beside(b, "images.npy"), Out: beside(b, "out")})
		assert.NoError(t, err)
	}
}

// Both engines write the same waveform of a window.
func TestWaveforms(t *testing.T) {
	b := compiled(t, small())
	for _, window := range [][2]int64{{0, 30}, {100, 140}} {
		waves := map[Engine]*rtltest.VCD{}
		for _, e := range []Engine{Interp, Verilator} {
			file := beside(b, string(e)+".vcd")
			_, err := b.Simulate(t.Context(), SimulateOptions{
				Engine: e, Images: beside(b, "images.npy"), Out: beside(b, "out"), Wave: file, WaveFrom: window[0], WaveTo: window[1],
			})
			require.NoError(t, err)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			waves[e], err = rtltest.ReadVCD(string(data))
			require.NoError(t, err)
		}
		times := waves[Interp].Times
		assert.Equal(t, [2]int64{10 * window[0], 10*window[1] - 5}, [2]int64{times[0], times[len(times)-1]})
		assert.Contains(t, waves[Interp].Width, b.HW.Design.Top.Name+".mask_valid")
		common, err := waves[Interp].Compare(waves[Verilator], "TOP.")
		require.NoError(t, err)
		assert.Greater(t, common, len(waves[Interp].Width)/2, "of %d variables", len(waves[Interp].Width))
	}
	_, err := b.Simulate(t.Context(), SimulateOptions{
		Engine: Verilator, Images: beside(b, "images.npy"), Out: beside(b, "out"), Wave: beside(b, "late.vcd"), WaveFrom: 1e6, WaveTo: 2e6,
	})
	requireProblem(t, err, "--wave", "the images take")
	assert.NoFileExists(t, beside(b, "late.vcd"))
}
