package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// recipe makes a "program" that is the name of its sources' folder.
func recipe(tools string, files ...File) Recipe {
	return Recipe{Engine: "engine", Tools: tools, Files: files, Make: func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, Program), []byte(filepath.Base(dir)), 0o777)
	}}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestBuildOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	r := recipe("tool 1", File{"sub/a.txt", []byte("a")})
	first, err := Build(t.Context(), testDesign(1), dir, r)
	require.NoError(t, err)
	assert.False(t, first.Cached)
	assert.True(t, filepath.IsAbs(first.Dir))
	data, err := os.ReadFile(filepath.Join(first.Dir, "sub", "a.txt"))
	require.NoError(t, err)
	assert.Equal(t, "a", string(data))

	r.Make = func(context.Context, string) error { return errors.New("called again") }
	again, err := Build(t.Context(), testDesign(1), dir, r)
	require.NoError(t, err)
	assert.True(t, again.Cached)
	assert.Equal(t, first.Dir, again.Dir)
	assert.Equal(t, []string{filepath.Base(first.Dir)}, listing(t, dir))
}

func TestKeyDependsOnAll(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range []Recipe{
		recipe("t"), recipe("u"), recipe("t", File{"a", nil}), recipe("t", File{"b", nil}), recipe("t", File{"a", []byte("x")}),
		recipe("t", File{"a", []byte("x")}, File{"b", nil}), recipe("t", File{"b", nil}, File{"a", []byte("x")}),
	} {
		assert.False(t, seen[r.key()], r)
		seen[r.key()] = true
	}
	assert.True(t, seen[recipe("u").key()])
}

func TestFailedBuildLeavesNothing(t *testing.T) {
	dir, boom := t.TempDir(), errors.New("boom")
	r := recipe("t", File{"a", nil})
	r.Make = func(context.Context, string) error { return boom }
	_, err := Build(t.Context(), testDesign(1), dir, r)
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "engine: build top: boom")
	assert.Empty(t, listing(t, dir))
}

// Another process finishes the same program while this one builds it, or has left a folder without one.
func TestBuiltMeanwhile(t *testing.T) {
	for name, c := range map[string]struct{ file, err string }{
		"program":   {Program, ""},
		"something": {"something", "is in the place of a simulator and holds none; remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := recipe("t")
			theirs := filepath.Join(dir, "top-"+r.key(), c.file)
			r.Make = func(context.Context, string) error {
				require.NoError(t, os.Mkdir(filepath.Dir(theirs), 0o777))
				return os.WriteFile(theirs, []byte("theirs"), 0o777)
			}
			_, err := Build(t.Context(), testDesign(1), dir, r)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				var p diag.Problem
				require.ErrorAs(t, err, &p)
				assert.ErrorContains(t, err, c.err)
			}
			data, err := os.ReadFile(theirs)
			require.NoError(t, err)
			assert.Equal(t, "theirs", string(data))
			assert.Len(t, listing(t, dir), 1)
		})
	}
}

func TestRunTool(t *testing.T) {
	sh := func(script string) error { return RunTool(t.Context(), "the tool", exec.Command("sh", "-c", script)) }
	require.NoError(t, sh("echo fine"))
	require.EqualError(t, sh("echo out; echo err >&2; exit 3"), "the tool: exit status 3\nout\nerr\n")
	err := sh("yes | head -c 9999; exit 1")
	require.ErrorContains(t, err, "y\n\n...")
	assert.Equal(t, shownOutput/2, strings.Count(err.Error(), "y\n"))

	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	require.ErrorIs(t, RunTool(ctx, "the tool", exec.CommandContext(ctx, "true")), boom)
}
