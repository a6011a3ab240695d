package yamlform

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read asks a text for the keys of the tests, and gives what came of it and what was wrong.
func read(text string) (got []string, err error) {
	r := &Reader{File: "f.yaml"}
	m, err := Read(r, []byte(text))
	if err != nil {
		return nil, err
	}
	note := func(v any, ok bool) {
		if ok {
			got = append(got, fmt.Sprint(v))
		}
	}
	if v, ok := m.Need("name", "give it one"); ok {
		note(v.Text())
	}
	if v, ok := m.Get("count"); ok {
		note(v.Int(0, 9))
	}
	if v, ok := m.Get("seed"); ok {
		note(v.Uint64())
	}
	if v, ok := m.Get("part"); ok {
		note(v.Share("share from 0 to 1", func(x float64) bool { return x >= 0 && x <= 1 }))
	}
	if v, ok := m.Get("above"); ok {
		note(v.Float("number above 2", func(x float64) bool { return x > 2 }))
	}
	if v, ok := m.Get("kind"); ok {
		note(OneOf(v, "flip", "stuck", "cluster"))
	}
	if v, ok := m.Get("list"); ok {
		for _, item := range v.List() {
			note(item.Text())
		}
	}
	if v, ok := m.Get("inner"); ok {
		if in, ok := v.Map(); ok {
			if x, ok := in.Get("x"); ok {
				note(x.Int(-5, 5))
			}
			in.Done()
		}
	}
	m.Done()
	return got, r.Err()
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{
		"name: a":                                 "a",
		"name: a b # and more\ncount: 3":          "a b 3",
		"name: \"*.weights\"\nlist: [1, b, 0-5]":  "*.weights 1 b 0-5",
		"name: 7\nlist:\n- x\n- 'y'\n":            "7 x y",
		"name: a\nlist: one":                      "a one",
		"name: a\npart: 5%\nkind: stuck":          "a 0.05 stuck",
		"name: a\nabove: 2.58":                    "a 2.58",
		"name: a\npart: 1e-6":                     "a 1e-06",
		"name: a\nseed: 18446744073709551615":     "a 18446744073709551615",
		"{name: a, inner: {x: -2}}":               "a -2",
		"---\nname: true\ninner:\n  x: 5\n":       "true 5",
		"name: |\n  two\n  lines\n":               "two\nlines\n",
		"name: \"tab \\t quote \\\" bell \\x07\"": "tab \t quote \" bell \a",
	} {
		got, err := read(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"count: 1":                        "f.yaml: line 1, column 6: the file: there is no name; give it one",
		"name: a\ncount: 10":              `f.yaml: line 2, column 8: count: "10" is no whole number from 0 to 9; write one`,
		"name: a\ncount: [1]":             "f.yaml: line 2, column 8: count: a single value is due; write one word or number",
		"name: a\ncount:":                 "f.yaml: line 2, column 8: count: there is no value; write one, or leave the key out",
		"name: a\nseed: -1":               `f.yaml: line 2, column 7: seed: "-1" is no whole number from 0 to 18446744073709551615; write one`,
		"name: *.weights":                 "f.yaml: line 1, column 7: name: it begins with a character that means something else in YAML; write it in quotes, such as \"*.weights\"",
		"name: a\npart: 150%":             `f.yaml: line 2, column 7: part: "150%" is no share from 0 to 1; write a number such as 0.05, or a percentage such as 5%`,
		"name: a\npart: .nan":             `f.yaml: line 2, column 7: part: ".nan" is no share from 0 to 1; write a number such as 0.05, or a percentage such as 5%`,
		"name: a\nabove: 2":               `f.yaml: line 2, column 8: above: "2" is no number above 2; write one`,
		"name: a\nabove: 5%":              `f.yaml: line 2, column 8: above: "5%" is no number above 2; write one`,
		"name: a\nkind: flipp":            `f.yaml: line 2, column 7: kind: there is no "flipp"; write flip, stuck or cluster`,
		"name: a\ncuont: 1":               `f.yaml: line 2, column 1: the file has no key "cuont"; write count`,
		"name: a\ninner: {y: 1}":          `f.yaml: line 2, column 9: inner has no key "y"; write x`,
		"name: a\ninner: 3":               "f.yaml: line 2, column 8: inner: keys and values are due; write KEY: VALUE",
		"- a":                             "f.yaml: line 1, column 1: the file: keys and values are due; write KEY: VALUE",
		"":                                "f.yaml: it holds 0 documents; write one",
		"a: 1\n---\nb: 2":                 "f.yaml: it holds 2 documents; write one",
		"name: [":                         "f.yaml: line 1, column 7: it is no YAML: ",
		"name: a\nname: b":                "f.yaml: line 2, column 1: it is no YAML: ",
		"name: a\nquite-another-thing: b": `the file has no key "quite-another-thing"; leave it out, or write name, count, seed, part, above, kind, list or inner`,
	} {
		_, err := read(text)
		require.Error(t, err, text)
		assert.Contains(t, err.Error(), want, text)
	}
	_, err := read("nmae: a\ncount: x\nkind: 3\ninner: {z: 1}")
	lines := strings.Split(err.Error(), "\n")
	assert.Len(t, lines, 5, "all at once")
	for i, line := range lines { // the first line of the file has two: the key that is wrong, and the one that is not there
		assert.Contains(t, line, fmt.Sprintf("line %d,", max(1, i)), "in the order of the file")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("name: a\ncount: 3\nlist: [1, {b: c}]\ninner:\n  x: &a 1\n  y: *a\n")
	f.Add("? a\n: b\n<<: {c: d}\n!!str x: |\n  y")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := read(text); err != nil && !strings.Contains(err.Error(), "f.yaml") {
			t.Errorf("a problem without a file: %v", err)
		}
	})
}
