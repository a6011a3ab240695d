package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/driver"
	"rampart/internal/filetest"
	"rampart/internal/onnxtest"
)

// asProgram makes the test binary behave as rampart.
const asProgram = "RAMPART_TEST_AS_PROGRAM"

// Simulators are built once for all tests of a run.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(filetest.WithCache(m, "RAMPART_CACHE"))
}

// shell runs commands in a folder of its own, which holds net.onnx (2 channels of 4 x 4 to 3 classes),
// images.npy and labels.npy for it, and the build that make writes.
type shell struct {
	t   *testing.T
	ctx context.Context
}

func newShell(t *testing.T) *shell {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("net.onnx", onnxtest.UNet(2, 4, 4, 3).Encode(), 0o666))
	filetest.Noise(t, ".", "images.npy", 256, 3, 4, 4, 2)
	filetest.Noise(t, ".", "labels.npy", 3, 3, 4, 4)
	return &shell{t: t, ctx: t.Context()}
}

// run runs one command line, words apart by spaces.
func (s *shell) run(line string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	code = run(s.ctx, strings.Fields(line), &out, &errs)
	return code, out.String(), errs.String()
}

// ok runs a command that must succeed.
func (s *shell) ok(line string) string {
	s.t.Helper()
	code, out, errs := s.run(line)
	require.Zero(s.t, code, "%s: %s", line, errs)
	assert.Empty(s.t, errs, line)
	return out
}

func (s *shell) build() {
	s.t.Helper()
	s.ok("compile net.onnx --calib images.npy -o build")
}

// object reads the one JSON object that text is.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	var v map[string]any
	require.NoError(t, dec.Decode(&v), text)
	_, err := dec.Token()
	assert.Equal(t, io.EOF, err, "something follows the object")
	return v
}

