//go:build unix

package float

import (
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/sim/functional/float/kernel"
)

// processorTime is the seconds that this process has computed: the machine may do other work too.
func processorTime(tb testing.TB) float64 {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// bench measures a frame's arithmetic, a run, and faults in bits drawn uniformly.
func bench(b *testing.B, folder, name string) {
	for _, k := range kernel.Sets() {
		m := load(b, k, folder, name, 0)
		measure := func(what string, f func()) {
			b.Run(k.Name+"/"+what, func(b *testing.B) {
				macs := int64(0)
				begin := processorTime(b)
				for b.Loop() {
					m.w.diff.Stats.MACs = 0
					f()
					macs += m.w.diff.Stats.MACs
				}
				seconds, n := processorTime(b)-begin, float64(b.N)
				b.ReportMetric(seconds/n*1e6, "cpu-µs/op")
				b.ReportMetric(n/seconds, "frames/s")
				b.ReportMetric(float64(macs)/n/float64(m.e.MACs())*100, "%MACs")
				b.ReportMetric(float64(macs)/seconds/1e9, "GMAC/s")
			})
		}
		r := rand.New(rand.NewPCG(1, 2))
		patches := make([]Patch, 4096)
		for i := range patches {
			patches[i] = m.draw(r)
		}
		i := 0
		next := func() []Patch {
			i++
			return patches[i&4095 : i&4095+1]
		}
		measure("evaluate", m.w.evaluate)
		measure("run", func() { require.NoError(b, m.w.Run(m.images)) })
		measure("dense", func() { m.w.Dense(next()) })
		measure("strike", func() { m.w.Strike(next()) })
	}
}

func BenchmarkScenes(b *testing.B) { bench(b, embedded, "scenes_unet_t_bn") }
