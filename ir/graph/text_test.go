package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextRoundTrip(t *testing.T) {
	g := testNet(t)
	g.Name = "a \"quoted\"\nname \xff"
	g.Heads = []Head{{"Softmax", "p", "l"}}
	text := g.String()
	back, err := Parse("g.txt", text)
	require.NoError(t, err)
	assert.Equal(t, text, back.String())
	assert.Equal(t, g.Nodes[0].Op, back.Nodes[0].Op)
	assert.Equal(t, g.Nodes[1].Op, back.Nodes[1].Op)
	assert.Nil(t, back.Nodes[0].Op.(*Conv).Bias, "no bias is not a bias of no values")
	assert.Equal(t, g.Heads, back.Heads)
}

const small = `graph "g"
input "x" 1x2x2
node "c" Conv("x") -> "c" 1x2x2 kernel=1x1 stride=1x1 dilation=1x1 before=0x0 after=0x0 group=1 out=1
node "b" BatchNormalization("c") -> "b" 1x2x2 eps=0.5
node "m" MaxPool("b") -> "m" 1x2x2 kernel=1x1 stride=1x1 dilation=1x1 before=0x0 after=0x0 ceil=false
node "j" Concat("m", "b") -> "y" 2x2x2
output "y"
head "Softmax" "p" -> "y"
data "c" weight 1
AACAPw==
data "b" gamma 1
AACAPw==
data "b" beta 1
AACAPw==
data "b" mean 1
AACAPw==
data "b" var 1
AACAPw==
`

// TestParseRefuses replaces a piece of a sound text.
func TestParseRefuses(t *testing.T) {
	g, err := Parse("f", small)
	require.NoError(t, err)
	require.Equal(t, small, g.String())
	for _, c := range []struct{ old, new, want string }{
		{small, "", "f: line 1: the text is empty"},
		{`graph "g"`, ``, "line 2: the text does not begin with a graph line"},
		{`graph "g"`, `graph g`, "line 1: a quoted name is missing"},
		{`graph "g"`, "graph \"g\"\ngraph \"h\"", "line 2: graph stands too late"},
		{`1x2x2`, `1x2`, `line 2: "1x2" is not 3 numbers joined by x`},
		{`1x2x2`, `1x2x2 more`, `line 2: "more" is left over`},
		{`input "x"`, `inputs "x"`, `line 2: "inputs" begins no statement`},
		{`Conv("x")`, `Conv("z")`, `line 3: no value "z" stands above`},
		{`Conv("x")`, `Conv "x"`, "line 3: ( is missing"},
		{`"m", "b"`, `"m" "b"`, "line 6: , or ) is missing"},
		{`Concat(`, `Conquer(`, `line 6: "Conquer" is no operator`},
		{`-> "c"`, `"c"`, "line 3: -> is missing"},
		{`-> "c"`, `-> "x"`, `line 3: value "x" exists twice`},
		{`node "b"`, `node "c"`, `line 4: node "c" exists twice`},
		{` stride=1x1`, ``, "line 3: attribute stride is missing"},
		{`group=1`, `group=one`, "line 3: attribute group"},
		{`eps=0.5`, `eps=half`, "line 4: attribute eps"},
		{`ceil=false`, `ceil=no`, "line 5: attribute ceil"},
		{`output "y"`, `output "z"`, `line 7: no value "z" stands above`},
		{`"p" ->`, `"p"`, "line 8: -> is missing"},
		{`data "c"`, `data "d"`, `line 9: no node "d" stands above`},
		{`data "c" weight`, `data "c" gamma`, `line 9: Conv has no data "gamma"`},
		{`weight 1`, `weight`, "line 9: a count is missing"},
		{`weight 1`, `weight 13`, "line 10: the line is not base64 of 12 floats"},
		{`weight 1`, `weight 999999999999`, "line 10: the line is not base64 of 12 floats"},
		{`AACAPw==`, `AACAP===`, "line 10: the line is not base64"},
		{`data "b" beta`, `data "b" gamma`, `line 13: gamma of "b" exists twice`},
		{"var 1\nAACAPw==\n", "var 1", "line 17: the data end after 0 of 1 values"},
		{`"y" 2x2x2`, `"y" 3x2x2`, "f: j: its output is said to be 3x2x2 and is 2x2x2"},
	} {
		require.Contains(t, small, c.old)
		_, err := Parse("f", strings.Replace(small, c.old, c.new, 1))
		assert.ErrorContains(t, err, c.want, c.new)
	}
}

// FuzzParse: what is accepted prints and parses to the same text.
func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add("graph \"g\"\ninput \"x\" 2x3x4\nnode \"s\" Softmax(\"x\") -> \"s\" 2x3x4\nnode \"a\" ArgMax(\"s\") -> \"a\" 1x3x4\noutput \"a\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Parse("fuzz", text)
		if err != nil {
			return
		}
		printed := g.String()
		back, err := Parse("printed", printed)
		if err != nil {
			t.Fatal(err)
		}
		if back.String() != printed {
			t.Fatalf("%s\nbecame\n%s", printed, back)
		}
	})
}

func TestKindsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range Kinds() {
		assert.False(t, seen[kind], kind)
		seen[kind] = true
	}
	assert.Len(t, seen, 8)
}
