package code

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var widths = []int{1, 2, 3, 4, 5, 8, 9, 13, 16, 24, 26, 32, 57, 64, 72, 128}

var kinds = []Kind{Parity, SECDED, DAEC}

// whole lays a word out as one code word.
func whole(t *testing.T, kind Kind, data int) *Layout {
	t.Helper()
	l, err := NewLayout(Spec{Kind: kind, Width: data})
	require.NoError(t, err)
	require.Len(t, l.Groups, 1)
	require.NoError(t, l.Groups[0].Code.Check())
	return l
}

// samples are words of n bits: zeros, ones, and two at random.
func samples(n int, seed uint64) [][]uint64 {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	words := make([][]uint64, 4)
	for i := range words {
		words[i] = newBits(n)
		for bit := range n {
			if i == 1 || i > 1 && random.IntN(2) == 1 {
				Flip(words[i], bit)
			}
		}
	}
	return words
}

// tally counts what became of flips.
type tally struct{ corrected, detected int }

// exhaust flips every bit and every two bits of stored words of one code word each, and holds the decoder to what the
// kind of code promises.
func exhaust(l *Layout) (single, double tally, err error) {
	for _, data := range samples(l.Width, 1) {
		stored := l.Encode(data)
		for a := range l.Stored() {
			for b := 0; b <= a; b++ {
				flips := []int{b, a}
				count := &double
				if a == b {
					flips, count = flips[:1], &single
				}
				if err := strike(l, data, stored, flips, count); err != nil {
					return single, double, err
				}
			}
		}
	}
	return single, double, nil
}

func strike(l *Layout, data, stored []uint64, flips []int, count *tally) error {
	struck := slices.Clone(stored)
	for _, bit := range flips {
		Flip(struck, bit)
	}
	read, status := l.Decode(struck)
	want := Detected
	switch {
	case l.Kind == Parity && len(flips) == 2:
		want = Clean // two flips escape it
	case l.Kind != Parity && len(flips) == 1, l.Kind == DAEC && flips[1] == flips[0]+1:
		want = Corrected
	}
	if status.Outcomes[0] != want {
		return fmt.Errorf("flips of %v: outcome %d instead of %d", flips, status.Outcomes[0], want)
	}
	switch want {
	case Corrected:
		count.corrected++
		if !slices.Equal(read, data) || !slices.Equal(status.Inverted, flips) {
			return fmt.Errorf("flips of %v: not corrected, bits %v were inverted", flips, status.Inverted)
		}
	case Detected:
		count.detected++
		if status.Inverted != nil {
			return fmt.Errorf("flips of %v: bits %v were inverted", flips, status.Inverted)
		}
	}
	return nil
}

func TestCodesKeepTheirPromises(t *testing.T) {
	for _, kind := range kinds {
		for _, data := range widths {
			t.Run(fmt.Sprint(kind, " ", data), func(t *testing.T) {
				l := whole(t, kind, data)
				single, double, err := exhaust(l)
				require.NoError(t, err)
				n, words := l.Stored(), len(samples(1, 1))
				pairs, neighbours := n*(n-1)/2*words, (n-1)*words
				switch kind {
				case Parity:
					assert.Equal(t, tally{detected: n * words}, single)
				case SECDED:
					assert.Equal(t, tally{corrected: n * words}, single)
					assert.Equal(t, tally{detected: pairs}, double)
				case DAEC:
					assert.Equal(t, tally{corrected: n * words}, single)
					assert.Equal(t, tally{corrected: neighbours, detected: pairs - neighbours}, double)
				}
			})
		}
	}
}

// The (72,64) code that memories have: 72 of 72 single flips are corrected, 2556 of 2556 doubles detected (above), and
// 33588 of 59640 triples miscorrected, 56.3 %; for another choice of columns 33568 are published.
func TestHsiao64(t *testing.T) {
	c := Hsiao(64)
	assert.Equal(t, 72, c.Bits())
	assert.Equal(t, 216, countOnes(c.Columns), "27 a row, the least there is")
	triples, miscorrected := 0, 0
	for k := range c.Columns {
		for j := range k {
			for i := range j {
				triples++
				m := c.Means(c.Columns[i] ^ c.Columns[j] ^ c.Columns[k])
				require.NotEqual(t, Clean, m.Outcome)
				if m.Outcome == Corrected {
					miscorrected++
				}
			}
		}
	}
	assert.Equal(t, 59640, triples)
	assert.Equal(t, 33588, miscorrected)
}

func TestHsiaoIsMinimalAndBalanced(t *testing.T) {
	for data := 1; data <= 300; data++ {
		c := Hsiao(data)
		require.NoError(t, c.Check())
		require.Less(t, 1<<(c.Checks-2), data+c.Checks-1, "fewer check bits have too few columns of odd weight")
		ones := make([]int, c.Checks)
		for _, col := range c.Columns {
			for row := range ones {
				ones[row] += int(col >> row & 1)
			}
		}
		require.LessOrEqual(t, slices.Max(ones)-slices.Min(ones), 1, "%d data bits: %v", data, ones)
		last := bits.OnesCount64(c.Columns[data-1])
		used := 0
		for _, col := range c.Columns {
			if bits.OnesCount64(col) < last {
				used++
			}
		}
		lighter := 0
		for col := range uint64(1) << c.Checks {
			if n := bits.OnesCount64(col); n%2 == 1 && n < last {
				lighter++
			}
		}
		require.Equal(t, lighter, used, "%d data bits: a lighter column is left unused", data)
	}
}

