package quant

import (
	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// Input quantises a real image for network input i: to the nearest integer, saturating.
func (r *Result) Input(i int, real *graph.Tensor) *fixed.Tensor {
	v := r.Values[i]
	g := grid{scale: v.Scale, zero: v.Zero, format: v.Value.Format}
	t := fixed.NewTensor(v.Value.Shape)
	for k, x := range real.Data {
		t.Data[k] = int32(g.quantise(float64(x)))
	}
	return t
}

// Real turns integers back into real values.
func (v Value) Real(t *fixed.Tensor) *graph.Tensor {
	real := &graph.Tensor{Shape: graph.Shape{C: t.Shape.C, H: t.Shape.H, W: t.Shape.W}, Data: make([]float32, len(t.Data))}
	for i, x := range t.Data {
		real.Data[i] = float32(float64(int64(x)-v.Zero) * v.Scale)
	}
	return real
}

// Lookup finds the meaning of a value of the network, or of one that was made from it, by its name.
func (r *Result) Lookup(v *fixed.Value) (Value, bool) {
	for _, known := range r.Values {
		if known.Value.Name == v.Name {
			return known, true
		}
	}
	return Value{}, false
}
