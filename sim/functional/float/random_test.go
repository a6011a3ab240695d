package float

import (
	"fmt"
	"math"
	"math/rand/v2"

	"rampart/ir/graph"
)

// maker draws small networks of every operator.
type maker struct {
	r      *rand.Rand
	g      *graph.Graph
	values []*graph.Value
	wild   bool // numbers from the corners of the format among the parameters and activations
}

func randomGraph(seed uint64) (*graph.Graph, []*graph.Tensor) {
	m := &maker{r: rand.New(rand.NewPCG(seed, 77)), g: &graph.Graph{Name: "random"}}
	m.wild = m.r.IntN(3) == 0
	s := graph.Shape{C: 1 + m.r.IntN(5), H: 1 + m.r.IntN(12), W: 1 + m.r.IntN(40)}
	for i := range 1 + m.r.IntN(2) {
		m.values = append(m.values, m.g.Input(fmt.Sprintf("in%d", i), s))
		s.C = 1 + m.r.IntN(4)
	}
	for nodes := 2 + m.r.IntN(9); len(m.g.Nodes) < nodes; {
		m.node()
	}
	m.outputs()
	var images []*graph.Tensor
	for _, v := range m.g.Inputs {
		images = append(images, &graph.Tensor{Shape: v.Shape, Data: m.numbers(v.Shape.Size())})
	}
	return m.g, images
}

func (m *maker) numbers(n int) []float32 {
	out := make([]float32, n)
	corners := []float32{0, float32(math.Copysign(0, -1)), 1e-40, -1e-45, 1e38, -3e38, 1, -1}
	for i := range out {
		out[i] = float32(m.r.NormFloat64())
		if m.wild && m.r.IntN(12) == 0 {
			out[i] = corners[m.r.IntN(len(corners))]
		}
	}
	return out
}

func (m *maker) window() graph.Window {
	two := func(low, n int) [2]int { return [2]int{low + m.r.IntN(n), low + m.r.IntN(n)} }
	w := graph.Window{Kernel: two(1, 3), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Before: two(0, 2), After: two(0, 2)}
	if m.r.IntN(2) == 0 {
		w.Stride = two(1, 3)
	}
	if m.r.IntN(3) == 0 {
		w.Dilation = two(1, 2)
	}
	return w
}

// pick is a value, more often a late one.
func (m *maker) pick() *graph.Value {
	n := len(m.values)
	return m.values[max(m.r.IntN(n), m.r.IntN(n))]
}

// node adds a node, if its operator takes the shapes that were drawn.
func (m *maker) node() {
	in := []*graph.Value{m.pick()}
	c := in[0].Shape.C
	var op graph.Op
	switch kind := m.r.IntN(16); {
	case kind < 8:
		group := 1
		if m.r.IntN(3) == 0 {
			group = []int{1, c, c}[m.r.IntN(3)]
		}
		out := group * (1 + m.r.IntN(7))
		if group > 1 {
			out = group * (1 + m.r.IntN(2))
		}
		w := m.window()
		weight, bias := m.numbers(c*out/group*w.Kernel[0]*w.Kernel[1]), m.numbers(out)
		if m.r.IntN(3) == 0 {
			bias = nil
		} else if m.r.IntN(4) == 0 {
			bias[m.r.IntN(out)] = float32(math.Copysign(0, -1))
		}
		if kind < 5 {
			op = &graph.Conv{Window: w, Group: group, Out: out, Weight: weight, Bias: bias}
		} else {
			op = &graph.ConvTranspose{Window: w, Group: group, Out: out, OutputPad: [2]int{m.r.IntN(2), m.r.IntN(2)}, Weight: weight, Bias: bias}
		}
	case kind < 10:
		variance := m.numbers(c)
		for i := range variance {
			variance[i] = min(variance[i]*variance[i], 1e30) + 0.01
		}
		op = &graph.BatchNorm{Gamma: m.numbers(c), Beta: m.numbers(c), Mean: m.numbers(c), Var: variance, Eps: 1e-5}
	case kind < 12:
		op = &graph.Relu{}
	case kind < 13:
		op = &graph.MaxPool{Window: m.window(), CeilMode: m.r.IntN(2) == 0}
	case kind < 14:
		op = &graph.Concat{}
		for _, v := range m.values {
			if v != in[0] && v.Shape.H == in[0].Shape.H && v.Shape.W == in[0].Shape.W && v.Shape.C < 12 {
				in = append(in, v)
			}
		}
		in = in[:min(len(in), 3)]
	case kind < 15:
		op = &graph.ArgMax{}
	default:
		op = &graph.Softmax{}
	}
	shapes := make([]graph.Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape
	}
	if s, err := op.Infer(shapes); err != nil || s.Size() > 20000 {
		return
	}
	name := fmt.Sprintf("n%d", len(m.g.Nodes))
	v, err := m.g.Add(name, op, name+".out", in...)
	if err != nil {
		panic(err) // Infer has just accepted it
	}
	m.values = append(m.values, v)
}

// outputs makes outputs of what no node reads, and now and then of something else.
func (m *maker) outputs() {
	read := map[*graph.Value]bool{}
	for _, n := range m.g.Nodes {
		for _, v := range n.In {
			read[v] = true
		}
	}
	for _, n := range m.g.Nodes {
		if !read[n.Out] || m.r.IntN(8) == 0 {
			m.g.Outputs = append(m.g.Outputs, n.Out)
		}
	}
}

// randomPatches draws changes of all kinds and places, mostly one.
func randomPatches(r *rand.Rand, e *Engine) []Patch {
	var ps []Patch
	for n := 1 + r.IntN(2)*r.IntN(4); len(ps) < n; {
		p := Patch{Node: r.IntN(len(e.graph.Nodes)+1) - 1, Tensor: Tensor(r.IntN(int(Output) + 1))}
		if p.Node < 0 {
			p.Node, p.Tensor = -1-r.IntN(len(e.graph.Inputs)), Output
		}
		size := e.Len(p.Node, p.Tensor)
		if size == 0 {
			continue
		}
		p.Index = r.IntN(size)
		if len(ps) > 0 && r.IntN(3) == 0 && ps[0].Tensor != Output { // another of the same channel, perhaps
			p = ps[0]
			p.Index = r.IntN(min(size, e.Len(p.Node, p.Tensor)))
		}
		switch r.IntN(8) {
		case 0:
			p.Change = Replace(0)
		case 1:
			p.Change = Replace(float32(r.NormFloat64()))
		case 2:
			p.Change = Change{Set: r.Uint32() & r.Uint32()}
		case 3:
			p.Change = Change{Clear: r.Uint32() & r.Uint32(), Flip: r.Uint32() & r.Uint32() & r.Uint32()}
		case 4:
			p.Change = FlipBit(23 + r.IntN(9))
		default:
			p.Change = FlipBit(r.IntN(32))
		}
		ps = append(ps, p)
	}
	return ps
}
