package textform

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// boat is what the tests' text is about: every way to take a line apart has a word in it.
type boat struct {
	name          string
	crew          []string
	length        int64
	depth         int64
	height, width int
	ports         []string
}

const text = `boat "Anna Maria \x00 \"II\"" for "Bo" "Cy" -> length 12 -3
  hull 2x4
  ports Rye Hull
`

func readBoat(i int, l *Line, b *boat) {
	switch {
	case i == 0:
		l.Want("boat")
		b.name = l.Quoted()
		l.Want("for")
		for l.More() && !l.Take("->") {
			b.crew = append(b.crew, l.Quoted())
		}
		b.length, b.depth = l.Named("length"), l.Number()
	case !l.Indented():
		l.Failf("line %d is not indented", i)
	default:
		switch word := l.Word(); word {
		case "hull":
			l.Dims(&b.height, &b.width)
		case "ports":
			for l.More() {
				b.ports = append(b.ports, l.Word())
			}
		default:
			l.Failf("%q begins no line", word)
		}
	}
}

func parse(text string) (b boat, err error) {
	err = Each("harbour.txt", "a boat", []byte(text), func(i int, l *Line) { readBoat(i, l, &b) })
	return b, err
}

func TestEach(t *testing.T) {
	want := boat{
		name: "Anna Maria \x00 \"II\"", crew: []string{"Bo", "Cy"}, length: 12, depth: -3,
		height: 2, width: 4, ports: []string{"Rye", "Hull"},
	}
	for _, given := range []string{text, strings.TrimSuffix(text, "\n")} {
		got, err := parse(given)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestEachRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, changed, want string }{
		"another word":        {"boat ", "ship ", `line 1: "ship" stands where "boat" is due`},
		"no name":             {`boat "Anna`, `boat Anna`, `line 1: a quoted name is due at "Anna Maria`},
		"name without an end": {`"Cy"`, `"Cy`, `line 1: a quoted name is due at "\"Cy -> length 12 -3"`},
		"no number":           {"12", "twelve", `line 1: a number is due at "twelve"`},
		"a fraction":          {"12", "1.5", `line 1: a number is due at "1.5"`},
		"a huge number":       {"12", "9223372036854775808", `line 1: a number is due at "9223372036854775808"`},
		"too few words":       {" -3", "", `line 1: the line ends too early: it is not in the text form of a boat`},
		"too many words":      {" -3", " -3 4 5", `line 1: "4 5" is left over: it is not in the text form of a boat`},
		"a space at the end":  {"Rye Hull", "Rye Hull  ", `line 3: the line ends too early`},
		"too few dimensions":  {"2x4", "2", `line 2: a number is due at ""`},
		"too many dimensions": {"2x4", "2x4x6", `line 2: a number is due at "4x6"`},
		"the caller's own":    {"  hull", "  keel", `line 2: "keel" begins no line`},
		"no indentation":      {"  ports", " ports", `line 3: line 2 is not indented`},
		"an empty line":       {"  ports", "\n  ports", `line 3: line 2 is not indented`},
		"the first error":     {`"Bo"`, `Bo`, `line 1: a quoted name is due at "Bo \"Cy\" -> length 12 -3"`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, c.old)
			_, err := parse(strings.Replace(text, c.old, c.changed, 1))
			require.ErrorContains(t, err, "harbour.txt: "+c.want)
			var problem diag.Problem
			assert.ErrorAs(t, err, &problem)
		})
	}
}

func (b boat) String() string {
	s := fmt.Sprintf("boat %q for", b.name)
	for _, c := range b.crew {
		s += fmt.Sprintf(" %q", c)
	}
	s += fmt.Sprintf(" -> length %d %d\n  hull %dx%d\n  ports", b.length, b.depth, b.height, b.width)
	for _, p := range b.ports {
		s += " " + p
	}
	return s
}

// No text makes the reader panic; what it refuses it refuses with a line, and what it reads it reads again.
func FuzzEach(f *testing.F) {
	f.Add(text)
	f.Add("boat \"\" for -> length")
	f.Add("boat \"\" for \"\"")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := parse(text)
		if err != nil {
			require.ErrorContains(t, err, "harbour.txt: line ")
			return
		}
		again, err := parse(b.String())
		require.NoError(t, err)
		require.Equal(t, b, again)
	})
}
