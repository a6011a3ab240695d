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

// Repack reads the packed bits of src, lanes of srcBits, as the lanes of dst, of dstBits each.
func Repack[D, S Lane](dst []D, dstBits uint, src []S, srcBits uint) {
	switch {
	case dstBits == 1:
		expand(dst, src, srcBits)
		return
	case srcBits == 1:
		gather(dst, dstBits, src)
		return
	}
	l, at := 0, uint(0) // the lane and the bit that come next
	for d := range dst {
		var u uint64
		for got := uint(0); got < dstBits; {
			n := min(dstBits-got, srcBits-at)
			u |= uint64(src[l]) >> at & (^uint64(0) >> (64 - n)) << got
			got += n
			if at += n; at == srcBits {
				l, at = l+1, 0
			}
		}
		dst[d] = Wrap[D](u, dstBits)
	}
}

// expand is Repack to lanes of one bit.
func expand[D, S Lane](dst []D, src []S, srcBits uint) {
	d := 0
	for _, v := range src {
		u := uint64(v)
		for range srcBits {
			dst[d] = Wrap[D](u&1, 1)
			u >>= 1
			d++
		}
	}
}

// gather is Repack from lanes of one bit.
func gather[D, S Lane](dst []D, dstBits uint, src []S) {
	for d := range dst {
		var u uint64
		for b, v := range src[uint(d)*dstBits:][:dstBits] {
			u |= uint64(v) & 1 << b
		}
		dst[d] = Wrap[D](u, dstBits)
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
