//go:build unix

package gengo_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/picture"
	"rampart/internal/rtltest"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/quant"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/gengo"
	"rampart/sim/verilator"
)

// network compiles one of the test networks to hardware with the given number of multipliers, and
// gives the stimulus of one image.
func network(t testing.TB, name string, multipliers, frames int) (*rtl.Design, *sim.Stimulus) {
	t.Helper()
	ctx := context.Background()
	g, err := onnx.Read("../../testdata/models/" + name + ".onnx")
	require.NoError(t, err)
	require.NoError(t, graph.Simplify(g))
	shape := g.Inputs[0].Shape
	images, err := picture.Load("../../testdata/models/scenes_calib.images.npy", shape.C, shape.H, shape.W)
	require.NoError(t, err)
	var calib []*graph.Tensor
	for i := range 4 {
		calib = append(calib, &graph.Tensor{Shape: shape, Data: images.Tensor(i, picture.Preprocess{})})
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
		x.Data[i] = int32(images.U8[i])
	}
	column := make([]*fixed.Tensor, frames)
	for i := range column {
		column[i] = x
	}
	s := &sim.Stimulus{Inputs: [][]byte{hw.Pack(p.Inputs[0], column)}, Quiet: 1 << 20, Want: []int{frames * p.Outputs[0].FrameBeats()}}
	return h.Design, s
}

// The measure of this package: cycles per second of processor time of whole networks and of one engine
// of 64 lanes that starves and stalls, next to Verilator's in the same run. Processor time is what a
// campaign on all cores pays, and what other programs on the machine disturb least.
func BenchmarkCycles(b *testing.B) {
	cases := []struct {
		name string
		make func(testing.TB) (*rtl.Design, *sim.Stimulus)
	}{{"engine_64", stallingEngine}}
	for _, c := range []struct {
		name        string
		multipliers int
	}{{"scenes_unet_xs", 100}, {"scenes_unet_t", 100}, {"scenes_unet_t", 1000}} {
		cases = append(cases, struct {
			name string
			make func(testing.TB) (*rtl.Design, *sim.Stimulus)
		}{fmt.Sprintf("%s_%d", c.name, c.multipliers), func(t testing.TB) (*rtl.Design, *sim.Stimulus) {
			return network(t, c.name, c.multipliers, 2)
		}})
	}
	for _, c := range cases {
		for _, engine := range engines() {
			b.Run(c.name+"/"+engine.name, func(b *testing.B) {
				d, s := c.make(b)
				require.NoError(b, engine.build(b, d))
				before := childTime(b)
				m, err := engine.start(context.Background())
				require.NoError(b, err)
				var cycles int64
				for b.Loop() {
					require.NoError(b, m.Reset())
					t, err := m.Run(context.Background(), s)
					require.NoError(b, err)
					require.NotEqual(b, sim.Hang, t.Stop)
					cycles += t.Cycle
				}
				require.NoError(b, m.Close())
				b.ReportMetric(float64(cycles)/(childTime(b)-before).Seconds()/1000, "kcycles/s")
				b.ReportMetric(engine.took.Seconds(), "s-to-build")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// stallingEngine offers an input half of the time and takes an output a quarter of the time.
func stallingEngine(t testing.TB) (*rtl.Design, *sim.Stimulus) {
	d := convEngine(8, 8)
	s, err := rtltest.RandomStimulus(d, 1, 200_000, 0)
	require.NoError(t, err)
	s.Gaps, s.Stalls = sim.Throttle{Seed: 1, Open: 1 << 31}, sim.Throttle{Seed: 2, Open: 1 << 30}
	return d, s
}

// engine is a way to build and start a design.
type engine struct {
	name  string
	build func(testing.TB, *rtl.Design) error
	start func(context.Context) (sim.Machine, error)
	took  time.Duration
}

func engines() []*engine {
	generated := &engine{name: "go"}
	generated.build = func(t testing.TB, d *rtl.Design) error {
		p, err := gengo.Build(context.Background(), d, t.TempDir(), gengo.Options{})
		if err == nil {
			generated.start, generated.took = p.Start, p.Took
		}
		return err
	}
	compiled := &engine{name: "verilator"}
	compiled.build = func(t testing.TB, d *rtl.Design) error {
		p, err := verilator.Build(context.Background(), d, t.TempDir(), verilator.Options{})
		if err == nil {
			compiled.start, compiled.took = p.Start, p.Took
		}
		return err
	}
	return []*engine{generated, compiled}
}

// childTime is the processor time of all programs started from here that have ended.
func childTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
