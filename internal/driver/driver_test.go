package driver

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/filetest"
	"rampart/internal/onnxtest"
	"rampart/ir/quant"
)

// Simulators are built once for all tests of a run.
func TestMain(m *testing.M) { os.Exit(filetest.WithCache(m, "RAMPART_CACHE")) }

// unet is the network that most tests compile: 2 channels of 6 x 8, 3 classes.
func unet() onnxtest.Model { return onnxtest.UNet(2, 6, 8, 3) }

// noise writes n random images for a model and gives the file's name.
func noise(t testing.TB, dir string, m onnxtest.Model, n int) string {
	t.Helper()
	s := m.Inputs[0].Shape
	return filetest.Noise(t, dir, "images.npy", 256, n, s[2], s[3], s[1])
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
