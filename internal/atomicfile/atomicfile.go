// Package atomicfile writes a file, or a whole output folder, so that a reader sees the old one or the
// new one and never half of either: it writes aside, then renames. In: a path and a function that
// produces the content. Out: the finished file or folder, or an error and nothing changed. It knows
// nothing of what is written.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"rampart/internal/diag"
)

// WriteFile replaces the file at path by data.
func WriteFile(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write replaces the file at path by what fill writes. When fill, the disk or the rename fails, the file
// at path is as it was and nothing is left beside it. Missing parent folders are made. A link is followed:
// the file that it names is replaced. A device (/dev/stdout) is written to directly.
//
// A full disk, a read-only folder and the like come back as a diag.Problem; an error of fill's own comes
// back as it is.
func Write(path string, fill func(io.Writer) error) (err error) {
	path, err = resolve(path)
	if err != nil {
		return problem(path, err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeThrough(path, info, fill)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return problem(path, err)
	}
	f, err := createAside(path)
	if err != nil {
		return problem(path, err)
	}
	defer func() {
		if err != nil {
			// The first error is the one to report; the file aside is worth nothing now.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := pour(f, fill); err != nil {
		return fillProblem(path, err)
	}
	if old, err := os.Stat(path); err == nil { // keep the permissions of the file that is replaced
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return problem(path, err)
		}
	}
	if err := f.Close(); err != nil {
		return problem(path, err)
	}
	return problem(path, os.Rename(f.Name(), path))
}

// pour runs fill through a buffer and waits until the disk has taken it: a full disk may say so only then.
func pour(f *os.File, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 64<<10)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// writeThrough writes to what cannot be renamed over: a device or a pipe. A folder is refused.
func writeThrough(path string, info fs.FileInfo, fill func(io.Writer) error) (err error) {
	if info.IsDir() {
		return diag.Problem{File: path, What: "is a folder, not a file", Remedy: "give the name of a file"}
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return problem(path, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = problem(path, cerr)
		}
	}()
	w := bufio.NewWriter(f)
	if err := fill(w); err != nil {
		return fillProblem(path, err)
	}
	return problem(path, w.Flush())
}

// resolve follows a symbolic link, so that the rename does not replace the link itself.
func resolve(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path, nil // what is wrong with the path, if anything, is told by the write
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path, err
	}
	return target, nil
}

// createAside makes a new file beside path, with the permissions that a new file at path would have.
func createAside(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(aside(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// aside is a name beside path that is very likely free.
func aside(path string) string {
	return fmt.Sprintf("%s.partial-%08x", filepath.Clean(path), rand.Uint32())
}
