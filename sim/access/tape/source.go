package tape

import _ "embed"

//go:embed tape.go
var source string

// Source is the text of tape.go, a complete package of one file that imports the standard library only; a
// generated simulator that records is built with a copy of it.
func Source() string { return source }
