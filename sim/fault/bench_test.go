package fault

import "testing"

// BenchmarkAt is what a fault costs before it is run, its text included.
func BenchmarkAt(b *testing.B) {
	for name, plan := range map[string]string{"exhaustive": "exhaustive", "drawn": "{random: 1000000}"} {
		b.Run(name, func(b *testing.B) {
			d := drawn(b, "name: x\nspace: hardware\nplan: "+plan)
			n, length := d.Len(), 0
			for i := range b.N {
				length += len(d.At(int64(i) * 7919 % n).String())
			}
			b.ReportMetric(float64(length)/float64(b.N), "bytes/fault")
		})
	}
}
