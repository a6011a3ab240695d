// Package rt is the part of a generated simulator that is the same for every design: small helpers
// for the arithmetic of one lane, packing of values, access to state, and the worker protocol. In: the
// generated types. Out: a program that answers requests. Every generated program carries a copy of this
// very source, so it imports nothing but the standard library and sim/drive, which is copied too.
package rt

import "unsafe"

// Lane is the type of one lane of a value.
type Lane interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Bit is 1 for true and 0 for false.
func Bit(b bool) uint8 {
	var v uint8
	if b {
		v = 1
	}
	return v
}

// Pick is a where c is true, else b. It goes through 64 bits since Go's compiler makes conditional
// moves of wide values only, and branches of the others.
func Pick[T Lane](c bool, a, b T) T {
	v := uint64(b)
	if c {
		v = uint64(a)
	}
	return T(v)
}

// At is element i of s, or zero beyond its end.
func At[T, I Lane](s []T, i I) T {
	if uint64(i) < uint64(len(s)) {
		return s[i]
	}
	return 0
}

// Word is the memory word that address a reads: word 0 for an address beyond the memory.
func Word[T Lane](a T, depth int) int {
	if uint64(a) < uint64(depth) {
		return int(a)
	}
	return 0
}

// size is the width of a T in bits.
func size[T Lane]() uint { return uint(unsafe.Sizeof(T(0))) * 8 }

// Wrap reads the low bits of v as a number of the given width, signed where T is.
func Wrap[T Lane](v uint64, bits uint) T {
	spare := size[T]() - bits
	return T(v) << spare >> spare
}
