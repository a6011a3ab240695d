package verilog

import (
	"bytes"
	"fmt"
	"strings"
)

// printer writes the text of a module.
type printer struct {
	out   bytes.Buffer
	space bool // the next item is set off by an empty line
	first bool // nothing stands yet in the block: no empty line
}

// printModule writes a tree that legalise has been through.
func printModule(m *module) []byte {
	p := &printer{}
	for _, h := range m.header {
		p.line("", strings.TrimRight("// "+h, " "))
	}
	if m.keep {
		p.line("", "(* keep_hierarchy = \"yes\" *)")
	}
	p.line("", "module "+m.name+" (")
	p.ports(m.ports)
	p.line("", ");")
	p.line("", "")
	if loops := genvarOf(m.items); loops != "" {
		p.line(tab, "genvar "+loops+";")
		p.line("", "")
	}
	p.items(m.items, tab)
	p.line("", "")
	p.line("", "endmodule")
	return p.out.Bytes()
}

func (p *printer) line(indent, text string) {
	if text != "" {
		p.out.WriteString(indent + text)
	}
	p.out.WriteByte('\n')
}

func genvarOf(items []item) string {
	for _, it := range items {
		if l, ok := it.(loop); ok {
			return l.genvar
		}
	}
	return ""
}

func (p *printer) ports(ports []*net) {
	signs, wide := "", 0
	for _, n := range ports {
		if n.signed {
			signs = " signed"
		}
		wide = max(wide, len(vector(n)))
	}
	for i, n := range ports {
		p.doc(tab, n.doc)
		direction := "input "
		if n.kind == output {
			direction = "output"
		}
		sign := ""
		if n.signed {
			sign = " signed"
		}
		text := direction + " wire"
		if wide > 0 {
			text += fmt.Sprintf("%-*s %-*s", len(signs), sign, wide, vector(n))
		}
		if i < len(ports)-1 {
			p.line(tab, text+" "+n.name+",")
		} else {
			p.line(tab, text+" "+n.name)
		}
	}
}

// vector is the declared range of n.
func vector(n *net) string {
	if n.width == 1 {
		return ""
	}
	return fmt.Sprintf("[%d:0]", n.width-1)
}

func (p *printer) doc(indent, text string) {
	if text == "" {
		return
	}
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		p.line(indent, strings.TrimRight("// "+l, " "))
	}
}

// items prints a block: sections, and loops with the nets they drive, are set off by empty lines.
func (p *printer) items(items []item, indent string) {
	p.first, p.space = true, false
	led := false // what stands before belongs to a loop to come
	for k, it := range items {
		_, isLoop := it.(loop)
		if _, ok := it.(section); ok {
			p.space = true
			continue
		}
		leads := leadsToLoop(items[k:])
		p.space = p.space || !led && (isLoop || leads)
		led = leads
		if p.space && !p.first {
			p.line("", "")
		}
		p.item(it, indent)
		p.first, p.space = false, isLoop
	}
}

// leadsToLoop tells whether items begin with nets that are declared for the loop right after them.
func leadsToLoop(items []item) bool {
	for k, it := range items {
		switch it := it.(type) {
		case loop:
			return k > 0
		case decl:
			if it.value != nil || it.net.kind != wire {
				return false
			}
		default:
			return false
		}
	}
	return false
}

func (p *printer) item(it item, indent string) {
	switch it := it.(type) {
	case decl:
		p.doc(indent, it.net.doc)
		p.line(indent, p.value(declaration(it.net), " = ", it.value, indent))
	case assign:
		p.line(indent, p.value("assign "+flat(it.target), " = ", it.value, indent))
	case loop:
		p.loop(it, indent)
	case branch:
		p.branch(it, indent)
	case memDecl:
		p.memory(it, indent)
	case clocked:
		p.line(indent, "always @(posedge "+it.clk.name+") begin")
		p.stmts(it.body, indent+tab)
		p.line(indent, "end")
	case instance:
		p.instance(it, indent)
	case unused:
		p.line(indent, p.value("wire "+it.name, " = ", unary{"&", concat{append([]expr{zero(1)}, it.parts...)}}, indent))
	default:
		panic(fmt.Sprintf("BUG: verilog: cannot print %T", it))
	}
}

