package rtl

// Bytes is the size of a packed value of t: ceil(width/8).
func (t Type) Bytes() int { return (t.Width() + 7) / 8 }

// Pack writes the lanes of a value of type t into dst, which has t.Bytes() bytes: lane 0 in the lowest
// bits, bytes little-endian, bits past the width zero.
func (t Type) Pack(dst []byte, lanes []int64) {
	clear(dst)
	t.PackAt(dst, lanes, 0)
}

// PackAt writes the lanes of a value of type t into dst from bit pos on, where bits must be zero.
func (t Type) PackAt(dst []byte, lanes []int64, pos int) {
	for _, v := range lanes {
		u := uint64(v) << uint(64-t.Bits) >> uint(64-t.Bits)
		for left := t.Bits; left > 0; {
			n := min(left, 8-pos&7)
			dst[pos>>3] |= byte(u << uint(pos&7))
			u >>= uint(n)
			pos, left = pos+n, left-n
		}
	}
}

// Unpack reads the lanes of a packed value of type t, each in its canonical form (Type.Wrap).
func (t Type) Unpack(lanes []int64, src []byte) { t.UnpackAt(lanes, src, 0) }

// UnpackAt reads the lanes of a value of type t whose packed bits begin at a bit of src.
func (t Type) UnpackAt(lanes []int64, src []byte, pos int) {
	for l := range lanes {
		var u uint64
		for got := 0; got < t.Bits; {
			n := min(t.Bits-got, 8-pos&7)
			u |= uint64(src[pos>>3]>>uint(pos&7)) & (1<<uint(n) - 1) << uint(got)
			pos, got = pos+n, got+n
		}
		lanes[l] = t.Wrap(int64(u))
	}
}
