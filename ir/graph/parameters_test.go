package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParameters(t *testing.T) {
	conv := &Conv{Weight: []float32{1, 2}}
	assert.Equal(t, []Parameter{{Name: "weight", Data: []float32{1, 2}}, {Name: "bias"}}, Parameters(conv))
	bn := &BatchNorm{Gamma: []float32{1}, Beta: []float32{2}, Mean: []float32{3}, Var: []float32{4}}
	assert.Equal(t, []Parameter{
		{"gamma", []float32{1}, false}, {"beta", []float32{2}, false}, {"mean", []float32{3}, true}, {"var", []float32{4}, true},
	}, Parameters(bn))
	assert.Empty(t, Parameters(&Relu{}))
	Parameters(conv)[0].Data[1] = 7
	assert.Equal(t, float32(7), conv.Weight[1], "the data is the operator's own")
}

func TestOwn(t *testing.T) {
	shared := []float32{1, 2}
	a, b := &Conv{Weight: shared}, &Conv{Weight: shared}
	g := &Graph{Nodes: []*Node{{Name: "a", Op: a}, {Name: "b", Op: b}}}
	g.Own()
	a.Weight[0] = 5
	assert.Equal(t, []float32{1, 2}, b.Weight)
	assert.Equal(t, []float32{1, 2}, shared)
	assert.Nil(t, a.Bias, "what there was not, there is not")
}
