package rtl

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"rampart/internal/diag"
)

// Parse reads the text form that Print writes. Errors are diag.Problems with the file name and the
// line. Lines that begin with # and empty lines mean nothing. What it returns is linked but not checked: see Check.
func Parse(file string, r io.Reader) (*Design, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	p := &parser{modules: map[string]*Module{}, design: &Design{}}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if err := p.line(line); err != nil {
			return nil, diag.Problem{File: file, At: fmt.Sprintf("line %d", i+1), What: err.Error()}
		}
	}
	if err := p.finish(); err != nil {
		return nil, diag.Problem{File: file, At: fmt.Sprintf("line %d", len(lines)), What: err.Error()}
	}
	return p.design, nil
}

// parser holds what the lines so far have built.
type parser struct {
	design  *Design
	top     string
	modules map[string]*Module

	m       *Module // the open module, or nil
	nodes   map[string]*Node
	pending []pendingNode
	mem     *Mem // the open memory, or nil
	inst    *Instance
	init    bool    // the lines are memory words
	doc     *string // the comment that the last doc line belongs to
}

// pendingNode is a node whose operands may stand further down; they are found at the module's end.
type pendingNode struct {
	node *Node
	args []string
}

func (p *parser) line(text string) error {
	inWords := p.init
	if inWords && p.words(text) {
		return nil
	}
	p.init = false
	toks, err := tokens(text)
	if err != nil {
		return err
	}
	if len(toks) == 0 || strings.HasPrefix(toks[0], "#") {
		return nil
	}
	c := &cursor{toks: toks}
	if p.m != nil && len(toks) > 1 && toks[1] == "=" {
		return p.node(c)
	}
	keyword := c.next()
	parse, ok := statements[keyword]
	switch {
	case !ok && inWords:
		return fmt.Errorf("%q is neither a word of %s nor the beginning of a statement", keyword, p.mem.Word)
	case !ok:
		return fmt.Errorf("%q begins no statement", keyword)
	case parse.inModule != (p.m != nil):
		return fmt.Errorf("%q stands in the wrong place", keyword)
	}
	if err := parse.f(p, c); err != nil {
		return err
	}
	return c.end()
}

// statement reads one kind of line.
type statement struct {
	inModule bool
	f        func(*parser, *cursor) error
}

var statements = map[string]statement{
	"design": {false, (*parser).designLine},
	"module": {false, (*parser).moduleLine},
	"doc":    {true, (*parser).docLine},
	"keep":   {true, (*parser).keepLine},
	"input":  {true, (*parser).inputLine},
	"output": {true, (*parser).outputLine},
	"reg":    {true, (*parser).regLine},
	"mem":    {true, (*parser).memLine},
	"read":   {true, (*parser).readLine},
	"write":  {true, (*parser).writeLine},
	"init":   {true, (*parser).initLine},
	"inst":   {true, (*parser).instLine},
	"in":     {true, (*parser).inLine},
	"end":    {true, (*parser).endLine},
}

func (p *parser) finish() error {
	switch {
	case p.m != nil:
		return fmt.Errorf("module %s has no end", p.m.Name)
	case p.top == "":
		return fmt.Errorf("no design line")
	case p.modules[p.top] == nil:
		return fmt.Errorf("top module %s is not there", p.top)
	}
	p.design.Top = p.modules[p.top]
	return nil
}

func (p *parser) designLine(c *cursor) error {
	if p.top != "" {
		return fmt.Errorf("a second design line")
	}
	p.top = c.next()
	return nil
}

func (p *parser) moduleLine(c *cursor) error {
	name := c.next()
	if p.modules[name] != nil {
		return fmt.Errorf("module %s is there already", name)
	}
	p.m = NewModule(name, "")
	p.nodes = map[string]*Node{}
	return nil
}

// keepLine marks a module as one that is to be kept.
func (p *parser) keepLine(*cursor) error {
	p.m.Keep = true
	return nil
}

// docLine adds a line to the comment of the innermost thing that is open.
func (p *parser) docLine(c *cursor) error {
	text, err := c.quoted()
	doc := &p.m.Doc
	switch {
	case p.mem != nil:
		doc = &p.mem.Doc
	case p.inst != nil:
		doc = &p.inst.Doc
	}
	if doc == p.doc {
		text = *doc + "\n" + text
	}
	*doc, p.doc = text, doc
	return err
}

// node reads NAME = OP TYPE OPERAND… [IMMEDIATE…] ; "comment".
func (p *parser) node(c *cursor) error {
	name := c.next()
	c.next() // the equals sign
	op, err := opNamed(c.next())
	if err != nil {
		return err
	}
	t, err := parseType(c.next())
	if err != nil {
		return err
	}
	n := p.m.add(&Node{Op: op, Type: t})
	if id := fmt.Sprintf("%%%d", n.ID); strings.HasPrefix(name, "%") {
		if name != id {
			return fmt.Errorf("node %s stands where %s belongs", name, id)
		}
	} else {
		n.Name = name
		p.m.names[name] = true
	}
	if p.nodes[name] == nil {
		p.nodes[name] = n
	}
	args := c.until("[", ";")
	p.pending = append(p.pending, pendingNode{n, args})
	if n.Imms, err = c.immediates(t.Lanes); err != nil {
		return err
	}
	if c.accept(";") {
		if n.Doc, err = c.quoted(); err != nil {
			return err
		}
	}
	return c.end()
}

// endLine closes a module: operands are linked now that all nodes are known.
func (p *parser) endLine(*cursor) error {
	for _, q := range p.pending {
		for _, name := range q.args {
			a, err := p.find(name)
			if err != nil {
				return fmt.Errorf("node %s: %w", label(q.node), err)
			}
			q.node.Args = append(q.node.Args, a)
		}
	}
	p.modules[p.m.Name] = p.m
	p.design.Modules = append(p.design.Modules, p.m)
	p.m, p.nodes, p.pending, p.mem, p.inst, p.init = nil, nil, nil, nil, nil, false
	return nil
}

func (p *parser) find(name string) (*Node, error) {
	if n := p.nodes[name]; n != nil {
		return n, nil
	}
	if n := p.byIndex(name); n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("no node %q", name)
}

// byIndex finds a node by %N even where it has a name.
func (p *parser) byIndex(name string) *Node {
	digits, ok := strings.CutPrefix(name, "%")
	id, err := strconv.Atoi(digits)
	if !ok || err != nil || id < 0 || id >= len(p.m.Nodes) {
		return nil
	}
	return p.m.Nodes[id]
}
