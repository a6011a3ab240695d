package result

import (
	"bytes"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parquetOf is the Parquet file of a campaign of n faults.
func parquetOf(t testing.TB, m Meta, all []Row) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, writeParquet(&b, &m, counted(t.Context(), &memory{pointers(all)}, m.Shard, int64(len(all))), 5000))
	return b.Bytes()
}

// unchecked gives rows whatever their numbers are.
func unchecked(all []Row) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for i := range all {
			if !yield(&all[i], nil) {
				return
			}
		}
	}
}

// resealed makes a changed file sound again.
func resealed(data []byte) []byte {
	data = bytes.Clone(data)
	at, _ := sealAt(data)
	copy(data[at:], "00000000")
	s := sealer{w: io.Discard, end: data}
	if err := s.close(); err != nil {
		panic(err)
	}
	return s.end
}

func saved(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.parquet")
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}

// readAll reads a file to its end.
func readAll(path string) (Meta, []Row, error) {
	f, err := Read(path)
	if err != nil {
		return Meta{}, nil, err
	}
	var all []Row
	for r, err := range f.Rows() {
		if err != nil {
			return f.Meta, all, err
		}
		all = append(all, *r)
	}
	return f.Meta, all, f.Close()
}

func TestParquet(t *testing.T) {
	const n = 10100
	m := campaign(n)
	base := rows(0, 1000)
	all := make([]Row, n)
	for i := range all {
		all[i] = base[i%1000]
		all[i].Number = int64(i)
	}
	data := parquetOf(t, m, all)
	assert.True(t, bytes.Equal(data, parquetOf(t, m, all)), "same rows, other bytes")
	assert.Less(t, len(data), 30*n, "bytes a row")
	path := saved(t, data)
	whole := parquetOf(t, campaign(5000), all[:5000])
	_, got, err := readAll(saved(t, whole))
	require.NoError(t, err)
	assert.Len(t, got, 5000, "one group exactly")

	meta, got, err := readAll(path)
	require.NoError(t, err)
	assert.Equal(t, m, meta)
	require.Len(t, got, n)
	for i := range got {
		equalRows(t, all[i], got[i])
	}

	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Len(t, f.RowGroups(), 3)
	assert.EqualValues(t, 5000, f.RowGroups()[0].NumRows())
	for key, value := range map[string]string{
		"campaign": m.Campaign, "seed": "7", "model": m.Model, "build": m.Build, "version": m.Version, "format": format, "shard": "the whole",
	} {
		got, ok := f.Lookup("rampart." + key)
		assert.True(t, ok, key)
		assert.Equal(t, value, got)
	}
	assert.Equal(t, "number", f.Schema().Fields()[0].Name(), "columns stand in the order of the struct")
	cycle, ok := f.Schema().Lookup("cycle")
	require.True(t, ok)
	assert.True(t, cycle.Node.Optional())
}

func TestReadRefuses(t *testing.T) {
	m, all := campaign(2000), rows(0, 2000)
	good := parquetOf(t, m, all)
	with := func(change func(*Meta)) []byte {
		m := campaign(2000)
		change(&m)
		var b bytes.Buffer
		require.NoError(t, writeParquet(&b, &m, unchecked(all), groupRows))
		return b.Bytes()
	}
	var foreign bytes.Buffer
	require.NoError(t, parquet.Write(&foreign, []struct{ A int }{{1}}))
	mixed := rows(0, 2000)
	mixed[1700].Number = 3
	var bad bytes.Buffer
	require.NoError(t, writeParquet(&bad, &m, unchecked(mixed), groupRows))
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, m)
	require.NoError(t, w.Add(rowOf(1)))
	require.NoError(t, w.Close())
	journaled, err := os.ReadFile(journalOf(t, dir))
	require.NoError(t, err)
	newer := bytes.Replace(good, []byte("rampart.format\x18\x01"+format), []byte("rampart.format\x18\x019"), 1)
	require.NotEqual(t, good, newer)
	newer = resealed(newer)

	for name, c := range map[string]struct {
		data []byte
		says []string
	}{
		"empty":           {nil, []string{"is no Parquet file"}},
		"text":            {[]byte("number,fault\n"), []string{"is no Parquet file"}},
		"a journal":       {journaled, []string{"journal of a campaign that is not finished", "finish it"}},
		"another Parquet": {foreign.Bytes(), []string{"holds no results of a campaign"}},
		"newer format":    {newer, []string{"format \"9\"", "this is format \"" + format}},
		"rows missing":    {with(func(m *Meta) { m.Faults = 2001 }), []string{"2000 rows of 2001 faults"}},
		"rows mixed up":   {bad.Bytes(), []string{"damaged", "fault 3", "where 1700 should be"}},
		"a shard's half":  {with(func(m *Meta) { m.Shard = Shard{0, 2} }), []string{"2000 rows of 1000 faults"}},
		"cut at the end":  {good[:len(good)-1], []string{"damaged", "cut off"}},
		"cut in half":     {good[:len(good)/2], []string{"damaged", "cut off"}},
		"its start alone": {good[:4], []string{"damaged", "cut off"}},
		"8 bytes":         {[]byte("PAR1PAR1"), []string{"damaged", "cut off"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := saved(t, c.data)
			_, _, err := readAll(path)
			requireProblem(t, err, append(c.says, path)...)
			assert.Less(t, len(err.Error()), 400)
			assert.Equal(t, 1, len(strings.Split(err.Error(), "\n")))
		})
	}
	_, err = Read(filepath.Join(t.TempDir(), "nowhere"))
	requireProblem(t, err, "there is no such file")
	_, err = Read(t.TempDir())
	requireProblem(t, err, "results.parquet", "there is no such file")
}

func TestMatches(t *testing.T) {
	m, other := campaign(10), campaign(10)
	assert.NoError(t, m.Matches("f", other))
	other.Model = "another"
	requireProblem(t, m.Matches("f", other), "f: is of another campaign: model another, not 4f2a1c")
}

// A byte that is wrong is found, wherever it is, before any of the file is believed.
func TestDamagedBytes(t *testing.T) {
	good := parquetOf(t, campaign(300), rows(0, 300))
	path := filepath.Join(t.TempDir(), "r.parquet")
	assert.Equal(t, good, resealed(good))
	r := rand.New(rand.NewPCG(5, 6))
	for range 700 {
		data := bytes.Clone(good)
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		require.NoError(t, os.WriteFile(path, data, 0o666))
		_, _, err := readAll(path)
		requireProblem(t, err, path)
	}
	for size := range 100 {
		require.NoError(t, os.WriteFile(path, good[:len(good)-1-size], 0o666))
		_, _, err := readAll(path)
		requireProblem(t, err, "damaged", "cut off")
	}
}
