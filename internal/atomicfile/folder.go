package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rampart/internal/diag"
)

// Folder replaces the folder at path by one that fill makes: fill gets an empty folder beside path, which
// takes its place when fill returns nil. When anything fails, the folder at path is as it was and nothing
// is left beside it. Missing parent folders are made.
//
// mark names a file that fill makes in every such folder. A folder at path that is neither empty nor
// holds mark is something else of the user's, and is refused; so is the working folder.
//
// A full disk, a read-only folder and the like come back as a diag.Problem; an error of fill's own comes
// back as it is, with file names as they would have been.
func Folder(path, mark string, fill func(dir string) error) error {
	path, err := resolve(filepath.Clean(path))
	if err != nil {
		return problem(path, err)
	}
	if err := replaceable(path, mark); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return problem(path, err)
	}
	partial, err := makeAside(path)
	if err != nil {
		return problem(path, err)
	}
	if err := fill(partial); err != nil {
		return errors.Join(fillProblem(path, finalNames(err, partial, path)), os.RemoveAll(partial))
	}
	if _, err := os.Stat(filepath.Join(partial, mark)); err != nil {
		_ = os.RemoveAll(partial)
		panic(fmt.Sprintf("BUG: %s was filled without its mark %s", path, mark))
	}
	if err := swap(partial, path); err != nil {
		return errors.Join(problem(path, err), os.RemoveAll(partial))
	}
	return nil
}

// Check tells early what Folder would refuse before it calls fill, for work that takes long. It leaves nothing
// behind.
func Check(path, mark string) error {
	path, err := resolve(filepath.Clean(path))
	if err != nil {
		return problem(path, err)
	}
	if err := replaceable(path, mark); err != nil {
		return err
	}
	above := filepath.Dir(path)
	for { // up to what is there
		_, err := os.Stat(above)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return problem(path, err)
		}
		above = filepath.Dir(above)
	}
	probe, err := makeAside(filepath.Join(above, filepath.Base(path)))
	if err != nil {
		return problem(path, err)
	}
	return problem(path, os.Remove(probe))
}

// replaceable refuses a path whose content is not ours to replace.
func replaceable(path, mark string) error {
	info, err := os.Stat(path)
	if err != nil {
		return nil // nothing there; anything else that is wrong is told when the folder is made
	}
	if !info.IsDir() {
		return diag.Problem{File: path, What: "is a file, not a folder", Remedy: "give the name of a folder"}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return problem(path, err)
	}
	if _, err := os.Stat(filepath.Join(path, mark)); err != nil && len(entries) > 0 {
		return diag.Problem{
			File: path, What: fmt.Sprintf("the folder holds other files (and no %s), and would be replaced", mark),
			Remedy: "choose a new folder, or remove this one",
		}
	}
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working folder: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if rel, err := filepath.Rel(abs, here); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		return diag.Problem{File: path, What: "the working folder is in it, and it would be replaced", Remedy: "choose a folder inside"}
	}
	return nil
}

// swap puts partial in the place of path. The old folder steps aside first, for a folder cannot be renamed
// over one that is not empty; it comes back where the second rename fails.
func swap(partial, path string) error {
	old := partial + ".old"
	err := os.Rename(path, old)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(partial, path)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return errors.Join(err, os.Rename(old, path))
	}
	return os.RemoveAll(old)
}

// makeAside makes a new empty folder beside path.
func makeAside(path string) (string, error) {
	for {
		dir := aside(path)
		if err := os.Mkdir(dir, 0o777); !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
}

// finalNames makes a problem with a file of the partial folder speak of the file that the user asked for.
func finalNames(err error, partial, path string) error {
	var p diag.Problem
	if !errors.As(err, &p) {
		return err
	}
	rest, ok := strings.CutPrefix(p.File, partial)
	if !ok {
		return err
	}
	p.File = path + rest
	return p
}
