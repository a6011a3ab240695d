package rtl

import (
	"fmt"
	"strconv"
	"strings"
)

// tokens splits a line into words, quoted strings (quotes kept) and the single marks [ ] ; =.
func tokens(line string) ([]string, error) {
	var toks []string
	for {
		line = strings.TrimLeft(line, " \t\r")
		if line == "" {
			return toks, nil
		}
		n := 1
		switch line[0] {
		case '[', ']', ';', '=':
		case '"':
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("a string without an end")
			}
			n = len(q)
		default:
			if n = strings.IndexAny(line, " \t\r[];=\""); n < 0 {
				n = len(line)
			}
		}
		toks, line = append(toks, line[:n]), line[n:]
	}
}

// cursor walks over the tokens of a line.
type cursor struct{ toks []string }

func (c *cursor) done() bool { return len(c.toks) == 0 }

// next is the next token, or "" at the end of the line.
func (c *cursor) next() string {
	if c.done() {
		return ""
	}
	t := c.toks[0]
	c.toks = c.toks[1:]
	return t
}

// accept takes the next token where it is t.
func (c *cursor) accept(t string) bool {
	if c.done() || c.toks[0] != t {
		return false
	}
	c.toks = c.toks[1:]
	return true
}

// until takes the tokens before the first of some marks.
func (c *cursor) until(marks ...string) []string {
	var taken []string
	for !c.done() {
		for _, m := range marks {
			if c.toks[0] == m {
				return taken
			}
		}
		taken = append(taken, c.next())
	}
	return taken
}

func (c *cursor) end() error {
	if !c.done() {
		return fmt.Errorf("%q is too much", c.toks[0])
	}
	return nil
}

func (c *cursor) quoted() (string, error) {
	text, err := strconv.Unquote(c.next())
	if err != nil {
		return "", fmt.Errorf("a quoted string is missing")
	}
	return text, nil
}

func (c *cursor) number() (int, error) {
	t := c.next()
	n, err := strconv.ParseInt(t, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", t)
	}
	return int(n), nil
}

// immediates reads [VALUE… VALUE*COUNT …], or nothing; a repeated value may not exceed limit.
func (c *cursor) immediates(limit int) ([]int64, error) {
	if !c.accept("[") {
		return nil, nil
	}
	vs := []int64{}
	for !c.accept("]") {
		t := c.next()
		value, times, repeated := strings.Cut(t, "*")
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a value", t)
		}
		n := 1
		if repeated {
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > limit {
				return nil, fmt.Errorf("%q repeats too often, or not at all", t)
			}
		}
		for range n {
			vs = append(vs, v)
		}
	}
	return vs, nil
}

var opsByName = func() map[string]Op {
	byName := map[string]Op{}
	for _, o := range Ops() {
		byName[o.String()] = o
	}
	return byName
}()

func opNamed(name string) (Op, error) {
	o, ok := opsByName[name]
	if !ok {
		return 0, fmt.Errorf("no operation %q", name)
	}
	return o, nil
}

// maxParsedLanes bounds what a few characters of text can make the parser allocate.
const maxParsedLanes = 1 << 20

// parseType reads what Type.String writes.
func parseType(text string) (Type, error) {
	var t Type
	bad := fmt.Errorf("%q is not a type such as u8 or s26x4", text)
	if text == "" || text[0] != 'u' && text[0] != 's' {
		return t, bad
	}
	t.Signed, t.Lanes = text[0] == 's', 1
	bits, lanes, vector := strings.Cut(text[1:], "x")
	var err error
	if t.Bits, err = strconv.Atoi(bits); err != nil || t.Bits < 1 || t.Bits > MaxBits {
		return t, bad
	}
	if vector {
		if t.Lanes, err = strconv.Atoi(lanes); err != nil || t.Lanes < 2 || t.Lanes > maxParsedLanes {
			return t, bad
		}
	}
	return t, nil
}
