package onnxtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/onnxtest"
	"rampart/ir/graph"
	"rampart/ir/onnx"
)

func TestModelsCanBeRead(t *testing.T) {
	g, err := onnx.Decode("unet.onnx", onnxtest.UNet(2, 6, 8, 3).Encode())
	require.NoError(t, err)
	assert.Equal(t, graph.Shape{C: 2, H: 6, W: 8}, g.Inputs[0].Shape)
	assert.Equal(t, graph.Shape{C: 3, H: 6, W: 8}, g.Outputs[0].Shape)
	require.NoError(t, graph.Simplify(g))
	assert.Len(t, g.Nodes, 8)
	assert.Equal(t, onnxtest.UNet(2, 6, 8, 3).Encode(), onnxtest.UNet(2, 6, 8, 3).Encode())

	b := onnxtest.NewBuilder(1, 4, 4)
	b.Output(b.Channels("ArgMax", "y", b.Channels("Softmax", "s", b.Conv("c", "x", 1, 4, 3))), 1, 4, 4)
	g, err = onnx.Decode("argmax.onnx", b.Encode())
	require.NoError(t, err)
	assert.Equal(t, graph.Shape{C: 1, H: 4, W: 4}, g.Outputs[0].Shape)
}
