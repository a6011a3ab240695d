package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"rampart/internal/diag"
)

// known is what the system may say about a place to write, and what a user can do about it. The first
// noSpace of them are about the place whoever meets them; the others only where this package met them.
var known = []struct {
	cause        error
	what, remedy string
}{
	{syscall.ENOSPC, "the disk is full", "free some space or write elsewhere"},
	{syscall.EDQUOT, "the disk quota is used up", "free some space or write elsewhere"},
	{syscall.EROFS, "the file system is read-only", "write to another folder"},
	{syscall.ENOTDIR, "cannot be made, a part of its path is a file", "write to another folder"},
	{syscall.ENAMETOOLONG, "the name is too long for the file system", "choose a shorter one"},
	{fs.ErrPermission, "no permission to write here", "write to another folder or change its permissions"},
	{fs.ErrNotExist, "cannot be made, its folder does not exist", "make the folder first"},
}

const noSpace = 3

// Problem says what the system has against a place to write, for packages that write there themselves:
// what this package knows becomes a diag.Problem, anything else gets the path before it. nil stays nil.
func Problem(path string, err error) error { return problem(path, err) }

// problem turns what the system says about path into a diag.Problem; nil stays nil.
func problem(path string, err error) error {
	if err == nil {
		return nil
	}
	for _, k := range known {
		if errors.Is(err, k.cause) {
			return diag.Problem{File: path, What: k.what, Remedy: k.remedy}
		}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// fillProblem is problem for an error that a fill function returned: it may be about another file, or
// clear already.
func fillProblem(path string, err error) error {
	if errors.As(err, new(diag.Problem)) {
		return err
	}
	for _, k := range known[:noSpace] {
		if errors.Is(err, k.cause) {
			return diag.Problem{File: path, What: k.what, Remedy: k.remedy}
		}
	}
	return err
}
