// Package verilog writes a design as Verilog-2005 that a person can read and any tool can take. In: an
// ir/rtl design. Out: one .v file per module, one .mem file per memory with contents. It knows no
// networks, no simulator and no vendor, and prints no pragma.
//
// Three steps, each over the typed syntax tree of ast.go:
//
//	lower     (place.go, lower_*.go) decides which nodes become wires, what they are called and which
//	          expressions stay inline, and builds the tree with every width and extension spelt out
//	legalise  (legalise_*.go) merges loops, consumes unused bits and proves the width rules
//	print     (print_*.go) writes the text and decides nothing but line breaks
//
// What the text means: clk and rst are added to every module. At a clock edge with rst high every
// register takes its initial value and every memory read port 0; memories keep their words. A memory's
// contents are loaded by $readmemh from a file beside the Verilog, or zeroed. Names of ports,
// registers, read ports, memories, instances and named nodes are those of the IR.
package verilog

import (
	"fmt"

	"rampart/ir/rtl"
)

// File is one file of the output folder.
type File struct {
	Name string
	Data []byte
}

// Emit writes the modules of d in its order, each followed by the contents of its memories. The
// result depends on d alone. Errors are those of rtl.Check, and files that would share a name.
func Emit(d *rtl.Design) ([]File, error) {
	if err := rtl.Check(d); err != nil {
		return nil, err
	}
	var files []File
	for _, m := range d.Modules {
		tree := lowerModule(m)
		legalise(tree)
		files = append(files, File{Name: m.Name + ".v", Data: printModule(tree)})
		for _, mem := range m.Mems {
			if mem.Init != nil {
				files = append(files, memFile(m, mem))
			}
		}
	}
	for i, f := range files {
		for _, g := range files[:i] {
			if f.Name == g.Name {
				return nil, fmt.Errorf("two files of the Verilog would be called %s; rename a module or a memory", f.Name)
			}
		}
	}
	return files, nil
}
