// Package pattern matches names with patterns, as the files that users write have them. In: patterns, names.
// Out: whether they meet. It does not know what is named.
//
// In a pattern * stands for any run of characters and ? for any one. A pattern with ! before it leaves out
// what it meets.
package pattern

import (
	"fmt"
	"slices"
	"strings"
)

// List tells whether a list of patterns meets a name: one of them does, and none with ! before it. A list of
// such patterns alone begins with everything, and so does the empty list.
func List(patterns []string, name string) bool {
	in, positive := false, false
	for _, p := range patterns {
		if rest, not := strings.CutPrefix(p, "!"); not {
			if One(rest, name) {
				return false
			}
			continue
		}
		positive = true
		in = in || One(p, name)
	}
	return in || !positive
}

// One tells whether a pattern without ! meets a name.
func One(pattern, name string) bool {
	star, mark := -1, 0
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Known is a remedy for a pattern that meets nothing: the names that there are, or the first of them, each once.
func Known(all []string) string {
	const most = 12
	var names []string
	for _, n := range all {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) > most {
		return fmt.Sprintf("there are %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "there are " + strings.Join(names, ", ")
}
