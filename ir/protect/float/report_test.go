package float

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestApplyReports runs a whole list on a trained network and holds the reports, for people and machines, to
// testdata/reports.txtar.
func TestApplyReports(t *testing.T) {
	passes, err := read(t, "- prune: {channels: 10%, layers: /enc.2/*}\n- equalise: {scales: pow2}\n- absorb_bias: {deviations: 0.2, padding: allow}\n"+
		"- recondition_batchnorm\n- mantissa: p1")
	require.NoError(t, err)
	g := trained(t, "scenes_unet_xs_bn")
	reports, err := Apply(t.Context(), g, passes, scenes(t, 1))
	require.NoError(t, err)
	require.NoError(t, graph.Check(g))
	require.Len(t, reports, 5)

	var text strings.Builder
	for _, r := range reports {
		require.NoError(t, r.Print(&text))
		text.WriteString("\n")
		for _, x := range r.Tensors {
			assert.LessOrEqual(t, x.Touched, x.Values)
		}
		var back Report
		data, err := json.Marshal(r)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, *r, back, "JSON holds all of a report")
	}
	machine, err := json.MarshalIndent(reports[4], "", "  ")
	require.NoError(t, err)
	got := txtar.Archive{Files: []txtar.File{{Name: "text", Data: []byte(text.String())}, {Name: "json", Data: append(machine, '\n')}}}
	if *update {
		require.NoError(t, os.WriteFile("testdata/reports.txtar", txtar.Format(&got), 0o644))
	}
	want, err := os.ReadFile("testdata/reports.txtar")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(txtar.Format(&got)), "run with -update to accept")
}

// The comparison of tensors, by hand.
func TestDifference(t *testing.T) {
	assert.Equal(t, TensorReport{Values: 3, Touched: 2, Largest: 0.5}, difference([]float32{2, 0, 1}, []float32{1, 5, 1}))
	assert.Equal(t, TensorReport{Values: 1}, difference([]float32{2}, []float32{2}))
	assert.Equal(t, TensorReport{Values: 2, Removed: 1}, difference([]float32{2, 3}, []float32{3}))
	assert.Equal(t, TensorReport{Added: 2}, difference(nil, []float32{0, 1}))
}

func TestRanges(t *testing.T) {
	assert.Equal(t, "channel 4", ranges([]int{4}))
	assert.Equal(t, "channels 0-3, 7, 9-10", ranges([]int{0, 1, 2, 3, 7, 9, 10}))
}

// Passes leave slices alone that other operators, or other networks, hold.
func TestRunOwnsParameters(t *testing.T) {
	shared := []float32{1, 1.0005}
	n, x := newNet(t, 1, graph.Shape{C: 2, H: 1, W: 1})
	conv := func() *graph.Conv {
		return &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 1, Weight: shared}
	}
	g := n.outputs(n.add(conv(), x), n.add(conv(), x))
	r, err := Run(t.Context(), g, Mantissa{Level: P1}, nil)
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 1.0005}, shared)
	assert.Equal(t, int64(4), r.Touched)
	assert.Equal(t, int64(4), r.Parameters)
}

// A pass that runs numbers out of range is told by name and node.
func TestRunChecks(t *testing.T) {
	g := pair(t, false)
	g.Nodes[0].Op.(*graph.Conv).Weight = []float32{1e-30, 1}
	g.Nodes[0].Op.(*graph.Conv).Bias[0] = 3e38
	_, err := Run(t.Context(), g, Equalise{Limit: 1e20}, nil)
	assert.ErrorContains(t, err, "after pass equalise: Conv0: bias[0] is +Inf")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Apply(ctx, pair(t, false), []Pass{Equalise{}}, nil)
	assert.ErrorIs(t, err, context.Canceled)
}
