package filetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/npy"
)

const variable = "RAMPART_FILETEST_CACHE"

func TestMain(m *testing.M) {
	code := WithCache(m, variable)
	if _, err := os.Stat(os.Getenv(variable)); !os.IsNotExist(err) {
		os.Exit(1) // the folder is still there
	}
	os.Exit(code)
}

func TestWithCache(t *testing.T) {
	assert.Empty(t, Tree(t, os.Getenv(variable)))
	assert.NoError(t, os.WriteFile(filepath.Join(os.Getenv(variable), "built"), nil, 0o666))
}

func TestNoise(t *testing.T) {
	dir := t.TempDir()
	a, err := npy.Read(Noise(t, dir, "a.npy", 3, 4, 5, 6))
	require.NoError(t, err)
	assert.Equal(t, []int{4, 5, 6}, a.Shape)
	seen := map[uint8]int{}
	for _, v := range a.Uint8 {
		seen[v]++
	}
	assert.Len(t, seen, 3, "all bytes below the bound and no other")
	Noise(t, dir, "b.npy", 3, 4, 5, 6)
	files := Tree(t, dir)
	assert.Equal(t, files["a.npy"], files["b.npy"])
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "x", "empty"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x", "y"), []byte("z"), 0o666))
	assert.Equal(t, map[string]string{"x/y": "z"}, Tree(t, dir))
}
