package fault

import "slices"

// What only tests ask for: the bits of a population in order, store after store, word after word, bit after bit from the
// least significant, and whether campaigns are equal.

// Bits is how many bits there are.
func (p *Population) Bits() (n int64) {
	for _, s := range p.Stores {
		n += s.Words * int64(s.Bits)
	}
	return n
}

// Site is bit number i.
func (p *Population) Site(i int64) Site {
	k := 0
	for ; i >= p.Stores[k].Words*int64(p.Stores[k].Bits); k++ {
		i -= p.Stores[k].Words * int64(p.Stores[k].Bits)
	}
	bits := int64(p.Stores[k].Bits)
	return Site{Store: k, Word: i / bits, Bit: int(i % bits)}
}

// Index is the number of a bit.
func (p *Population) Index(s Site) int64 {
	before := Population{Stores: p.Stores[:s.Store]}
	return before.Bits() + s.Word*int64(p.Stores[s.Store].Bits) + int64(s.Bit)
}

// Equal tells whether two campaigns are the same, wherever they were written.
func (c *Campaign) Equal(d *Campaign) bool { return slices.Equal(Print(c), Print(d)) }
