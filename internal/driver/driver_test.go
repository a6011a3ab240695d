package driver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/npy"
	"rampart/internal/onnxtest"
	"rampart/ir/quant"
)

// Simulators are built once for all tests of a run.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rampart-driver-test-")
	if err == nil {
		err = os.Setenv("RAMPART_CACHE", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// unet is the network that most tests compile: 2 channels of 6 x 8, 3 classes.
func unet() onnxtest.Model { return onnxtest.UNet(2, 6, 8, 3) }

// noise writes n random images for a model and gives the file's name.
func noise(t testing.TB, dir string, m onnxtest.Model, n int) string {
	t.Helper()
	s := m.Inputs[0].Shape
	return bytesFile(t, dir, "images.npy", 256, n, s[2], s[3], s[1])
}

// bytesFile writes an array of random bytes below a bound.
func bytesFile(t testing.TB, dir, name string, bound int, shape ...int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, uint64(len(shape))))
	size := 1
	for _, d := range shape {
		size *= d
	}
	data := make([]uint8, size)
	for i := range data {
		data[i] = uint8(rng.IntN(bound))
	}
	path := filepath.Join(dir, name)
	require.NoError(t, npy.Write(path, &npy.Array{Shape: shape, Uint8: data}))
	return path
}

// request is what compiling a model into dir takes; its files are written.
func request(t testing.TB, dir string, m onnxtest.Model) Request {
	t.Helper()
	model := filepath.Join(dir, "net.onnx")
	require.NoError(t, os.WriteFile(model, m.Encode(), 0o666))
	return Request{
		Model: model, Calib: noise(t, dir, m, 3), Out: filepath.Join(dir, "build"),
		Options: Options{WeightBits: 8, ActBits: 8, HeadBits: 16, Scales: quant.General, Calibration: quant.MSE, Percentile: 99.99},
	}
}

// compiled compiles a model and opens the build; images.npy beside it suits it.
func compiled(t testing.TB, m onnxtest.Model) *Build {
	t.Helper()
	req := request(t, t.TempDir(), m)
	_, err := Compile(t.Context(), req, nil)
	require.NoError(t, err)
	b, err := Open(t.Context(), req.Out)
	require.NoError(t, err)
	return b
}

func beside(b *Build, name string) string { return filepath.Join(filepath.Dir(b.Dir), name) }

// tree gives every file below a folder with its contents.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	}))
	return files
}

// requireProblem asserts that an error is a problem of the user's, or several, that tell these things.
func requireProblem(t testing.TB, err error, tells ...string) {
	t.Helper()
	require.Error(t, err)
	var one diag.Problem
	require.ErrorAs(t, err, &one, "%v", err)
	for _, s := range tells {
		assert.ErrorContains(t, err, s)
	}
	assert.NotContains(t, err.Error(), "partial-")
}
