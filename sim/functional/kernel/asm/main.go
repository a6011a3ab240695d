// Command asm writes the assembly of rampart's kernels and the Go declarations that go with it. In: nothing
// but the folder to write to. Out: the files NAME_amd64.s and NAME_amd64.go of each instruction set. What the
// kernels compute is said in package kernel; here is how. The checks of lengths are kernel's too: nothing here
// looks at the length of a slice.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: asm FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "asm:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	texts, err := generate()
	if err != nil {
		return err
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the text of every file by its name.
func generate() (map[string][]byte, error) {
	texts := map[string][]byte{}
	for name, emit := range map[string]func(*build.Context){
		"avx512": func(c *build.Context) {
			dense512(c)
			scatter512(c)
			requantise512(c)
			diff512(c)
			changes512(c)
			flatChanges512(c)
			gather512(c)
			settle512(c)
			sway512(c)
			exceed512(c)
		},
		"avx2": func(c *build.Context) {
			table(c)
			dense256(c)
			scatter256(c)
			requantise256(c)
			diff256(c)
			argMax(c)
			gather256(c)
		},
	} {
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
		config := printer.Config{Pkg: "kernel", Name: "sim/functional/kernel/asm"}
		for suffix, p := range map[string]printer.Printer{".s": printer.NewGoAsm(config), ".go": printer.NewStubs(config)} {
			if texts[name+"_amd64"+suffix], err = p.Print(file); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return texts, nil
}
