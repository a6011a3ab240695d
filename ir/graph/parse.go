package graph

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"rampart/internal/diag"
)

// Parse reads the text form that Write prints, and checks the graph. File is the name that errors give.
func Parse(file, text string) (*Graph, error) {
	p := &parser{lines: strings.Split(text, "\n"), values: map[string]*Value{}, nodes: map[string]*Node{}}
	if err := p.run(); err != nil {
		return nil, diag.Problem{
			File: file, At: fmt.Sprintf("line %d", p.next), What: err.Error(),
			Remedy: "print the graph again, or correct the line",
		}
	}
	if err := Check(&p.g); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &p.g, nil
}

type parser struct {
	lines  []string
	next   int    // lines read, which is the present line's number
	rest   string // of the present line
	g      Graph
	values map[string]*Value
	nodes  map[string]*Node
}

// statements are the line kinds in the order in which they stand; each may repeat save the first.
var statements = []struct {
	word  string
	parse func(*parser) error
}{
	{"graph", (*parser).graph}, {"input", (*parser).input}, {"node", (*parser).node},
	{"output", (*parser).output}, {"head", (*parser).head}, {"data", (*parser).data},
}

func (p *parser) run() error {
	stage := -1
	for p.line() {
		if p.rest == "" {
			continue
		}
		word := p.word()
		at := -1
		for i, s := range statements {
			if s.word == word {
				at = i
			}
		}
		switch {
		case at < 0:
			return fmt.Errorf("%q begins no statement", word)
		case stage < 0 && at != 0:
			return errors.New("the text does not begin with a graph line")
		case at < stage || at == 0 && stage == 0:
			return fmt.Errorf("%s stands too late", word)
		}
		stage = at
		if err := statements[at].parse(p); err != nil {
			return err
		}
		if p.rest != "" {
			return fmt.Errorf("%q is left over", p.rest)
		}
	}
	if stage < 0 {
		return errors.New("the text is empty")
	}
	return nil
}

// line moves to the next line; false at the end.
func (p *parser) line() bool {
	if p.next >= len(p.lines) {
		return false
	}
	p.rest = strings.TrimSpace(p.lines[p.next])
	p.next++
	return true
}

// word takes the text up to a space, bracket or equals sign.
func (p *parser) word() string {
	end := strings.IndexAny(p.rest, " (=")
	if end < 0 {
		end = len(p.rest)
	}
	w := p.rest[:end]
	p.rest = strings.TrimLeft(p.rest[end:], " ")
	return w
}

// take removes a literal; false if something else stands there.
func (p *parser) take(literal string) bool {
	rest, ok := strings.CutPrefix(p.rest, literal)
	if ok {
		p.rest = strings.TrimLeft(rest, " ")
	}
	return ok
}

// name takes a quoted name.
func (p *parser) name() (string, error) {
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil || quoted[0] != '"' {
		return "", fmt.Errorf("a quoted name is missing at %q", p.rest)
	}
	p.rest = strings.TrimLeft(p.rest[len(quoted):], " ")
	return strconv.Unquote(quoted)
}

// dims takes numbers joined by x.
func (p *parser) dims(n int) ([]int, error) {
	text := p.word()
	parts := strings.Split(text, "x")
	if len(parts) != n {
		return nil, fmt.Errorf("%q is not %d numbers joined by x", text, n)
	}
	dims := make([]int, n)
	for i, s := range parts {
		var err error
		if dims[i], err = strconv.Atoi(s); err != nil {
			return nil, fmt.Errorf("%q is not a number", s)
		}
	}
	return dims, nil
}

func (p *parser) graph() (err error) {
	p.g.Name, err = p.name()
	return err
}

// value takes a name and a shape, and defines the value.
func (p *parser) value() (*Value, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	d, err := p.dims(3)
	if err != nil {
		return nil, err
	}
	if p.values[name] != nil {
		return nil, fmt.Errorf("value %q exists twice", name)
	}
	v := &Value{Name: name, Shape: Shape{d[0], d[1], d[2]}}
	p.values[name] = v
	return v, nil
}

