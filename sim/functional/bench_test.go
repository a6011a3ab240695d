//go:build unix

package functional_test

import (
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

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
		e, err = functional.New(m.net, k, functional.Observe(functional.Masks(m.net)...))
		require.NoError(b, err)
		masks := e.Worker()
		require.NoError(b, masks.Run(in))
		b.Run(k.Name+"/masks", faults(masks.Strike))
	}
}

func BenchmarkScenes(b *testing.B) {
	load(b, filepath.Join("..", "..", "testdata", "models"), "scenes", "scenes_unet_xs").bench(b)
}
