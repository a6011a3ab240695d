package fixed_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
)

// names gives the nodes and the outputs of a network.
func names(net *fixed.Net) (nodes, outputs []string) {
	for _, n := range net.Nodes {
		nodes = append(nodes, n.Name)
	}
	for _, v := range net.Outputs {
		outputs = append(outputs, v.Name)
	}
	return nodes, outputs
}

func TestAddMask(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(net *fixed.Net)
		nodes   []string
		outputs []string
	}{
		"an argmax is added": {func(*fixed.Net) {}, []string{"conv", "argmax"}, []string{"scores", "mask"}},
		"the names are taken": {func(net *fixed.Net) {
			net.Inputs[0].Name, net.Nodes[0].Name, net.Outputs[0].Name = "mask_2", "argmax", "mask"
		}, []string{"argmax", "argmax_2"}, []string{"mask", "mask_3"}},
		"one score a pixel":    {func(net *fixed.Net) { net.Outputs[0].Shape.C = 1 }, []string{"conv"}, []string{"scores"}},
		"more than a byte has": {func(net *fixed.Net) { net.Outputs[0].Shape.C = 257 }, []string{"conv"}, []string{"scores"}},
		"256 classes":          {func(net *fixed.Net) { net.Outputs[0].Shape.C = 256 }, []string{"conv", "argmax"}, []string{"scores", "mask"}},
		"the only output is an argmax": {func(net *fixed.Net) {
			classify(net)
			net.Outputs = net.Outputs[1:]
		}, []string{"conv", "winner"}, []string{"scores", "classes"}},
		"an argmax is another output": {func(net *fixed.Net) {
			classify(net)
			net.Outputs = []*fixed.Value{net.Outputs[0], {Name: "more"}, net.Outputs[1]}
		}, []string{"conv", "winner"}, []string{"scores", "classes", "more"}},
	} {
		t.Run(name, func(t *testing.T) {
			net := scores()
			c.change(net)
			fixed.AddMask(net)
			nodes, outputs := names(net)
			assert.Equal(t, c.nodes, nodes)
			assert.Equal(t, c.outputs, outputs)
		})
	}
}

func TestMaskIsAByteAPixel(t *testing.T) {
	net := scores()
	fixed.AddMask(net)
	require.NoError(t, fixed.Check(net))
	assert.Equal(t, fixed.Value{Name: "mask", Shape: fixed.Shape{C: 1, H: 4, W: 4}, Format: fixed.Format{Bits: 8}}, *net.Outputs[1])
	before := fmt.Sprint(names(net))
	fixed.AddMask(net)
	assert.Equal(t, before, fmt.Sprint(names(net)), "the mask that is there serves")
}

// scores is a network of one convolution that tells 2 classes apart.
func scores() *fixed.Net {
	net := chain()
	n := net.Nodes[0]
	n.Name, n.Out.Name = "conv", "scores"
	net.Nodes, net.Outputs = net.Nodes[:1], []*fixed.Value{n.Out}
	return net
}

// classify gives a network of scores an argmax of its own.
func classify(net *fixed.Net) {
	v := &fixed.Value{Name: "classes"}
	net.Nodes = append(net.Nodes, &fixed.Node{Name: "winner", In: net.Outputs[:1:1], Out: v, Op: &fixed.ArgMax{}})
	net.Outputs = append(net.Outputs, v)
}
