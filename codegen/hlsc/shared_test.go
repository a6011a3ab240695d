//go:build shared

package hlsc

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/ir/plan"
)

// Networks outside the repository, in the folder RAMPART_SHARED.
func TestSharedModels(t *testing.T) {
	dir := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(t, dir, "set RAMPART_SHARED to the folder of networks")
	for model, set := range map[string]string{"camvid_unet_s": "camvid", "scenes_unet_t": "scenes"} {
		t.Run(model, func(t *testing.T) {
			checkModel(t, filepath.Join(dir, model+".onnx"), filepath.Join(dir, set+"_calib.images.npy"),
				filepath.Join(dir, set+"_test.images.npy"), 1, plan.Target{Multipliers: 200})
		})
	}
}
