package fault

// Layout is how the words of a memory lie in its physical array. Interleaved words keep neighbours in a row
// from being bits of one word, so that one particle upsets several words by a bit each, which a code
// corrects, rather than several bits of one word:
//
//	row    = word div Interleave
//	column = bit*Interleave + word mod Interleave
//
// Vendors do not publish the interleaving of their block RAMs; campaigns sweep it. A register is a row of its
// own, and its bits are neighbours.
type Layout struct {
	Words      int64
	Bits       int
	Interleave int
}

// LayoutOf is the layout of a store.
func LayoutOf(s *Store, interleave int) Layout {
	if s.Register {
		interleave = 1
	}
	return Layout{s.Words, s.Bits, interleave}
}

// Cell is where a bit lies.
func (l Layout) Cell(word int64, bit int) (row, column int64) {
	k := int64(l.Interleave)
	return word / k, int64(bit)*k + word%k
}

// At is the bit that lies at a place; ok is false where none does.
func (l Layout) At(row, column int64) (word int64, bit int, ok bool) {
	k := int64(l.Interleave)
	if row < 0 || column < 0 || column >= k*int64(l.Bits) {
		return 0, 0, false
	}
	word, bit = row*k+column%k, int(column/k)
	return word, bit, word < l.Words
}
