package access

import (
	"iter"
	"math"
)

// Use is one access to a word through a port. Words lie below the memory's depth, those that are asked for too.
type Use struct {
	Cycle   int64
	Word    int
	Ordinal int64 // among the port's uses, from 0
}

// Last is the last use of a word in a cycle at or before the given one; false where there is none.
func (p *Port) Last(word int, cycle int64) (Use, bool) {
	for i := p.blockAt(cycle); i >= 0; i-- {
		found, ok := Use{}, false
		for r := range p.runs(i) {
			if r.cycle > cycle {
				break
			}
			if n, hit := r.last(int64(word), p.depth, cycle); hit {
				found, ok = r.use(n, p.depth), true
			}
		}
		if ok {
			return found, true
		}
	}
	return Use{}, false
}

// Next is the first use of a word in a cycle after the given one; false where there is none.
func (p *Port) Next(word int, cycle int64) (Use, bool) {
	for u := range p.Between(word, cycle, math.MaxInt64) {
		return u, true
	}
	return Use{}, false
}

// Between is the uses of a word in cycles after the first one given, up to and including the other, in their
// order.
func (p *Port) Between(word int, after, to int64) iter.Seq[Use] {
	return func(yield func(Use) bool) {
		for i := max(0, p.blockAt(after)); i < len(p.blocks) && p.blocks[i].cycle <= to; i++ {
			for r := range p.runs(i) {
				for n, ok := r.first(int64(word), p.depth, after); ok; n, ok = r.again(n, p.depth) {
					if u := r.use(n, p.depth); u.Cycle > to || !yield(u) {
						return
					}
				}
				if r.cycle > to {
					return
				}
			}
		}
	}
}

// All is every use, in order.
func (p *Port) All() iter.Seq[Use] {
	return func(yield func(Use) bool) {
		for i := range p.blocks {
			for r := range p.runs(i) {
				for n := range r.n {
					if !yield(r.use(n, p.depth)) {
						return
					}
				}
			}
		}
	}
}

// run is uses a fixed number of cycles and of words apart, words modulo the depth.
type run struct {
	cycle, word, ordinal int64 // of the first
	n                    int64
	dCycle, dWord        int64 // dWord from 0 to below the depth
}

func (r *run) use(n, depth int64) Use {
	return Use{r.cycle + n*r.dCycle, int((r.word + n*r.dWord) % depth), r.ordinal + n}
}

// runs are the runs of a block.
func (p *Port) runs(i int) iter.Seq[*run] {
	return func(yield func(*run) bool) {
		b := &p.blocks[i]
		in := varints{buf: p.cache.get(b)}
		r := run{ordinal: b.ordinal}
		cycle, word := b.cycle, int64(0) // of the use before
		for in.at < len(in.buf) {
			r.cycle = cycle + in.next()
			r.word = within(word+in.signed(), p.depth)
			if r.n, r.dCycle, r.dWord = in.next()+1, 0, 0; r.n > 1 {
				r.dCycle, r.dWord = in.next()+1, within(in.signed(), p.depth)
			}
			if !yield(&r) {
				return
			}
			cycle, word = r.cycle, r.word
			if r.n > 1 {
				cycle, word = cycle+(r.n-1)*r.dCycle, (word+(r.n-1)*r.dWord)%p.depth
			}
			r.ordinal += r.n
		}
	}
}

// varints reads numbers of which each is known to be there.
type varints struct {
	buf []byte
	at  int
}

func (v *varints) next() int64 {
	u := uint64(v.buf[v.at])
	v.at++
	if u < 0x80 {
		return int64(u)
	}
	u &= 0x7f
	for shift := 7; ; shift += 7 {
		b := v.buf[v.at]
		v.at++
		if u |= uint64(b&0x7f) << shift; b < 0x80 {
			return int64(u)
		}
	}
}

func (v *varints) signed() int64 {
	u := uint64(v.next())
	return int64(u>>1) ^ -int64(u&1)
}

// within is a modulo n, where it is no more than n away from that.
func within(a, n int64) int64 {
	switch {
	case a < 0:
		return a + n
	case a >= n:
		return a - n
	}
	return a
}

func mod(a, n int64) int64 { return (a%n + n) % n }

// first is the first use of a word after a cycle.
func (r *run) first(word, depth, cycle int64) (int64, bool) {
	from := int64(0)
	if cycle >= r.cycle {
		if r.n == 1 {
			return 0, false
		}
		from = (cycle-r.cycle)/r.dCycle + 1
	}
	n, period, ok := r.meets(word, depth)
	if ok && n < from {
		n += (from - n + period - 1) / period * period
	}
	return n, ok && n < r.n
}

// last is the last use of a word at or before a cycle, which is not before the run's.
func (r *run) last(word, depth, cycle int64) (int64, bool) {
	to := r.n - 1
	if to > 0 {
		to = min(to, (cycle-r.cycle)/r.dCycle)
	}
	n, period, ok := r.meets(word, depth)
	if !ok || n > to {
		return 0, false
	}
	return n + (to-n)/period*period, true
}

// again is the next use of the word of use n.
func (r *run) again(n, depth int64) (int64, bool) {
	n += depth / gcd(r.dWord, depth)
	return n, n < r.n
}

// meets solves word + n*dWord = the given word, modulo the depth: the least n from 0 and the distance to the
// next.
func (r *run) meets(word, depth int64) (n, period int64, ok bool) {
	off := within(word-r.word, depth)
	switch {
	case off == 0:
		return 0, depth / gcd(r.dWord, depth), true
	case r.n == 1 || r.dWord == 0:
		return 0, 0, false
	case r.dWord == 1:
		return off, depth, true
	}
	g := gcd(r.dWord, depth)
	if off%g != 0 {
		return 0, 0, false
	}
	period = depth / g
	return off / g * inverse(r.dWord/g, period) % period, period, true
}

// gcd of a and b > 0; of 0 it is b.
func gcd(a, b int64) int64 {
	for a != 0 {
		a, b = b%a, a
	}
	return b
}

// inverse of a modulo n, which have no common divisor.
func inverse(a, n int64) int64 {
	x, next, rest, div := int64(0), int64(1), n, mod(a, n)
	for div != 0 {
		q := rest / div
		x, next = next, x-q*next
		rest, div = div, rest-q*div
	}
	return mod(x, n)
}
