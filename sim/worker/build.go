package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
)

// Program is the file name of a program in its folder.
const Program = "worker"

// File is one source file of a program; its name may hold slashes.
type File struct {
	Name string
	Data []byte
}

// Recipe is how a program that simulates a design is made.
type Recipe struct {
	Engine string // what errors begin with
	Tools  string // what the program depends on beside its sources: tools' versions and their options
	Files  []File
	Make   func(ctx context.Context, dir string) error // makes Program in a folder that holds the files
}

// Built is a program that simulates one design.
type Built struct {
	Dir    string        // absolute; holds the sources and the program
	Cached bool          // it had been built before
	Took   time.Duration // the time of building

	design *rtl.Design
}

// Build makes the program for d in a folder below dir that is named after the contents of everything
// that goes into it, or finds it there. The folder is there with the program in it or not at all, however
// many processes build at once.
func Build(ctx context.Context, d *rtl.Design, dir string, r Recipe) (*Built, error) {
	start := time.Now()
	dir, err := filepath.Abs(filepath.Join(dir, d.Top.Name+"-"+r.key()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Engine, err)
	}
	b := &Built{Dir: dir, design: d}
	if b.there() {
		b.Cached = true
		return b, nil
	}
	if err := r.aside(ctx, b); err != nil {
		return nil, fmt.Errorf("%s: build %s: %w", r.Engine, d.Top.Name, err)
	}
	b.Took = time.Since(start)
	return b, nil
}

// Start runs a copy of the program, in the state that reset leaves. Its working folder is Dir, where
// Verilog's $readmemh finds the contents of memories.
func (b *Built) Start(ctx context.Context) (sim.Machine, error) {
	cmd := exec.Command(filepath.Join(b.Dir, Program))
	cmd.Dir = b.Dir
	return Start(ctx, cmd, b.design)
}

func (b *Built) there() bool {
	_, err := os.Stat(filepath.Join(b.Dir, Program))
	return err == nil
}

// key is a name for what comes of the recipe.
func (r Recipe) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s\n", len(r.Tools), r.Tools)
	for _, f := range r.Files {
		fmt.Fprintf(h, "%d %s %d\n%s", len(f.Name), f.Name, len(f.Data), f.Data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// aside builds in a folder of its own beside the one that the program belongs to, and moves it there when
// all is well.
func (r Recipe) aside(ctx context.Context, b *Built) error {
	if err := os.MkdirAll(filepath.Dir(b.Dir), 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(b.Dir), ".building-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // nothing is left of it when all went well
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for _, f := range r.Files {
		path := filepath.Join(tmp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			return err
		}
	}
	if err := r.Make(ctx, tmp); err != nil {
		return err
	}
	err = os.Rename(tmp, b.Dir)
	switch {
	case !errors.Is(err, fs.ErrExist):
		return err
	case b.there():
		return nil // somebody else built the same meanwhile
	}
	return diag.Problem{File: b.Dir, What: "is in the place of a simulator and holds none", Remedy: "remove it"}
}

const shownOutput = 4000 // bytes of what a failed tool says

// RunTool runs a tool of a build; name is what errors call it. Where it fails the error shows how its
// output begins; where ctx has ended, the error is ctx's.
func RunTool(ctx context.Context, name string, cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		more := ""
		if len(out) > shownOutput {
			out, more = out[:shownOutput], "\n..."
		}
		return fmt.Errorf("%s: %w\n%s%s", name, err, out, more)
	}
	return nil
}