// use takes the name of a value that exists.
func (p *parser) use() (*Value, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	v := p.values[name]
	if v == nil {
		return nil, fmt.Errorf("no value %q stands above", name)
	}
	return v, nil
}

func (p *parser) input() error {
	v, err := p.value()
	p.g.Inputs = append(p.g.Inputs, v)
	return err
}

func (p *parser) output() error {
	v, err := p.use()
	p.g.Outputs = append(p.g.Outputs, v)
	return err
}

func (p *parser) head() (err error) {
	var h Head
	if h.Kind, err = p.name(); err != nil {
		return err
	}
	if h.Was, err = p.name(); err != nil {
		return err
	}
	if !p.take("->") {
		return errors.New("-> is missing")
	}
	h.Now, err = p.name()
	p.g.Heads = append(p.g.Heads, h)
	return err
}

func (p *parser) node() error {
	name, err := p.name()
	if err != nil {
		return err
	}
	if p.nodes[name] != nil {
		return fmt.Errorf("node %q exists twice", name)
	}
	kind := p.word()
	row, ok := rowOf(kind)
	if !ok {
		return fmt.Errorf("%q is no operator", kind)
	}
	n := &Node{Name: name, Op: row.make()}
	if n.In, err = p.operands(); err != nil {
		return err
	}
	if n.Out, err = p.value(); err != nil {
		return err
	}
	p.nodes[name] = n
	p.g.Nodes = append(p.g.Nodes, n)
	return p.attributes(row.fields(n.Op))
}

// operands takes ("a", "b") ->
func (p *parser) operands() ([]*Value, error) {
	if !p.take("(") {
		return nil, errors.New("( is missing")
	}
	var in []*Value
	for !p.take(")") {
		if len(in) > 0 && !p.take(",") {
			return nil, errors.New(", or ) is missing")
		}
		v, err := p.use()
		if err != nil {
			return nil, err
		}
		in = append(in, v)
	}
	if !p.take("->") {
		return nil, errors.New("-> is missing")
	}
	return in, nil
}

// attributes takes name=value for every attribute that is not data, in the order of the table.
func (p *parser) attributes(fields []field) (err error) {
	for _, f := range fields {
		if f.data != nil {
			continue
		}
		if !p.take(f.name + "=") {
			return fmt.Errorf("attribute %s is missing", f.name)
		}
		switch {
		case f.pair != nil:
			var d []int
			if d, err = p.dims(2); err == nil {
				*f.pair = [2]int(d)
			}
		case f.number != nil:
			*f.number, err = strconv.Atoi(p.word())
		case f.flag != nil:
			*f.flag, err = strconv.ParseBool(p.word())
		case f.real != nil:
			var v float64
			v, err = strconv.ParseFloat(p.word(), 32)
			*f.real = float32(v)
		}
		if err != nil {
			return fmt.Errorf("attribute %s: %w", f.name, err)
		}
	}
	return nil
}

func (p *parser) data() error {
	name, err := p.name()
	if err != nil {
		return err
	}
	n := p.nodes[name]
	if n == nil {
		return fmt.Errorf("no node %q stands above", name)
	}
	which := p.word()
	for _, f := range fieldsOf(n.Op) {
		if f.data == nil || f.name != which {
			continue
		}
		if *f.data != nil {
			return fmt.Errorf("%s of %q exists twice", which, name)
		}
		*f.data, err = p.floats()
		return err
	}
	return fmt.Errorf("%s has no data %q", n.Op.Kind(), which)
}

// floats takes a count and the lines of that many floats. The result grows with the text and not with
// the count.
func (p *parser) floats() ([]float32, error) {
	count, err := strconv.Atoi(p.word())
	if err != nil || count < 0 {
		return nil, errors.New("a count is missing")
	}
	values := []float32{}
	for len(values) < count {
		if !p.line() {
			return nil, fmt.Errorf("the data end after %d of %d values", len(values), count)
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(p.rest)
		if err != nil || len(raw) != 4*min(lineFloats, count-len(values)) {
			return nil, errors.New("the line is not base64 of 12 floats, or of as many as are left")
		}
		for ; len(raw) > 0; raw = raw[4:] {
			values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
		}
	}
	p.rest = ""
	return values, nil
}
