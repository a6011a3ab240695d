package code

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// longest extends columns, the last of which are check bits, downward by one at a time in every way there is, and
// gives the greatest number of data bits.
func longest(columns []uint64, checks int) int {
	most := len(columns) - checks
	for col := uint64(1); col < 1<<checks; col++ {
		if longer := append([]uint64{col}, columns...); build(DAEC, checks, longer).Check() == nil {
			most = max(most, longest(longer, checks))
		}
	}
	return most
}

// For few check bits all codes can be tried: none is longer than those of the table.
func TestDAECIsTheShortestThereIs(t *testing.T) {
	for _, o := range daecOrbits {
		if o.checks > 6 {
			break
		}
		data := len(o.path()) - o.checks
		assert.Equal(t, data, longest(units(o.checks), o.checks), "%d check bits", o.checks)
		c, err := NewDAEC(data)
		require.NoError(t, err)
		assert.Equal(t, o.checks, c.Checks)
	}
	// SECDED has 3 check bits for one data bit; that many are too few here for any.
	assert.Zero(t, longest(units(3), 3))
}

// The rows of the table are used to their ends.
func TestDAECTable(t *testing.T) {
	ends := []int{1, 2, 6, 11, 24, 41, 74, 113, 168, 239, 367, 615, 824, MaxDAEC}
	require.Len(t, daecOrbits, len(ends))
	for i, o := range daecOrbits {
		if o.checks < 17 {
			assert.Equal(t, ends[i], len(o.path())-o.checks)
			c, err := NewDAEC(ends[i] + 1)
			require.NoError(t, err)
			assert.Equal(t, o.checks+1, c.Checks)
		}
		c, err := NewDAEC(ends[i])
		require.NoError(t, err)
		assert.Equal(t, o.checks, c.Checks)
	}
}

// search draws orbits of a given shape at random until their path is a DAEC code all along, and again where it closes.
func search(random *rand.Rand, checks, starts, order, tries int) (orbits, bool) {
	for range tries {
		o := orbits{checks: checks, polynomial: 1<<checks | random.Uint64N(1<<(checks-1))<<1 | 1, order: order}
		one := orbits{checks: checks, polynomial: o.polynomial, order: order + 1, starts: []uint64{1}}.path()
		if slices.Index(one[1:], 1) != order-1 {
			continue
		}
		for range starts {
			candidates := random.Perm(1<<checks - 1)
			at := slices.IndexFunc(candidates, func(v int) bool {
				longer := o
				longer.starts = append(slices.Clone(o.starts), uint64(v+1))
				return fits(longer)
			})
			if at < 0 {
				break
			}
			o.starts = append(o.starts, uint64(candidates[at]+1))
		}
		if len(o.starts) == starts && o.cut(starts*order-checks) != nil {
			if closes(append(o.path(), o.starts...), starts*order) {
				return o, true
			}
		}
	}
	return orbits{}, false
}

// fits tells whether orbits that are not all there yet keep what is promised; the step from the last start to the
// next orbit's first does not count yet.
func fits(o orbits) bool {
	path := o.path()
	lower := map[uint64]bool{}
	for i := range path {
		if (i+1)%len(o.starts) != 0 {
			lower[path[i]^path[i+1]] = true
		}
	}
	return pairsApart(path, lower)
}

// closes tells whether a path of n columns keeps what is promised all round.
func closes(path []uint64, n int) bool {
	lower := map[uint64]bool{}
	for i := range n {
		lower[path[i]^path[i+1]] = true
	}
	return pairsApart(path[:n], lower)
}

func pairsApart(columns []uint64, lower map[uint64]bool) bool {
	single := map[uint64]bool{0: true}
	for _, col := range columns {
		if single[col] {
			return false
		}
		single[col] = true
	}
	delete(single, 0)
	met := map[uint64]bool{}
	for j, b := range columns {
		for _, a := range columns[:j] {
			s := a ^ b
			if single[s] || lower[s] && met[s] {
				return false
			}
			met[s] = true
		}
	}
	return true
}

// A search like the one that the table comes from finds a code of 24 data bits and 8 check bits, as long as the table's.
func TestSearchFindsWhatTheTableHas(t *testing.T) {
	o, found := search(rand.New(rand.NewPCG(1, 1)), 8, 4, 8, 20000)
	require.True(t, found)
	columns := o.cut(24)
	require.NotNil(t, columns)
	assert.NoError(t, build(DAEC, 8, columns).Check())
}
