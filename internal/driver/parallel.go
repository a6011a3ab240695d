package driver

import (
	"hash/fnv"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"
)

// inParallel calls f for 0 to n-1 at the same time and returns the first error.
func inParallel(n int, f func(i int) error) error {
	var g errgroup.Group
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	return g.Wait()
}

// newRand is a generator of its own for each purpose, so that one draw more here changes nothing there.
func newRand(seed uint64, purpose string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
