package gosim

import (
	"fmt"
	"go/token"
	"strings"
)

// namer hands out Go identifiers, each once. The names that people gave are kept where they can be.
type namer struct {
	taken map[string]bool
	outer *namer
}

// predeclared are identifiers that generated code uses; no variable may hide them.
var predeclared = []string{"byte", "clear", "copy", "int", "int8", "int16", "int32", "int64", "len", "max", "min",
	"string", "uint", "uint8", "uint16", "uint32", "uint64", "range", "true", "false", "nil", "bool", "any", "init", "main"}

func newNamer(outer *namer, reserved ...string) *namer {
	n := &namer{taken: map[string]bool{"": true, "_": true}, outer: outer}
	for _, r := range reserved {
		n.taken[r] = true
	}
	return n
}

func (n *namer) has(name string) bool {
	return n.taken[name] || n.outer != nil && n.outer.has(name)
}

// name is an identifier made from want, like no other before.
func (n *namer) name(want string) string {
	want = legal(want)
	if n.outer != nil && strings.HasPrefix(want, "constant_") { // those are the program's, and come later
		want = "the_" + want
	}
	got := want
	for i := 2; n.has(got) || token.IsKeyword(got); i++ {
		got = fmt.Sprintf("%s_%d", want, i)
	}
	n.taken[got] = true
	return got
}

// legal is s with what Go's identifiers do not allow replaced.
func legal(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}, s)
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "x" + s
	}
	return s
}
