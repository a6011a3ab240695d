package verilator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"rampart/codegen/harness"
	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim/worker"
)

const (
	install      = "apt-get install verilator g++ make"
	oldestMajor  = 5 // the worker relies on the scheduler of Verilator 5
	objectFolder = "obj"
)

// checkTools finds the programs that building needs and tells Verilator's version.
func checkTools(ctx context.Context) (version string, err error) {
	for _, tool := range []string{"verilator", "g++", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", diag.MissingTool{Tool: tool, Install: install}
		}
	}
	out, err := exec.CommandContext(ctx, "verilator", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("verilator --version: %w", err)
	}
	version = strings.TrimSpace(string(out))
	fields := strings.Fields(version)
	if len(fields) >= 2 {
		major, _, _ := strings.Cut(fields[1], ".")
		if n, err := strconv.Atoi(major); err == nil && n >= oldestMajor {
			return version, nil
		}
	}
	return "", diag.Problem{At: "verilator", What: fmt.Sprintf("%q is too old", version),
		Remedy: fmt.Sprintf("install version %d or later", oldestMajor)}
}

// commandLine is how Verilator is called, without the files. The choices are measured: -O1 for the
// C++ is as fast as -O3 and compiles in a fraction of the time; threads make small designs slower.
func commandLine(opts Options) []string {
	args := []string{
		"--cc", "--exe", "-O3", "-Wno-fatal", "--noassert", "--x-assign", "0", "--x-initial", "0",
		"--prefix", harness.Prefix, "--Mdir", objectFolder,
		"-CFLAGS", "-std=c++17",
	}
	if opts.Trace {
		args = append(args, "--trace", "--timescale", "1ns/1ns", "-CFLAGS", "-DTRACE")
	}
	return args
}

// compile runs Verilator and the C++ compiler in dir and leaves the program there.
func compile(ctx context.Context, d *rtl.Design, dir string, opts Options) error {
	args := append(commandLine(opts), "--top-module", d.Top.Name, harness.ControlFile)
	for _, m := range d.Modules {
		args = append(args, m.Name+".v")
	}
	if err := run(ctx, dir, "verilator", append(args, harness.WorkerFile)...); err != nil {
		return err
	}
	parallel, err := worthParallel(filepath.Join(dir, objectFolder))
	if err != nil {
		return err
	}
	mk := []string{"-C", objectFolder, "-f", harness.Prefix + ".mk", "-j", strconv.Itoa(opts.jobs()),
		"OPT_FAST=" + opts.optimise(), "OPT_SLOW=-O0", "OPT_GLOBAL=-O1", "VM_PARALLEL_BUILDS=" + parallel}
	if _, err := exec.LookPath("ccache"); err == nil {
		mk = append(mk, "OBJCACHE=ccache")
	}
	if err := run(ctx, dir, "make", mk...); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, objectFolder, harness.Prefix), filepath.Join(dir, worker.Program)); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dir, objectFolder))
}

// oneUnit is how many bytes of C++ are compiled as one file: the headers, read once, are half the work.
const oneUnit = 6 << 20

func worthParallel(dir string) (string, error) {
	sources, err := filepath.Glob(filepath.Join(dir, "*.cpp"))
	if err != nil {
		return "", err
	}
	total := int64(0)
	for _, s := range sources {
		info, err := os.Stat(s)
		if err != nil {
			return "", err
		}
		total += info.Size()
	}
	if total > oneUnit {
		return "1", nil
	}
	return "0", nil
}

func run(ctx context.Context, dir, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = dir
	return worker.RunTool(ctx, tool, cmd)
}
