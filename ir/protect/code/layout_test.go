package code

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachLayout goes through layouts of many shapes.
func eachLayout(t *testing.T, f func(t *testing.T, l *Layout)) {
	for _, kind := range kinds {
		for _, width := range []int{1, 2, 3, 7, 16, 24, 33, 72, 100} {
			for _, group := range []int{0, 1, 5, 8, 16, 64} {
				for _, n := range []int{0, 1, 2, 3, 4, 8} {
					s := Spec{Kind: kind, Width: width, Group: group, Interleave: n, OnError: Reaction((width + n) % 2)}
					t.Run(fmt.Sprintf("%v w%d g%d i%d", kind, width, group, n), func(t *testing.T) {
						l, err := NewLayout(s)
						require.NoError(t, err)
						f(t, l)
					})
				}
			}
		}
	}
}

// Every stored bit is one bit of one code word, data bits lie where they lay, and no group is too long.
func TestLayoutsAreWhole(t *testing.T) {
	eachLayout(t, func(t *testing.T, l *Layout) {
		seen := make([]int, l.Stored())
		checks := 0
		for g := range l.Groups {
			group := &l.Groups[g]
			require.NoError(t, group.Code.Check())
			require.Len(t, group.Bits, group.Code.Bits())
			assert.LessOrEqual(t, len(group.DataBits()), l.Group)
			assert.NotEmpty(t, group.DataBits())
			assert.True(t, slices.IsSorted(group.DataBits()))
			checks += len(group.CheckBits())
			for bit, stored := range group.Bits {
				seen[stored]++
				assert.Equal(t, bit < group.Code.Data, stored < l.Width)
				owner, at := l.Owner(stored)
				assert.Equal(t, [2]int{g, bit}, [2]int{owner, at})
				owner, column := l.Column(stored)
				assert.Equal(t, g, owner)
				for j := range group.Code.Checks {
					assert.Equal(t, column>>j&1 == 1, Bit(l.Mask(g, j), stored))
					assert.Equal(t, column>>j&1 == 1, slices.Contains(group.Entering(j), stored))
				}
			}
		}
		for bit, n := range seen {
			assert.Equal(t, 1, n, "stored bit %d", bit)
		}
		assert.Equal(t, l.Width+checks, l.Stored())
		assert.Equal(t, max((l.Width+l.Group-1)/l.Group, l.Interleave), len(l.Groups), "more groups than needed")
	})
}

// A cluster of as many neighbouring bits as there are interleaved groups hits each once, so that any flips of them are
// corrected; twice as many where two neighbours of a code word are corrected.
func TestClustersAreCorrected(t *testing.T) {
	eachLayout(t, func(t *testing.T, l *Layout) {
		length := l.Interleave
		if l.Kind == DAEC {
			length *= 2
		}
		data := samples(l.Width, 2)[2]
		stored := l.Encode(data)
		for from := range l.Stored() {
			groups := map[int]int{}
			struck := slices.Clone(stored)
			for bit := from; bit < min(from+length, l.Stored()); bit++ {
				Flip(struck, bit)
				g, _ := l.Owner(bit)
				groups[g]++
				if bit < from+l.Interleave {
					require.Equal(t, 1, groups[g], "bits from %d on hit a group twice", from)
				}
				read, status := l.Decode(struck)
				if l.Kind == Parity {
					require.Equal(t, len(groups), status.Detected)
					continue
				}
				require.Equal(t, data, read, "bits %d to %d", from, bit)
				require.Equal(t, len(groups), status.Corrected)
				require.Zero(t, status.Detected)
			}
		}
	})
}

// The same in full for one layout of each shape: every choice of flips within a cluster, not only all of it.
func TestAnyFlipsWithinAClusterAreCorrected(t *testing.T) {
	for _, s := range []Spec{
		{Kind: SECDED, Width: 40, Group: 16, Interleave: 4},
		{Kind: SECDED, Width: 33, Interleave: 8},
		{Kind: DAEC, Width: 40, Group: 8, Interleave: 2},
	} {
		l, err := NewLayout(s)
		require.NoError(t, err)
		data := samples(l.Width, 3)[3]
		stored := l.Encode(data)
		for from := range l.Stored() - s.Interleave + 1 {
			for pattern := range 1 << s.Interleave {
				struck := slices.Clone(stored)
				for i := range s.Interleave {
					if pattern>>i&1 == 1 {
						Flip(struck, from+i)
					}
				}
				read, _ := l.Decode(struck)
				require.Equal(t, data, read)
			}
		}
	}
}

