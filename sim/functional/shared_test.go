//go:build shared && unix

package functional_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/sim/functional/kernel"
)

func shared(tb testing.TB) string {
	dir := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(tb, dir, "set RAMPART_SHARED to the folder of networks")
	return dir
}

var sharedModels = []struct{ name, set string }{{"scenes_unet_xs", "scenes"}, {"scenes_unet_t", "scenes"}, {"camvid_unet_s", "camvid"}}

// Networks outside the repository, in the folder RAMPART_SHARED: as many random faults each as RAMPART_FAULTS says, or
// 20,000, give the same by Strike and by Dense.
func TestSharedModels(t *testing.T) {
	faults := 20000
	if v := os.Getenv("RAMPART_FAULTS"); v != "" {
		var err error
		faults, err = strconv.Atoi(v)
		require.NoError(t, err)
	}
	for _, m := range sharedModels {
		t.Run(m.name, func(t *testing.T) {
			load(t, shared(t), m.set, m.name).strikeIsDense(t, kernel.Sets()[0], faults, rand.New(rand.NewPCG(3, 4)))
		})
	}
}

func BenchmarkShared(b *testing.B) {
	for _, m := range sharedModels {
		b.Run(m.name, func(b *testing.B) { load(b, shared(b), m.set, m.name).bench(b) })
	}
}
