// Package yamlform reads YAML files strictly. In: a text and code that asks for keys and values. Out: the
// values, and for everything that is wrong a diag.Problem with file, line and column, all of them together. A
// key that nobody asked for is wrong. It knows no keys.
package yamlform

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"rampart/internal/diag"
)

// Reader collects what is wrong with a file.
type Reader struct {
	File  string
	found []finding
}

// finding is a problem and where it stands in the file.
type finding struct {
	at Pos
	diag.Problem
}

// Err tells everything that was wrong, in the order of the file; nil where nothing was.
func (r *Reader) Err() error {
	slices.SortStableFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var all diag.Problems
	for _, f := range r.found {
		all.Add(f.Problem)
	}
	return all.Err()
}

// Fail notes a problem at a place.
func (r *Reader) Fail(at Pos, what, remedy string) {
	r.found = append(r.found, finding{at, diag.Problem{File: r.File, At: at.String(), What: what, Remedy: remedy}})
}

// Add notes a problem of another file that a place of this one names.
func (r *Reader) Add(at Pos, p diag.Problem) { r.found = append(r.found, finding{at, p}) }

// Pos is a place in a file; the zero Pos is the file as a whole.
type Pos struct{ Line, Column int }

// String is "line 3, column 7".
func (p Pos) String() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
}

func posOf(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{}
	}
	return Pos{t.Position.Line, t.Position.Column}
}

// Value is a value of the file.
type Value struct {
	r    *Reader
	node ast.Node
	name string // how messages call it
	pos  Pos
}

// Read takes a text apart into the mapping that it holds. Where it holds none the error says why.
func Read(r *Reader, text []byte) (m *Map, err error) {
	defer func() {
		// The parser is not proof against every text. One that it breaks at is no file of ours.
		if p := recover(); p != nil {
			r.Fail(Pos{}, "it is no YAML that can be read", "write keys and values, one to a line")
			m, err = nil, r.Err()
		}
	}()
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			r.Fail(posOf(syntax.Token), "it is no YAML: "+syntax.Message, "write keys and values, one to a line")
		} else {
			r.Fail(Pos{}, "it is no YAML: "+err.Error(), "write keys and values, one to a line")
		}
		return nil, r.Err()
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) != 1 {
		r.Fail(Pos{}, fmt.Sprintf("it holds %d documents", len(bodies)), "write one")
		return nil, r.Err()
	}
	v := Value{r: r, node: bodies[0], name: "the file", pos: posOf(bodies[0].GetToken())}
	if m, ok := v.Map(); ok {
		return m, nil
	}
	return nil, r.Err()
}

// Fail notes a problem at the value.
func (v Value) Fail(what, remedy string) { v.r.Fail(v.pos, v.name+": "+what, remedy) }

// Pos is where the value stands.
func (v Value) Pos() Pos { return v.pos }

// Name is what the value is called: its keys, joined by dots.
func (v Value) Name() string { return v.name }

// IsMap tells whether the value is a mapping.
func (v Value) IsMap() bool { _, ok := v.node.(ast.MapNode); return ok }

// IsList tells whether the value is a list.
func (v Value) IsList() bool { _, ok := v.node.(*ast.SequenceNode); return ok }

// Map is the value as a mapping; ok is false, and a problem noted, where it is none.
func (v Value) Map() (m *Map, ok bool) {
	node, ok := v.node.(ast.MapNode)
	if !ok {
		v.Fail("keys and values are due", "write KEY: VALUE")
		return nil, false
	}
	m = &Map{Value: v, values: map[string]Value{}}
	for it := node.MapRange(); it.Next(); {
		t := it.Key().GetToken()
		key, prefix := t.Value, v.name+"."
		if _, plain := it.Key().(ast.ScalarNode); !plain {
			v.r.Fail(posOf(t), fmt.Sprintf("%s: a key that is no word", v.name), "write KEY: VALUE")
			continue
		}
		if v.name == "the file" {
			prefix = ""
		}
		if _, twice := m.values[key]; twice {
			v.r.Fail(posOf(t), fmt.Sprintf("%s%s stands twice", prefix, key), "leave one of them out")
			continue
		}
		m.order = append(m.order, key)
		m.keys = append(m.keys, posOf(t))
		m.values[key] = Value{r: v.r, node: it.Value(), name: prefix + key, pos: posOf(it.Value().GetToken())}
	}
	return m, true
}

