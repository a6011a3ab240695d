package functional

import "math/bits"

// marks says at which pixels a value may differ from the golden one: at no others does it.
type marks struct {
	width, words int // of a row
	bits         []uint64
	lo, hi       int // rows lo <= y < hi hold all marks
}

func newMarks(h, w int) marks {
	words := (w + 63) / 64
	return marks{width: w, words: words, bits: make([]uint64, h*words)}
}

func (m *marks) any() bool { return m.lo < m.hi }

func (m *marks) row(y int) []uint64 { return m.bits[y*m.words:][:m.words] }

// rows makes room for marks in rows lo to hi.
func (m *marks) rows(lo, hi int) {
	if m.lo >= m.hi {
		m.lo, m.hi = lo, hi
		return
	}
	m.lo, m.hi = min(m.lo, lo), max(m.hi, hi)
}

func (m *marks) set(y, x int) {
	m.bits[y*m.words+x>>6] |= 1 << (x & 63)
	m.rows(y, y+1)
}

func (m *marks) get(y, x int) bool { return m.bits[y*m.words+x>>6]>>(x&63)&1 != 0 }

// bitsFrom is the marks of up to 64 pixels from x on.
func (m *marks) bitsFrom(y, x int) uint64 {
	row, shift := m.row(y)[x>>6:], x&63
	b := row[0] >> shift
	if shift > 0 && len(row) > 1 {
		b |= row[1] << (64 - shift)
	}
	return b
}

// put adds marks from x on. None lies outside the row.
func (m *marks) put(y, x int, b uint64) {
	row, shift := m.row(y)[x>>6:], x&63
	row[0] |= b << shift
	if shift > 0 && len(row) > 1 {
		row[1] |= b >> (64 - shift)
	}
	m.rows(y, y+1)
}

// or adds the marks of another value of the same size.
func (m *marks) or(other *marks) {
	if !other.any() {
		return
	}
	m.rows(other.lo, other.hi)
	to := m.bits[other.lo*m.words : other.hi*m.words]
	for i, b := range other.bits[other.lo*m.words : other.hi*m.words] {
		to[i] |= b
	}
}

func (m *marks) clear() {
	if m.any() {
		clear(m.bits[m.lo*m.words : m.hi*m.words])
	}
	m.lo, m.hi = 0, 0
}

// span is the first marked pixel of row y and the one behind the last; 0, 0 where there is none.
func (m *marks) span(y int) (lo, hi int) {
	row := m.row(y)
	for i, b := range row {
		if b == 0 {
			continue
		}
		lo = i*64 + bits.TrailingZeros64(b)
		for j := len(row) - 1; ; j-- {
			if row[j] != 0 {
				return lo, j*64 + bits.Len64(row[j])
			}
		}
	}
	return 0, 0
}

// columns is the range of the marked columns of rows top <= y < bottom.
func (m *marks) columns(top, bottom int) (lo, hi int) {
	lo = m.width
	for y := top; y < bottom; y++ {
		if from, to := m.span(y); from < to {
			lo, hi = min(lo, from), max(hi, to)
		}
	}
	return lo, hi
}

// each calls f for every marked pixel of row y.
func (m *marks) each(y int, f func(x int)) {
	for i, b := range m.row(y) {
		for ; b != 0; b &= b - 1 {
			f(i*64 + bits.TrailingZeros64(b))
		}
	}
}

func (m *marks) unset(y, x int) { m.bits[y*m.words+x>>6] &^= 1 << (x & 63) }

// more tells whether there are more marks than n.
func (m *marks) more(n int) bool {
	for _, b := range m.bits[m.lo*m.words : m.hi*m.words] {
		if n -= bits.OnesCount64(b); n < 0 {
			return true
		}
	}
	return false
}

// count is the number of marks.
func (m *marks) count() int {
	n := 0
	for _, b := range m.bits[m.lo*m.words : m.hi*m.words] {
		n += bits.OnesCount64(b)
	}
	return n
}

// addDiff marks the pixels from <= x < to of row y of which one of so many channels differs: diff has a bit for
// each of the step elements of each pixel, and the channels begin with that number.
func (m *marks) addDiff(diff []uint64, y, from, to, step, channel, channels int) {
	some := uint64(0)
	for _, b := range diff {
		some |= b
	}
	if some == 0 {
		return
	}
	row := m.row(y)
	found := uint64(0)
	if 64%step == 0 {
		per := 64 / step
		mask := uint64(1)<<channels - 1
		if channels == 64 {
			mask = ^uint64(0)
		}
		for i, b := range diff {
			if b == 0 {
				continue
			}
			for p := from + i*per; b != 0; p++ {
				if b>>channel&mask != 0 {
					row[p>>6] |= 1 << (p & 63)
					found = 1
				}
				b >>= step & 63
				if step == 64 {
					break
				}
			}
		}
	} else {
		for i, b := range diff {
			for ; b != 0; b &= b - 1 {
				k := i*64 + bits.TrailingZeros64(b)
				if ch := k%step - channel; ch >= 0 && ch < channels {
					p := from + k/step
					row[p>>6] |= 1 << (p & 63)
					found = 1
				}
			}
		}
	}
	if found != 0 {
		m.rows(y, y+1)
	}
}

// runs calls f for the stretches of marked pixels of row y, of which those with fewer than so many pixels between
// them are one.
func (m *marks) runs(y, apart int, f func(lo, hi int)) {
	lo, hi := 0, 0
	for i, b := range m.row(y) {
		for b != 0 {
			from := bits.TrailingZeros64(b)
			to := from + bits.TrailingZeros64(^(b >> from))
			if to < 64 {
				b = b >> to << to
			} else {
				b = 0
			}
			from, to = from+i*64, to+i*64
			if from-hi < apart && hi > lo {
				hi = to
				continue
			}
			if hi > lo {
				f(lo, hi)
			}
			lo, hi = from, to
		}
	}
	if hi > lo {
		f(lo, hi)
	}
}