// A cluster that is one longer than promised is not corrected everywhere, so the tests above can fail.
func TestLongerClustersAreNotCorrected(t *testing.T) {
	l, err := NewLayout(Spec{Kind: SECDED, Width: 64, Group: 16, Interleave: 4})
	require.NoError(t, err)
	v := l.Judge([]int{0, 1, 2, 3, 4})
	assert.Equal(t, 1, v.Detected)
	assert.Equal(t, []int{0, 4}, v.Wrong)
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		spec   Spec
		groups []int // data bits
		stored int
	}{
		{Spec{Kind: SECDED, Width: 64}, []int{64}, 72},
		{Spec{Kind: SECDED, Width: 64, Group: 64, Interleave: 2}, []int{32, 32}, 78},
		{Spec{Kind: SECDED, Width: 72, Group: 64}, []int{64, 8}, 72 + 8 + 5},
		{Spec{Kind: SECDED, Width: 256, Group: 64, Interleave: 2}, []int{64, 64, 64, 64}, 288},
		{Spec{Kind: SECDED, Width: 160, Group: 64, Interleave: 2}, []int{54, 53, 53}, 160 + 3*7},
		{Spec{Kind: Parity, Width: 32, Group: 8}, []int{8, 8, 8, 8}, 36},
		{Spec{Kind: Parity, Width: 32}, []int{32}, 33},
		{Spec{Kind: SECDED, Width: 1, Interleave: 4}, []int{1}, 4},
		{Spec{Kind: DAEC, Width: 128, Group: 64}, []int{64, 64}, 148},
	} {
		l, err := NewLayout(c.spec)
		require.NoError(t, err)
		var groups []int
		for i := range l.Groups {
			groups = append(groups, len(l.Groups[i].DataBits()))
		}
		assert.Equal(t, c.groups, groups, "%+v", c.spec)
		assert.Equal(t, c.stored, l.Stored(), "%+v", c.spec)
	}
}

func TestLanesOfParityAreZeroed(t *testing.T) {
	for _, c := range []struct {
		reaction Reaction
		want     []int64
	}{{Flag, []int64{1, -2, 3, 4}}, {Zero, []int64{1, 0, 3, 4}}} {
		l, err := NewLayout(Spec{Kind: Parity, Width: 32, Group: 8, OnError: c.reaction})
		require.NoError(t, err)
		stored := l.Encode(PackLanes([]int64{1, 126, 3, 4}, 8))
		Flip(stored, 15) // the sign of lane 1
		data, status := l.Decode(stored)
		lanes := make([]int64, 4)
		UnpackLanes(lanes, data, 8, true)
		assert.Equal(t, c.want, lanes)
		assert.Equal(t, []Outcome{Clean, Detected, Clean, Clean}, status.Outcomes)
		v := l.Judge([]int{15})
		if c.reaction == Zero {
			assert.Equal(t, []int{8, 9, 10, 11, 12, 13, 14, 15}, v.Zeroed)
			assert.Empty(t, v.Wrong)
		} else {
			assert.Empty(t, v.Zeroed)
			assert.Equal(t, []int{15}, v.Wrong)
		}
	}
}

func TestNewLayoutRefuses(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{}, "0 data bits"},
		{Spec{Width: 8, Group: -1}, "groups of -1"},
		{Spec{Width: 8, Interleave: -1}, "interleave -1"},
		{Spec{Width: 8, OnError: 2}, "reaction 2"},
		{Spec{Width: 8, Kind: 3}, "kind 3"},
		{Spec{Width: 2000, Kind: DAEC}, "there are codes of 1 to 1024"},
	} {
		_, err := NewLayout(c.spec)
		assert.ErrorContains(t, err, c.want)
	}
	l, err := NewLayout(Spec{Width: 2000, Kind: DAEC, Group: 64})
	require.NoError(t, err)
	assert.Panics(t, func() { l.Encode(nil) })
	assert.Panics(t, func() { l.Decode(make([]uint64, 2000/64)) })
}

// FuzzLayout: what is encoded is decoded, bits past the word do not matter, and Judge foretells what Decode does.
func FuzzLayout(f *testing.F) {
	f.Add(uint8(1), uint16(72), uint16(64), uint8(2), false, []byte("words"), []byte{0, 3, 70})
	f.Add(uint8(2), uint16(24), uint16(8), uint8(3), true, []byte{0xff, 0x10}, []byte{1, 2})
	f.Add(uint8(0), uint16(130), uint16(8), uint8(1), true, []byte{7}, []byte{9, 9, 8})
	f.Fuzz(func(t *testing.T, kind uint8, width, group uint16, interleave uint8, zero bool, content, flips []byte) {
		s := Spec{Kind: Kind(kind % 3), Width: int(width)%400 + 1, Group: int(group) % 200, Interleave: int(interleave) % 20}
		if zero {
			s.OnError = Zero
		}
		l, err := NewLayout(s)
		require.NoError(t, err)
		data := newBits(l.Width)
		for i := range l.Width {
			if len(content) > 0 && content[i/8%len(content)]>>(i%8)&1 == 1 {
				Flip(data, i)
			}
		}
		dirty := slices.Clone(data)
		for i := l.Width; i < len(dirty)*64; i++ {
			Flip(dirty, i)
		}
		stored := l.Encode(dirty)
		require.Equal(t, l.Encode(data), stored)
		read, status := l.Decode(stored)
		require.Equal(t, data, read)
		require.Zero(t, status.Corrected+status.Detected)

		var bits []int
		for i, at := range flips {
			bit := (int(at) + 256*i) % l.Stored()
			bits = append(bits, bit)
			Flip(stored, bit)
		}
		read, status = l.Decode(stored)
		v := l.Judge(bits)
		require.Equal(t, status, v.Status)
		want := slices.Clone(data)
		for _, bit := range v.Wrong {
			Flip(want, bit)
		}
		for _, bit := range v.Zeroed {
			if Bit(want, bit) {
				Flip(want, bit)
			}
		}
		require.Equal(t, want, read)
	})
}
