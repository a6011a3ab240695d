//go:build shared

package campaign

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/driver"
	"rampart/ir/quant"
)

// Every weight and bias bit of scenes_unet_xs is struck on 16 images; against that truth all intervals that
// campaigns offer hold, and Wald's does not.
func TestCoverageOfATrainedNetwork(t *testing.T) {
	folder := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(t, folder, "set RAMPART_SHARED to the folder that holds scenes_unet_xs.onnx")
	b := &bench{dir: t.TempDir()}
	b.build = filepath.Join(b.dir, "build")
	b.options = Options{
		Images: filepath.Join(folder, "scenes_test.images.npy"), Labels: filepath.Join(folder, "scenes_test.labels.npy"),
		Ignore: -1, CrossCheck: -1, Confidence: 0.95, Jobs: runtime.NumCPU(),
	}
	_, err := driver.Compile(t.Context(), driver.Request{
		Model: filepath.Join(folder, "scenes_unet_xs.onnx"), Calib: filepath.Join(folder, "scenes_calib.images.npy"), Out: b.build,
		Options: driver.Options{WeightBits: 8, ActBits: 8, HeadBits: 16, Scales: quant.General, Calibration: quant.MSE, Percentile: 99.99},
	}, nil)
	require.NoError(t, err)
	o := b.with(t, "all", everyParameter)
	_, err = OnBuild(t.Context(), b.build, o)
	require.NoError(t, err)
	c, err := MeasureCoverage(t.Context(), o.Out, CoverageOptions{Confidence: 0.95, Seed: 1})
	require.NoError(t, err)
	assert.EqualValues(t, 32512, c.Faults)
	assert.Equal(t, 16, c.Images)
	assert.Empty(t, c.Fails())
	worst := 1.0
	for _, trial := range c.Trials {
		if !trial.Offered {
			worst = min(worst, trial.Worst)
		}
	}
	assert.Less(t, worst, 0.2)
}
