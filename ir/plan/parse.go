package plan

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/fixed"
)

// Parse reads the text form that Print writes of a plan for the given network, which passes its own
// check. File names the source in errors, which are diag.Problem with the line, or the problems that
// Check finds.
func Parse(file string, text []byte, net *fixed.Net) (*Plan, error) {
	p := &parser{plan: &Plan{}, net: net, nodes: map[string]*fixed.Node{}, streams: map[string]*Stream{}}
	for _, n := range net.Nodes {
		p.nodes[n.Name] = n
	}
	for i, line := range strings.Split(string(bytes.TrimSuffix(text, []byte("\n"))), "\n") {
		l := &lexer{rest: line}
		p.line(l, i)
		if err := l.end(); err != nil {
			return nil, diag.Problem{File: file, At: fmt.Sprintf("line %d", i+1), What: err.Error()}
		}
	}
	if err := p.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.plan, nil
}

// parser holds what the lines so far have made; stage is the one whose details are being read.
type parser struct {
	plan    *Plan
	net     *fixed.Net
	nodes   map[string]*fixed.Node // that have no stage yet
	streams map[string]*Stream
	stage   *Stage
}

func (p *parser) line(l *lexer, i int) {
	switch {
	case i == 0:
		l.want("plan")
		p.plan.Name = l.word()
		return
	case i == 1:
		l.want("estimate")
		e := &p.plan.Estimate
		e.CyclesPerFrame, e.LatencyCycles = l.named("cycles"), l.named("latency")
		e.WarmupFrames = int(l.named("warmup"))
		l.want("buffers")
		switch buffers := l.word(); buffers {
		case "least", "ample":
			e.LeastBuffers = buffers == "least"
		default:
			l.failf("buffers are least or ample, not %q", buffers)
		}
		return
	case strings.HasPrefix(l.rest, "  "):
		p.detail(l)
		return
	}
	switch word := l.word(); Kind(word) {
	case "input":
		p.input(l)
	case "output":
		if s := p.use(l); s != nil {
			p.plan.Outputs = append(p.plan.Outputs, s)
		}
	case Conv, Pool, Scale, Fork, Concat, ArgMax:
		p.begin(l, Kind(word))
	default:
		l.failf("%q begins no line", word)
	}
}

func (p *parser) input(l *lexer) {
	s := p.define(l)
	name := l.quoted()
	s.Lanes = int(l.named("lanes"))
	for _, v := range p.net.Inputs {
		if v.Name == name {
			s.Value = v
			p.plan.Inputs = append(p.plan.Inputs, s)
			return
		}
	}
	l.failf("the network has no input %q", name)
}

func (p *parser) begin(l *lexer, kind Kind) {
	st := &Stage{Kind: kind, Name: l.word()}
	if kind != Fork {
		name := l.quoted()
		if st.Node = p.nodes[name]; st.Node == nil {
			l.failf("the network has no node %q, or it has a stage already", name)
		}
		delete(p.nodes, name)
	}
	l.want("from")
	for l.rest != "" && l.err == nil {
		if s := p.use(l); s != nil {
			s.To = st
			st.In = append(st.In, s)
		}
	}
	p.stage = st
	p.plan.Stages = append(p.plan.Stages, st)
}

func (p *parser) detail(l *lexer) {
	st := p.stage
	switch word := l.word(); {
	case word == "fold" && st != nil && len(st.Out) == 0:
		st.Fold.PE = int(l.named("outputs"))
		l.want("taps")
		y, x, _ := strings.Cut(l.word(), "x")
		st.Fold.TapY, st.Fold.TapX = int(l.parseInt(y)), int(l.parseInt(x))
		st.Fold.Cw, st.Rows = int(l.named("channels")), int(l.named("rows"))
	case word == "to" && st != nil && len(st.In) > 0:
		s := p.define(l)
		s.Lanes, s.Depth = int(l.named("lanes")), int(l.named("depth"))
		s.From, s.Value = st, st.In[0].Value
		if st.Node != nil {
			s.Value = st.Node.Out
		}
		st.Out = append(st.Out, s)
	default:
		l.failf("%q says nothing about this stage", word)
	}
}

// define makes a stream.
func (p *parser) define(l *lexer) *Stream {
	s := &Stream{Name: l.word()}
	if p.streams[s.Name] != nil {
		l.failf("stream %q is defined twice", s.Name)
	}
	p.streams[s.Name] = s
	p.plan.Streams = append(p.plan.Streams, s)
	return s
}

func (p *parser) use(l *lexer) *Stream {
	name := l.word()
	s := p.streams[name]
	if s == nil || s.To != nil || slices.Contains(p.plan.Outputs, s) {
		l.failf("stream %q is not defined above, or used already", name)
		return nil
	}
	return s
}

// finish compares the plan with its network, derives what the text leaves out, and checks all.
func (p *parser) finish() error {
	c := &checker{at: "plan " + p.plan.Name}
	for _, n := range p.net.Nodes {
		if p.nodes[n.Name] != nil {
			c.failf("node %q has no stage", n.Name)
		}
	}
	carries := func(what string, streams []*Stream, values []*fixed.Value) {
		same := func(s *Stream, v *fixed.Value) bool { return s.Value == v }
		if !slices.EqualFunc(streams, values, same) {
			c.failf("its %s are not those of the network", what)
		}
	}
	carries("inputs", p.plan.Inputs, p.net.Inputs)
	carries("outputs", p.plan.Outputs, p.net.Outputs)
	c.checkWiring(p.plan)
	for _, s := range p.plan.Streams {
		if s.Lanes < 1 || s.Lanes > p.plan.widest() {
			c.failf("stream %s has %d lanes, not 1 to %d", s.Name, s.Lanes, p.plan.widest())
		}
		s.Skip = s.isSkip()
	}
	if err := c.found.Err(); err != nil {
		return err
	}
	p.plan.setWalks()
	p.plan.layOut()
	if err := Check(p.plan); err != nil {
		return err
	}
	p.plan.count()
	return nil
}

// lexer takes words off a line and keeps the first error.
type lexer struct {
	rest string
	err  error
}

var errText = errors.New("it is not in the text form of a plan")

func (l *lexer) failf(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// end reports the first error, or what is left over.
func (l *lexer) end() error {
	if l.rest != "" {
		l.failf("%q is left over: %w", l.rest, errText)
	}
	return l.err
}

func (l *lexer) word() string {
	word, rest, _ := strings.Cut(strings.TrimLeft(l.rest, " "), " ")
	l.rest = rest
	if word == "" {
		l.failf("the line ends too early: %w", errText)
	}
	return word
}

func (l *lexer) want(word string) {
	if got := l.word(); got != word {
		l.failf("%q stands where %q is due", got, word)
	}
}

func (l *lexer) quoted() string {
	q, err := strconv.QuotedPrefix(l.rest)
	if err != nil {
		l.failf("a quoted name is due at %q", l.rest)
		return ""
	}
	l.rest = strings.TrimPrefix(l.rest[len(q):], " ")
	name, _ := strconv.Unquote(q) // QuotedPrefix has checked it
	return name
}

// named reads a word and the number behind it.
func (l *lexer) named(name string) int64 {
	l.want(name)
	return l.parseInt(l.word())
}

func (l *lexer) parseInt(word string) int64 {
	v, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		l.failf("a number is due at %q", word)
	}
	return v
}
