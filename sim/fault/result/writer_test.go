package result

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/sim/fault/sample"
)

func journalOf(t testing.TB, dir string) string {
	path, err := JournalPath(dir)
	require.NoError(t, err)
	return path
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "out")
	files := finished(t, dir, campaign(300))
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	assert.Equal(t, []string{"campaign.yaml", "critical.png", "critical.txt", "heatmap.png", "heatmap.svg", "results.parquet", "summary.json", "summary.txt"}, names)
	assert.Equal(t, campaign(1).Campaign, files[CampaignFile])
	assert.NoFileExists(t, journalOf(t, dir))
	left, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	assert.Len(t, left, 1)

	f, err := Read(dir)
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	s, err := Summarise(f.Meta, f.Rows(), Report{})
	require.NoError(t, err)
	assert.Equal(t, files[TablesFile], s.Text(), "the tables can be had again from the rows")
	data, err := s.JSON()
	require.NoError(t, err)
	assert.Equal(t, files[SummaryFile], string(data))
}

// The order in which rows come, the goroutines that bring them and the memory for sorting leave no trace.
func TestOrderDoesNotMatter(t *testing.T) {
	const n = 5000
	want := finished(t, filepath.Join(t.TempDir(), "out"), campaign(n))
	for name, c := range map[string]struct {
		runRows int
		every   time.Duration
		open    bool // the number of faults is not known before the end
	}{"in memory": {runRows, flushEvery, false}, "in runs": {700, 0, false}, "in tiny runs": {10, time.Hour, true}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			m := campaign(n)
			if c.open {
				m.Faults = 0
			}
			w := opened(t, dir, m)
			w.runRows, w.every = c.runRows, c.every
			work := make(chan int64)
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					for n := range work {
						if w.Done(n) {
							t.Errorf("row %d is done before it is added", n)
						}
						if err := w.Add(rowOf(n)); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for _, k := range rand.New(rand.NewPCG(3, 4)).Perm(n) {
				work <- int64(k)
			}
			close(work)
			group.Wait()
			assert.EqualValues(t, n, w.Count())
			require.NoError(t, w.Finish(t.Context(), Report{}))
			require.NoError(t, w.Close(), "after Finish there is nothing to do")
			requireSame(t, want, tree(t, dir))
			left, err := os.ReadDir(filepath.Dir(dir))
			require.NoError(t, err)
			assert.Len(t, left, 1, "something was left beside the folder")
		})
	}
}

func TestGoesOn(t *testing.T) {
	want := finished(t, filepath.Join(t.TempDir(), "out"), campaign(3000))
	dir := filepath.Join(t.TempDir(), "out")
	for at := int64(0); at < 3000; at += 500 {
		w := opened(t, dir, campaign(3000))
		assert.Equal(t, at, w.Count())
		for n := range int64(3000) {
			require.Equal(t, n < at, w.Done(n))
		}
		assert.False(t, w.Done(-1) || w.Done(3000) || w.Done(1<<40))
		require.NoError(t, w.Add(rows(at, at+500)...))
		next := int64(0)
		for r, err := range w.Rows() {
			require.NoError(t, err)
			equalRows(t, rowOf(next), *r)
			next++
		}
		assert.Equal(t, at+500, next, "rows in the journal and rows on their way to it")
		for range w.Rows() {
			break
		}
		require.NoError(t, w.Close())
		assert.NoDirExists(t, dir)
	}
	w := opened(t, dir, campaign(3000))
	require.NoError(t, w.Finish(t.Context(), Report{}))
	requireSame(t, want, tree(t, dir))
}

// Rows that wait for company must not wait long.
func TestRowsAreSoonKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(10000))
	w.every = 10 * time.Millisecond
	size := func() int64 {
		info, err := os.Stat(journalOf(t, dir))
		require.NoError(t, err)
		return info.Size()
	}
	before := size()
	time.Sleep(11 * time.Millisecond)
	require.NoError(t, w.Add(rowOf(0)))
	assert.Greater(t, size(), before, "the last flush is a while ago")
	w.every, before = time.Hour, size()
	require.NoError(t, w.Add(rowOf(1)))
	assert.Equal(t, before, size(), "the last flush was just now")
	require.NoError(t, w.Add(rows(2, 2+batchRows)...))
	assert.Greater(t, size(), before, "a batch is full")
	require.NoError(t, w.Close())
}

func TestTornTail(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(100))
	w.every = 0
	for n := range int64(10) {
		require.NoError(t, w.Add(rowOf(n)))
	}
	require.NoError(t, w.Close())
	path := journalOf(t, dir)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for cut := range 200 {
		require.NoError(t, os.WriteFile(path, whole[:len(whole)-cut], 0o666))
		w := opened(t, dir, campaign(100))
		n := w.Count()
		require.Equal(t, cut == 0, n == 10)
		require.Positive(t, n)
		for k := range int64(10) {
			require.Equal(t, k < n, w.Done(k))
		}
		require.NoError(t, w.Close())
	}
}

func TestOtherCampaignIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(100))
	require.NoError(t, w.Add(rowOf(1)))
	require.NoError(t, w.Close())
	path := journalOf(t, dir)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for says, change := range map[string]func(*Meta){
		"seed 7, not 8":                              func(m *Meta) { m.Seed = 8 },
		"model 4f2a1c, not none of it":               func(m *Meta) { m.Model = "none of it" },
		"build b1d2, not none":                       func(m *Meta) { m.Build = "" },
		"another campaign":                           func(m *Meta) { m.Campaign += " " },
		"version of rampart 0.1.0, not 0.2.0":        func(m *Meta) { m.Version = "0.2.0" },
		"number of faults 100, not 101":              func(m *Meta) { m.Faults = 101 },
		"images or labels aa55, not 0123456789ab...": func(m *Meta) { m.Inputs = strings.Repeat("0123456789abcdef", 4) },
		"miou_drop":                                  func(m *Meta) { m.Thresholds.Drop = 0.5 },
		"another layers":                             func(m *Meta) { m.Layers = m.Layers[1:] },
		"another strata":                             func(m *Meta) { m.Strata[0].Population++ },
		"another looks":                              func(m *Meta) { m.Sequence = &sample.Sequence{Width: 0.1, Confidence: 0.95, First: 10} },
		"shard the whole, not 1 of 3":                func(m *Meta) { m.Shard = Shard{0, 3} },
	} {
		m := campaign(100)
		change(&m)
		_, err := Open(dir, m)
		requireProblem(t, err, path, "another campaign", says, "remove the file")
	}
	m := campaign(100)
	m.Seed, m.Model = 8, "other"
	_, err = Open(dir, m)
	requireProblem(t, err, "model 4f2a1c, not other; seed 7, not 8")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after, "what is kept for another campaign stays")

	w = opened(t, dir, campaign(100))
	_, err = Open(dir, campaign(100))
	requireProblem(t, err, "another run is at work")
	require.NoError(t, w.Close())
}

// A journal with nothing in it is no reason to refuse.
func TestCampaignThatDidNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(100))
	assert.FileExists(t, journalOf(t, dir))
	require.NoError(t, w.Close())
	assert.NoFileExists(t, journalOf(t, dir))
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("x"), 0o666))
	_, err := Open(dir, campaign(10))
	requireProblem(t, err, "holds other files")
	bad := campaign(10)
	bad.Thresholds = Thresholds{}
	_, err = Open(filepath.Join(dir, "out"), bad)
	requireProblem(t, err, "thresholds")
	bad = campaign(0)
	bad.Shard = Shard{1, 4}
	_, err = Open(filepath.Join(dir, "out"), bad)
	requireProblem(t, err, "shard 2 of 4", "no shard can tell")
	bad = campaign(10)
	bad.Shard = Shard{4, 4}
	assert.Panics(t, func() { _, _ = Open(filepath.Join(dir, "out"), bad) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".out.journal"), []byte("a diary"), 0o666))
	_, err = Open(filepath.Join(dir, "out"), campaign(10))
	requireProblem(t, err, "is no journal of rampart's")
}

// Sound frames with rows that cannot be are not ours to mend.
func TestJournalOfNonsense(t *testing.T) {
	for says, wrong := range map[string][]Row{
		"fault 3 twice": {rowOf(3), rowOf(3)}, "fault 10, of 10": {rowOf(10)}, "fault -1, of 10": {func() Row { r := rowOf(1); r.Number = -1; return r }()},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		w := opened(t, dir, campaign(10))
		require.NoError(t, w.journal.Append(w.codec.encode(pointers(wrong))))
		require.NoError(t, w.Close())
		_, err := Open(dir, campaign(10))
		requireProblem(t, err, journalOf(t, dir), "damaged", says)
	}
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(10))
	require.NoError(t, w.journal.Append([]byte("no batch")))
	require.NoError(t, w.Close())
	_, err := Open(dir, campaign(10))
	requireProblem(t, err, "damaged")
}

func TestMistakesOfTheCaller(t *testing.T) {
	m := campaign(10)
	m.Shard = Shard{1, 2}
	w := opened(t, filepath.Join(t.TempDir(), "out"), m)
	require.NoError(t, w.Add(rowOf(1)))
	assert.Panics(t, func() { _ = w.Add(rowOf(1)) }, "twice")
	assert.Panics(t, func() { _ = w.Add(rowOf(2)) }, "another shard's")
	assert.Panics(t, func() { _ = w.Add(rowOf(11)) }, "beyond the end")
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	assert.Panics(t, func() { _ = w.Add(rowOf(3)) }, "closed")
}

