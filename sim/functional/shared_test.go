//go:build shared

package functional_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func shared(tb testing.TB) string {
	dir := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(tb, dir, "set RAMPART_SHARED to the folder of networks")
	return dir
}

func BenchmarkShared(b *testing.B) {
	for name, set := range map[string]string{"camvid_unet_s": "camvid", "scenes_unet_t": "scenes"} {
		b.Run(name, func(b *testing.B) { load(b, shared(b), set, name).bench(b) })
	}
}
