package functional

import "unsafe"

// memory hands out parts of one large piece, so that a system that has large pages can use some: a frame touches
// many places here and there.
type memory struct{ rest []byte }

const (
	page      = 2 << 20 // of the large ones
	cacheLine = 64
)

// newMemory has room for so many bytes, lost ones between parts included.
func newMemory(bytes int) *memory {
	all := make([]byte, (bytes+page-1)/page*page+page)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(all)))) & (page - 1)
	m := &memory{all[skip : len(all)-page+skip]}
	adviseLargePages(m.rest)
	return m
}

// room is the bytes that n elements take.
func room[T any](n int) int {
	var one T
	return (n*int(unsafe.Sizeof(one)) + cacheLine - 1) &^ (cacheLine - 1)
}

// take is the next n elements, zero; where there is no room it is memory of its own.
func take[T int16 | int32 | uint32](m *memory, n int) []T {
	bytes := room[T](n)
	if n == 0 || bytes > len(m.rest) {
		return make([]T, n)
	}
	v := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(m.rest))), n)
	m.rest = m.rest[bytes:]
	return v
}
