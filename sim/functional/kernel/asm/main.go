// Command asm writes the assembly of rampart's kernels and the Go declarations that go with it. In: nothing
// but the folder to write to. Out: the files NAME_amd64.s and NAME_amd64.go of each instruction set. What the
// kernels compute is said in package kernel; here is how. The checks of lengths are kernel's too: nothing here
// looks at the length of a slice.
package main

import (
	"github.com/mmcloughlin/avo/build"

	"rampart/internal/avogen"
)

func main() { avogen.Main(generate) }

// generate gives the text of every file by its name.
func generate() (map[string][]byte, error) {
	return avogen.Texts("sim/functional/kernel/asm", map[string]func(*build.Context){
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
			pack512(c)
			bytes512(c)
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
	})
}
