package graph

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// lineFloats is how many weights one line of a data block holds: 64 base64 characters.
const lineFloats = 12

// Write prints the whole network as text that Parse reads back. The same graph gives the same bytes.
//
//	graph "unet"
//	input "image" 3x96x128
//	node "enc/Conv" Conv("image") -> "enc" 8x96x128 kernel=3x3 stride=1x1 … group=1 out=8
//	output "logits"
//	head "Softmax" "probabilities" -> "logits"
//	data "enc/Conv" weight 216
//	<base64 of little-endian float32, 64 characters a line>
func Write(w io.Writer, g *Graph) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "graph %q\n", g.Name)
	for _, v := range g.Inputs {
		fmt.Fprintf(b, "input %q %v\n", v.Name, v.Shape)
	}
	for _, n := range g.Nodes {
		b.WriteString(n.text() + "\n")
	}
	for _, v := range g.Outputs {
		fmt.Fprintf(b, "output %q\n", v.Name)
	}
	for _, h := range g.Heads {
		fmt.Fprintf(b, "head %q %q -> %q\n", h.Kind, h.Was, h.Now)
	}
	for _, n := range g.Nodes {
		for _, f := range fieldsOf(n.Op) {
			if f.data != nil && *f.data != nil {
				fmt.Fprintf(b, "data %q %s %d\n", n.Name, f.name, len(*f.data))
				writeData(b, *f.data)
			}
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing graph %s: %w", g.Name, err)
	}
	return nil
}

// String is the text form of Write.
func (g *Graph) String() string {
	var b strings.Builder
	if err := Write(&b, g); err != nil {
		panic("BUG: a strings.Builder refused text: " + err.Error())
	}
	return b.String()
}

// text is a node's line.
func (n *Node) text() string {
	in := make([]string, len(n.In))
	for i, v := range n.In {
		in[i] = strconv.Quote(v.Name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "node %q %s(%s) -> %q %v", n.Name, n.Op.Kind(), strings.Join(in, ", "), n.Out.Name, n.Out.Shape)
	for _, f := range fieldsOf(n.Op) {
		if f.data == nil {
			b.WriteString(" " + f.name + "=" + f.text())
		}
	}
	return b.String()
}

// text is an attribute's value.
func (f field) text() string {
	switch {
	case f.pair != nil:
		return fmt.Sprintf("%dx%d", f.pair[0], f.pair[1])
	case f.number != nil:
		return strconv.Itoa(*f.number)
	case f.flag != nil:
		return strconv.FormatBool(*f.flag)
	case f.real != nil:
		return strconv.FormatFloat(float64(*f.real), 'g', -1, 32)
	}
	panic("BUG: attribute " + f.name + " has no text")
}

func writeData(b *bufio.Writer, values []float32) {
	raw := make([]byte, 0, 4*lineFloats)
	for len(values) > 0 {
		n := min(lineFloats, len(values))
		raw = raw[:0]
		for _, v := range values[:n] {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		b.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
		values = values[n:]
	}
}
