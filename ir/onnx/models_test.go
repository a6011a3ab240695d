package onnx

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/npy"
	"rampart/ir/graph"
)

const models = "../../testdata/models/"

// images reads uint8 NHWC images as tensors of value/255.
func images(t *testing.T, path string) []*graph.Tensor {
	t.Helper()
	a, err := npy.Read(path)
	require.NoError(t, err)
	n, s := a.Shape[0], graph.Shape{C: a.Shape[3], H: a.Shape[1], W: a.Shape[2]}
	out := make([]*graph.Tensor, n)
	for i := range out {
		out[i] = graph.NewTensor(s)
		for p := range s.H * s.W {
			for c := range s.C {
				out[i].Data[c*s.H*s.W+p] = float32(a.Uint8[(i*s.H*s.W+p)*s.C+c]) / 255
			}
		}
	}
	return out
}

// compare evaluates g on the images and holds it to the logits of the first images (within 1e-4) and the
// classes of all. A pixel whose two best logits are within 1e-4 may have either class.
func compare(t *testing.T, g *graph.Graph, in []*graph.Tensor, logitsPath, classesPath string) {
	t.Helper()
	logits, err := npy.Read(logitsPath)
	require.NoError(t, err)
	classes, err := npy.Read(classesPath)
	require.NoError(t, err)
	require.Len(t, g.Outputs, 1)
	for i, x := range in {
		out, err := g.Eval(context.Background(), x)
		require.NoError(t, err)
		y := out[0]
		if i < logits.Shape[0] {
			require.Equal(t, logits.Shape[1:], []int{y.Shape.C, y.Shape.H, y.Shape.W})
			want := logits.Float32[i*y.Shape.Size():][:y.Shape.Size()]
			assert.Less(t, maxDifference(want, y.Data), 1e-4, "image %d", i)
		}
		n := y.Shape.H * y.Shape.W
		best := (&graph.ArgMax{}).Eval(out)
		for p := range n {
			got, want := int(best.Data[p]), int(classes.Uint8[i*n+p])
			if got != want {
				assert.InDelta(t, y.Data[want*n+p], y.Data[got*n+p], 1e-4, "image %d, pixel %d is %d, not %d", i, p, got, want)
			}
		}
	}
}

func maxDifference(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
	}
	return worst
}

func TestModelsEqualONNXRuntime(t *testing.T) {
	in := images(t, models+"scenes_test.images.npy")
	for _, m := range []struct {
		name, expected   string
		parameters, macs int64
	}{
		{"scenes_unet_xs", "scenes_unet_xs", 3890, 6733824},
		{"scenes_unet_xs_bn", "scenes_unet_xs", 3930, 6733824},
		{"scenes_unet_t", "scenes_unet_t", 29870, 40796160},
		{"scenes_unet_t_bn", "scenes_unet_t", 30030, 40796160},
	} {
		t.Run(m.name, func(t *testing.T) {
			g, err := Read(models + m.name + ".onnx")
			require.NoError(t, err)
			assert.Equal(t, m.parameters, graph.Describe(g).Parameters)
			compare(t, g, in, models+m.expected+".logits.npy", models+m.expected+".argmax.npy")
			require.NoError(t, graph.Simplify(g))
			for _, n := range g.Nodes {
				assert.NotEqual(t, "BatchNormalization", n.Op.Kind())
			}
			compare(t, g, in, models+m.expected+".logits.npy", models+m.expected+".argmax.npy")
			assert.Equal(t, m.macs, graph.Describe(g).MACs)
		})
	}
}