// value is head, operator and value up to the semicolon, on as many lines as it takes.
func (p *printer) value(head, operator string, value expr, indent string) string {
	if value == nil {
		return head + ";"
	}
	head += operator
	text := layout(value, len(indent)+len(head)+1, indent)
	if strings.HasPrefix(text, "\n") {
		head = strings.TrimRight(head, " ")
	}
	return head + text + ";"
}

func declaration(n *net) string {
	words := []string{map[netKind]string{wire: "wire", reg: "reg", param: "localparam"}[n.kind]}
	if n.signed {
		words = append(words, "signed")
	}
	if v := vector(n); v != "" {
		words = append(words, v)
	}
	return strings.Join(append(words, n.name), " ")
}

func (p *printer) loop(l loop, indent string) {
	p.line(indent, "generate")
	p.line(indent+tab, fmt.Sprintf("for (%s = 0; %s < %d; %s = %s + 1) begin : %s", l.genvar, l.genvar, l.count, l.genvar, l.genvar, l.label))
	p.items(l.body, indent+tab+tab)
	p.line(indent+tab, "end")
	p.line(indent, "endgenerate")
}

func (p *printer) branch(b branch, indent string) {
	p.line(indent, fmt.Sprintf("if (%s < %d) begin : %s", b.genvar, b.bound, b.thenLabel))
	p.items(b.then, indent+tab)
	p.line(indent, "end else begin : "+b.elseLabel)
	p.items(b.otherwise, indent+tab)
	p.line(indent, "end")
}

func (p *printer) memory(d memDecl, indent string) {
	p.doc(indent, d.doc)
	w := d.mem.word
	p.line(indent, fmt.Sprintf("%s [0:%d];", declaration(w), d.mem.depth-1))
	if d.file != "" {
		p.line(indent, fmt.Sprintf("initial $readmemh(%q, %s);", d.file, w.name))
		return
	}
	p.line(indent, "integer "+d.counter+";")
	p.line(indent, fmt.Sprintf("initial for (%s = 0; %s < %d; %s = %s + 1) %s[%s] = %s;",
		d.counter, d.counter, d.mem.depth, d.counter, d.counter, w.name, d.counter, flat(zero(w.width))))
}

func (p *printer) stmts(body []stmt, indent string) {
	for _, s := range body {
		switch s := s.(type) {
		case update:
			p.line(indent, p.value(flat(s.target), " <= ", s.value, indent))
		case ifStmt:
			p.ifStmt(s, indent, indent)
		}
	}
}

// ifStmt prints an if, first is the indent of its first line where it follows an else.
func (p *printer) ifStmt(s ifStmt, first, indent string) {
	head := "if ("
	p.line(first, head+layout(s.c, len(indent)+len(head)+9, indent)+") begin")
	p.stmts(s.then, indent+tab)
	switch {
	case len(s.otherwise) == 0:
		p.line(indent, "end")
	case len(s.otherwise) == 1 && isIf(s.otherwise[0]):
		p.out.WriteString(indent + "end else ")
		p.ifStmt(s.otherwise[0].(ifStmt), "", indent)
	default:
		p.line(indent, "end else begin")
		p.stmts(s.otherwise, indent+tab)
		p.line(indent, "end")
	}
}

func isIf(s stmt) bool {
	_, ok := s.(ifStmt)
	return ok
}

func (p *printer) instance(i instance, indent string) {
	p.doc(indent, i.doc)
	p.line(indent, i.module+" "+i.name+" (")
	for k, pin := range i.pins {
		head := "." + pin.port + "("
		text := head + layout(pin.value, len(indent+tab)+len(head)+2, indent+tab) + ")"
		if k < len(i.pins)-1 {
			text += ","
		}
		p.line(indent+tab, text)
	}
	p.line(indent, ");")
}
