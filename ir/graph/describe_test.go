package graph

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDescribe(t *testing.T) {
	g := testNet(t)
	d := Describe(g)
	// Counted by hand: pixels of the output (transposed: of the input) times weights.
	want := map[string][2]int64{
		"conv1": {3 * 4 * 9, 8 * 12 * 3 * 4 * 9},
		"conv2": {4 * 6 * 9, 4 * 6 * 4 * 6 * 9},
		"up":    {6*2*4 + 4, 4 * 6 * 6 * 2 * 4},
		"head":  {8 * 5, 8 * 12 * 8 * 5},
		"bn1":   {8, 0}, "bn2": {12, 0}, "bnup": {8, 0},
	}
	var parameters, macs int64
	for _, n := range d.Nodes {
		assert.Equal(t, want[n.Name], [2]int64{n.Parameters, n.MACs}, n.Name)
		parameters += want[n.Name][0]
		macs += want[n.Name][1]
	}
	assert.Equal(t, parameters, d.Parameters)
	assert.Equal(t, macs, d.MACs)

	text, err := json.Marshal(d.Nodes[0])
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"conv1","kind":"Conv","inputs":[[3,8,12]],"output":[4,8,12],"kernel":[3,3],"parameters":108,"macs":10368}`, string(text))
}

func TestPrintDescription(t *testing.T) {
	g := testNet(t)
	require.NoError(t, Simplify(g))
	var b strings.Builder
	require.NoError(t, Describe(g).Print(&b))
	lines := strings.Split(b.String(), "\n")
	assert.Regexp(t, `^conv1 +Conv +3x3 +3x8x12 +4x8x12 +112 +10368$`, lines[1])
	assert.Regexp(t, `^concat +Concat +- +4x8x12 4x8x12 +8x8x12 +0 +0$`, lines[7])
	assert.Regexp(t, `^total +426 +20544$`, lines[9])
	assert.Regexp(t, `^input image +3x8x12 *$`, lines[10])
	assert.Equal(t, "Softmax of probabilities dropped: the output is logits", lines[12])
}
