package rtl

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Print writes a design in the text form, complete, the same bytes for the same design; Parse reads
// it back. Nodes without a name are written %N, N being their index. A memory's words are written in
// hexadecimal, packed, most significant digit first. The grammar, line by line:
//
//	design TOP
//	module NAME
//	  doc "one line of the header comment"
//	  keep                                                   where it is to be kept
//	  NODE = OP TYPE OPERAND… [ IMMEDIATE… ] ; "comment"     a run of n equal immediates v: v*n
//	  input NODE
//	  output NAME NODE
//	  reg NODE next NODE if NODE init [ VALUE… ]             if, init where present
//	  mem NAME KIND TYPE depth N tensor "NAME"               tensor where present
//	    doc "…"
//	    read NODE at NODE if NODE
//	    write at NODE data NODE if NODE
//	    init
//	    WORD WORD …
//	  inst NAME of MODULE                                    its outputs are the nodes NAME_PORT
//	    doc "…"
//	    in PORT NODE
//	end
func Print(w io.Writer, d *Design) error {
	p := &printer{w: bufio.NewWriter(w)}
	p.line("design %s", d.Top.Name)
	for _, m := range d.Modules {
		p.module(m)
	}
	return p.w.Flush()
}

type printer struct{ w *bufio.Writer }

// line writes one line; bufio keeps the first error until Flush.
func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

func (p *printer) doc(indent, doc string) {
	if doc == "" {
		return
	}
	for l := range strings.SplitSeq(doc, "\n") {
		p.line("%sdoc %q", indent, l)
	}
}

func (p *printer) module(m *Module) {
	p.line("")
	p.line("module %s", m.Name)
	p.doc("  ", m.Doc)
	if m.Keep {
		p.line("  keep")
	}
	for _, n := range m.Nodes {
		p.line("  %s", nodeText(n))
	}
	for _, n := range m.Inputs {
		p.line("  input %s", label(n))
	}
	for _, o := range m.Outputs {
		p.line("  output %s%s", o.Name, ref("", o.Node))
	}
	for _, r := range m.Regs {
		init := ""
		if r.Init != nil {
			init = " init " + immediates(r.Init)
		}
		p.line("  reg %s%s%s%s", label(r.Q), ref(" next", r.Next), ref(" if", r.Enable), init)
	}
	for _, mem := range m.Mems {
		p.mem(mem)
	}
	for _, i := range m.Insts {
		p.line("  inst %s of %s", i.Name, i.Of.Name)
		p.doc("    ", i.Doc)
		for k, n := range i.In {
			if n != nil {
				p.line("    in %s %s", i.Of.Inputs[k].Name, label(n))
			}
		}
	}
	p.line("end")
}

// ref is a keyword and a node, or nothing where there is no node.
func ref(keyword string, n *Node) string {
	if n == nil {
		return ""
	}
	return keyword + " " + label(n)
}

func nodeText(n *Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s %s", label(n), n.Op, n.Type)
	for _, a := range n.Args {
		b.WriteString(ref("", a))
	}
	if len(n.Imms) > 0 {
		b.WriteString(" " + immediates(n.Imms))
	}
	if n.Doc != "" {
		b.WriteString(" ; " + strconv.Quote(n.Doc))
	}
	return b.String()
}

// immediates writes values in brackets, runs of four and more as value*count.
func immediates(vs []int64) string {
	var words []string
	for len(vs) > 0 {
		run := 1
		for run < len(vs) && vs[run] == vs[0] {
			run++
		}
		if run >= 4 {
			words = append(words, fmt.Sprintf("%d*%d", vs[0], run))
		} else {
			words = append(words, slices.Repeat([]string{strconv.FormatInt(vs[0], 10)}, run)...)
		}
		vs = vs[run:]
	}
	return "[" + strings.Join(words, " ") + "]"
}

func (p *printer) mem(mem *Mem) {
	tensor := ""
	if mem.Tensor != "" {
		tensor = " tensor " + strconv.Quote(mem.Tensor)
	}
	p.line("  mem %s %s %s depth %d%s", mem.Name, mem.Kind, mem.Word, mem.Depth, tensor)
	p.doc("    ", mem.Doc)
	for _, r := range mem.Reads {
		p.line("    read %s%s%s", label(r.Q), ref(" at", r.Addr), ref(" if", r.Enable))
	}
	for _, w := range mem.Writes {
		p.line("    write%s%s%s", ref(" at", w.Addr), ref(" data", w.Data), ref(" if", w.Enable))
	}
	if mem.Init == nil {
		return
	}
	p.line("    init")
	perLine := 64
	for perLine > 1 && perLine*(hexDigits(mem.Word)+1) > 100 {
		perLine /= 2
	}
	for words := range slices.Chunk(mem.Init, perLine) {
		texts := make([]string, len(words))
		for i, w := range words {
			texts[i] = wordText(mem.Word, w)
		}
		p.line("    %s", strings.Join(texts, " "))
	}
}

func hexDigits(t Type) int { return (t.Width() + 3) / 4 }

// wordText is a packed word as a hexadecimal number of fixed length.
func wordText(t Type, lanes []int64) string {
	packed := make([]byte, t.Bytes())
	t.Pack(packed, lanes)
	slices.Reverse(packed)
	text := hex.EncodeToString(packed)
	return text[len(text)-hexDigits(t):]
}
