//go:build shared

package quant_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/quant"
)

// RAMPART_SHARED names the folder that holds camvid_*, which may not be part of the project.
func TestAccuracyOnPhotographs(t *testing.T) {
	folder := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(t, folder, "set RAMPART_SHARED to the folder that holds camvid_unet_s.onnx")
	const unlabelled = 11
	n := load(t, folder, "camvid", "camvid_unet_s", "camvid_unet_s", unlabelled)
	_, loss := n.score(t, quant.Options{})
	assert.LessOrEqual(t, loss, 0.01)
	_, loss = n.score(t, quant.Options{Scales: quant.Pow2})
	assert.LessOrEqual(t, loss, 0.02)
	_, loss = n.score(t, quant.Options{WeightBits: 16, ActBits: 16})
	assert.LessOrEqual(t, loss, 0.002)
}
