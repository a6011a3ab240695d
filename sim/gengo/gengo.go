// Package gengo runs designs as generated Go. In: an ir/rtl design. Out: a program built from the Go
// that codegen/gosim writes, and machines that are running copies of it. It knows no networks; the
// conversation with a running program is package sim/worker's affair.
package gengo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rampart/codegen/gosim"
	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/worker"
)

// Options say how a design is built.
type Options struct {
	// Jobs is how many compilers may run at once; 0 is one per processor.
	Jobs int
}

// Built is a program that simulates one design.
type Built struct {
	Dir    string        // holds the Go source and the program
	Cached bool          // it had been built before
	Took   time.Duration // the time of building

	design *rtl.Design
}

const (
	program = "worker"
	install = "apt-get install golang"
)

// Build makes the program for d in a folder below dir that is named after the contents of everything
// that goes into it, or finds it there. Errors are diag.MissingTool, diag.Problem for a Go that is too
// old, and what the Go tool says.
func Build(ctx context.Context, d *rtl.Design, dir string, opts Options) (*Built, error) {
	files, err := sources(d)
	if err != nil {
		return nil, err
	}
	return build(ctx, d, files, dir, opts)
}

// build makes the program for d from its source files, or finds it.
func build(ctx context.Context, d *rtl.Design, files []gosim.File, dir string, opts Options) (*Built, error) {
	tool, version, err := findTool(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	b := &Built{Dir: filepath.Join(dir, d.Top.Name+"-"+key(files, version)), design: d}
	if b.Dir, err = filepath.Abs(b.Dir); err != nil {
		return nil, fmt.Errorf("gengo: %w", err)
	}
	if _, err := os.Stat(filepath.Join(b.Dir, program)); err == nil {
		b.Cached = true
		return b, nil
	}
	if err := buildAside(ctx, tool, files, b.Dir, opts); err != nil {
		return nil, fmt.Errorf("gengo: build %s: %w", d.Top.Name, err)
	}
	b.Took = time.Since(start)
	return b, nil
}

// findTool finds the Go tool and tells its version.
func findTool(ctx context.Context) (tool, goVersion string, err error) {
	tool, err = exec.LookPath("go")
	if err != nil {
		return "", "", diag.MissingTool{Tool: "go", Install: install}
	}
	cmd := exec.CommandContext(ctx, tool, "env", "GOVERSION")
	cmd.Env = append(os.Environ(), environment(0)...)
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", "", context.Cause(ctx)
	}
	if err != nil {
		return "", "", fmt.Errorf("gengo: go env: %w", err)
	}
	goVersion = strings.TrimSpace(string(out))
	if version.IsValid(goVersion) && version.Compare(goVersion, "go"+gosim.GoVersion) < 0 {
		return "", "", diag.Problem{At: "go", What: goVersion + " is too old", Remedy: "install Go " + gosim.GoVersion + " or later"}
	}
	return tool, goVersion, nil
}

// Start runs a copy of the program, in the state that reset leaves.
func (b *Built) Start(ctx context.Context) (sim.Machine, error) {
	return worker.Start(ctx, exec.Command(filepath.Join(b.Dir, program)), b.design)
}

func sources(d *rtl.Design) ([]gosim.File, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	return gosim.Generate(d, gosim.Options{Ports: ports, Fingerprint: worker.Fingerprint(d)})
}

// key is a name for a program made from these files with that version of Go.
func key(files []gosim.File, goVersion string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n", goVersion, environment(0))
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n%s", f.Name, len(f.Data), f.Data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// environment keeps a build to itself: no workspace, no network, no other module.
func environment(jobs int) []string {
	env := []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0"}
	if jobs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(jobs))
	}
	return env
}

// buildAside builds in a folder of its own next to dir and moves it there when all is well, so that
// dir is complete whenever it exists.
func buildAside(ctx context.Context, tool string, files []gosim.File, dir string, opts Options) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".building-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }() // nothing is left of it when all went well
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(tmp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			return err
		}
	}
	if err := compile(ctx, tool, tmp, opts); err != nil {
		return err
	}
	err = os.Rename(tmp, dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else built the same meanwhile
	}
	return err
}

const shownOutput = 4000 // bytes of what the compiler says

func compile(ctx context.Context, tool, dir string, opts Options) error {
	cmd := exec.CommandContext(ctx, tool, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment(opts.Jobs)...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out[:min(len(out), shownOutput)])
	}
	return nil
}
