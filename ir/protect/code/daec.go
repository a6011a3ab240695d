package code

import (
	"fmt"
	"math/bits"
	"slices"
)

// MaxDAEC is the greatest number of data bits of a DAEC code.
const MaxDAEC = 1024

// orbits is a path of columns, from which DAEC codes of a number of check bits are cut: multiplication by x modulo a
// polynomial over GF(2) permutes the columns, and every column is reached from one of a few. Column i of the path is
// starts[i mod L] * x^(i div L) for L starts; the path has L*order columns and closes. Where the order is 1 it is a
// plain list that does not close.
//
// What a code promises of a set of flips holds for the set moved on by L as well, so a search for orbits has few pairs
// to look at, and finds longer codes than one that goes column by column. The rows come from searches with random
// polynomials and random starts; of the starts that fit, the one with the fewest new sums of pairs was taken. Those of
// 7 check bits and less were found column by column, for 4 to 6 exhaustively: there are no longer codes.
type orbits struct {
	checks     int
	polynomial uint64
	order      int
	starts     []uint64
}

var daecOrbits = []orbits{
	{4, 0x1f, 1, []uint64{0xf, 0x1, 0x2, 0x4, 0x8}},
	{5, 0x3f, 1, []uint64{0x15, 0xf, 0x1, 0x2, 0x4, 0x8, 0x10}},
	{6, 0x55, 1, []uint64{0x3c, 0x2a, 0x39, 0x27, 0x15, 0xf, 0x1, 0x2, 0x4, 0x8, 0x10, 0x20}},
	{7, 0xff, 1, []uint64{0x7d, 0x45, 0xf, 0x59, 0x7a, 0x5c, 0x6e, 0x1e, 0x2a, 0x1b, 0x2d, 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40}},
	{8, 0x101, 8, []uint64{0xb6, 0x16, 0xb4, 0x95}},
	{9, 0x3ff, 10, []uint64{0x15c, 0x180, 0x24, 0x1fa, 0xac}},
	{10, 0x4d5, 21, []uint64{0x35e, 0x121, 0x21c, 0x209}},
	{11, 0xa9f, 31, []uint64{0x729, 0x46e, 0x5e3, 0x105}},
	{12, 0x1151, 30, []uint64{0x55a, 0x797, 0x96a, 0x691, 0x1be, 0x8ae}},
	{13, 0x25b5, 63, []uint64{0x1572, 0x1a8e, 0x9e5, 0x1b96}},
	{14, 0x7b0d, 127, []uint64{0x26fd, 0x1aad, 0x2e6d}},
	{15, 0xbccf, 315, []uint64{0xc56, 0x4f06}},
	{16, 0x1f907, 168, []uint64{0x26f0, 0x4511, 0x6958, 0xbd2f, 0xc066}},
	{17, 0x2ee89, 585, []uint64{0xf7bf, 0x669e}},
}

// NewDAEC is a SEC-DED-DAEC code for 1 to MaxDAEC data bits: a flip and flips of two neighbours are corrected, all
// other doubles are detected and none is miscorrected. It has as few check bits as any code known here, and of the
// cuts of its path of columns the one with the fewest ones.
//
// The codes of Dutta and Touba ("Multiple bit upset tolerant memory using a selective cycle avoidance based
// SEC-DED-DAEC code", 2007) have as many check bits as SECDED and take many other doubles for neighbours. To rule that
// out takes more: two check bits more than SECDED for 8, 16, 32 and 64 data bits as for most widths up to 74, never
// more than three for these, more above (see Codes).
func NewDAEC(data int) (*Code, error) {
	if data < 1 || data > MaxDAEC {
		return nil, fmt.Errorf("daec code of %d data bits: there are codes of 1 to %d", data, MaxDAEC)
	}
	for _, o := range daecOrbits {
		if columns := o.cut(data); columns != nil {
			return build(DAEC, o.checks, columns), nil
		}
	}
	panic(fmt.Sprintf("BUG: code: no DAEC code of %d data bits", data))
}

// path is all columns.
func (o orbits) path() []uint64 {
	now := slices.Clone(o.starts)
	var columns []uint64
	for range o.order {
		columns = append(columns, now...)
		for i, v := range now {
			v <<= 1
			if v>>uint(o.checks) != 0 {
				v ^= o.polynomial
			}
			now[i] = v
		}
	}
	return columns
}

// cut is a stretch of the path in a basis that makes the last columns those of check bits; nil where there is none
// for so many data bits. A stretch may be walked from either end. Stretches that begin L columns apart differ by the
// basis alone.
func (o orbits) cut(data int) []uint64 {
	n := data + o.checks
	path := o.path()
	if n > len(path) {
		return nil
	}
	begins := len(path) - n + 1
	if o.order > 1 {
		begins = len(o.starts)
		path = append(path, path...)
	}
	var best []uint64
	least := 0
	for range 2 {
		for at := range begins {
			columns := systematic(path[at:at+n], o.checks)
			if columns == nil {
				continue
			}
			if ones := countOnes(columns); best == nil || ones < least {
				best, least = columns, ones
			}
		}
		slices.Reverse(path)
	}
	return best
}

func countOnes(columns []uint64) int {
	ones := 0
	for _, col := range columns {
		ones += bits.OnesCount64(col)
	}
	return ones
}

// systematic changes the basis so that the last r columns are unit vectors; nil where they are dependent.
func systematic(columns []uint64, r int) []uint64 {
	// Gauss-Jordan by rows: row i holds bit i of each of the last r columns, and to the right of them the unit
	// matrix, which becomes their inverse.
	last := columns[len(columns)-r:]
	rows, inverse := make([]uint64, r), units(r)
	for i := range rows {
		for j, col := range last {
			rows[i] |= col >> uint(i) & 1 << uint(j)
		}
	}
	for j := range r {
		pivot := slices.IndexFunc(rows[j:], func(row uint64) bool { return row>>uint(j)&1 == 1 })
		if pivot < 0 {
			return nil
		}
		pivot += j
		rows[j], rows[pivot] = rows[pivot], rows[j]
		inverse[j], inverse[pivot] = inverse[pivot], inverse[j]
		for i := range rows {
			if i != j && rows[i]>>uint(j)&1 == 1 {
				rows[i] ^= rows[j]
				inverse[i] ^= inverse[j]
			}
		}
	}
	changed := make([]uint64, len(columns))
	for c, col := range columns {
		for i, row := range inverse {
			changed[c] |= uint64(bits.OnesCount64(row&col)&1) << uint(i)
		}
	}
	return changed
}
