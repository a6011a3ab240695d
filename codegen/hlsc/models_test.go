package hlsc

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/protect/network"
	"rampart/ir/quant"
)

// checkModel quantises, guards and plans a trained network, and compares its C with fixed.EvalAll on images.
func checkModel(t *testing.T, model, calib, images string, frames int, target plan.Target, rules ...network.Rule) {
	ctx := t.Context()
	g, err := onnx.Read(model)
	require.NoError(t, err)
	s := g.Inputs[0].Shape
	load := func(path string, n int) []*graph.Tensor {
		im, err := picture.Load(path, s.C, s.H, s.W)
		require.NoError(t, err)
		tensors := make([]*graph.Tensor, min(n, im.N))
		for i := range tensors {
			tensors[i] = &graph.Tensor{Shape: s, Data: im.Tensor(i, picture.Preprocess{})}
		}
		return tensors
	}
	q, err := quant.Quantize(ctx, g, load(calib, 4), quant.Options{})
	require.NoError(t, err)
	var inputs [][]*fixed.Tensor
	for _, image := range load(images, frames) {
		inputs = append(inputs, []*fixed.Tensor{q.Input(0, image)})
	}
	net, _, err := network.Apply(ctx, q.Net, rules, network.Options{Images: inputs})
	require.NoError(t, err)
	p, err := plan.New(ctx, net, target)
	require.NoError(t, err)
	started := time.Now()
	prog, err := Build(ctx, p, t.TempDir())
	require.NoError(t, err)
	built := time.Now()
	got, faults, err := prog.Watch(ctx, inputs)
	require.NoError(t, err)
	require.Equal(t, make([][]string, len(inputs)), faults)
	t.Logf("%d multipliers: built in %v, %d frames in %v", p.Estimate.Multipliers, built.Sub(started), len(inputs), time.Since(built))
	for i := range inputs {
		want, err := fixed.EvalAll(ctx, q.Net, inputs[i], nil)
		require.NoError(t, err)
		require.Equal(t, want, got[i])
		least, greatest := want[0].Data[0], want[0].Data[0]
		for _, v := range want[0].Data {
			least, greatest = min(least, v), max(greatest, v)
		}
		assert.Less(t, least, greatest, "the output is the same everywhere")
	}
}

func TestEmbeddedModel(t *testing.T) {
	models := filepath.Join("..", "..", "testdata", "models")
	checkModel(t, filepath.Join(models, "scenes_unet_xs.onnx"), filepath.Join(models, "scenes_calib.images.npy"),
		filepath.Join(models, "scenes_test.images.npy"), 2, plan.Target{Multipliers: 64})
}

// Guards change no output of the images that bounds were taken from, and find nothing wrong.
func TestGuardedModel(t *testing.T) {
	models := filepath.Join("..", "..", "testdata", "models")
	checkModel(t, filepath.Join(models, "scenes_unet_xs.onnx"), filepath.Join(models, "scenes_calib.images.npy"),
		filepath.Join(models, "scenes_test.images.npy"), 2, plan.Target{Multipliers: 128}, network.Rule{
			Layers: []string{"*"}, Checksum: true, Clip: &network.Clip{Per: network.PerChannel, Percentile: 1, Flag: true},
			Duplicate: &network.Duplicate{Channels: network.Choice{Share: 0.5}, Copies: 3, By: network.ByWeight},
		})
}
