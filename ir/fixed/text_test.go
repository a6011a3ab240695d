package fixed_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const goldenFile = "testdata/text.txtar"

func TestTextGolden(t *testing.T) {
	nets := []*fixed.Net{chain(), guarded()}
	if *update {
		a := &txtar.Archive{Comment: []byte("The text form of networks with every operator.\n")}
		for _, net := range nets {
			a.Files = append(a.Files, txtar.File{Name: net.Name, Data: fixed.Print(net)})
		}
		require.NoError(t, os.WriteFile(goldenFile, txtar.Format(a), 0o644))
	}
	a, err := txtar.ParseFile(goldenFile)
	require.NoError(t, err)
	require.Len(t, a.Files, len(nets))
	for i, want := range nets {
		require.NoError(t, fixed.Check(want))
		assert.Equal(t, string(a.Files[i].Data), string(fixed.Print(want)), "go test ./ir/fixed -update rewrites it")
		net, err := fixed.Parse(goldenFile, a.Files[i].Data)
		require.NoError(t, err)
		assert.Equal(t, want, net)
	}
}

// anyNet is a random network.
func anyNet(seed uint64) *fixed.Net {
	d := nettest.New(seed)
	return d.Net(d.Within(1, 7))
}

func TestTextRoundTrip(t *testing.T) {
	for seed := range uint64(200) {
		net := anyNet(seed)
		net.Nodes[0].Name, net.Nodes[0].Out.Name = `a "node" of/words`, " -> "
		net.Name = "a \"name\"\nof two lines \xff"
		text := fixed.Print(net)
		back, err := fixed.Parse("net", text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, net, back)
		require.Equal(t, text, fixed.Print(back))
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(fixed.Print(chain()))
	for want, change := range map[string][2]string{
		`line 1: "node" stands where "net" is due`:                         {"net \"chain\"", "node \"chain\""},
		"line 2: a quoted name is due":                                     {`input "x"`, "input x"},
		"line 2: a format such as u8 is due":                               {`input "x" u8`, `input "x" 8`},
		"line 2: a number is due":                                          {"u8 2x4x4", "u8 2x4"},
		"line 2: \"one\" stands where \"zero\" is due":                     {"zero 0", "one 0"},
		"line 2: the line ends too early":                                  {"u8 2x4x4 zero 0", "u8"},
		`line 3: "blur" begins no line`:                                    {`conv "conv_a"`, `blur "conv_a"`},
		`line 3: value "y" is not defined above`:                           {`conv "conv_a" "x"`, `conv "conv_a" "y"`},
		`line 3: value "x" is defined twice`:                               {`-> "a"`, `-> "x"`},
		`line 4: "shape" says nothing about this node`:                     {"  kernel", "  shape"},
		`line 5: weights are signed`:                                       {"weights s4", "weights u4"},
		`line 6: "up" is no rounding mode`:                                 {"round halfup", "round up"},
		`line 6: multipliers are unsigned`:                                 {"multipliers u16", "multipliers s16"},
		`line 7: channel 1 stands where 0 is due`:                          {"channel 0", "channel 1"},
		`line 8: it has 3 weights, the channels above have another number`: {"bias -100 weights 3 1", "bias -100 weights 3 1 2"},
		`line 8: weight 4294967296 does not fit`:                           {"bias -100 weights 3", "bias -100 weights 4294967296"},
		`line 2: "more" is left over`:                                      {"zero 0\n", "zero 0 more\n"},
	} {
		t.Run(want, func(t *testing.T) {
			require.Contains(t, good, change[0])
			_, err := fixed.Parse("f", []byte(strings.Replace(good, change[0], change[1], 1)))
			assert.ErrorContains(t, err, "f: "+want)
		})
	}
}

// Whatever parses prints, if it is a network, and reads back the same.
func FuzzParse(f *testing.F) {
	f.Add(string(fixed.Print(chain())))
	for seed := range uint64(10) {
		f.Add(string(fixed.Print(anyNet(seed))))
	}
	f.Add("net \"\"\n  channel 0")
	f.Add("net \"x\"\ninput \"x\" s99999 1x1x1 zero 0\noutput \"x\"")
	f.Fuzz(func(t *testing.T, text string) {
		net, err := fixed.Parse("fuzz", []byte(text))
		if err != nil || fixed.Check(net) != nil {
			return
		}
		printed := fixed.Print(net)
		back, err := fixed.Parse("fuzz", printed)
		require.NoError(t, err)
		require.Equal(t, net, back)
		require.Equal(t, printed, fixed.Print(back))
		require.NotEmpty(t, fixed.Ranges(net))
	})
}
