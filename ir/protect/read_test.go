package protect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

// small has two instances of a FIFO, a table of weights behind a counter, and a register of data.
const small = `
design pair
module fifo
  in_data = input u8
  push = input u1
  pop = input u1
  tail = reg u2
  head = reg u2
  %5 = const u1 [1]
  %6 = add u3 tail %5
  %7 = cast u2 %6
  %8 = add u3 head %5
  %9 = cast u2 %8
  beat = read u8
  input in_data
  input push
  input pop
  output out_data beat
  reg tail next %7 if push
  reg head next %9 if pop
  mem beats fifo u8 depth 4
    read beat at head if pop
    write at tail data in_data if push
end
module pair
  x_valid = input u1
  x_data = input u8
  y_ready = input u1
  a_out_data = out u8
  b_out_data = out u8
  count = reg u3
  %6 = const u1 [1]
  %7 = add u4 count %6
  %8 = cast u3 %7
  word = read s8x4
  %10 = lanes s8 word [1]
  sum = reg s9
  %12 = add s10 %10 b_out_data
  %13 = cast s9 %12
  full = reg u1
  %15 = const u1 [1]
  input x_valid
  input x_data
  input y_ready
  output x_ready full
  output y_valid full
  output y_data sum
  reg count next %8 if x_valid
  reg sum next %13
  reg full next %15
  mem weights weights s8x4 depth 8 tensor "w"
    read word at count if x_valid
    init
    01020304 05060708 090a0b0c ff0e0f10 11121314 15161718 191a1b1c 1d1e1f20
  inst a of fifo
    in in_data x_data
    in push x_valid
    in pop y_ready
  inst b of fifo
    in in_data a_out_data
    in push y_ready
    in pop full
end
`

func design(t *testing.T) *rtl.Design {
	t.Helper()
	d, err := rtl.Parse("small", strings.NewReader(small))
	require.NoError(t, err)
	require.NoError(t, rtl.Check(d))
	return d
}

func layer(path string) string {
	if stage, _, ok := strings.Cut(path, "."); ok {
		return stage
	}
	return ""
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, rules, want string }{
		{"unknown technique", `[{memories: "*", use: hope}]`, "line 2, column 30: rules[0].use: there is no technique hope; write one of none, parity, secded, daec, tmr"},
		{"no technique", `[{memories: "*"}]`, "use"},
		{"an option that the technique lacks", `[{memories: "*", use: tmr, group: 8}]`, "tmr has no such option; leave it out"},
		{"a technique not for registers", `[{registers: control, use: secded}]`, "secded is not for registers; write one of none, tmr"},
		{"registers and memories", `[{registers: control, memories: "*", use: tmr}]`, "make two rules of it"},
		{"nothing to match", `[{use: tmr}]`, "it matches nothing"},
		{"an empty pattern", `[{memories: "!", use: tmr}]`, "the pattern is empty"},
		{"an unknown key", `[{memories: "*", use: parity, on_eror: zero}]`, "on_eror"},
		{"a group that is none", `[{memories: "*", use: parity, group: 0}]`, "group"},
		{"a reaction that is none", `[{memories: "*", use: parity, on_error: cry}]`, "write flag or zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("p.yaml", []byte("name: bad\nrules: "+c.rules+"\n"))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Contains(t, err.Error(), "p.yaml")
			assert.Contains(t, err.Error(), "line 2")
		})
	}
}

func TestControl(t *testing.T) {
	var control, data []string
	for _, s := range sitesOf(design(t), layer) {
		switch {
		case s.Reg == nil:
		case s.control:
			control = append(control, s.Path)
		default:
			data = append(data, s.Path)
		}
	}
	assert.Equal(t, []string{"count", "full", "a.tail", "a.head", "b.tail", "b.head"}, control)
	assert.Equal(t, []string{"sum"}, data)
}

func TestAssign(t *testing.T) {
	d := design(t)
	for _, c := range []struct {
		name, rules string
		want        map[string]Technique
		err         string
	}{
		{"the first rule decides", `[{memories: "a.*", use: parity}, {memories: "*", use: secded}]`,
			map[string]Technique{"a.beats": Parity, "b.beats": SECDED, "weights": SECDED}, ""},
		{"none leaves out", `[{kinds: weights, use: none}, {memories: "*", use: secded}]`,
			map[string]Technique{"a.beats": SECDED, "b.beats": SECDED}, ""},
		{"lists meet together", `[{kinds: fifo, layers: b, use: tmr}]`, map[string]Technique{"b.beats": TMR}, ""},
		{"control", `[{registers: control, layers: "!a", use: tmr}]`,
			map[string]Technique{"count": TMR, "full": TMR, "b.tail": TMR, "b.head": TMR}, ""},
		{"data", `[{registers: data, use: tmr}]`, map[string]Technique{"sum": TMR}, ""},
		{"control but for some", `[{registers: [control, "!*.tail"], use: tmr}]`,
			map[string]Technique{"count": TMR, "full": TMR, "a.head": TMR, "b.head": TMR}, ""},
		{"an unknown memory", `[{memories: c.beats, use: tmr}]`, nil, "line 2, column 20: nothing matches c.beats; there are weights, a.beats, b.beats"},
		{"a register is no memory", `[{memories: sum, use: tmr}]`, nil, "nothing matches sum"},
		{"lists that never meet", `[{kinds: weights, layers: a, use: tmr}]`, nil, "nothing matches all of its lists together"},
		{"a rule that never decides", "\n- {memories: \"*\", use: tmr}\n- {kinds: fifo, use: parity}\n", nil,
			"line 4, column 3: the rule never decides: earlier ones, such as that of line 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Read("p.yaml", []byte("name: good\nrules: "+c.rules+"\n"))
			require.NoError(t, err)
			found, err := p.assign(d, layer)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			got := map[string]Technique{}
			for path, rule := range found {
				got[path] = rule.Use
			}
			assert.Equal(t, c.want, got)
		})
	}
}
