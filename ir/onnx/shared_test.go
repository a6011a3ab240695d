//go:build shared

package onnx

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

// TestSharedModels runs the networks that may not be committed. RAMPART_SHARED is the folder that
// holds them.
func TestSharedModels(t *testing.T) {
	folder := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(t, folder, "set RAMPART_SHARED to the folder that holds the models")
	file := func(name string) string { return filepath.Join(folder, name) }
	in := images(t, file("camvid_test.images.npy"))
	for _, name := range []string{"camvid_unet_s", "camvid_unet_s_bn"} {
		g, err := Read(file(name + ".onnx"))
		require.NoError(t, err)
		for range 2 {
			start := time.Now()
			compare(t, g, in, file("camvid_unet_s.logits.npy"), file("camvid_unet_s.argmax.npy"))
			perImage := time.Since(start) / time.Duration(len(in))
			t.Logf("%s: %v an image, %d MACs", name, perImage, graph.Describe(g).MACs)
			assert.Less(t, perImage, time.Second)
			require.NoError(t, graph.Simplify(g))
		}
	}
	for _, name := range []string{"scenes_unet_t_qdq", "qonnx_tiny_unet", "qonnx_branched_model", "qonnx_separable_conv"} {
		_, err := Read(file(name + ".onnx"))
		assert.ErrorContains(t, err, "quantised models are not read", name)
	}
}
