package rtl

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

func (p *parser) inputLine(c *cursor) error {
	n, err := p.find(c.next())
	p.m.Inputs = append(p.m.Inputs, n)
	return err
}

func (p *parser) outputLine(c *cursor) error {
	o := &Output{Name: c.next()}
	p.m.names[o.Name] = true
	p.m.Outputs = append(p.m.Outputs, o)
	if c.done() {
		return nil
	}
	var err error
	o.Node, err = p.find(c.next())
	return err
}

// optional reads a keyword and the node after it, or nothing.
func (p *parser) optional(c *cursor, keyword string) (*Node, error) {
	if !c.accept(keyword) {
		return nil, nil
	}
	return p.find(c.next())
}

// nodesAfter reads several keywords with a node each, in order, every one optional.
func (p *parser) nodesAfter(c *cursor, keywords []string, into ...**Node) error {
	for i, k := range keywords {
		n, err := p.optional(c, k)
		if err != nil {
			return err
		}
		*into[i] = n
	}
	return nil
}

func (p *parser) regLine(c *cursor) error {
	q, err := p.find(c.next())
	if err != nil {
		return err
	}
	r := &Reg{Q: q}
	p.m.Regs = append(p.m.Regs, r)
	if err := p.nodesAfter(c, []string{"next", "if"}, &r.Next, &r.Enable); err != nil {
		return err
	}
	if c.accept("init") {
		r.Init, err = c.immediates(q.Type.Lanes)
	}
	return err
}

func (p *parser) memLine(c *cursor) error {
	mem := &Mem{Name: c.next(), Kind: MemKind(c.next())}
	var err error
	if mem.Word, err = parseType(c.next()); err != nil {
		return err
	}
	if !c.accept("depth") {
		return fmt.Errorf("a depth is missing")
	}
	if mem.Depth, err = c.number(); err != nil {
		return err
	}
	if c.accept("tensor") {
		if mem.Tensor, err = c.quoted(); err != nil {
			return err
		}
	}
	p.m.names[mem.Name] = true
	p.m.Mems = append(p.m.Mems, mem)
	p.mem, p.inst = mem, nil
	return nil
}

var errNoMem = fmt.Errorf("no mem line stands before it")

func (p *parser) readLine(c *cursor) error {
	if p.mem == nil {
		return errNoMem
	}
	q, err := p.find(c.next())
	if err != nil {
		return err
	}
	r := &Read{Q: q}
	p.mem.Reads = append(p.mem.Reads, r)
	return p.nodesAfter(c, []string{"at", "if"}, &r.Addr, &r.Enable)
}

func (p *parser) writeLine(c *cursor) error {
	if p.mem == nil {
		return errNoMem
	}
	w := &Write{}
	p.mem.Writes = append(p.mem.Writes, w)
	return p.nodesAfter(c, []string{"at", "data", "if"}, &w.Addr, &w.Data, &w.Enable)
}

func (p *parser) initLine(*cursor) error {
	if p.mem == nil {
		return errNoMem
	}
	p.mem.Init, p.init = [][]int64{}, true
	return nil
}

// words reads a line of memory words; false where the line is something else, which ends them.
func (p *parser) words(text string) bool {
	var words [][]int64
	for _, w := range strings.Fields(text) {
		lanes, ok := parseWord(p.mem.Word, w)
		if !ok {
			return false
		}
		words = append(words, lanes)
	}
	p.mem.Init = append(p.mem.Init, words...)
	return true
}

// parseWord reads what wordText writes.
func parseWord(t Type, text string) ([]int64, bool) {
	if len(text) != hexDigits(t) {
		return nil, false
	}
	packed, err := hex.DecodeString(strings.Repeat("0", t.Bytes()*2-len(text)) + text)
	if err != nil {
		return nil, false
	}
	if spare := t.Bytes()*8 - t.Width(); packed[0]>>(8-spare) != 0 {
		return nil, false
	}
	slices.Reverse(packed)
	lanes := make([]int64, t.Lanes)
	t.Unpack(lanes, packed)
	return lanes, true
}

func (p *parser) instLine(c *cursor) error {
	i := &Instance{Name: c.next()}
	if !c.accept("of") {
		return fmt.Errorf("of and a module's name are missing")
	}
	name := c.next()
	if i.Of = p.modules[name]; i.Of == nil {
		return fmt.Errorf("no module %q stands before this one", name)
	}
	i.In = make([]*Node, len(i.Of.Inputs))
	for _, o := range i.Of.Outputs {
		n, err := p.find(i.Name + "_" + o.Name)
		if err != nil {
			return err
		}
		i.Out = append(i.Out, n)
	}
	p.m.names[i.Name] = true
	p.m.Insts = append(p.m.Insts, i)
	p.mem, p.inst = nil, i
	return nil
}

func (p *parser) inLine(c *cursor) error {
	if p.inst == nil {
		return fmt.Errorf("no inst line stands before it")
	}
	port := c.next()
	k := slices.IndexFunc(p.inst.Of.Inputs, func(n *Node) bool { return n.Name == port })
	if k < 0 {
		return fmt.Errorf("module %s has no input %q", p.inst.Of.Name, port)
	}
	if p.inst.In[k] != nil {
		return fmt.Errorf("port %s is driven twice", port)
	}
	var err error
	p.inst.In[k], err = p.find(c.next())
	return err
}
