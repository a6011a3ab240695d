package fixed

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Print gives the text form of a network that passes Check: one line per input, node and output, and
// under a node its attributes and one line per output channel. Parse reads it back; the same network
// gives the same bytes.
func Print(net *Net) []byte {
	p := &printer{}
	p.linef("net %q", net.Name)
	for _, v := range net.Inputs {
		p.linef("input %s", valueText(v))
	}
	for _, n := range net.Nodes {
		p.node(n)
	}
	for _, v := range net.Outputs {
		p.linef("output %q", v.Name)
	}
	return p.text.Bytes()
}

type printer struct{ text bytes.Buffer }

func (p *printer) linef(format string, args ...any) {
	fmt.Fprintf(&p.text, format+"\n", args...)
}

// valueText is how a value is declared: its name, format, shape and zero point.
func valueText(v *Value) string {
	return fmt.Sprintf("%q %s %dx%dx%d zero %d", v.Name, v.Format, v.Shape.C, v.Shape.H, v.Shape.W, v.Zero)
}

// String writes a format as u8 or s8.
func (f Format) String() string {
	if f.Signed {
		return "s" + strconv.Itoa(f.Bits)
	}
	return "u" + strconv.Itoa(f.Bits)
}

func (r Rounding) String() string {
	if r == HalfEven {
		return "halfeven"
	}
	return "halfup"
}

func (p *printer) node(n *Node) {
	fmt.Fprintf(&p.text, "%s %q", n.Op.Kind(), n.Name)
	for _, v := range n.In {
		fmt.Fprintf(&p.text, " %q", v.Name)
	}
	p.linef(" -> %s", valueText(n.Out))
	switch op := n.Op.(type) {
	case *Conv:
		p.window(&op.Window)
		kind := "sliding"
		if op.Transposed {
			kind = "transposed"
		}
		checksum := ""
		if op.Checksum {
			checksum = " checksum"
		}
		p.linef("  %s group %d weights s%d bias s%d accumulator s%d%s", kind, op.Group, op.WeightBits, op.BiasBits, op.AccBits, checksum)
		p.scale(&op.Scale)
		for c := range op.Bias {
			p.channel(&op.Scale, c)
			per := len(op.Weight) / len(op.Bias)
			fmt.Fprintf(&p.text, " bias %d weights", op.Bias[c])
			for _, w := range op.Weight[c*per : (c+1)*per] {
				p.text.WriteByte(' ')
				p.text.WriteString(strconv.Itoa(int(w)))
			}
			p.linef("")
		}
	case *MaxPool:
		p.window(&op.Window)
	case *Requant:
		p.scale(&op.Scale)
		for c := range op.Scale.Shift {
			p.channel(&op.Scale, c)
			p.linef("")
		}
	case *Clip:
		p.clip(op)
	case *Vote:
		p.linef("  copies%s", numbers(op.Copies))
	}
}

func (p *printer) window(w *Window) {
	p.linef("  kernel %s stride %s dilation %s before %s after %s",
		pair(w.Kernel), pair(w.Stride), pair(w.Dilation), pair(w.Before), pair(w.After))
}

func pair(v [2]int) string { return fmt.Sprintf("%dx%d", v[0], v[1]) }

func (p *printer) scale(s *Scale) {
	mult := ""
	if s.Mult != nil {
		mult = fmt.Sprintf(" multipliers u%d", s.MultBits)
	}
	p.linef("  clamp %d to %d round %s%s", s.Lo, s.Hi, s.Rounding, mult)
}

func (p *printer) channel(s *Scale, c int) {
	fmt.Fprintf(&p.text, "  channel %d shift %d", c, s.Shift[c])
	if s.Mult != nil {
		fmt.Fprintf(&p.text, " multiplier %d", s.Mult[c])
	}
}

func (p *printer) clip(b *Clip) {
	bounds, flag := "above", ""
	if b.Lo != nil {
		bounds = "both"
	}
	if b.Flag {
		flag = " flag"
	}
	p.linef("  bounds %s%s", bounds, flag)
	for c, hi := range b.Hi {
		fmt.Fprintf(&p.text, "  channel %d", c)
		if b.Lo != nil {
			fmt.Fprintf(&p.text, " low %d", b.Lo[c])
		}
		p.linef(" high %d", hi)
	}
}

// numbers writes numbers with a space before each.
func numbers(all []int) string {
	var text strings.Builder
	for _, v := range all {
		fmt.Fprintf(&text, " %d", v)
	}
	return text.String()
}
