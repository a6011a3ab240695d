package hlsc

import (
	"bytes"
	"fmt"
	"strings"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// code writes C with indentation.
type code struct {
	buf   bytes.Buffer
	depth int
}

func (c *code) linef(format string, args ...any) {
	if format != "" {
		c.buf.WriteString(strings.Repeat("    ", c.depth))
		fmt.Fprintf(&c.buf, format, args...)
	}
	c.buf.WriteByte('\n')
}

// openf begins a block, close ends it.
func (c *code) openf(format string, args ...any) {
	c.linef(format+" {", args...)
	c.depth++
}

func (c *code) close() {
	c.depth--
	c.linef("}")
}

// loop runs name from 0 to below the limit.
func (c *code) loop(name string, limit any, body func()) {
	c.openf("for (int %s = 0; %s < %v; %s++)", name, name, limit, name)
	body()
	c.close()
}

// pragmaf is an instruction to the synthesis tool.
func (c *code) pragmaf(format string, args ...any) {
	c.linef("RAMPART_PRAGMA(HLS "+format+")", args...)
}

// partitionf splits dimension dim (from 1) of an array into as many banks as are read at a time.
func (c *code) partition(array string, dim, size, banks int) {
	switch {
	case banks <= 1:
	case banks >= size:
		c.pragmaf("ARRAY_PARTITION variable=%s complete dim=%d", array, dim)
	default:
		c.pragmaf("ARRAY_PARTITION variable=%s cyclic factor=%d dim=%d", array, banks, dim)
	}
}

func (c *code) file(name string) File { return File{Name: name, Data: c.buf.Bytes()} }

// constants names numbers for the code that follows.
func (c *code) constants(pairs ...any) {
	c.openf("enum")
	for i := 0; i < len(pairs); i += 2 {
		c.linef("%s = %d,", pairs[i], pairs[i+1])
	}
	c.depth--
	c.linef("};")
	c.linef("")
}

// header begins a stage's source: what it does, and what it includes.
func (c *code) header(st *plan.Stage, includes []string, what ...string) {
	c.linef("/*")
	for i, line := range what {
		if i == 0 && st.Node != nil {
			line += " (node " + comment(st.Node.Name) + ")"
		}
		c.linef(" * %s", line)
	}
	c.linef(" */")
	c.linef("#include \"rampart.h\"")
	c.linef("#include \"top.h\"")
	for _, i := range includes {
		c.linef("#include %q", i)
	}
	c.linef("")
}

// comment makes text safe within a comment.
func comment(text string) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '?' || r == '\\' {
			return '.'
		}
		return r
	}, text)
	return strings.ReplaceAll(strings.ReplaceAll(safe, "*/", "*."), "/*", "/.")
}

func shapeText(s fixed.Shape) string { return fmt.Sprintf("%d channels of %d x %d", s.C, s.H, s.W) }

// literal is a number in C; the least 32-bit integer has none of its own.
func literal(v int64) string {
	if v == -1<<31 {
		return "(-2147483647 - 1)"
	}
	return fmt.Sprint(v)
}

// fold is a loop over total, step at a time, whose inner turns are unrolled. Its loops are left out
// where they would turn once.
type fold struct {
	name        string // outer variable; the inner one is name with a d before it
	total, step int
}

func (f fold) inner() string { return "d" + f.name }

// index is the position within total.
func (f fold) index() string {
	switch {
	case f.step == 1 && f.total == 1:
		return "0"
	case f.step == 1:
		return f.name
	case f.step >= f.total:
		return f.inner()
	}
	return f.name + " + " + f.inner()
}

// padded is total, rounded up to whole steps.
func (f fold) padded() int { return (f.total + f.step - 1) / f.step * f.step }

// outerLoops and innerLoops nest the loops of the folds around body.
func (c *code) outerLoops(folds []fold, body func()) {
	if len(folds) == 0 {
		body()
		return
	}
	f := folds[0]
	rest := func() { c.outerLoops(folds[1:], body) }
	if f.step >= f.total {
		rest()
		return
	}
	if f.step == 1 {
		c.loop(f.name, f.total, rest)
		return
	}
	c.openf("for (int %s = 0; %s < %d; %s += %d)", f.name, f.name, f.total, f.name, f.step)
	rest()
	c.close()
}

func (c *code) innerLoops(folds []fold, body func()) {
	if len(folds) == 0 {
		body()
		return
	}
	rest := func() { c.innerLoops(folds[1:], body) }
	if folds[0].step == 1 {
		rest()
		return
	}
	c.loop(folds[0].inner(), folds[0].step, func() {
		c.pragmaf("UNROLL")
		rest()
	})
}
