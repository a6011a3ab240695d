package plan

// ring keeps the latest entries of an endless list of times, found by their index in the whole list.
type ring struct {
	buf  []int64 // a power of two
	mask int
}

func newRing(entries int) ring {
	n := 1
	for n < entries {
		n *= 2
	}
	return ring{buf: make([]int64, n), mask: n - 1}
}

func (r *ring) at(i int) int64 { return r.buf[i&r.mask] }

// set puts entry i in place; entries from low on are kept.
func (r *ring) set(low, i int, t int64) {
	if i-low > r.mask {
		r.grow(low, i)
	}
	r.buf[i&r.mask] = t
}

func (r *ring) grow(low, i int) {
	wider := newRing(2 * (i - low + 1))
	for k := low; k < i; k++ {
		wider.buf[k&wider.mask] = r.at(k)
	}
	*r = wider
}
