package fault

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"rampart/hw"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/protect"
	"rampart/ir/rtl"
)

// Hardware is every bit of state of a design, in the order of Design.States. The map says what its memories
// hold, and the protection, nil for none, how they keep it.
func Hardware(d *rtl.Design, memories []hw.Memory, with *protect.Protected) *Population {
	held := map[string]*hw.Memory{}
	for i := range memories {
		held[memories[i].Path] = &memories[i]
	}
	layers := map[string]string{}
	for _, m := range memories {
		if m.Node != "" {
			layers[m.Stage] = m.Node
		}
	}
	var stores []Store
	for _, st := range d.States() {
		stage, _, _ := strings.Cut(st.Path, ".")
		s := Store{Name: st.Path, Kind: "register", Layer: stage, Words: 1, Bits: st.Type.Width(), Lane: st.Type.Bits, Register: true}
		if node, ok := layers[stage]; ok {
			s.Layer = node
		}
		if st.Mem != nil {
			s.Kind, s.Words, s.Register, s.Constant = string(st.Kind), int64(st.Depth), false, len(st.Mem.Writes) == 0
			path := st.Path
			if with != nil {
				if of := with.Copies[path]; of != "" {
					path = of
				}
				if coded := with.Stored[path]; coded != nil {
					s.Lane, s.Data = coded.Word.Bits, coded.Word.Width()
				}
			}
			if m := held[path]; m != nil {
				s.Tensor = m.Tensor
				if field, ok := strings.CutPrefix(m.Tensor, m.Node+"."); ok && m.Node != "" {
					s.Tensor = TensorName(m.Node, field)
				}
			}
		}
		stores = append(stores, s)
	}
	return NewPopulation(HardwareSpace, Fixed, stores)
}

// Parameters is every bit of every parameter of an integer network: weights and biases, and the multipliers
// and shifts of its requantisations, a shift as wide as the node's largest needs.
func Parameters(net *fixed.Net) *Population {
	var stores []Store
	for _, n := range net.Nodes {
		switch op := n.Op.(type) {
		case *fixed.Conv:
			out := len(op.Bias)
			dims := []int{out, len(op.Weight) / out / op.Kernel[0] / op.Kernel[1], op.Kernel[0], op.Kernel[1]}
			weight := tensor(n.Name, "weight", len(op.Weight), op.WeightBits)
			weight.Dims, weight.Axes, weight.Turned, weight.Learned = dims, "oihw", op.Transposed, true
			bias := tensor(n.Name, "bias", out, op.BiasBits)
			bias.Learned = true
			stores = append(stores, weight, bias)
			stores = append(stores, scaleStores(n.Name, &op.Scale)...)
		case *fixed.Requant:
			stores = append(stores, scaleStores(n.Name, &op.Scale)...)
		}
	}
	return NewPopulation(ParameterSpace, Fixed, stores)
}

// scaleStores are the constants of a requantisation.
func scaleStores(node string, s *fixed.Scale) []Store {
	var stores []Store
	if s.Mult != nil {
		stores = append(stores, tensor(node, "mult", len(s.Mult), s.MultBits))
	}
	return append(stores, tensor(node, "shift", len(s.Shift), max(1, bits.Len(uint(slices.Max(s.Shift))))))
}

// tensor is a parameter of one axis.
func tensor(node, field string, elements, width int) Store {
	name := TensorName(node, field)
	return Store{
		Name: name, Kind: field, Layer: node, Tensor: name, Words: int64(elements), Bits: width, Lane: width,
		Constant: true, Dims: []int{elements},
	}
}

// Activations is every bit of the output of every node of an integer network.
func Activations(net *fixed.Net) *Population {
	var stores []Store
	for _, n := range net.Nodes {
		f := n.Out.Format
		s := output(n.Name, n.Op.Kind(), n.Out.Shape.C, n.Out.Shape.H, n.Out.Shape.W, f.Bits)
		s.Zero = uint64(n.Out.Zero) & (1<<f.Bits - 1)
		stores = append(stores, s)
	}
	return NewPopulation(ActivationSpace, Fixed, stores)
}

func output(node, kind string, c, h, w, width int) Store {
	name := TensorName(node, "output")
	return Store{
		Name: name, Kind: kind, Layer: node, Tensor: name, Words: int64(c) * int64(h) * int64(w), Bits: width, Lane: width,
		Dims: []int{c, h, w},
	}
}

// FloatParameters is every bit of every parameter of a float network: of convolutions weight and bias, of
// batch normalisations that are not folded gamma, beta, mean and var.
func FloatParameters(g *graph.Graph) *Population {
	var stores []Store
	for _, n := range g.Nodes {
		for _, p := range graph.Parameters(n.Op) {
			if len(p.Data) == 0 {
				continue
			}
			s := tensor(n.Name, p.Name, len(p.Data), 32)
			s.Learned = !p.Measured
			if p.Name == "weight" {
				kernelAxes(&s, n.Op)
			}
			stores = append(stores, s)
		}
	}
	return NewPopulation(ParameterSpace, FP32, stores)
}

// kernelAxes tells how a kernel lies in its tensor.
func kernelAxes(s *Store, op graph.Op) {
	switch c := op.(type) {
	case *graph.Conv:
		s.Dims, s.Axes = []int{c.Out, len(c.Weight) / c.Out / c.Kernel[0] / c.Kernel[1], c.Kernel[0], c.Kernel[1]}, "oihw"
	case *graph.ConvTranspose:
		out := c.Out / c.Group
		s.Dims, s.Axes, s.Turned = []int{len(c.Weight) / out / c.Kernel[0] / c.Kernel[1], out, c.Kernel[0], c.Kernel[1]}, "iohw", true
	}
}

// FloatActivations is every bit of the output of every node of a float network.
func FloatActivations(g *graph.Graph) *Population {
	var stores []Store
	for _, n := range g.Nodes {
		stores = append(stores, output(n.Name, n.Op.Kind(), n.Out.Shape.C, n.Out.Shape.H, n.Out.Shape.W, 32))
	}
	return NewPopulation(ActivationSpace, FP32, stores)
}

// element is the number of an element of a tensor whose indices are given in the order of the named axes, such
// as "hwio".
func (s *Store) element(axes string, index []int64) (int64, error) {
	if len(s.Dims) == 1 {
		axes = "o"
	}
	own := s.Axes
	if len(s.Dims) == 1 {
		own = "o"
	}
	if own == "" || len(index) != len(own) {
		return 0, fmt.Errorf("%s has %d axes, and %d indices are given", s.Name, len(s.Dims), len(index))
	}
	n := int64(0)
	for k, axis := range own {
		i := index[strings.IndexRune(axes, axis)]
		if i < 0 || i >= int64(s.Dims[k]) {
			return 0, fmt.Errorf("%s has %d places along axis %c, and index %d is given", s.Name, s.Dims[k], axis, i)
		}
		n = n*int64(s.Dims[k]) + i
	}
	return n, nil
}
