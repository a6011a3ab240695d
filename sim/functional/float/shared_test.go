//go:build shared

package float

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/onnx"
	"rampart/sim/functional/float/kernel"
)

// shared is the folder of networks that may not be part of the project.
func shared(tb testing.TB) string {
	folder := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(tb, folder, "set RAMPART_SHARED to the folder of networks")
	return folder
}

// networks are those of the folder that are not quantised, batch normalisation folded or not.
func networks(tb testing.TB) []string {
	paths, err := filepath.Glob(filepath.Join(shared(tb), "*.onnx"))
	require.NoError(tb, err)
	var names []string
	for _, p := range paths {
		if _, err := onnx.Read(p); err != nil {
			require.ErrorContains(tb, err, "quantised models are not read")
			continue
		}
		names = append(names, strings.TrimSuffix(filepath.Base(p), ".onnx"))
	}
	require.NotEmpty(tb, names)
	return names
}

// RAMPART_FAULTS is how many faults each network suffers.
func TestSharedNetworks(t *testing.T) {
	faults := 300
	if s := os.Getenv("RAMPART_FAULTS"); s != "" {
		var err error
		faults, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	large, vanished := 0, 0
	for _, name := range networks(t) {
		t.Run(name, func(t *testing.T) {
			m := load(t, kernel.Sets()[0], shared(t), name, 1)
			m.holds(t, faults, 8)
			l, v := m.mechanisms(t, 100)
			t.Logf("%d parameters between 1 and 2, %d between 2 and 4", l, v)
			large, vanished = large+l, vanished+v
		})
	}
	assert.Greater(t, large, 0)
	assert.Greater(t, vanished, 0)
}

func BenchmarkShared(b *testing.B) {
	for _, name := range networks(b) {
		b.Run(name, func(b *testing.B) { bench(b, shared(b), name) })
	}
}
