// Package verilator runs designs in Verilator. In: an ir/rtl design. Out: a program built from the
// design's Verilog (codegen/verilog) and the worker around it (codegen/harness), and machines that
// are running copies of it. It knows no networks; the conversation with a running program is package
// sim/worker's affair.
package verilator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"rampart/codegen/harness"
	"rampart/codegen/verilog"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/worker"
)

// Options say how a design is built.
type Options struct {
	// Trace builds a program that can write waveforms (see Tracer); it runs slower.
	Trace bool
	// Quick compiles without optimisation: sooner ready, several times slower.
	Quick bool
	// Jobs is how many compilers may run at once; 0 is one per processor.
	Jobs int
}

// Built is a program that simulates one design.
type Built struct {
	Dir    string        // holds the Verilog, the contents of memories and the program
	Cached bool          // it had been built before
	Took   time.Duration // the time of building

	design *rtl.Design
}

// Tracer is what a machine can do whose program was built with Options.Trace: write the waveform of
// all cycles that follow to a VCD file, until the next call. An empty name ends the waveform. A relative
// name is taken from Built.Dir. Times and values are those of interp.Wave; scopes lie within one named TOP.
type Tracer interface{ Trace(file string) error }

const program = "worker"

// Build makes the program for d in a folder below dir that is named after the contents of everything
// that goes into it, or finds it there. Errors are diag.MissingTool, diag.Problem for a Verilator that
// is too old, and what the tools say.
func Build(ctx context.Context, d *rtl.Design, dir string, opts Options) (*Built, error) {
	version, err := checkTools(ctx)
	if err != nil {
		return nil, err
	}
	files, err := sources(d)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	b := &Built{Dir: filepath.Join(dir, d.Top.Name+"-"+key(files, version, opts)), design: d}
	if b.Dir, err = filepath.Abs(b.Dir); err != nil {
		return nil, fmt.Errorf("verilator: %w", err)
	}
	if _, err := os.Stat(filepath.Join(b.Dir, program)); err == nil {
		b.Cached = true
		return b, nil
	}
	if err := buildAside(ctx, d, files, b.Dir, opts); err != nil {
		return nil, fmt.Errorf("verilator: build %s: %w", d.Top.Name, err)
	}
	b.Took = time.Since(start)
	return b, nil
}

// Start runs a copy of the program, in the state that reset leaves.
func (b *Built) Start(ctx context.Context) (sim.Machine, error) {
	cmd := exec.Command(filepath.Join(b.Dir, program))
	cmd.Dir = b.Dir // where $readmemh looks
	return worker.Start(ctx, cmd, b.design)
}

type file struct {
	name string
	data []byte
}

// sources are all files that the program is made from.
func sources(d *rtl.Design) ([]file, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	vs, err := verilog.Emit(d)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, f := range vs {
		files = append(files, file{f.Name, f.Data})
	}
	for _, f := range harness.Emit(d, ports, worker.Fingerprint(d)) {
		files = append(files, file{f.Name, f.Data})
	}
	return files, nil
}

// key is a name for a program made from these files with that version of Verilator.
func key(files []file, version string, opts Options) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", version, commandLine(opts), opts.optimise())
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n%s", f.name, len(f.data), f.data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// buildAside builds in a folder of its own next to dir and moves it there when all is well, so that
// dir is complete whenever it exists.
func buildAside(ctx context.Context, d *rtl.Design, files []file, dir string, opts Options) error {
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
		if err := os.WriteFile(filepath.Join(tmp, f.name), f.data, 0o666); err != nil {
			return err
		}
	}
	if err := compile(ctx, d, tmp, opts); err != nil {
		return err
	}
	err = os.Rename(tmp, dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else built the same meanwhile
	}
	return err
}

func (o Options) optimise() string {
	if o.Quick {
		return "-O0"
	}
	return "-O1"
}

func (o Options) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return runtime.NumCPU()
}
