package result

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sharded is a campaign's shard.
func sharded(n, index, of int64) Meta {
	m := campaign(n)
	m.Shard = Shard{index, of}
	return m
}

func TestMergeIsTheWhole(t *testing.T) {
	for _, c := range []struct{ n, of int64 }{{3000, 4}, {3, 3}, {100, 1}} {
		t.Run(fmt.Sprintf("%d in %d", c.n, c.of), func(t *testing.T) {
			dir := t.TempDir()
			want := finished(t, filepath.Join(dir, "whole"), campaign(c.n))
			var shards []string
			for i := range c.of {
				shard := filepath.Join(dir, fmt.Sprint("shard", i))
				m := sharded(c.n, i, c.of)
				switch i % 3 {
				case 0:
					finished(t, shard, m)
				case 1: // the file alone
					finished(t, shard, m)
					shard = filepath.Join(shard, ResultsFile)
				case 2: // has all rows, was killed before its folder was there
					w := opened(t, shard, m)
					for k := m.Shard.Count(c.n) - 1; k >= 0; k-- {
						require.NoError(t, w.Add(rowOf(m.Shard.Number(k))))
					}
					require.NoError(t, w.Close())
				}
				shards = append([]string{shard}, shards...)
			}
			out := filepath.Join(dir, "merged")
			require.NoError(t, Merge(t.Context(), out, Report{}, shards...))
			requireSame(t, want, tree(t, out))
			if c.of > 3 {
				assert.FileExists(t, journalOf(t, filepath.Join(dir, "shard2")), "shards are left as they are")
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for i := range int64(3) {
		finished(t, at(fmt.Sprint("s", i)), sharded(50, i, 3))
	}
	finished(t, at("of4"), sharded(50, 3, 4))
	finished(t, at("whole"), campaign(50))
	finished(t, at("longer"), sharded(60, 2, 3))
	seeded := sharded(50, 2, 3)
	seeded.Seed = 8
	finished(t, at("seeded"), seeded)
	w := opened(t, at("begun"), sharded(50, 2, 3))
	require.NoError(t, w.Add(rowOf(2), rowOf(8)))
	require.NoError(t, w.Close())
	open := opened(t, at("open"), campaign(0))
	require.NoError(t, open.Add(rowOf(0)))
	require.NoError(t, open.Close())

	for name, c := range map[string]struct {
		shards []string
		says   []string
	}{
		"nothing":          {nil, []string{"nothing to merge"}},
		"a gap":            {[]string{"s0", "s2"}, []string{"shard 2 of 3 of the campaign is missing"}},
		"two gaps":         {[]string{"s1"}, []string{"shard 1 of 3, 3 of 3 of the campaign is missing"}},
		"an overlap":       {[]string{"s0", "s1", "s2", "s1"}, []string{"s1", "is shard 2 of 3, and so is"}},
		"other shards":     {[]string{"s0", "s1", "of4"}, []string{"is shard 4 of 4, and", "is shard 1 of 3"}},
		"the whole and":    {[]string{"whole", "s1"}, []string{"is shard 2 of 3, and", "is shard the whole"}},
		"other seed":       {[]string{"s0", "s1", "seeded"}, []string{"another campaign", "seed 8, not 7"}},
		"other length":     {[]string{"s0", "s1", "longer"}, []string{"number of faults 60, not 50"}},
		"not finished":     {[]string{"s0", "s1", "begun"}, []string{".begun.journal", "has 2 of 16 faults; fault 5 is the first that is missing"}},
		"open":             {[]string{"open"}, []string{".open.journal", "is not finished"}},
		"not there":        {[]string{"s0", "s1", "nowhere"}, []string{"nowhere", "there is no such file"}},
		"several at fault": {[]string{"s0", "seeded", "longer"}, []string{"seeded", "longer"}},
	} {
		t.Run(name, func(t *testing.T) {
			before := tree(t, dir)
			var shards []string
			for _, s := range c.shards {
				shards = append(shards, at(s))
			}
			requireProblem(t, Merge(t.Context(), at("merged"), Report{}, shards...), c.says...)
			requireSame(t, before, tree(t, dir))
		})
	}
	require.NoError(t, os.Mkdir(at("mine"), 0o777))
	require.NoError(t, os.WriteFile(at("mine/x"), nil, 0o666))
	requireProblem(t, Merge(t.Context(), at("mine"), Report{}, at("whole")), "holds other files")
	requireProblem(t, Merge(t.Context(), at("merged"), Report{}, at("mine/x")), "is no Parquet file")
}

func TestShard(t *testing.T) {
	for _, s := range []Shard{{}, {0, 1}, {0, 3}, {2, 3}, {6, 7}} {
		for n := range int64(30) {
			var want []int64
			for k := range n {
				if s.Has(k) {
					want = append(want, k)
				}
			}
			var got []int64
			for k := range s.Count(n) {
				got = append(got, s.Number(k))
			}
			require.Equal(t, want, got, "%v below %d", s, n)
		}
		var back Shard
		require.NoError(t, back.parse(s.String()))
		assert.Equal(t, s.whole(), back.whole())
		if !s.whole() {
			assert.Equal(t, s, back)
		}
	}
	for _, text := range []string{"", "1", "0 of 3", "4 of 3", "1 of 1", "1 of 3 ", "+1 of 3"} {
		assert.Error(t, new(Shard).parse(text), text)
	}
}

func TestFirstMissing(t *testing.T) {
	for _, s := range []Shard{{}, {1, 3}} {
		var b bitmap
		m := sharded(400, s.Index, s.Of)
		for k := range s.Count(400) {
			assert.Equal(t, s.Number(k), b.first(s, 400))
			require.NoError(t, b.mark("", &m, s.Number(k)))
		}
		assert.EqualValues(t, 400, b.first(s, 400))
	}
}
