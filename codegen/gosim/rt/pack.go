package rt

// Pack writes lanes of the given width into dst, lane 0 in the lowest bits, bytes little-endian, and
// returns dst, which must have ceil(width/8) bytes.
func Pack[T Lane](dst []byte, lanes []T, bits uint) []byte {
	if bits == 8 {
		for i, v := range lanes {
			dst[i] = byte(v)
		}
		return dst
	}
	clear(dst)
	pos := uint(0)
	for _, v := range lanes {
		u := uint64(v) & (^uint64(0) >> (64 - bits))
		for left := bits; left > 0; {
			n := min(left, 8-pos&7)
			dst[pos>>3] |= byte(u << (pos & 7))
			u >>= n
			pos, left = pos+n, left-n
		}
	}
	return dst
}

// Unpack reads lanes of the given width from packed bytes.
func Unpack[T Lane](lanes []T, bits uint, src []byte) {
	if bits == 8 && size[T]() == 8 {
		for i := range lanes {
			lanes[i] = T(src[i])
		}
		return
	}
	pos := uint(0)
	for l := range lanes {
		var u uint64
		for got := uint(0); got < bits; {
			n := min(bits-got, 8-pos&7)
			u |= uint64(src[pos>>3]>>(pos&7)) & (1<<n - 1) << got
			pos, got = pos+n, got+n
		}
		lanes[l] = Wrap[T](u, bits)
	}
}

// Put writes the packed bits of src, lanes of so many bits, into words from bit pos on. They and all that
// follows must be zero there, and a word must follow the last one written.
func Put[T Lane](words []uint64, pos uint, src []T, bits uint) {
	at, have := pos/64, pos%64
	acc, low := words[at], ^uint64(0)>>(64-bits)
	for _, v := range src {
		u := uint64(v) & low
		acc |= u << have
		if have += bits; have >= 64 {
			words[at] = acc
			at++
			have -= 64
			acc = u >> (bits - have)
		}
	}
	words[at] = acc
}

// Get reads lanes of so many bits from words, from bit pos on; a word must follow the last one read.
func Get[T Lane](dst []T, bits uint, words []uint64, pos uint) {
	if bits == 1 {
		spread(dst, words, pos)
		return
	}
	for i := range dst {
		q, s := pos/64, pos%64
		dst[i] = Wrap[T](words[q]>>s|words[q+1]<<(64-s), bits)
		pos += bits
	}
}

// spread is Get of single bits.
func spread[T Lane](dst []T, words []uint64, pos uint) {
	u := words[pos/64] >> (pos % 64)
	for i := range dst {
		dst[i] = Wrap[T](u&1, 1)
		u >>= 1
		if pos++; pos%64 == 0 {
			u = words[pos/64]
		}
	}
}

// Load fills lanes from their little-endian bytes, as many each as a T has.
func Load[T Lane](lanes []T, image string) {
	each := int(size[T]() / 8)
	for i := range lanes {
		var u uint64
		for b := range each {
			u |= uint64(image[i*each+b]) << (8 * b)
		}
		lanes[i] = T(u)
	}
}
