package rt

// State is one register, read port or memory, seen as words of packed bits.
type State interface {
	// Flip inverts a bit of a word.
	Flip(word uint64, bit uint32)
	// Bit tells whether a bit of a word is 1.
	Bit(word uint64, bit uint32) bool
	// Hash adds the packed bytes of all words to an FNV-1a hash.
	Hash(h uint64) uint64
}

// cells are the words of one piece of state, word after word.
type cells[T Lane] struct {
	lanes []T
	width int // lanes of a word
	bits  uint
}

// Cells is the state in lanes, of which each word has width.
func Cells[T Lane](lanes []T, width int, bits uint) State { return cells[T]{lanes, width, bits} }

// Cell is the state in one scalar register.
func Cell[T Lane](v *T, bits uint) State { return cell[T]{v, bits} }

type cell[T Lane] struct {
	v    *T
	bits uint
}

func (c cell[T]) Flip(_ uint64, bit uint32) { *c.v = flip(*c.v, uint(bit), c.bits) }

func (c cell[T]) Hash(h uint64) uint64 {
	u := low(*c.v, c.bits)
	for n := uint(0); n < c.bits; n += 8 {
		h = fnv(h, byte(u>>n))
	}
	return h
}

func (c cells[T]) Flip(word uint64, bit uint32) {
	lane := int(word)*c.width + int(uint(bit)/c.bits)
	c.lanes[lane] = flip(c.lanes[lane], uint(bit)%c.bits, c.bits)
}

func (c cells[T]) Hash(h uint64) uint64 {
	if c.bits == 8 {
		for _, v := range c.lanes {
			h = fnv(h, byte(v))
		}
		return h
	}
	packed := make([]byte, (c.width*int(c.bits)+7)/8)
	for at := 0; at < len(c.lanes); at += c.width {
		for _, b := range Pack(packed, c.lanes[at:at+c.width], c.bits) {
			h = fnv(h, b)
		}
	}
	return h
}

func (c cell[T]) Bit(_ uint64, bit uint32) bool { return uint64(*c.v)>>bit&1 != 0 }

func (c cells[T]) Bit(word uint64, bit uint32) bool {
	lane := int(word)*c.width + int(uint(bit)/c.bits)
	return uint64(c.lanes[lane])>>(uint(bit)%c.bits)&1 != 0
}

func flip[T Lane](v T, bit, bits uint) T { return Wrap[T](uint64(v)^1<<bit, bits) }

// low is the given number of low bits of v.
func low[T Lane](v T, bits uint) uint64 { return uint64(v) & (^uint64(0) >> (64 - bits)) }

// The 64-bit FNV-1a hash.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv(h uint64, b byte) uint64 { return (h ^ uint64(b)) * fnvPrime }

// Hash is the hash of all state.
func Hash(states []State) uint64 {
	h := uint64(fnvOffset)
	for _, s := range states {
		h = s.Hash(h)
	}
	return h
}
