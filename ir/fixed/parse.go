package fixed

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rampart/internal/diag"
)

// Parse reads the text form that Print writes. File names the source in errors, which are
// diag.Problem with the line. The result's wiring follows the text; call Check for the rest.
func Parse(file string, text []byte) (*Net, error) {
	p := &parser{net: &Net{}, values: map[string]*Value{}}
	for i, line := range strings.Split(string(bytes.TrimSuffix(text, []byte("\n"))), "\n") {
		l := &lexer{rest: line}
		p.line(l, i == 0)
		if err := l.end(); err != nil {
			return nil, diag.Problem{File: file, At: fmt.Sprintf("line %d", i+1), What: err.Error()}
		}
	}
	return p.net, nil
}

// parser holds what the lines so far have made; node is the one whose details are being read.
type parser struct {
	net    *Net
	values map[string]*Value
	node   *Node
}

func (p *parser) line(l *lexer, first bool) {
	if first {
		l.want("net")
		p.net.Name = l.quoted()
		return
	}
	if strings.HasPrefix(l.rest, "  ") {
		p.detail(l)
		return
	}
	switch word := l.word(); word {
	case "input":
		p.net.Inputs = append(p.net.Inputs, p.define(l))
	case "output":
		p.net.Outputs = append(p.net.Outputs, p.use(l))
	case "conv":
		p.begin(l, &Conv{})
	case "maxpool":
		p.begin(l, &MaxPool{})
	case "concat":
		p.begin(l, &Concat{})
	case "requant":
		p.begin(l, &Requant{})
	case "argmax":
		p.begin(l, &ArgMax{})
	default:
		l.failf("%q begins no line", word)
	}
}

func (p *parser) begin(l *lexer, op Op) {
	p.node = &Node{Name: l.quoted(), Op: op}
	for l.err == nil && !l.take("->") {
		p.node.In = append(p.node.In, p.use(l))
	}
	p.node.Out = p.define(l)
	p.net.Nodes = append(p.net.Nodes, p.node)
}

func (p *parser) define(l *lexer) *Value {
	v := &Value{Name: l.quoted(), Format: l.format()}
	v.Shape.C, v.Shape.H, v.Shape.W = l.triple()
	l.want("zero")
	v.Zero = l.number()
	if p.values[v.Name] != nil {
		l.failf("value %q is defined twice", v.Name)
	}
	p.values[v.Name] = v
	return v
}

func (p *parser) use(l *lexer) *Value {
	name := l.quoted()
	v := p.values[name]
	if v == nil {
		l.failf("value %q is not defined above", name)
	}
	return v
}

// detail reads a line that belongs to the latest node.
func (p *parser) detail(l *lexer) {
	var window *Window
	var scale *Scale
	var conv *Conv
	if p.node != nil {
		switch op := p.node.Op.(type) {
		case *Conv:
			window, scale, conv = &op.Window, &op.Scale, op
		case *MaxPool:
			window = &op.Window
		case *Requant:
			scale = &op.Scale
		}
	}
	switch word := l.word(); {
	case word == "kernel" && window != nil:
		window.parse(l)
	case (word == "sliding" || word == "transposed") && conv != nil:
		conv.Transposed = word == "transposed"
		l.want("group")
		conv.Group = int(l.number())
		conv.WeightBits, conv.BiasBits, conv.AccBits = l.bits("weights"), l.bits("bias"), l.bits("accumulator")
	case word == "clamp" && scale != nil:
		scale.parse(l)
	case word == "channel" && scale != nil:
		parseChannel(l, scale, conv)
	default:
		l.failf("%q says nothing about this node", word)
	}
}

func (w *Window) parse(l *lexer) {
	w.Kernel = l.pair()
	for _, f := range []struct {
		name string
		to   *[2]int
	}{{"stride", &w.Stride}, {"dilation", &w.Dilation}, {"before", &w.Before}, {"after", &w.After}} {
		l.want(f.name)
		*f.to = l.pair()
	}
}

func (s *Scale) parse(l *lexer) {
	s.Lo = l.number()
	l.want("to")
	s.Hi = l.number()
	l.want("round")
	switch mode := l.word(); mode {
	case HalfUp.String():
		s.Rounding = HalfUp
	case HalfEven.String():
		s.Rounding = HalfEven
	default:
		l.failf("%q is no rounding mode", mode)
	}
	s.MultBits = 0
	if l.rest != "" {
		l.want("multipliers")
		f := l.format()
		if s.MultBits = f.Bits; f.Signed || f.Bits == 0 {
			l.failf("multipliers are unsigned")
		}
	}
}

func parseChannel(l *lexer, s *Scale, conv *Conv) {
	if c := l.number(); c != int64(len(s.Shift)) {
		l.failf("channel %d stands where %d is due", c, len(s.Shift))
	}
	l.want("shift")
	s.Shift = append(s.Shift, int(l.number()))
	if s.MultBits != 0 {
		l.want("multiplier")
		s.Mult = append(s.Mult, l.number())
	}
	if conv == nil {
		return
	}
	l.want("bias")
	conv.Bias = append(conv.Bias, l.number())
	l.want("weights")
	start := len(conv.Weight)
	for l.err == nil && l.rest != "" {
		w := l.number()
		if w != int64(int32(w)) {
			l.failf("weight %d does not fit 32 bits", w)
		}
		conv.Weight = append(conv.Weight, int32(w))
	}
	if n := len(conv.Weight) - start; n != len(conv.Weight)/len(conv.Bias) {
		l.failf("it has %d weights, the channels above have another number", n)
	}
}

// lexer takes one line apart; words stand one space apart. The first error sticks.
type lexer struct {
	rest string
	err  error
}

var errText = errors.New("it is not in the text form of an integer network")

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

// word takes the next word of the line.
func (l *lexer) word() string {
	word, rest, _ := strings.Cut(strings.TrimLeft(l.rest, " "), " ")
	l.rest = rest
	if word == "" {
		l.failf("the line ends too early: %w", errText)
	}
	return word
}

// take removes the given word where it is next, and tells whether it was.
func (l *lexer) take(word string) bool {
	rest, ok := strings.CutPrefix(l.rest, word+" ")
	if ok {
		l.rest = rest
	}
	return ok
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

func (l *lexer) number() int64 { return l.parseInt(l.word()) }

func (l *lexer) parseInt(word string) int64 {
	v, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		l.failf("a number is due at %q", word)
	}
	return v
}

func (l *lexer) pair() (p [2]int) {
	a, b, _ := strings.Cut(l.word(), "x")
	return [2]int{int(l.parseInt(a)), int(l.parseInt(b))}
}

func (l *lexer) triple() (a, b, c int) {
	first, rest, _ := strings.Cut(l.word(), "x")
	second, third, _ := strings.Cut(rest, "x")
	return int(l.parseInt(first)), int(l.parseInt(second)), int(l.parseInt(third))
}

func (l *lexer) format() Format {
	word := l.word()
	bits, signed := strings.CutPrefix(word, "s")
	if !signed {
		bits, _ = strings.CutPrefix(word, "u")
	}
	if bits == word {
		l.failf("a format such as u8 is due at %q", word)
	}
	return Format{Bits: int(l.parseInt(bits)), Signed: signed}
}

// bits reads a name and the signed format that follows it.
func (l *lexer) bits(name string) int {
	l.want(name)
	f := l.format()
	if !f.Signed {
		l.failf("%s are signed", name)
	}
	return f.Bits
}
