// Package avogen is what the programs that write the assembly of a package of kernels share. In: for each
// instruction set, what emits its functions. Out: the files NAME_amd64.s and NAME_amd64.go of each. It knows
// no kernels.
package avogen

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// Main is such a program: it writes what generate gives into the folder that is its argument. It does not return
// where it fails.
func Main(generate func() (map[string][]byte, error)) {
	os.Exit(run(os.Args[1:], generate, os.Stderr))
}

// run is Main, and gives the exit code.
func run(args []string, generate func() (map[string][]byte, error), stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "usage: asm FOLDER")
		return 2
	}
	texts, err := generate()
	for name, text := range texts {
		if err == nil {
			err = os.WriteFile(filepath.Join(args[0], name), text, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "asm:", err)
		return 1
	}
	return 0
}

// Texts gives the text of every file by its name, for a package called kernel. The program's path stands in their
// headers; sets has what emits the functions of an instruction set, by the name of its files.
func Texts(program string, sets map[string]func(*build.Context)) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for name, emit := range sets {
		c := build.NewContext()
		c.Constraints(buildtags.And(buildtags.Term("amd64")))
		emit(c)
		file, err := c.Result()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := pass.Compile.Execute(file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		config := printer.Config{Pkg: "kernel", Name: program}
		for suffix, p := range map[string]printer.Printer{".s": printer.NewGoAsm(config), ".go": printer.NewStubs(config)} {
			if texts[name+"_amd64"+suffix], err = p.Print(file); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return texts, nil
}
