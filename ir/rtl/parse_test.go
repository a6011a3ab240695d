package rtl

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func printed(t *testing.T, d *Design) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Print(&b, d))
	return b.String()
}

func parsed(t *testing.T, text string) *Design {
	t.Helper()
	d, err := Parse("test.rtl", strings.NewReader(text))
	require.NoError(t, err)
	return d
}

func TestPrintGolden(t *testing.T) {
	const file = "testdata/example.rtl"
	got := printed(t, exampleDesign())
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// The design read back is the design written: field by field, not only as text.
func TestRoundTrip(t *testing.T) {
	want := exampleDesign()
	got := parsed(t, printed(t, want))
	require.NoError(t, Check(got))
	assert.Equal(t, want, got)
}

func TestParsedDesignsCanGrow(t *testing.T) {
	d := parsed(t, printed(t, exampleDesign()))
	top := d.Top
	for _, taken := range []string{"count", "rom", "s_0", "s_0_y", "stretched"} {
		assert.Panics(t, func() { top.In(taken, U(1)) }, taken)
	}
	top.Delay("more", top.Regs[0].Q.AddI(1))
	require.NoError(t, Check(d))
}

func TestParseDocs(t *testing.T) {
	for _, doc := range []string{"", "one", "two\nlines", "\nfirst empty", "last empty\n", "\n\n", `"quoted" ; [1]`, "\ttab\x00"} {
		m := NewModule("m", doc)
		m.Mem("ram", MemFIFO, U(1), 1, nil).Doc = doc
		d := NewDesign(m)
		got := parsed(t, printed(t, d))
		if doc != "" {
			assert.Equal(t, doc, got.Top.Doc)
			assert.Equal(t, doc, got.Top.Mems[0].Doc)
		}
	}
}

func TestParseErrors(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"empty", "", "line 1: no design line"},
		{"no top", "design t\n", "line 2: top module t is not there"},
		{"two designs", "design t\ndesign u", "line 2: a second design line"},
		{"no end", "design t\nmodule t\n", "line 3: module t has no end"},
		{"module twice", "module t\nend\nmodule t", "line 3: module t is there already"},
		{"unknown statement", "design t\nwat", `line 2: "wat" begins no statement`},
		{"outside a module", "reg x", `line 1: "reg" stands in the wrong place`},
		{"module in module", "module t\nmodule u", `line 2: "module" stands in the wrong place`},
		{"node outside a module", "x = const u1 [1]", `line 1: "x" begins no statement`},
		{"no operation", "module t\nx = wat u1", `line 2: no operation "wat"`},
		{"no type", "module t\nx = const", `line 2: "" is not a type`},
		{"zero bits", "module t\nx = const u0", `line 2: "u0" is not a type`},
		{"65 bits", "module t\nx = const u65", `line 2: "u65" is not a type`},
		{"one lane is written plainly", "module t\nx = const u4x1 [1]", `line 2: "u4x1" is not a type`},
		{"absurd lanes", "module t\nx = const u4x9999999 [1]", `line 2: "u4x9999999" is not a type`},
		{"wrong index", "module t\n%1 = const u1 [1]", "line 2: node %1 stands where %0 belongs"},
		{"unknown operand", "module t\nx = not u1 y\nend", `line 3: node x: no node "y"`},
		{"index out of range", "module t\nx = not u1 %7\nend", `line 3: node x: no node "%7"`},
		{"bad immediate", "module t\nx = const u1 [b]", `line 2: "b" is not a value`},
		{"open bracket", "module t\nx = const u1 [1", `line 2: "" is not a value`},
		{"huge run", "module t\nx = const u1 [1*99]", `line 2: "1*99" repeats too often`},
		{"open string", "module t\ndoc \"x", "line 2: a string without an end"},
		{"no string", "module t\ndoc x", "line 2: a quoted string is missing"},
		{"no comment", "module t\nx = const u1 [1] ; y", "line 2: a quoted string is missing"},
		{"too much", "module t\nx = const u1 [1] y", `line 2: "y" is too much`},
		{"too much after statement", "module t\nend end", `line 2: "end" is too much`},
		{"unknown input", "module t\ninput x", `line 2: no node "x"`},
		{"unknown register", "module t\nreg x", `line 2: no node "x"`},
		{"unknown next", "module t\nr = reg u1\nreg r next x", `line 3: no node "x"`},
		{"memory of no type", "module t\nmem m fifo", `line 2: "" is not a type`},
		{"memory without depth", "module t\nmem m fifo u8", "line 2: a depth is missing"},
		{"memory depth", "module t\nmem m fifo u8 depth x", `line 2: "x" is not a number`},
		{"memory tensor", "module t\nmem m fifo u8 depth 1 tensor x", "line 2: a quoted string is missing"},
		{"read of nothing", "module t\nread q at x", "line 2: no mem line stands before it"},
		{"unknown read", "module t\nmem m fifo u8 depth 1\nread q", `line 3: no node "q"`},
		{"write of nothing", "module t\nwrite", "line 2: no mem line stands before it"},
		{"init of nothing", "module t\ninit", "line 2: no mem line stands before it"},
		{"short word", "module t\nmem m fifo u8 depth 1\ninit\n00\n0", `line 5: "0" is neither a word of u8`},
		{"word with spare bits", "module t\nmem m fifo u7 depth 1\ninit\n80", `line 4: "80" is neither a word of u7`},
		{"no hex", "module t\nmem m fifo u8 depth 1\ninit\n0g", `line 4: "0g" is neither a word of u8`},
		{"instance of nothing", "module t\ninst i", "line 2: of and a module's name are missing"},
		{"instance of unknown", "module t\ninst i of u", `line 2: no module "u" stands before this one`},
		{"instance without node", "module u\nr = reg u1\noutput o r\nend\nmodule t\ninst i of u", `line 6: no node "i_o"`},
		{"port of nothing", "module t\nin a b", "line 2: no inst line stands before it"},
		{"unknown port", "module u\nend\nmodule t\ninst i of u\nin a b", `line 5: module u has no input "a"`},
		{"port twice", "module u\na = input u1\ninput a\nend\nmodule t\nx = reg u1\ninst i of u\nin a x\nin a x", "line 9: port a is driven twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("test.rtl", strings.NewReader(c.text))
			assert.ErrorContains(t, err, "test.rtl: "+c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("testdata/example.rtl")
	require.NoError(f, err)
	f.Add(string(example))
	broken, err := os.ReadFile("testdata/check.txtar")
	require.NoError(f, err)
	for part := range strings.SplitSeq(string(broken), "\n-- ") {
		_, text, _ := strings.Cut(part, "\n")
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("fuzz.rtl", strings.NewReader(text))
		if err != nil || Check(d) != nil {
			return
		}
		once := printed(t, d)
		again := parsed(t, once)
		require.NoError(t, Check(again))
		require.Equal(t, once, printed(t, again))
	})
}
