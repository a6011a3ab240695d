// Command synth counts what yosys makes of a build: DSP blocks, block RAMs, distributed RAM, look-up tables
// and flip-flops of the whole network, beside the build's own estimate. In: a build folder. Out: a JSON
// file for each synthesis flow, a table in text, and exit code 1 where multipliers or memories did not become
// what FPGAs have for them. It knows nothing of networks, and of the hardware only the names of modules and
// memories.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/driver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "synth:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is as those of rampart: 3 where a tool is missing, 2 for bad input, 1 for what was found.
func exitCode(err error) int {
	var missing diag.MissingTool
	var found findings
	switch {
	case errors.As(err, &missing):
		return 3
	case errors.As(err, &found):
		return 1
	}
	return 2
}

// run synthesises a build with every flow, writes FLOW.json and table.txt into a folder and prints the table.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: synth BUILD OUT")
	}
	b, err := driver.Open(ctx, args[0])
	if err != nil {
		return err
	}
	d := design{
		top: b.HW.Design.Top.Name, verilog: filepath.Join(b.Dir, "verilog"),
		estimate: b.Plan.Estimate.Resources, memories: b.HW.Map,
	}
	var results []*result
	var found findings
	for _, f := range flows {
		start := time.Now()
		r, err := f.synthesise(ctx, d)
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s: %.0f s\n", f.Name, time.Since(start).Seconds())
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if err := atomicfile.WriteFile(filepath.Join(args[1], f.Name+".json"), append(data, '\n')); err != nil {
			return err
		}
		results, found = append(results, r), append(found, d.check(r)...)
	}
	text := d.table(results)
	if err := atomicfile.WriteFile(filepath.Join(args[1], "table.txt"), []byte(text)); err != nil {
		return err
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return fmt.Errorf("printing the table: %w", err)
	}
	if len(found) > 0 {
		return found
	}
	return nil
}
