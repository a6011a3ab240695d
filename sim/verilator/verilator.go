// Package verilator runs designs in Verilator. In: an ir/rtl design. Out: a program built from the
// design's Verilog (codegen/verilog) and the worker around it (codegen/harness), and machines that
// are running copies of it. It knows no networks; the conversation with a running program is package
// sim/worker's affair.
package verilator

import (
	"context"
	"fmt"
	"runtime"

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

// Tracer is what a machine can do whose program was built with Options.Trace: write the waveform of
// all cycles that follow to a VCD file, until the next call. An empty name ends the waveform. A relative
// name is taken from the program's folder. Times and values are those of interp.Wave; scopes lie within one named TOP.
type Tracer interface{ Trace(file string) error }

// Build makes the program for d in a folder below dir that is named after the contents of everything
// that goes into it, or finds it there. Errors are diag.MissingTool, diag.Problem for a Verilator that
// is too old, and what the tools say.
func Build(ctx context.Context, d *rtl.Design, dir string, opts Options) (*worker.Built, error) {
	version, err := checkTools(ctx)
	if err != nil {
		return nil, err
	}
	files, err := sources(d)
	if err != nil {
		return nil, err
	}
	return worker.Build(ctx, d, dir, worker.Recipe{
		Engine: "verilator", Files: files,
		Tools: fmt.Sprintf("%s\n%s\n%s", version, commandLine(opts), opts.optimise()),
		Make:  func(ctx context.Context, dir string) error { return compile(ctx, d, dir, opts) },
	})
}

// sources are all files that the program is made from.
func sources(d *rtl.Design) ([]worker.File, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	vs, err := verilog.Emit(d)
	if err != nil {
		return nil, err
	}
	var files []worker.File
	for _, f := range vs {
		files = append(files, worker.File{Name: f.Name, Data: f.Data})
	}
	for _, f := range harness.Emit(d, ports, worker.Fingerprint(d)) {
		files = append(files, worker.File{Name: f.Name, Data: f.Data})
	}
	return files, nil
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
