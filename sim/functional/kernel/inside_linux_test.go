package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fenced gives memory that ends, or begins, where the process may neither read nor write. It is good for a
// handful of slices at a time.
func fenced(t *testing.T, r *rand.Rand) allocate {
	const size, page, regions = 1 << 19, 1 << 16, 8
	var inner [regions][]byte
	for i := range inner {
		all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, syscall.Munmap(all)) })
		inner[i] = all[page : page+size]
		require.NoError(t, syscall.Mprotect(inner[i], syscall.PROT_READ|syscall.PROT_WRITE))
	}
	next := 0
	return func(bytes int) []byte {
		region := inner[next%regions]
		next++
		if r.IntN(2) == 0 {
			return region[:bytes:bytes]
		}
		return region[size-bytes:]
	}
}

// caught makes a forbidden access an error.
func caught(run func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("outside the slices: %v", r)
		}
	}()
	return run()
}

func TestStaysInside(t *testing.T) {
	for name, draw := range draws {
		t.Run(name, func(t *testing.T) {
			everySet(t, func(t *testing.T, s *Set) {
				r := rand.New(rand.NewPCG(9, 10))
				mem := fenced(t, r)
				for i := range 400 {
					call := draw(r)
					require.NoError(t, caught(func() error { return compare(s, call, mem) }), "case %d", i)
				}
			})
		})
	}
}

// A slice that claims more than its memory has is read beyond the fence, and that shows.
func TestFenceIsSeen(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set) {
		mem := fenced(t, rand.New(rand.NewPCG(11, 12)))
		assert.ErrorContains(t, caught(func() error {
			for range 20 { // some of the memory ends at the fence
				short := mem(2 * 64)
				s.Diff(make([]uint64, 2), unsafe.Slice((*int16)(unsafe.Pointer(&short[0])), 128), make([]int16, 128))
			}
			return nil
		}), "outside the slices")
	})
}
