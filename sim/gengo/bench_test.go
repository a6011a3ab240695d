package gengo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/npy"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/quant"
	"rampart/sim"
	"rampart/sim/gengo"
	"rampart/sim/verilator"
)

// network compiles one of the test networks to hardware with the given number of multipliers, and
// gives the stimulus of one image.
func network(t testing.TB, name string, multipliers, frames int) (*hw.Hardware, *sim.Stimulus) {
	t.Helper()
	ctx := context.Background()
	g, err := onnx.Read("../../testdata/models/" + name + ".onnx")
	require.NoError(t, err)
	require.NoError(t, graph.Simplify(g))
	images, err := npy.Read("../../testdata/models/scenes_calib.images.npy")
	require.NoError(t, err)
	shape := g.Inputs[0].Shape
	var calib []*graph.Tensor
	for i := range 4 {
		x, err := quant.Preprocess{Scale: 1.0 / 255}.Tensor(images.Uint8[i*shape.Size():(i+1)*shape.Size()], shape)
		require.NoError(t, err)
		calib = append(calib, x)
	}
	q, err := quant.Quantize(ctx, g, calib, quant.Options{InputRange: [2]float64{0, 1}})
	require.NoError(t, err)
	p, err := plan.New(ctx, q.Net, plan.Target{Multipliers: multipliers})
	require.NoError(t, err)
	h, err := hw.Build(p)
	require.NoError(t, err)
	in := q.Net.Inputs[0]
	x := fixed.NewTensor(in.Shape)
	for i := range x.Data {
		x.Data[i] = int32(images.Uint8[i])
	}
	column := make([]*fixed.Tensor, frames)
	for i := range column {
		column[i] = x
	}
	s := &sim.Stimulus{Inputs: [][]byte{hw.Pack(p.Inputs[0], column)}, Quiet: 1 << 20, Want: []int{frames * p.Outputs[0].FrameBeats()}}
	return h, s
}

// The measure of this package: cycles per second of whole networks, next to Verilator's in the same run.
func BenchmarkNetwork(b *testing.B) {
	for _, c := range []struct {
		name        string
		multipliers int
	}{{"scenes_unet_xs", 100}, {"scenes_unet_t", 100}, {"scenes_unet_t", 1000}} {
		h, s := network(b, c.name, c.multipliers, 2)
		engines := map[string]func() (sim.Machine, time.Duration, error){
			"go": func() (sim.Machine, time.Duration, error) {
				p, err := gengo.Build(context.Background(), h.Design, b.TempDir(), gengo.Options{})
				require.NoError(b, err)
				m, err := p.Start(context.Background())
				return m, p.Took, err
			},
			"verilator": func() (sim.Machine, time.Duration, error) {
				p, err := verilator.Build(context.Background(), h.Design, b.TempDir(), verilator.Options{})
				require.NoError(b, err)
				m, err := p.Start(context.Background())
				return m, p.Took, err
			},
		}
		for _, engine := range []string{"go", "verilator"} {
			m, took, err := engines[engine]()
			require.NoError(b, err)
			b.Run(fmt.Sprintf("%s_%d/%s", c.name, c.multipliers, engine), func(b *testing.B) {
				var cycles int64
				for b.Loop() {
					require.NoError(b, m.Reset())
					t, err := m.Run(context.Background(), s)
					require.NoError(b, err)
					require.Equal(b, sim.Done, t.Stop)
					cycles += t.Cycle
				}
				b.ReportMetric(float64(cycles)/b.Elapsed().Seconds()/1000, "kcycles/s")
				b.ReportMetric(took.Seconds(), "s-to-build")
			})
			require.NoError(b, m.Close())
		}
	}
}