func TestDAECOfAllWidths(t *testing.T) {
	checks := 0
	for data := 1; data <= MaxDAEC; data++ {
		c, err := NewDAEC(data)
		require.NoError(t, err)
		require.GreaterOrEqual(t, c.Checks, checks, "a narrower code has more check bits")
		checks = c.Checks
		if data <= 170 || data%97 == 0 || data == MaxDAEC {
			require.NoError(t, c.Check(), "%d data bits", data)
		}
		if data <= 74 {
			require.LessOrEqual(t, c.Checks, Hsiao(data).Checks+3)
		}
	}
	for _, data := range []int{0, -1, MaxDAEC + 1} {
		_, err := NewDAEC(data)
		assert.ErrorContains(t, err, "there are codes of 1 to 1024")
	}
}

func TestCodes(t *testing.T) {
	assert.Equal(t, []Size{
		{8, 1, 5, 7}, {16, 1, 6, 8}, {32, 1, 7, 9}, {64, 1, 8, 10}, {128, 1, 9, 12}, {256, 1, 10, 14},
	}, Codes())
}

func TestNewRefuses(t *testing.T) {
	for _, kind := range kinds {
		_, err := New(kind, 0)
		assert.ErrorContains(t, err, "0 data bits")
	}
	_, err := New(9, 8)
	assert.EqualError(t, err, "there is no kind 9 of codes")
}

// Both the check and the exhaustive test are shown matrices that break each promise.
func TestSpoiltMatricesAreSeen(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  Kind
		spoil func(columns []uint64)
		check string
	}{
		{"equal columns", SECDED, func(c []uint64) { c[3] = c[9] }, "secded code: bits 3 and 9 have equal columns"},
		{"equal columns", DAEC, func(c []uint64) { c[3] = c[9] }, "daec code: bits 3 and 9 have equal columns"},
		{"even weight", SECDED, func(c []uint64) { c[5] ^= 1 }, "secded code: the column of bit 5 has even weight"},
		{"zero column", Parity, func(c []uint64) { c[2] = 0 }, "parity code: the column of bit 2 is zero"},
		{"pair like a single", DAEC, func(c []uint64) { c[0] = c[1] ^ c[2] }, "flips of bits 0 and 1 look like one of bit 2"},
		{"pair like neighbours", DAEC, func(c []uint64) { c[7] = c[2] ^ c[11] ^ c[12] }, "look like those of"},
	} {
		t.Run(fmt.Sprint(c.name, " ", c.kind), func(t *testing.T) {
			l := whole(t, c.kind, 16)
			good := l.Groups[0].Code
			columns := slices.Clone(good.Columns)
			c.spoil(columns)
			spoilt := build(c.kind, good.Checks, columns)
			assert.ErrorContains(t, spoilt.Check(), c.check)
			l.Groups[0].Code = spoilt
			_, _, err := exhaust(l)
			assert.Error(t, err, "the exhaustive test passes a spoilt matrix")
		})
	}
}

func TestCheckSeesMalformedCodes(t *testing.T) {
	for _, c := range []struct {
		code Code
		want string
	}{
		{Code{Kind: SECDED, Data: 1, Checks: 1, Columns: []uint64{1}}, "1 data bits, 1 check bits and 1 columns"},
		{Code{Kind: SECDED, Data: 1, Checks: 3, Columns: []uint64{0xb, 1, 2, 4}}, "bit 0 has more than 3 rows"},
		{Code{Kind: SECDED, Data: 1, Checks: 3, Columns: []uint64{7, 1, 4, 2}}, "check bit 1 is not its unit vector"},
		{Code{Kind: 7, Data: 1, Checks: 1, Columns: []uint64{1, 1}}, "no such kind"},
	} {
		assert.ErrorContains(t, c.code.Check(), c.want)
	}
}

func TestCorrectionsAgreeWithMeanings(t *testing.T) {
	for _, kind := range kinds {
		for _, data := range widths {
			c, err := New(kind, data)
			require.NoError(t, err)
			inverting := make([]map[uint64]bool, c.Bits())
			for bit := range inverting {
				inverting[bit] = map[uint64]bool{}
				for _, s := range c.Inverting(bit) {
					inverting[bit][s] = true
				}
			}
			corrected := map[uint64]bool{}
			for _, corr := range c.Corrections() {
				corrected[corr.Syndrome] = true
				assert.Equal(t, Meaning{Corrected, corr.First, corr.Count}, c.Means(corr.Syndrome))
				for bit := range inverting {
					assert.Equal(t, corr.First <= bit && bit < corr.First+corr.Count, inverting[bit][corr.Syndrome])
				}
			}
			for s := range uint64(1) << c.Checks {
				assert.Equal(t, corrected[s], c.Means(s).Outcome == Corrected)
			}
		}
	}
}

func TestShortenKeepsPromises(t *testing.T) {
	for _, kind := range kinds {
		c, err := New(kind, 20)
		require.NoError(t, err)
		for n := range 20 {
			s := c.Shorten(n)
			assert.NoError(t, s.Check())
			assert.Equal(t, 20-n, s.Data)
			assert.Equal(t, c.Checks, s.Checks)
		}
		assert.PanicsWithValue(t, "BUG: code: 20 data bits shortened by 20", func() { c.Shorten(20) })
	}
}
