// Package gengo runs designs as generated Go. In: an ir/rtl design. Out: a program built from the Go
// that codegen/gosim writes, and machines that are running copies of it. It knows no networks; the
// conversation with a running program is package sim/worker's affair.
package gengo

import (
	"context"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"strconv"
	"strings"

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
	// Record builds a program that keeps a record of its accesses to memories (access.Recorder); it runs
	// slower.
	Record bool
}

const install = "apt-get install golang"

// Build makes the program for d in a folder below dir that is named after the contents of everything
// that goes into it, or finds it there. Errors are diag.MissingTool, diag.Problem for a Go that is too
// old, and what the Go tool says.
func Build(ctx context.Context, d *rtl.Design, dir string, opts Options) (*worker.Built, error) {
	files, err := sources(d, opts)
	if err != nil {
		return nil, err
	}
	return build(ctx, d, files, dir, opts)
}

// build makes the program for d from its source files, or finds it.
func build(ctx context.Context, d *rtl.Design, files []gosim.File, dir string, opts Options) (*worker.Built, error) {
	tool, version, err := findTool(ctx)
	if err != nil {
		return nil, err
	}
	r := worker.Recipe{
		Engine: "gengo", Tools: fmt.Sprintf("%s %s", version, environment(0)),
		Make: func(ctx context.Context, dir string) error { return compile(ctx, tool, dir, opts) },
	}
	for _, f := range files {
		r.Files = append(r.Files, worker.File{Name: f.Name, Data: f.Data})
	}
	return worker.Build(ctx, d, dir, r)
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

func sources(d *rtl.Design, opts Options) ([]gosim.File, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	return gosim.Generate(d, gosim.Options{Ports: ports, Fingerprint: worker.Fingerprint(d), Record: opts.Record})
}

// environment keeps a build to itself: no workspace, no network, no other module.
func environment(jobs int) []string {
	env := []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0"}
	if jobs > 0 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(jobs))
	}
	return env
}

func compile(ctx context.Context, tool, dir string, opts Options) error {
	cmd := exec.CommandContext(ctx, tool, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", worker.Program, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), environment(opts.Jobs)...)
	return worker.RunTool(ctx, "go build", cmd)
}
