package fixed

import (
	"strconv"
	"strings"

	"rampart/internal/textform"
)

// Parse reads the text form that Print writes. File names the source in errors, which are
// diag.Problem with the line. The result's wiring follows the text; call Check for the rest.
func Parse(file string, text []byte) (*Net, error) {
	p := &parser{net: &Net{}, values: map[string]*Value{}}
	if err := textform.Each(file, "an integer network", text, p.line); err != nil {
		return nil, err
	}
	return p.net, nil
}

// parser holds what the lines so far have made; node is the one whose details are being read.
type parser struct {
	net    *Net
	values map[string]*Value
	node   *Node
}

func (p *parser) line(i int, l *textform.Line) {
	if i == 0 {
		l.Want("net")
		p.net.Name = l.Quoted()
		return
	}
	if l.Indented() {
		p.detail(l)
		return
	}
	switch word := l.Word(); word {
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
	case "clip":
		p.begin(l, &Clip{})
	case "vote":
		p.begin(l, &Vote{})
	default:
		l.Failf("%q begins no line", word)
	}
}

func (p *parser) begin(l *textform.Line, op Op) {
	p.node = &Node{Name: l.Quoted(), Op: op}
	for l.More() && !l.Take("->") {
		p.node.In = append(p.node.In, p.use(l))
	}
	p.node.Out = p.define(l)
	p.net.Nodes = append(p.net.Nodes, p.node)
}

func (p *parser) define(l *textform.Line) *Value {
	v := &Value{Name: l.Quoted(), Format: parseFormat(l)}
	l.Dims(&v.Shape.C, &v.Shape.H, &v.Shape.W)
	v.Zero = l.Named("zero")
	if p.values[v.Name] != nil {
		l.Failf("value %q is defined twice", v.Name)
	}
	p.values[v.Name] = v
	return v
}

func (p *parser) use(l *textform.Line) *Value {
	name := l.Quoted()
	v := p.values[name]
	if v == nil {
		l.Failf("value %q is not defined above", name)
	}
	return v
}

// detail reads a line that belongs to the latest node.
func (p *parser) detail(l *textform.Line) {
	var window *Window
	var scale *Scale
	var conv *Conv
	var clip *Clip
	var vote *Vote
	if p.node != nil {
		switch op := p.node.Op.(type) {
		case *Conv:
			window, scale, conv = &op.Window, &op.Scale, op
		case *MaxPool:
			window = &op.Window
		case *Requant:
			scale = &op.Scale
		case *Clip:
			clip = op
		case *Vote:
			vote = op
		}
	}
	switch word := l.Word(); {
	case word == "kernel" && window != nil:
		window.parse(l)
	case (word == "sliding" || word == "transposed") && conv != nil:
		conv.Transposed = word == "transposed"
		conv.Group = int(l.Named("group"))
		conv.WeightBits, conv.BiasBits, conv.AccBits = parseSigned(l, "weights"), parseSigned(l, "bias"), parseSigned(l, "accumulator")
		if conv.Checksum = l.More(); conv.Checksum {
			l.Want("checksum")
		}
	case word == "clamp" && scale != nil:
		scale.parse(l)
	case word == "channel" && scale != nil:
		parseChannel(l, scale, conv)
	case word == "bounds" && clip != nil:
		clip.parse(l)
	case word == "channel" && clip != nil:
		clip.parseChannel(l)
	case word == "copies" && vote != nil:
		for vote.Copies = nil; l.More(); {
			vote.Copies = append(vote.Copies, int(l.Number()))
		}
	default:
		l.Failf("%q says nothing about this node", word)
	}
}

func (w *Window) parse(l *textform.Line) {
	l.Dims(&w.Kernel[0], &w.Kernel[1])
	for _, f := range []struct {
		name string
		to   *[2]int
	}{{"stride", &w.Stride}, {"dilation", &w.Dilation}, {"before", &w.Before}, {"after", &w.After}} {
		l.Want(f.name)
		l.Dims(&f.to[0], &f.to[1])
	}
}

func (s *Scale) parse(l *textform.Line) {
	s.Lo = l.Number()
	l.Want("to")
	s.Hi = l.Number()
	l.Want("round")
	switch mode := l.Word(); mode {
	case HalfUp.String():
		s.Rounding = HalfUp
	case HalfEven.String():
		s.Rounding = HalfEven
	default:
		l.Failf("%q is no rounding mode", mode)
	}
	s.MultBits = 0
	if l.More() {
		l.Want("multipliers")
		f := parseFormat(l)
		if s.MultBits = f.Bits; f.Signed || f.Bits == 0 {
			l.Failf("multipliers are unsigned")
		}
	}
}

func parseChannel(l *textform.Line, s *Scale, conv *Conv) {
	if c := l.Number(); c != int64(len(s.Shift)) {
		l.Failf("channel %d stands where %d is due", c, len(s.Shift))
	}
	s.Shift = append(s.Shift, int(l.Named("shift")))
	if s.MultBits != 0 {
		s.Mult = append(s.Mult, l.Named("multiplier"))
	}
	if conv == nil {
		return
	}
	conv.Bias = append(conv.Bias, l.Named("bias"))
	l.Want("weights")
	start := len(conv.Weight)
	for l.More() {
		w := l.Number()
		if w != int64(int32(w)) {
			l.Failf("weight %d does not fit 32 bits", w)
		}
		conv.Weight = append(conv.Weight, int32(w))
	}
	if n := len(conv.Weight) - start; n != len(conv.Weight)/len(conv.Bias) {
		l.Failf("it has %d weights, the channels above have another number", n)
	}
}

func (b *Clip) parse(l *textform.Line) {
	*b = Clip{}
	switch bounds := l.Word(); bounds {
	case "both":
		b.Lo = []int64{}
	case "above":
	default:
		l.Failf("bounds are both or above, not %q", bounds)
	}
	if b.Flag = l.More(); b.Flag {
		l.Want("flag")
	}
}

func (b *Clip) parseChannel(l *textform.Line) {
	if c := l.Number(); c != int64(len(b.Hi)) {
		l.Failf("channel %d stands where %d is due", c, len(b.Hi))
	}
	if b.Lo != nil {
		b.Lo = append(b.Lo, l.Named("low"))
	}
	b.Hi = append(b.Hi, l.Named("high"))
}

// parseFormat reads what Format.String writes.
func parseFormat(l *textform.Line) Format {
	word := l.Word()
	digits, signed := strings.CutPrefix(word, "s")
	if !signed {
		digits = strings.TrimPrefix(word, "u")
	}
	bits, err := strconv.Atoi(digits)
	if err != nil || digits == word {
		l.Failf("a format such as u8 is due at %q", word)
	}
	return Format{Bits: bits, Signed: signed}
}

// parseSigned reads a name and the signed format that follows it.
func parseSigned(l *textform.Line, name string) int {
	l.Want(name)
	f := parseFormat(l)
	if !f.Signed {
		l.Failf("%s are signed", name)
	}
	return f.Bits
}
