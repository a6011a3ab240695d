// Command asm writes the assembly of the float engine's kernels and the Go declarations that go with it. In:
// the folder to write to. Out: the files NAME_amd64.s and NAME_amd64.go of each instruction set. What the
// kernels compute is said in package kernel, which also checks all lengths; here is how.
package main

import (
	"github.com/mmcloughlin/avo/build"

	"rampart/internal/avogen"
)

func main() { avogen.Main(generate) }

// generate gives the text of every file by its name.
func generate() (map[string][]byte, error) {
	return avogen.Texts("sim/functional/float/kernel/asm", map[string]func(*build.Context){
		"avx512": conv512,
		"avx2": func(c *build.Context) {
			table(c)
			conv256(c)
			pointwise(c)
			compare(c)
		},
	})
}
