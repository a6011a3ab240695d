// Package filetest writes and reads files for tests of whole commands. In: a test and names. Out: arrays of
// noise, folders as maps, a cache for the run of a package's tests. It knows no network.
package filetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/npy"
)

// WithCache runs a package's tests with an environment variable that names a folder, empty at first and gone
// at the end, and gives the exit code. What the tests build there they build once.
func WithCache(m *testing.M, variable string) int {
	dir, err := os.MkdirTemp("", "rampart-test-")
	if err == nil {
		err = os.Setenv(variable, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Noise writes an array of random bytes below a bound and gives the file's path. The same shape gets the
// same bytes.
func Noise(t testing.TB, dir, name string, bound int, shape ...int) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, uint64(len(shape))))
	size := 1
	for _, d := range shape {
		size *= d
	}
	data := make([]uint8, size)
	for i := range data {
		data[i] = uint8(rng.IntN(bound))
	}
	path := filepath.Join(dir, name)
	require.NoError(t, npy.Write(path, &npy.Array{Shape: shape, Uint8: data}))
	return path
}

// Tree gives the contents of every file below a folder, by its path from there.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = string(data)
		return err
	}))
	return files
}
