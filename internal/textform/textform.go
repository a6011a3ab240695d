// Package textform reads texts that hold a statement a line, with words one space apart. In: a text and a
// function that takes a line apart. Out: what the function makes of the lines, or a diag.Problem with file
// and line. It knows no statement.
package textform

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"rampart/internal/diag"
)

// Each gives read the lines of a text with their numbers, from 0, up to the first that is wrong or that
// read leaves words of. File names the source in the error, and form what the text should be, such as "a
// plan".
func Each(file, form string, text []byte, read func(i int, l *Line)) error {
	for i, line := range strings.Split(string(bytes.TrimSuffix(text, []byte("\n"))), "\n") {
		l := &Line{rest: line, form: form}
		read(i, l)
		if err := l.end(); err != nil {
			return diag.Problem{File: file, At: fmt.Sprintf("line %d", i+1), What: err.Error()}
		}
	}
	return nil
}

// Line takes a line apart from the left. The first error sticks; what is read after it is worthless, and
// harmless.
type Line struct {
	rest string
	form string
	err  error
}

// Failf says what is wrong with the line.
func (l *Line) Failf(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// end reports the first error, or what is left over.
func (l *Line) end() error {
	if l.rest != "" {
		l.Failf("%q is left over: it is not in the text form of %s", l.rest, l.form)
	}
	return l.err
}

// Indented tells whether the line belongs to one above.
func (l *Line) Indented() bool { return strings.HasPrefix(l.rest, "  ") }

// More tells whether there is a word left, and none was wrong so far.
func (l *Line) More() bool { return l.rest != "" && l.err == nil }

// Word takes the next word.
func (l *Line) Word() string {
	word, rest, _ := strings.Cut(strings.TrimLeft(l.rest, " "), " ")
	l.rest = rest
	if word == "" {
		l.Failf("the line ends too early: it is not in the text form of %s", l.form)
	}
	return word
}

// Take takes the given word where it is next and not the last, and tells whether it was.
func (l *Line) Take(word string) bool {
	rest, ok := strings.CutPrefix(l.rest, word+" ")
	if ok {
		l.rest = rest
	}
	return ok
}

// Want takes the next word, which must be the given one.
func (l *Line) Want(word string) {
	if got := l.Word(); got != word {
		l.Failf("%q stands where %q is due", got, word)
	}
}

// Quoted takes a name that was written with %q.
func (l *Line) Quoted() string {
	q, err := strconv.QuotedPrefix(l.rest)
	if err != nil {
		l.Failf("a quoted name is due at %q", l.rest)
		return ""
	}
	l.rest = strings.TrimPrefix(l.rest[len(q):], " ")
	name, _ := strconv.Unquote(q) // QuotedPrefix has checked it
	return name
}

// Number takes a number.
func (l *Line) Number() int64 { return l.number(l.Word()) }

// Named takes the given word and the number behind it.
func (l *Line) Named(word string) int64 {
	l.Want(word)
	return l.Number()
}

// Dims takes numbers joined by x, such as 3x64x96.
func (l *Line) Dims(to ...*int) {
	word := l.Word()
	for _, d := range to[:len(to)-1] {
		var first string
		first, word, _ = strings.Cut(word, "x")
		*d = int(l.number(first))
	}
	*to[len(to)-1] = int(l.number(word))
}

func (l *Line) number(word string) int64 {
	v, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		l.Failf("a number is due at %q", word)
	}
	return v
}