// List is the values of a list; a single value is a list of one.
func (v Value) List() []Value {
	list, ok := v.node.(*ast.SequenceNode)
	if !ok {
		return []Value{v}
	}
	var all []Value
	for i, n := range list.Values {
		all = append(all, Value{r: v.r, node: n, name: fmt.Sprintf("%s[%d]", v.name, i), pos: posOf(n.GetToken())})
	}
	return all
}

// Text is the value as a word or a number, as it is written; ok is false, and a problem noted, where it is
// neither.
func (v Value) Text() (text string, ok bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode, *ast.MergeKeyNode:
		v.Fail("it begins with a character that means something else in YAML", `write it in quotes, such as "*.weights"`)
	case *ast.NullNode:
		v.Fail("there is no value", "write one, or leave the key out")
	default:
		v.Fail("a single value is due", "write one word or number")
	}
	return "", false
}

// OneOf is the value as one of some words; a problem is noted where it is none.
func OneOf[T ~string](v Value, words ...T) (word T, ok bool) {
	text, ok := v.Text()
	if !ok {
		return "", false
	}
	if slices.Contains(words, T(text)) {
		return T(text), true
	}
	v.Fail(fmt.Sprintf("there is no %q", text), "write "+choice(words))
	return "", false
}

func choice[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Int is the value as a whole number from lo to hi.
func (v Value) Int(lo, hi int64) (n int64, ok bool) {
	text, ok := v.Text()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < lo || n > hi {
		v.Fail(fmt.Sprintf("%q is no whole number %s", text, between(lo, hi)), "write one")
		return 0, false
	}
	return n, true
}

func between(lo, hi int64) string {
	if hi == 1<<63-1 {
		return fmt.Sprintf("from %d on", lo)
	}
	return fmt.Sprintf("from %d to %d", lo, hi)
}

// Uint64 is the value as a number from 0 to 2^64-1.
func (v Value) Uint64() (n uint64, ok bool) {
	text, ok := v.Text()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		v.Fail(fmt.Sprintf("%q is no whole number from 0 to %d", text, uint64(1<<64-1)), "write one")
		return 0, false
	}
	return n, true
}

// Share is the value as a share of 1: a number, or a percentage with its sign. Test tells which are allowed,
// and what names them in the message.
func (v Value) Share(what string, test func(float64) bool) (x float64, ok bool) {
	text, ok := v.Text()
	if !ok {
		return 0, false
	}
	number, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		x /= 100
	}
	if err != nil || !test(x) {
		v.Fail(fmt.Sprintf("%q is no %s", text, what), "write a number such as 0.05, or a percentage such as 5%")
		return 0, false
	}
	return x, true
}

// Float is the value as a number. Test tells which are allowed, and what names them in the message.
func (v Value) Float(what string, test func(float64) bool) (x float64, ok bool) {
	text, ok := v.Text()
	if !ok {
		return 0, false
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !test(x) {
		v.Fail(fmt.Sprintf("%q is no %s", text, what), "write one")
		return 0, false
	}
	return x, true
}

// Map is a mapping of the file.
type Map struct {
	Value
	order  []string
	keys   []Pos // of the keys, in that order
	values map[string]Value
	asked  []string
}

// Keys are the keys in the order of the file.
func (m *Map) Keys() []string { return m.order }

// Get is the value of a key that may be there; ok is false where it is not.
func (m *Map) Get(key string) (v Value, ok bool) {
	m.asked = append(m.asked, key)
	v, ok = m.values[key]
	return v, ok
}

// Need is the value of a key that must be there; a problem is noted where it is not.
func (m *Map) Need(key, remedy string) (v Value, ok bool) {
	if v, ok = m.Get(key); !ok {
		m.Fail("there is no "+key, remedy)
	}
	return v, ok
}

// Done notes a problem for every key that nobody asked for.
func (m *Map) Done() {
	for i, key := range m.order {
		if !slices.Contains(m.asked, key) {
			m.r.Fail(m.keys[i], fmt.Sprintf("%s has no key %q", m.name, key), m.suggest(key))
		}
	}
}

// suggest names the key that was meant, or else all that there are.
func (m *Map) suggest(key string) string {
	best, least := "", max(2, len(key)/3)+1
	for _, k := range m.asked {
		if d := distance(strings.ToLower(key), k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "write " + best
	}
	if len(m.asked) == 0 {
		return "leave it out"
	}
	return "leave it out, or write " + choice(m.asked)
}

// distance is the number of letters to change, add or drop to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