func files(t *testing.T) []string {
	var names []string
	require.NoError(t, filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	return names
}

// TestCommands runs every command as text and as JSON.
func TestCommands(t *testing.T) {
	s := newShell(t)
	f := "c.weights[0].0@1"
	for _, c := range []struct {
		line  string
		says  []string       // as text
		facts map[string]any // as JSON
	}{
		{"inspect net.onnx", []string{"Conv", "parameters"}, nil},
		{"eval net.onnx --images images.npy --labels labels.npy -o float", []string{"3 images, mIoU ", "written to float"}, map[string]any{"images": 3.0}},
		{"compile net.onnx --calib images.npy -o build", []string{"net: ", "multipliers", "written to build"}, map[string]any{"multipliers": 4.0}},
		{"simulate build --images images.npy -o out", []string{"3 images on fixed", "written to out"}, map[string]any{"engine": "fixed", "images": 3.0}},
		{"simulate build --images images.npy --engine interp --labels labels.npy -o out", []string{"cycles per frame", "mIoU"}, map[string]any{"engine": "interp"}},
		{"simulate build --images images.npy --engine hlsc -o out", []string{"3 images on hlsc"}, map[string]any{"engine": "hlsc"}},
		{"verify build --engines fixed,hlsc", []string{"ok    HLS C = evaluator"}, map[string]any{"passed": true}},
		{"inject build --images images.npy --engine interp --random 3 -o faults", []string{"3 faults on 3 images", "written to faults"}, map[string]any{"faults": 3.0}},
		{"inject build --images images.npy --engine interp --fault " + strings.Replace(f, "c.", "enc.", 1) + " -o faults", []string{"1 faults on 3 images", "enc.weights[0].0@1"}, map[string]any{"faults": 1.0}},
	} {
		text := s.ok(c.line)
		for _, says := range c.says {
			assert.Contains(t, text, says, c.line)
		}
		got := object(t, s.ok(c.line+" --json"))
		for k, v := range c.facts {
			assert.Equal(t, v, got[k], c.line)
		}
	}
	for _, help := range []string{"", "--help", "help", "compile --help", "--version"} {
		assert.NotEmpty(t, s.ok(help))
	}
	assert.Equal(t, "rampart version "+driver.Version+"\n", s.ok("--version"))
}

func TestVerifyTellsWithItsExitCode(t *testing.T) {
	s := newShell(t)
	s.build()
	for _, name := range []string{"build/verilog/net.v", "build/verilog/conv_enc.weights.mem", "build/hls/top.c", "build/ir/rtl.txt"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		spoilt := bytes.Clone(data)
		spoilt[len(spoilt)/3] ^= 2
		require.NoError(t, os.WriteFile(name, spoilt, 0o666))
		for _, flag := range []string{"", " --json"} {
			code, out, errs := s.run("verify build --engines fixed" + flag)
			assert.Equal(t, 1, code)
			assert.Contains(t, out, strings.TrimPrefix(name, "build/"))
			assert.Equal(t, "rampart: the engines do not agree\n", errs)
			if flag != "" {
				assert.Equal(t, false, object(t, out)["passed"])
			}
		}
		require.NoError(t, os.WriteFile(name, data, 0o666))
	}
	s.ok("verify build --engines fixed")
}

func TestSameCommandSameBytes(t *testing.T) {
	s := newShell(t)
	s.build()
	for _, line := range []string{
		"simulate build --images images.npy --engine interp -o %s --json",
		"inject build --images images.npy --engine interp --random 4 --seed 9 -o %s --json",
		"compile net.onnx --calib images.npy -o %s --json",
		"eval net.onnx --images images.npy -o %s --json",
	} {
		first := s.ok(fmt.Sprintf(line, "one") + " --jobs 1")
		second := s.ok(fmt.Sprintf(line, "two") + " --jobs 2")
		assert.Equal(t, first, strings.ReplaceAll(second, `"two/`, `"one/`), line)
		assert.Equal(t, filetest.Tree(t, "one"), filetest.Tree(t, "two"), line)
		require.NoError(t, os.RemoveAll("one"))
		require.NoError(t, os.RemoveAll("two"))
	}
	assert.NotEqual(t,
		s.ok("inject build --images images.npy --engine interp --random 4 --seed 9 -o one --json"),
		s.ok("inject build --images images.npy --engine interp --random 4 --seed 10 -o one --json"))
}

// full is a disk that takes nothing more.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }

func TestFullStandardOutput(t *testing.T) {
	s := newShell(t)
	for _, line := range []string{"inspect net.onnx", "inspect net.onnx --json"} {
		var errs bytes.Buffer
		assert.Equal(t, 2, run(s.ctx, strings.Fields(line), full{}, &errs))
		assert.Equal(t, "rampart: standard output: no space left on device; send it where it can be written\n", errs.String())
	}
}

// Channels-last floats, one PNG file and preprocessing reach the network as flags say.
func TestImagesAndFlags(t *testing.T) {
	s := newShell(t)
	s.ok("compile net.onnx --calib images.npy -o build --scale 0.01 --mean 0.5,0.4 --std 2 --bits 6 --weight-bits 4 --scales pow2 --rounding half-even --calibration minmax --multipliers 12")
	var info driver.Info
	data, err := os.ReadFile("build/build.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &info))
	o := info.Options
	assert.Equal(t, []any{4, 6, "pow2", "half-even", "minmax", 12}, []any{o.WeightBits, o.ActBits, string(o.Scales), o.Rounding, string(o.Calibration), o.Multipliers})
	assert.Equal(t, []float64{0.5, 0.4}, o.Preprocess.Mean)
	assert.Equal(t, []float64{2}, o.Preprocess.Std)
	assert.LessOrEqual(t, info.Multipliers, 12)
	s.ok("simulate build --images images.npy -o one --engine interp")
	s.ok("simulate build --images images.npy -o two")
	one, two := filetest.Tree(t, "one"), filetest.Tree(t, "two")
	delete(one, "summary.json")
	delete(two, "summary.json")
	assert.Equal(t, one, two)
}
