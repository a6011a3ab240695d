// Command rampart compiles segmentation networks to FPGA accelerators, simulates them, and tells what
// bit flips in their memories do. It holds flags and printing only; the work is in internal/driver.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
)

// Exit codes, as scripts rely on them.
const (
	exitDifference  = 1 // a check found a difference
	exitInput       = 2 // bad input or usage
	exitMissingTool = 3
	exitInterrupted = 130 // as shells say of programs that Ctrl-C ends
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // --jobs changes it
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.bar.finish()
	if err == nil {
		return 0
	}
	code, message := verdict(ctx, err)
	fmt.Fprintln(stderr, "rampart:", message)
	a.json = a.json || slices.Contains(args, "--json") // which a command line with an error may hide
	if a.json && !a.printed {
		// Who reads JSON gets an object whatever happens. Where even that cannot be written, stderr has told all.
		_ = a.print(failure{message, code}, nil)
	}
	return code
}

// failure is what --json prints where a command has no result.
type failure struct {
	Error string `json:"error"`
	Exit  int    `json:"exit"`
}

// verdict turns an error into an exit code and a message.
func verdict(ctx context.Context, err error) (code int, message string) {
	var missing diag.MissingTool
	var differs diag.Difference
	var kept driver.Kept
	if errors.As(err, new(*exec.ExitError)) {
		// A Ctrl-C ends the tools that run for this program too, at times before it is noticed here.
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	switch {
	case ctx.Err() != nil && errors.As(err, &kept):
		return exitInterrupted, "interrupted; " + kept.Error()
	case ctx.Err() != nil:
		return exitInterrupted, "interrupted; nothing was written"
	case errors.As(err, &missing):
		return exitMissingTool, err.Error()
	case errors.As(err, &differs):
		return exitDifference, err.Error()
	}
	return exitInput, err.Error()
}

// app is what the commands share: where they print, and the flags that all of them take.
type app struct {
	stdout, stderr io.Writer
	json           bool
	printed        bool // a result was
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
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return diag.Problem{What: err.Error(), Remedy: "see " + c.CommandPath() + " --help"}
	})
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
	root.AddCommand(a.inspect(), a.eval(), a.compile(), a.simulate(), a.verify(), a.inject(), a.results(), a.bench())
	return root
}

// one takes a command's only argument, of which what says what it is.
func one(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return diag.Problem{What: fmt.Sprintf("%s takes one argument, %s, and was given %d", c.Name(), what, len(args)), Remedy: "see " + c.CommandPath() + " --help"}
	}
}

// print writes a result: as JSON where --json asks for it, else as text.
func (a *app) print(v any, text func(w io.Writer)) error {
	a.bar.finish()
	a.printed = true
	var out bytes.Buffer
	if a.json {
		enc := json.NewEncoder(&out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("result: %w", err)
		}
	} else {
		text(&out)
	}
	if _, err := a.stdout.Write(out.Bytes()); err != nil {
		return diag.Problem{File: "standard output", What: err.Error(), Remedy: "send it where it can be written"}
	}
	return nil
}
