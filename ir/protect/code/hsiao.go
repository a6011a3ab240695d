package code

import (
	"fmt"
	"math/bits"
	"slices"
)

// Hsiao is the SECDED code of odd-weight columns for so many data bits, at least one (M. Y. Hsiao, "A class of optimal
// minimum odd-weight-column SEC-DED codes", 1970). It has the least number of check bits, the least number of ones in
// its matrix, and rows whose numbers of ones differ by at most one. Columns ascend in weight, then in value.
func Hsiao(data int) *Code {
	if data < 1 {
		panic(fmt.Sprintf("BUG: code: Hsiao of %d data bits", data))
	}
	checks := hsiaoChecks(data)
	var columns []uint64
	for weight := 3; len(columns) < data; weight += 2 {
		columns = append(columns, balanced(checks, weight, data-len(columns))...)
	}
	return build(SECDED, checks, append(columns, units(checks)...))
}

// hsiaoChecks is the least number of rows with enough columns of odd weight, of which there are 2^(r-1).
func hsiaoChecks(data int) int {
	r := 2
	for 1<<uint(r-1) < data+r {
		r++
	}
	return r
}

// units is the columns of so many check bits.
func units(checks int) []uint64 {
	columns := make([]uint64, checks)
	for j := range columns {
		columns[j] = 1 << uint(j)
	}
	return columns
}

// balanced chooses n columns of so many rows and of one weight, or all where there are fewer, with rows whose numbers
// of ones differ by at most one.
//
// It begins with the least columns. As long as row a has at least two ones more than row b, more columns have a and
// not b than the other way round, so one of them can have its one moved from a to b and is still unlike all others.
// The sum of squares of the rows falls with every move, so this ends.
func balanced(rows, weight, n int) []uint64 {
	columns := make([]uint64, 0, n)
	taken := map[uint64]bool{}
	ones := make([]int, rows)
	for col := uint64(1)<<uint(weight) - 1; len(columns) < n && bits.Len64(col) <= rows; col = nextOfWeight(col) {
		columns = append(columns, col)
		taken[col] = true
		for v := col; v != 0; v &= v - 1 {
			ones[bits.TrailingZeros64(v)]++
		}
	}
	for {
		a, b := slices.Index(ones, slices.Max(ones)), slices.Index(ones, slices.Min(ones))
		if ones[a]-ones[b] < 2 {
			break
		}
		i := slices.IndexFunc(columns, func(col uint64) bool {
			return col>>uint(a)&1 == 1 && col>>uint(b)&1 == 0 && !taken[col^1<<uint(a)^1<<uint(b)]
		})
		delete(taken, columns[i])
		columns[i] ^= 1<<uint(a) ^ 1<<uint(b)
		taken[columns[i]] = true
		ones[a]--
		ones[b]++
	}
	slices.Sort(columns)
	return columns
}

// nextOfWeight is the least number above v with as many ones (Gosper).
func nextOfWeight(v uint64) uint64 {
	low := v & -v
	ripple := v + low
	return (v^ripple)>>2/low | ripple
}
