package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// tree gives the files below dir and their contents.
func tree(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		if d.IsDir() {
			files[name+"/"] = ""
			return nil
		}
		if target, err := os.Readlink(path); err == nil {
			files[name] = "-> " + target
			return nil
		}
		data, err := os.ReadFile(path)
		files[name] = string(data)
		return err
	}))
	return files
}

func requireProblem(t *testing.T, err error, file, what string) {
	var p diag.Problem
	require.ErrorAs(t, err, &p)
	assert.Equal(t, file, p.File)
	assert.Contains(t, p.What, what)
	assert.NotEmpty(t, p.Remedy)
	assert.NotContains(t, err.Error(), "\n", "one problem, one line")
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, WriteFile(filepath.Join(dir, "new/deep/a.txt"), []byte("one")))
	require.NoError(t, WriteFile(filepath.Join(dir, "new/deep/a.txt"), []byte("two")))
	assert.Equal(t, map[string]string{"new/": "", "new/deep/": "", "new/deep/a.txt": "two"}, tree(t, dir))
}

func TestWriteKeepsPermissionsAndLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o640))
	require.NoError(t, os.Symlink("target", link))
	require.NoError(t, WriteFile(link, []byte("new")))
	info, err := os.Lstat(target)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	assert.Equal(t, map[string]string{"target": "new", "link": "-> target"}, tree(t, dir))
}

func TestWriteFailsWhole(t *testing.T) {
	boom := errors.New("boom")
	for name, old := range map[string]map[string]string{"new file": {}, "old file": {"a": "old"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for f, s := range old {
				require.NoError(t, os.WriteFile(filepath.Join(dir, f), []byte(s), 0o666))
			}
			err := Write(filepath.Join(dir, "a"), func(w io.Writer) error {
				_, err := w.Write(make([]byte, 1<<20))
				require.NoError(t, err)
				return boom
			})
			assert.Equal(t, boom, err)
			assert.Equal(t, old, tree(t, dir))
		})
	}
}

func TestWriteTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o666))
	loop := filepath.Join(dir, "loop")
	require.NoError(t, os.Symlink("nowhere/x", loop))
	long := filepath.Join(dir, strings.Repeat("n", 300))
	for path, what := range map[string]string{
		"/dev/full":                      "disk is full",
		filepath.Join(file, "a"):         "part of its path is a file",
		filepath.Join(file, "deep", "a"): "part of its path is a file",
		dir:                              "is a folder",
		loop:                             "does not exist",
		long:                             "too long",
	} {
		before := tree(t, dir)
		requireProblem(t, WriteFile(path, []byte("data")), path, what)
		assert.Equal(t, before, tree(t, dir))
	}
}

// A write that the disk refuses midway looks like this to Write.
func TestWriteFullDiskMidway(t *testing.T) {
	dir := t.TempDir()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer func() { assert.NoError(t, full.Close()) }()
	path := filepath.Join(dir, "a")
	err = Write(path, func(io.Writer) error {
		_, err := full.Write([]byte("x"))
		return fmt.Errorf("encode: %w", err)
	})
	requireProblem(t, err, path, "disk is full")
	assert.Empty(t, tree(t, dir))
}

func fillWith(files map[string]string) func(string) error {
	return func(dir string) error {
		for name, s := range files {
			if err := WriteFile(filepath.Join(dir, name), []byte(s)); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "up", "out")
	first := map[string]string{"mark": "1", "only-first": "x"}
	second := map[string]string{"mark": "2", "sub/b": "y"}
	require.NoError(t, Folder(out, "mark", fillWith(first)))
	assert.Equal(t, first, tree(t, out))
	require.NoError(t, Folder(out+"/", "mark", fillWith(second)))
	assert.Equal(t, map[string]string{"mark": "2", "sub/": "", "sub/b": "y"}, tree(t, out))
	assert.Len(t, tree(t, filepath.Dir(out)), 4, "something was left beside the folder")
}

func TestFolderFailsWhole(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	require.NoError(t, Folder(out, "mark", fillWith(map[string]string{"mark": "1"})))
	before := tree(t, dir)

	boom := errors.New("boom")
	err := Folder(out, "mark", func(partial string) error {
		require.NoError(t, WriteFile(filepath.Join(partial, "mark"), []byte("2")))
		return boom
	})
	assert.ErrorIs(t, err, boom)
	assert.Equal(t, before, tree(t, dir))

	err = Folder(out, "mark", func(partial string) error {
		require.NoError(t, WriteFile(filepath.Join(partial, "a"), []byte("2")))
		return WriteFile(filepath.Join(partial, "a", "b"), []byte("3"))
	})
	requireProblem(t, err, filepath.Join(out, "a", "b"), "part of its path is a file")
	assert.Equal(t, before, tree(t, dir))

	err = Folder(out, "mark", func(string) error { return os.WriteFile("/dev/full", []byte("x"), 0o666) })
	requireProblem(t, err, out, "disk is full")
	assert.Equal(t, before, tree(t, dir))

	err = Folder(out, "mark", func(string) error { _, err := os.ReadFile("no such input"); return err })
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorAs(t, err, new(diag.Problem), "a missing input is not a problem with the output")

	assert.Panics(t, func() { _ = Folder(out, "mark", func(string) error { return nil }) })
	assert.Equal(t, before, tree(t, dir))
}

func TestFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o666))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty", "cwd"), 0o777))
	t.Chdir(filepath.Join(dir, "empty", "cwd"))
	before := tree(t, dir)
	for path, what := range map[string]string{
		dir:                      "holds other files",
		file:                     "is a file",
		filepath.Join(file, "a"): "part of its path is a file",
		".":                      "working folder",
		"/proc/rampart":          "cannot be made",
	} {
		err := Folder(path, "mark", func(string) error { return errors.New("must not be called") })
		requireProblem(t, err, path, what)
		requireProblem(t, Check(path, "mark"), path, what)
		assert.Equal(t, before, tree(t, dir))
	}
	for _, path := range []string{filepath.Join(dir, "new", "deep"), "../new", "inside"} {
		assert.NoError(t, Check(path, "mark"))
		assert.Equal(t, before, tree(t, dir))
	}
}
