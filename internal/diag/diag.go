// Package diag is how rampart tells its user what is wrong. In: facts found by any package. Out: error
// values that print one clear message and tell the command line which exit code to use.
package diag

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with what the user gave. Empty fields are left out of the message.
type Problem struct {
	File   string // the file that holds it
	At     string // the node, tensor, line or option inside
	What   string // what is wrong
	Remedy string // what to do about it
}

func (p Problem) Error() string {
	var b strings.Builder
	for _, s := range []string{p.File, p.At} {
		if s != "" {
			b.WriteString(s + ": ")
		}
	}
	b.WriteString(p.What)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems are all the things wrong with one input, reported together.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives each problem to errors.As.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Add appends a problem.
func (ps *Problems) Add(p Problem) { *ps = append(*ps, p) }

// Err is nil where there are no problems.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// MissingTool is a program that is needed and not installed.
type MissingTool struct {
	Tool    string
	Install string // the one command that installs it
}

func (m MissingTool) Error() string {
	return fmt.Sprintf("%s is not installed; install it with: %s", m.Tool, m.Install)
}

// Difference is a check that found two things unequal that must be equal.
type Difference struct{ What string }

func (d Difference) Error() string { return d.What }
