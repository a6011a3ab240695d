package functional_test

import (
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/quant"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// model is a trained network in integers, with a mask as an output, and images for it.
type model struct {
	net    *fixed.Net
	images []*fixed.Tensor
}

// load quantises FOLDER/NAME.onnx with the calibration images of SET, and reads its test images.
func load(tb testing.TB, folder, set, name string) model {
	tb.Helper()
	g, err := onnx.Read(filepath.Join(folder, name+".onnx"))
	require.NoError(tb, err)
	s := g.Inputs[0].Shape
	read := func(kind string) []*graph.Tensor {
		pics, err := picture.Load(filepath.Join(folder, set+"_"+kind+".images.npy"), s.C, s.H, s.W)
		require.NoError(tb, err)
		var all []*graph.Tensor
		for i := range pics.N {
			all = append(all, &graph.Tensor{Shape: s, Data: pics.Tensor(i, picture.Preprocess{})})
		}
		return all
	}
	r, err := quant.Quantize(tb.Context(), g, read("calib"), quant.Options{InputRange: [2]float64{0, 1}})
	require.NoError(tb, err)
	m := model{net: r.Net}
	for _, x := range read("test") {
		m.images = append(m.images, r.Input(0, x))
	}
	fixed.AddMask(m.net)
	return m
}

// parameters draws faults as a campaign does: uniformly among the bits of all weights.
func (m model) weightBits(r *rand.Rand) functional.Patch {
	total := 0
	for _, n := range m.net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			total += len(c.Weight) * c.WeightBits
		}
	}
	bit := r.IntN(total)
	for i, n := range m.net.Nodes {
		c, ok := n.Op.(*fixed.Conv)
		if !ok {
			continue
		}
		if bit < len(c.Weight)*c.WeightBits {
			return functional.Patch{Node: i, Kind: functional.Weight, Index: bit / c.WeightBits,
				Change: functional.Change{Flip: 1 << (bit % c.WeightBits)}}
		}
		bit -= len(c.Weight) * c.WeightBits
	}
	panic("BUG: no weights")
}

// processorTime is the seconds that this process has computed: the machine may do other work too.
func processorTime(tb testing.TB) float64 {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// bench measures whole frames and struck ones.
func (m model) bench(b *testing.B) {
	for _, k := range kernel.Sets() {
		e, err := functional.New(m.net, k)
		require.NoError(b, err)
		w := e.Worker()
		in := m.images[:1]
		b.Run(k.Name+"/run", func(b *testing.B) {
			begin := processorTime(b)
			for b.Loop() {
				require.NoError(b, w.Run(in))
			}
			seconds := processorTime(b) - begin
			b.ReportMetric(seconds/float64(b.N)*1e6, "cpu-µs/op")
			b.ReportMetric(float64(e.MACs())*float64(b.N)/seconds/1e9, "GMAC/s")
		})
		require.NoError(b, w.Run(in))
		faults := func(how func([]functional.Patch) *functional.Diff) func(b *testing.B) {
			return func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				var patches []functional.Patch
				for range 4096 {
					patches = append(patches, m.weightBits(r))
				}
				macs, i := int64(0), 0
				begin := processorTime(b)
				for b.Loop() {
					macs += how(patches[i&4095 : i&4095+1]).Stats.MACs
					i++
				}
				seconds := processorTime(b) - begin
				b.ReportMetric(seconds/float64(b.N)*1e6, "cpu-µs/op")
				b.ReportMetric(float64(b.N)/seconds, "faults/s")
				b.ReportMetric(float64(macs)/float64(b.N)/float64(e.MACs())*100, "%MACs")
				b.ReportMetric(float64(macs)/seconds/1e9, "GMAC/s")
			}
		}
		b.Run(k.Name+"/dense", faults(w.Dense))
		b.Run(k.Name+"/strike", faults(w.Strike))
	}
}

func BenchmarkScenes(b *testing.B) {
	load(b, filepath.Join("..", "..", "testdata", "models"), "scenes", "scenes_unet_xs").bench(b)
}