func TestFinishNeedsAllRows(t *testing.T) {
	for _, faults := range []int64{0, 10} {
		dir := filepath.Join(t.TempDir(), "out")
		w := opened(t, dir, campaign(faults))
		require.NoError(t, w.Add(rows(0, 4)...))
		require.NoError(t, w.Add(rows(5, 10)...))
		assert.Equal(t, Incomplete{9, 10}, w.Finish(t.Context(), Report{}))
		assert.NoDirExists(t, dir)
		require.NoError(t, w.Add(rowOf(4)))
		require.NoError(t, w.Finish(t.Context(), Report{}))
	}
	w := opened(t, filepath.Join(t.TempDir(), "out"), campaign(0))
	assert.Equal(t, Incomplete{}, w.Finish(t.Context(), Report{}), "a campaign of nothing")
	require.NoError(t, w.Close())
}

// When the folder cannot be written, the rows stay, and the next Finish writes it.
func TestFinishFails(t *testing.T) {
	want := finished(t, filepath.Join(t.TempDir(), "out"), campaign(2000))
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(2000))
	w.runRows = 300
	require.NoError(t, w.Add(rows(0, 2000)...))
	full := func(string) error { return os.WriteFile("/dev/full", []byte("x"), 0o666) }
	requireProblem(t, w.Finish(t.Context(), Report{More: full}), dir, "the disk is full", "free some space")
	boom := errors.New("boom")
	assert.ErrorIs(t, w.Finish(t.Context(), Report{More: func(string) error { return boom }}), boom)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, w.Finish(ctx, Report{}), context.Canceled)
	left, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	assert.Len(t, left, 1, "only the journal")
	require.NoError(t, w.Close())

	w = opened(t, dir, campaign(2000))
	assert.EqualValues(t, 2000, w.Count())
	more := func(aside string) error { return os.WriteFile(filepath.Join(aside, "more.txt"), []byte("more"), 0o666) }
	require.NoError(t, w.Finish(t.Context(), Report{More: more}))
	want["more.txt"] = "more"
	requireSame(t, want, tree(t, dir))
}

// A journal that cannot grow says so, and loses nothing.
func TestJournalDiskFull(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	w := opened(t, dir, campaign(100))
	w.every = 0
	require.NoError(t, w.Add(rows(0, 50)...))
	real := w.journal
	broken := opened(t, filepath.Join(t.TempDir(), "other"), campaign(100))
	require.NoError(t, broken.journal.Close()) // its file takes nothing any more
	w.journal = broken.journal
	err := w.Add(rows(50, 60)...)
	require.ErrorAs(t, err, new(diag.Problem))
	assert.EqualValues(t, 60, w.Count())
	w.journal = real
	require.NoError(t, w.Add(rowOf(60)), "and tries again")
	require.NoError(t, w.Close())
	w = opened(t, dir, campaign(100))
	assert.EqualValues(t, 61, w.Count())
	require.NoError(t, w.Close())
}

// Many rows take a bounded part of memory: here 30000 in runs of 2000.
func TestMemoryIsBounded(t *testing.T) {
	const n = 30000
	w := opened(t, filepath.Join(t.TempDir(), "out"), campaign(n))
	w.runRows = 2000
	for k := range int64(n) {
		require.NoError(t, w.Add(rowOf((k*7919)%n)))
	}
	require.NoError(t, w.flush())
	s := newSorter(w.codec, t.TempDir(), w.runRows)
	most, seen := 0, int64(0)
	require.NoError(t, w.journal.Each(eachRow(w.path, w.codec, func(r *Row) error {
		most = max(most, len(s.rows))
		return s.add(r)
	})))
	assert.Equal(t, 2000, most)
	sorted, err := s.sorted()
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for r, err := range counted(t.Context(), sorted, Shard{}, n) {
		require.NoError(t, err)
		require.Equal(t, seen, r.Number)
		seen++
		if seen == n/2 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			assert.Less(t, after.HeapAlloc, before.HeapAlloc+8<<20, "all of them would take 15 MB")
		}
	}
	assert.EqualValues(t, n, seen)
	require.NoError(t, s.close())
	require.NoError(t, w.Close())
}

// A full disk while rows are sorted is told, and leaves the journal.
func TestSortingDiskFull(t *testing.T) {
	c := newCodec()
	defer c.close()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	require.NoError(t, err)
	s := newSorter(c, t.TempDir(), 100)
	s.file = full
	var failed error
	for n := int64(0); failed == nil && n < 200; n++ {
		r := rowOf(n)
		failed = s.add(&r)
	}
	requireProblem(t, failed, s.dir, "the disk is full")
	require.NoError(t, s.close())
	s = newSorter(c, filepath.Join(t.TempDir(), "nowhere"), 1)
	r := rowOf(1)
	require.NoError(t, s.add(&r))
	requireProblem(t, s.add(&r), "does not exist")
}
