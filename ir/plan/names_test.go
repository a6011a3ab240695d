package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
)

func TestIdentifier(t *testing.T) {
	long := strings.Repeat("a", maxIdentifier)
	for raw, want := range map[string]string{
		"/enc.0/enc.0.1/Conv":   "enc_0_1",
		"/enc.0/enc.0.1/Conv_1": "conv_1",
		"Conv":                  "conv",
		"":                      "stage",
		"///":                   "stage",
		"\u6570\u5b57":          "stage",
		"3d":                    "stage_3d",
		"module":                "module_stage",
		"a b\tc":                "a_b_c",
		"__a--b__":              "a_b",
		long:                    long,
		"a" + long:              long,
		"x_" + long:             long,
		"module_" + strings.Repeat("layer_", 20) + "conv": strings.TrimSuffix(strings.Repeat("layer_", 7), "_") + "_conv",
		strings.Repeat("9", 60):                           "stage_" + strings.Repeat("9", maxIdentifier),
	} {
		got := Identifier(raw, "stage")
		assert.Equal(t, want, got)
		assert.True(t, identifier(got), got)
	}
}

// TestLongNames: names of any length make a plan whose names are short and differ.
func TestLongNames(t *testing.T) {
	d := nettest.New(3)
	net := d.Net(6)
	long := strings.Repeat("very_", 100)
	for _, n := range net.Nodes {
		n.Name, n.Out.Name = long+n.Name, long+n.Out.Name
	}
	p, err := New(t.Context(), net, Target{})
	require.NoError(t, err)
	require.NoError(t, Check(p))
	for _, s := range p.Stages {
		assert.Less(t, len(s.Name), maxIdentifier+10)
	}
	for _, s := range p.Streams {
		assert.Less(t, len(s.Name), 2*maxIdentifier+30)
	}
}
