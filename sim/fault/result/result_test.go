package result

import (
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// campaign is a campaign of n faults on a network of some layers.
func campaign(n int64) Meta {
	m := Meta{
		Version: "0.1.0", Campaign: "space: parameters\nseed: 7\n", Seed: 7, Model: "4f2a1c", Build: "b1d2", Inputs: "aa55", Faults: n,
		Thresholds: DefaultThresholds(), Layers: []string{"enc_0", "enc_1", "base", "dec_0", "head"},
	}
	for _, layer := range m.Layers {
		m.Strata = append(m.Strata, Stratum{layer + ".weight", 1 << 20}, Stratum{layer + ".bias", 1 << 10})
	}
	return m
}

// rowOf is what fault number n of any campaign did: made up, with all that a row can hold, and always the same.
func rowOf(n int64) Row {
	r := rand.New(rand.NewPCG(uint64(n), 99))
	layers := campaign(1).Layers
	layer := layers[r.IntN(len(layers))]
	kind := []string{"weight", "bias"}[r.IntN(2)]
	row := Row{
		Number: n, Stratum: layer + "." + kind, Space: "parameters", Kind: kind, Tensor: layer + "." + kind, Layer: layer,
		Index: r.Int64N(1 << 20), Bit: r.Int32N(8), Engine: []Engine{Dead, Functional, Cycle}[r.IntN(3)], Images: 10,
	}
	row.Fault = fmt.Sprintf("%s[%d].%d", row.Tensor, row.Index, row.Bit)
	float := func(v float64) *float64 { return &v }
	switch r.IntN(4) {
	case 0:
		cycle := r.Int64N(3) // 0 is not null
		row.Cycle = &cycle
		row.Fault += fmt.Sprintf("@%d", cycle)
	case 1:
		row.Before, row.After = float(float64(r.IntN(256)-128)), float(0)
	case 2:
		row.Before, row.After = float(float64(r.Float32())), float(math.Inf(1))
	}
	row.Outcome, row.Collapsed = Outcomes()[min(r.IntN(20), 7)], "0"
	row.MIoUGolden, row.GIoUGolden, row.WIoUGolden, row.LeastIoU = 1, 1, 1, 1
	if row.Outcome == Critical {
		row.Drop = float64(r.IntN(50)+int(row.Bit)*5) / 100
		row.MIoUGolden, row.LeastIoU, row.Collapsed = 1-row.Drop, 0.25, ClassSet([]int{r.IntN(6)})
		row.ImagesChanged, row.Changed, row.Worst, row.WorstChanged, row.Scores = 2, 500, 3, 400, 5000
	}
	if r.IntN(2) == 0 {
		row.MIoUTruth, row.GIoUTruth, row.WIoUTruth = float(0.9-row.Drop), float(0.95), float(0.8)
	}
	row.CyclesOff = int64(r.IntN(3) - 1)
	return row
}

// rows are the rows of faults from a to before b.
func rows(a, b int64) []Row {
	var all []Row
	for n := a; n < b; n++ {
		all = append(all, rowOf(n))
	}
	return all
}

func opened(t testing.TB, dir string, m Meta) *Writer {
	t.Helper()
	w, err := Open(dir, m)
	require.NoError(t, err)
	return w
}

// finished runs a campaign in one go and gives its files.
func finished(t testing.TB, dir string, m Meta) map[string]string {
	t.Helper()
	w := opened(t, dir, m)
	for n := range m.Faults {
		if m.Shard.Has(n) {
			require.NoError(t, w.Add(rowOf(n)))
		}
	}
	require.NoError(t, w.Finish(t.Context(), Report{}))
	return tree(t, dir)
}

// tree is the files below a folder.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	}))
	return files
}

// requireSame compares folders without printing them.
func requireSame(t testing.TB, want, got map[string]string) {
	t.Helper()
	for name := range want {
		require.Contains(t, got, name)
		require.True(t, want[name] == got[name], "%s differs", name)
	}
	require.Len(t, got, len(want))
}

func requireProblem(t testing.TB, err error, says ...string) {
	t.Helper()
	var p diag.Problem
	require.ErrorAs(t, err, &p)
	assert.NotEmpty(t, p.Remedy)
	for _, s := range says {
		assert.ErrorContains(t, err, s)
	}
}

// equalRows compares rows bit for bit, so that NaN is equal to NaN.
func equalRows(t testing.TB, want, got Row) {
	t.Helper()
	bytes := func(r *Row) (b []byte) {
		v := reflect.ValueOf(r).Elem()
		for k := range v.NumField() {
			b = appendField(b, v.Field(k))
		}
		return b
	}
	require.Equal(t, bytes(&want), bytes(&got), "want %+v\ngot  %+v", want, got)
}
