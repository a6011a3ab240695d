package quant_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
)

// dice builds random float networks and options.
type dice struct{ nettest.Dice }

func newDice(seed uint64) dice { return dice{nettest.New(seed)} }

func (d dice) floats(n int, size float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(d.NormFloat64() * size)
	}
	return v
}

func (d dice) window() graph.Window {
	var w graph.Window
	for i := range 2 {
		w.Kernel[i], w.Stride[i], w.Dilation[i] = d.Within(1, 4), d.Within(1, 3), d.Within(1, 2)
		w.Before[i], w.After[i] = d.Within(0, 2), d.Within(0, 2)
	}
	return w
}

// group picks group and output channels for a convolution of ins channels.
func (d dice) group(ins int) (group, outs int) {
	if d.IntN(3) == 0 {
		return ins, ins * d.Within(1, 2)
	}
	return 1, d.Within(1, 5)
}

func (d dice) op(in graph.Shape) graph.Op {
	switch d.IntN(10) {
	case 0, 1, 2:
		w := d.window()
		g, outs := d.group(in.C)
		n := in.C / g * w.Kernel[0] * w.Kernel[1]
		return &graph.Conv{Window: w, Group: g, Out: outs, Weight: d.weights(outs, n), Bias: d.floats(outs, 0.3)}
	case 3, 4:
		w := d.window()
		g, outs := d.group(in.C)
		n := in.C * outs / g * w.Kernel[0] * w.Kernel[1]
		return &graph.ConvTranspose{Window: w, Group: g, Out: outs, OutputPad: [2]int{d.IntN(w.Stride[0]), d.IntN(w.Stride[1])},
			Weight: d.floats(n, 0.5), Bias: d.floats(outs, 0.3)}
	case 5:
		bn := &graph.BatchNorm{Gamma: d.floats(in.C, 1), Beta: d.floats(in.C, 1), Mean: d.floats(in.C, 1), Var: d.floats(in.C, 1), Eps: 1e-5}
		for i, v := range bn.Var {
			bn.Var[i] = v*v + 0.1
		}
		return bn
	case 6:
		return &graph.MaxPool{Window: d.window(), CeilMode: d.IntN(2) == 0}
	}
	return &graph.Relu{}
}

// weights are normal, but for channels that are dead, tiny or large.
func (d dice) weights(outs, per int) []float32 {
	var all []float32
	for range outs {
		size := 1 / math.Sqrt(float64(per))
		switch d.IntN(12) {
		case 0:
			size = 0
		case 1:
			size *= 1e-12
		case 2:
			size *= 30
		}
		all = append(all, d.floats(per, size)...)
	}
	return all
}

// graph makes a network of up to 10 nodes; what nothing reads is an output.
func (d dice) graph(t *testing.T) *graph.Graph {
	g := &graph.Graph{Name: "random"}
	var values []*graph.Value
	for i := range d.Within(1, 2) {
		values = append(values, g.Input(fmt.Sprintf("in%d", i), graph.Shape{C: d.Within(1, 3), H: d.Within(3, 9), W: d.Within(3, 9)}))
	}
	for len(g.Nodes) < d.Within(2, 10) {
		in := values[d.IntN(len(values))]
		name := fmt.Sprintf("n%d", len(g.Nodes))
		ins, op := []*graph.Value{in}, d.op(in.Shape)
		if d.IntN(4) == 0 {
			op = &graph.Concat{}
			for _, v := range values {
				if v.Shape.H == in.Shape.H && v.Shape.W == in.Shape.W {
					ins = append(ins, v)
				}
			}
		}
		v, err := g.Add(name, op, name+"_out", ins...)
		if err != nil || v.Shape.Size() > 4000 {
			if err == nil {
				g.Nodes = g.Nodes[:len(g.Nodes)-1]
			}
			continue
		}
		values = append(values, v)
	}
	d.end(t, g)
	require.NoError(t, graph.Check(g))
	return g
}

// end chooses the outputs, some of them behind a softmax or an argmax.
func (d dice) end(t *testing.T, g *graph.Graph) {
	read := map[*graph.Value]bool{}
	for _, n := range g.Nodes {
		for _, v := range n.In {
			read[v] = true
		}
	}
	for _, n := range slices.Clone(g.Nodes) {
		out := n.Out
		if read[out] && d.IntN(8) > 0 {
			continue
		}
		for _, head := range []graph.Op{&graph.Softmax{}, &graph.ArgMax{}} {
			if d.IntN(4) == 0 {
				v, err := g.Add(out.Name+head.Kind(), head, out.Name+head.Kind()+"_out", out)
				require.NoError(t, err)
				out = v
			}
		}
		g.Outputs = append(g.Outputs, out)
	}
}

func (d dice) images(g *graph.Graph, n int) [][]*graph.Tensor {
	images := make([][]*graph.Tensor, n)
	for i := range images {
		for _, v := range g.Inputs {
			x := graph.NewTensor(v.Shape)
			for k := range x.Data {
				x.Data[k] = d.Float32()*3 - 1
			}
			images[i] = append(images[i], x)
		}
	}
	return images
}

func (d dice) options() quant.Options {
	return quant.Options{
		WeightBits: d.Within(2, 16), ActBits: d.Within(2, 16), HeadBits: d.Within(2, 24),
		Scales:      []quant.Scales{quant.General, quant.Pow2}[d.IntN(2)],
		Calibration: []quant.Calibration{quant.MinMax, quant.Percentile, quant.MSE}[d.IntN(3)],
		Rounding:    fixed.Rounding(d.IntN(2)),
		PlainBias:   d.IntN(2) == 0, PlainWeights: d.IntN(2) == 0,
	}
}
