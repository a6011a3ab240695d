package float

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

// The oracle is package graph: its operators, evaluated anew one after the other, with the parameter changed.

// oracle evaluates a graph under patches, and gives every value.
func oracle(tb testing.TB, g *graph.Graph, images []*graph.Tensor, patches []Patch) map[string]*graph.Tensor {
	g = g.Clone()
	found := map[*graph.Value]*graph.Tensor{}
	strike := func(node int, v *graph.Value, t *graph.Tensor) {
		t = &graph.Tensor{Shape: t.Shape, Data: slices.Clone(t.Data)}
		for _, p := range patches {
			if p.Node == node && p.Tensor == Output {
				was := t.Data[p.Index]
				if was != was {
					was = math.Float32frombits(0x7fc00000)
				}
				t.Data[p.Index] = p.Change.Apply(was)
			}
		}
		found[v] = t
	}
	for _, p := range patches {
		if p.Node >= 0 && p.Tensor != Output {
			v := &Parameters(g.Nodes[p.Node], p.Tensor)[p.Index]
			*v = p.Change.Apply(*v)
		}
	}
	for i, v := range g.Inputs {
		strike(-1-i, v, images[i])
	}
	for i, n := range g.Nodes {
		in := make([]*graph.Tensor, len(n.In))
		for k, v := range n.In {
			in[k] = found[v]
		}
		strike(i, n.Out, n.Op.Eval(in))
	}
	named := map[string]*graph.Tensor{}
	for v, t := range found {
		named[v.Name] = t
	}
	return named
}

// oracleDiff is the Diff of two frames that the oracle gave, without statistics.
func oracleDiff(g *graph.Graph, was, now map[string]*graph.Tensor) Diff {
	var d Diff
	for name, t := range now {
		for i, v := range t.Data {
			if unlike(v, was[name].Data[i]) && (v != v || math.IsInf(float64(v), 0)) {
				d.NonFinite = true
			}
		}
	}
	for _, v := range g.Outputs {
		a, b := was[v.Name], now[v.Name]
		o := OutputDiff{}
		for i, x := range b.Data {
			if unlike(x, a.Data[i]) {
				o.Changed++
			}
			switch {
			case x != x:
				o.NaN++
			case math.IsInf(float64(x), 0):
				o.Inf++
			}
		}
		classes := oracleClasses(g, v, b)
		for i, c := range oracleClasses(g, v, a) {
			if classes[i] != c {
				o.Pixels, o.Classes = append(o.Pixels, int32(i)), append(o.Classes, classes[i])
			}
		}
		d.Outputs = append(d.Outputs, o)
	}
	return d
}

func oracleClasses(g *graph.Graph, v *graph.Value, t *graph.Tensor) []int32 {
	argmax := slices.ContainsFunc(g.Nodes, func(n *graph.Node) bool { return n.Out == v && n.Op.Kind() == "ArgMax" })
	scores := t
	if !argmax && t.Shape.C > 1 {
		scores = (&graph.ArgMax{}).Eval([]*graph.Tensor{t})
	}
	out := make([]int32, len(scores.Data))
	for i, x := range scores.Data {
		switch {
		case !argmax && t.Shape.C == 1:
			if x > 0 {
				out[i] = 1
			}
		case x >= 0 && x < 1<<31:
			out[i] = int32(x)
		default:
			out[i] = -1
		}
	}
	return out
}

func unlike(a, b float32) bool {
	return math.Float32bits(a) != math.Float32bits(b) && (a == a || b == b)
}

// requireSame compares two tensors: every bit counts, save those of a NaN.
func requireSame(tb testing.TB, want, got *graph.Tensor, format string, args ...any) {
	tb.Helper()
	require.Equal(tb, want.Shape, got.Shape)
	for i, v := range want.Data {
		if unlike(v, got.Data[i]) {
			require.Failf(tb, "tensors differ", "element %d is %v (%08x) instead of %v (%08x); "+format,
				append([]any{i, got.Data[i], math.Float32bits(got.Data[i]), v, math.Float32bits(v)}, args...)...)
		}
	}
}

// requireDiff compares diffs but for their statistics.
func requireDiff(tb testing.TB, want Diff, got *Diff, format string, args ...any) {
	tb.Helper()
	plain := Diff{NonFinite: got.NonFinite}
	for _, o := range got.Outputs {
		if len(o.Pixels) == 0 {
			o.Pixels, o.Classes = nil, nil
		}
		plain.Outputs = append(plain.Outputs, o)
	}
	want.Stats = Stats{}
	require.Equal(tb, want, plain, append([]any{format}, args...)...)
}
