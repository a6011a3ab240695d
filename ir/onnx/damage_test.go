package onnx

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

// TestPrefixes: no beginning of a file is taken for a network.
func TestPrefixes(t *testing.T) {
	data, err := os.ReadFile(models + "scenes_unet_xs.onnx")
	require.NoError(t, err)
	for n := range data {
		if _, err := Decode("cut.onnx", data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", n, len(data))
		}
	}
}

// TestBitNoise: a file with a few bits inverted gives an error or a sound graph, and no panic.
func TestBitNoise(t *testing.T) {
	data, err := os.ReadFile(models + "scenes_unet_xs_bn.onnx")
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 2000 {
		noisy := append([]byte(nil), data...)
		for range 1 + random.IntN(8) {
			noisy[random.IntN(len(noisy))] ^= 1 << random.IntN(8)
		}
		if !sound(t, "noisy.onnx", noisy) {
			refused++
		}
	}
	assert.Positive(t, refused, "noise in the structure must be noticed")
}

// sound says whether data are accepted. It holds an accepted graph to Check, and errors to be the importer's
// own: a graph that fails only in the final Check was not refused where it should have been.
func sound(t *testing.T, name string, data []byte) bool {
	g, err := Options{Height: 4, Width: 4}.Decode(name, data)
	switch err.(type) {
	case nil:
		require.NoError(t, graph.Check(g))
		return true
	case diag.Problem, diag.Problems:
		return false
	}
	t.Fatalf("the importer let this through to Check: %v", err)
	return false
}

func FuzzDecode(f *testing.F) {
	f.Add(relu().encode())
	f.Add(conv(asIs, ints("pads", 1, 1, 1, 1)).encode())
	f.Add(model(node("ConvTranspose", "a", []string{"x", "wt"}), node("BatchNormalization", "b", []string{"a", "bias", "bias", "bias", "bias"}),
		node("MaxPool", "c", []string{"b"}, ints("kernel_shape", 2, 2), integer("ceil_mode", 1)),
		node("Identity", "d", []string{"c"}), node("Concat", "y", []string{"c", "d"}, integer("axis", 1))).encode())
	f.Fuzz(func(t *testing.T, data []byte) { sound(t, "fuzz.onnx", data) })
}
