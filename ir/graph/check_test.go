package graph

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckComplains breaks a sound graph in one place at a time.
func TestCheckComplains(t *testing.T) {
	nan := float32(math.NaN())
	for want, harm := range map[string]func(*Graph){
		"test: the network has no inputs":                            func(g *Graph) { g.Inputs = nil },
		"test: the network has no outputs":                           func(g *Graph) { g.Outputs = nil },
		"conv1: weight[3] is NaN":                                    func(g *Graph) { g.Nodes[0].Op.(*Conv).Weight[3] = nan },
		"bn1: var[0] is +Inf":                                        func(g *Graph) { g.Nodes[1].Op.(*BatchNorm).Var[0] = float32(math.Inf(1)) },
		"bn1: eps is NaN":                                            func(g *Graph) { g.Nodes[1].Op.(*BatchNorm).Eps = nan },
		"bn1: variance -1 of channel 2 plus epsilon 1e-05":           func(g *Graph) { g.Nodes[1].Op.(*BatchNorm).Var[2] = -1 },
		"bn1: has 3 values of beta for 4 channels":                   func(g *Graph) { b := g.Nodes[1].Op.(*BatchNorm); b.Beta = b.Beta[1:] },
		"bn1: input 0 is not computed by an earlier node":            func(g *Graph) { g.Nodes[0], g.Nodes[1] = g.Nodes[1], g.Nodes[0] },
		"conv1: its output is said to be 4x8x13 and is 4x8x12":       func(g *Graph) { g.Nodes[0].Out.Shape.W++ },
		"conv1: has 108 weights; 3 input channels, 5 output":         func(g *Graph) { g.Nodes[0].Op.(*Conv).Out = 5 },
		"conv1: has 1 bias values for 4 output channels":             func(g *Graph) { g.Nodes[0].Op.(*Conv).Bias = []float32{1} },
		"conv1: 2 groups do not divide 3 input and 4 output":         func(g *Graph) { g.Nodes[0].Op.(*Conv).Group = 2 },
		"conv1: stride 0x1 is outside 1 to":                          func(g *Graph) { g.Nodes[0].Op.(*Conv).Stride[0] = 0 },
		"conv1: padding after 1x-1 is outside 0 to":                  func(g *Graph) { g.Nodes[0].Op.(*Conv).After[1] = -1 },
		"conv1: kernel 3x3 with dilation 9x1 does not fit an image":  func(g *Graph) { g.Nodes[0].Op.(*Conv).Dilation[0] = 9 },
		"conv1: -4 output channels in 1 groups":                      func(g *Graph) { g.Nodes[0].Op.(*Conv).Out = -4 },
		"relu1: the node's name is empty or not unique":              func(g *Graph) { g.Nodes[0].Name = "relu1" },
		`bn1: the value "c1" exists twice`:                           func(g *Graph) { g.Nodes[1].Out.Name = "c1" },
		"conv1: its value has no name":                               func(g *Graph) { g.Nodes[0].Out.Name = "" },
		"conv1: has no value":                                        func(g *Graph) { g.Nodes[0].Out = nil },
		"a node has no operator":                                     func(g *Graph) { g.Nodes[2].Op = nil },
		"image: shape 0x8x12 has a dimension outside 1 to":           func(g *Graph) { g.Inputs[0].Shape.C = 0 },
		"image: shape 65x1024x2048 has more than 134217728":          func(g *Graph) { g.Inputs[0].Shape = Shape{65, 1024, 2048} },
		"concat: joins images of 8x12 and 4x6":                       func(g *Graph) { n := g.Nodes[9]; n.In = []*Value{n.In[0], g.Nodes[3].Out} },
		"concat: has no inputs":                                      func(g *Graph) { g.Nodes[9].In = nil },
		"relu1: has 2 inputs; it takes one":                          func(g *Graph) { n := g.Nodes[2]; n.In = append(n.In, n.In[0]) },
		"maxpool: window 0 of the rows lies wholly in the padding":   func(g *Graph) { g.Nodes[3].Op.(*MaxPool).Before[0] = 2 },
		"up: output padding -1x0 is outside 0 to":                    func(g *Graph) { g.Nodes[7].Op.(*ConvTranspose).OutputPad[0] = -1 },
		"up: padding 4x0 before and 4x0 after leaves nothing of the": func(g *Graph) { c := g.Nodes[7].Op.(*ConvTranspose); c.Before[0], c.After[0] = 4, 4 },
		"image: an input is an output as well":                       func(g *Graph) { g.Outputs = append(g.Outputs, g.Inputs[0]) },
		"probabilities: is an output twice":                          func(g *Graph) { g.Outputs = append(g.Outputs, g.Outputs[0]) },
		"test: output 1 is computed by no node":                      func(g *Graph) { g.Outputs = append(g.Outputs, &Value{Name: "q"}) },
	} {
		g := testNet(t)
		harm(g)
		assert.ErrorContains(t, Check(g), want)
	}
}

// A fault may make a variance negative once the network is there: it is evaluated, to NaN. A network is not
// built with one.
func TestNegativeVariance(t *testing.T) {
	g := testNet(t)
	bn, x := g.Nodes[1].Op.(*BatchNorm), NewTensor(Shape{4, 2, 3})
	before := bn.Eval([]*Tensor{x})
	bn.Var[2] = -bn.Var[2]
	after := bn.Eval([]*Tensor{x})
	for i, v := range after.Data {
		if i/6 == 2 {
			assert.True(t, math.IsNaN(float64(v)), "%d: %v", i, v)
		} else {
			assert.Equal(t, before.Data[i], v)
		}
	}
	_, err := g.Add("again", bn, "again", g.Nodes[0].Out)
	assert.ErrorContains(t, err, "is not positive")
}

func TestCloneIsDeep(t *testing.T) {
	g := testNet(t)
	before := g.String()
	c := g.Clone()
	require.Equal(t, before, c.String())
	require.NoError(t, Simplify(c))
	c.Inputs[0].Name = "changed"
	assert.Equal(t, before, g.String())
}
