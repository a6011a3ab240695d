package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKernelsAreWhatTheGeneratorWrites(t *testing.T) {
	texts, err := generate()
	require.NoError(t, err)
	require.Len(t, texts, 4)
	for name, text := range texts {
		kept, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		assert.True(t, string(kept) == string(text), "%s is out of date: go generate ./sim/functional/float/kernel", name)
	}
	kept, err := filepath.Glob(filepath.Join("..", "*_amd64.s"))
	require.NoError(t, err)
	assert.Len(t, kept, 2, "assembly that nothing generates")
}
