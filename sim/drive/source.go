package drive

import _ "embed"

//go:embed drive.go
var source string

// Source is the text of drive.go, a complete package of one file that imports the standard library
// only; a generated simulator is built with a copy of it.
func Source() string { return source }
