package quant_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/metrics"
	"rampart/internal/npy"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/quant"
)

// trained is a trained network, images to calibrate and to test with, and what is known of the latter.
type trained struct {
	graph       *graph.Graph
	calib, test []*graph.Tensor
	labels      []uint8
	float       []uint8 // the classes that the float network gives
	ignore      int     // the label of pixels that do not count
}

// load reads a network of a set of images. The classes are those of the model without normalisations.
func load(t *testing.T, folder, set, model, classes string, ignore int) *trained {
	t.Helper()
	g, err := onnx.Read(filepath.Join(folder, model+".onnx"))
	require.NoError(t, err)
	read := func(name string) *npy.Array {
		a, err := npy.Read(filepath.Join(folder, name))
		require.NoError(t, err)
		return a
	}
	images := func(name string) []*graph.Tensor {
		var all []*graph.Tensor
		s := g.Inputs[0].Shape
		im, err := picture.Load(filepath.Join(folder, name), s.C, s.H, s.W)
		require.NoError(t, err)
		for i := range im.N {
			all = append(all, &graph.Tensor{Shape: s, Data: im.Tensor(i, picture.Preprocess{})})
		}
		return all
	}
	return &trained{
		graph: g, calib: images(set + "_calib.images.npy"), test: images(set + "_test.images.npy"),
		labels: read(set + "_test.labels.npy").Uint8, float: read(classes + ".argmax.npy").Uint8, ignore: ignore,
	}
}

// score gives the share of pixels on which the integer network agrees with the float network, and by
// how much its mean intersection over union is less.
func (n *trained) score(t *testing.T, opt quant.Options) (agree, loss float64) {
	t.Helper()
	opt.InputRange = [2]float64{0, 1}
	r, err := quant.Quantize(t.Context(), n.graph, n.calib, opt)
	require.NoError(t, err)
	var masks []uint8
	for _, x := range n.test {
		out, err := fixed.Eval(t.Context(), r.Net, r.Input(0, x), nil)
		require.NoError(t, err)
		masks = append(masks, classes(out[0])...)
	}
	require.Len(t, masks, len(n.float))
	agree = 1 - float64(metrics.Changed(n.float, masks))/float64(len(masks))
	loss = n.meanIoU(t, n.float) - n.meanIoU(t, masks)
	t.Logf("%+v: agrees on %.4f of the pixels, loses %.4f mean IoU", opt, agree, loss)
	return agree, loss
}

func (n *trained) meanIoU(t *testing.T, masks []uint8) float64 {
	t.Helper()
	c := metrics.NewConfusion(n.graph.Outputs[0].Shape.C, n.ignore)
	require.NoError(t, c.Add(n.labels, masks))
	return c.MeanIoU()
}

func classes(logits *fixed.Tensor) []uint8 {
	best := make([]uint8, logits.Shape.H*logits.Shape.W)
	for i := range best {
		for c := range logits.Shape.C {
			if logits.Plane(c)[i] > logits.Plane(int(best[i]))[i] {
				best[i] = uint8(c)
			}
		}
	}
	return best
}

func TestAccuracyOnScenes(t *testing.T) {
	for _, c := range []struct {
		model, classes string
		opt            quant.Options
		agree, loss    float64 // at least, at most
	}{
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{}, 0.998, 0.003},
		{"scenes_unet_xs_bn", "scenes_unet_xs", quant.Options{Rounding: fixed.HalfEven}, 0.998, 0.003},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{Calibration: quant.MinMax}, 0.998, 0.003},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{Calibration: quant.Percentile}, 0.998, 0.003},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{Scales: quant.Pow2}, 0.997, 0.005},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{HeadBits: 8}, 0.997, 0.005},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{WeightBits: 16, ActBits: 16}, 0.9998, 0.001},
		{"scenes_unet_xs", "scenes_unet_xs", quant.Options{WeightBits: 6, ActBits: 6}, 0.99, 0.02},
		{"scenes_unet_t", "scenes_unet_t", quant.Options{}, 0.999, 0.002},
		{"scenes_unet_t", "scenes_unet_t", quant.Options{Scales: quant.Pow2}, 0.999, 0.003},
		{"scenes_unet_t", "scenes_unet_t", quant.Options{WeightBits: 4, ActBits: 4}, 0.99, 0.02},
	} {
		n := load(t, "../../testdata/models", "scenes", c.model, c.classes, metrics.NoIgnore)
		agree, loss := n.score(t, c.opt)
		assert.GreaterOrEqual(t, agree, c.agree, "%s %+v", c.model, c.opt)
		assert.LessOrEqual(t, loss, c.loss, "%s %+v", c.model, c.opt)
	}
}

// The positive control: a network that is quantised badly does not pass for a good one.
func TestAccuracyShowsABadNetwork(t *testing.T) {
	n := load(t, "../../testdata/models", "scenes", "scenes_unet_xs", "scenes_unet_xs", metrics.NoIgnore)
	agree, loss := n.score(t, quant.Options{WeightBits: 2, ActBits: 2})
	assert.Less(t, agree, 0.9)
	assert.Greater(t, loss, 0.1)
}
