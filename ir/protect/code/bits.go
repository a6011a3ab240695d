package code

import "math/bits"

// Bit is bit i of a bit string.
func Bit(word []uint64, i int) bool { return word[i>>6]>>uint(i&63)&1 != 0 }

// Flip inverts bit i of a bit string.
func Flip(word []uint64, i int) { word[i>>6] ^= 1 << uint(i&63) }

// newBits is a bit string of n zeros.
func newBits(n int) []uint64 { return make([]uint64, (n+63)/64) }

// PackLanes is the bit string of lanes of so many bits each, 1 to 64, lane 0 lowest. Higher bits of lanes are ignored.
func PackLanes(lanes []int64, width int) []uint64 {
	word := newBits(len(lanes) * width)
	for l, v := range lanes {
		low := uint64(v) << uint(64-width) >> uint(64-width)
		at := l * width
		word[at>>6] |= low << uint(at&63)
		if at&63+width > 64 {
			word[at>>6+1] |= low >> uint(64-at&63)
		}
	}
	return word
}

// UnpackLanes reads as many lanes as there is room for from a bit string, signed in two's complement or unsigned.
func UnpackLanes(lanes []int64, word []uint64, width int, signed bool) {
	for l := range lanes {
		at := l * width
		v := word[at>>6] >> uint(at&63)
		if at&63+width > 64 {
			v |= word[at>>6+1] << uint(64-at&63)
		}
		v <<= uint(64 - width)
		if signed {
			lanes[l] = int64(v) >> uint(64-width)
		} else {
			lanes[l] = int64(v >> uint(64-width))
		}
	}
}

// eachBit calls f for every 1 among the first n bits, in ascending order.
func eachBit(word []uint64, n int, f func(i int)) {
	for w, v := range word[:(n+63)/64] {
		if rest := n - w*64; rest < 64 {
			v &= 1<<uint(rest) - 1
		}
		for ; v != 0; v &= v - 1 {
			f(w*64 + bits.TrailingZeros64(v))
		}
	}
}
