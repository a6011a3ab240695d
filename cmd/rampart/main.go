// Command rampart compiles segmentation networks to FPGA accelerators, simulates them, and tells what
// bit flips in their memories do. It holds flags and printing only; the work is in internal/driver.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
)

// Exit codes, as scripts rely on them.
const (
	exitDifference  = 1 // a check found a difference
	exitInput       = 2 // bad input or usage
	exitMissingTool = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.bar.finish()
	if err != nil {
		fmt.Fprintln(stderr, "rampart:", err)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var missing diag.MissingTool
	var differs diag.Difference
	switch {
	case err == nil:
		return 0
	case errors.As(err, &missing):
		return exitMissingTool
	case errors.As(err, &differs):
		return exitDifference
	}
	return exitInput
}

// app is what the commands share: where they print, and the flags that all of them take.
type app struct {
	stdout, stderr io.Writer
	json           bool
	seed           uint64
	jobs           int
	bar            bar
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "rampart",
		Short:         "Compile segmentation networks to FPGA accelerators and tell what bit flips do to them",
		Version:       driver.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print one JSON object to standard output and nothing else")
	f.Uint64Var(&a.seed, "seed", 1, "seed of everything random")
	f.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "processors to use")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if a.jobs < 1 {
			return diag.Problem{At: "--jobs", What: fmt.Sprintf("%d is not a number of processors", a.jobs), Remedy: "give 1 or more"}
		}
		runtime.GOMAXPROCS(a.jobs)
		a.bar.out = a.stderr
		return nil
	}
	root.AddCommand(a.inspect(), a.eval(), a.compile(), a.simulate(), a.verify(), a.inject())
	return root
}

// print writes a result: as JSON where --json asks for it, else as text.
func (a *app) print(v any, text func(w io.Writer)) error {
	a.bar.finish()
	if !a.json {
		text(a.stdout)
		return nil
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
