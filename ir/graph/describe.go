package graph

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Description tells what a network is made of.
type Description struct {
	Name       string            `json:"name"`
	Inputs     []PortDescription `json:"inputs"`
	Outputs    []PortDescription `json:"outputs"`
	Nodes      []NodeDescription `json:"nodes"`
	Dropped    []HeadDescription `json:"dropped_heads"` // see Graph.Heads
	Parameters int64             `json:"parameters"`    // see NodeDescription
	MACs       int64             `json:"macs"`          // per image
}

// PortDescription is an input or output of the network.
type PortDescription struct {
	Name  string `json:"name"`
	Shape [3]int `json:"shape"` // channels, height, width
}

// NodeDescription is one operator. Parameters are the values that training learned, so a batch
// normalisation's mean and variance do not count. MACs are the multiplications of convolutions and
// transposed convolutions, those with padding included.
type NodeDescription struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Inputs     [][3]int `json:"inputs"`
	Output     [3]int   `json:"output"`
	Kernel     *[2]int  `json:"kernel,omitempty"`
	Parameters int64    `json:"parameters"`
	MACs       int64    `json:"macs"`
}

// HeadDescription is a final operator that was removed.
type HeadDescription struct {
	Kind string `json:"kind"`
	Was  string `json:"was"`
	Now  string `json:"now"`
}

// Describe lists a network's nodes with shapes, parameters and multiply-accumulates.
func Describe(g *Graph) *Description {
	d := &Description{
		Name: g.Name, Inputs: ports(g.Inputs), Outputs: ports(g.Outputs),
		Nodes: []NodeDescription{}, Dropped: []HeadDescription{},
	}
	for _, h := range g.Heads {
		d.Dropped = append(d.Dropped, HeadDescription(h))
	}
	for _, n := range g.Nodes {
		nd := NodeDescription{Name: n.Name, Kind: n.Op.Kind(), Inputs: [][3]int{}, Output: triple(n.Out.Shape), MACs: n.macs()}
		for _, v := range n.In {
			nd.Inputs = append(nd.Inputs, triple(v.Shape))
		}
		for _, f := range fieldsOf(n.Op) {
			if f.data != nil && !f.measured {
				nd.Parameters += int64(len(*f.data))
			}
			if f.name == "kernel" {
				k := *f.pair
				nd.Kernel = &k
			}
		}
		d.Parameters += nd.Parameters
		d.MACs += nd.MACs
		d.Nodes = append(d.Nodes, nd)
	}
	return d
}

// macs counts a node's multiply-accumulates: a convolution uses every weight once per output pixel, a
// transposed convolution once per input pixel.
func (n *Node) macs() int64 {
	switch op := n.Op.(type) {
	case *Conv:
		return int64(n.Out.Shape.H) * int64(n.Out.Shape.W) * int64(len(op.Weight))
	case *ConvTranspose:
		return int64(n.In[0].Shape.H) * int64(n.In[0].Shape.W) * int64(len(op.Weight))
	}
	return 0
}

func triple(s Shape) [3]int { return [3]int{s.C, s.H, s.W} }

func ports(vs []*Value) []PortDescription {
	out := make([]PortDescription, len(vs))
	for i, v := range vs {
		out[i] = PortDescription{v.Name, triple(v.Shape)}
	}
	return out
}

// Print writes the description as a table for people.
func (d *Description) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "node\toperator\tkernel\tinput\toutput\tparameters\tMACs\n")
	for _, n := range d.Nodes {
		kernel := "-"
		if n.Kernel != nil {
			kernel = fmt.Sprintf("%dx%d", n.Kernel[0], n.Kernel[1])
		}
		in := ""
		for i, s := range n.Inputs {
			if i > 0 {
				in += " "
			}
			in += cross(s)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n", n.Name, n.Kind, kernel, in, cross(n.Output), n.Parameters, n.MACs)
	}
	fmt.Fprintf(t, "total\t\t\t\t\t%d\t%d\n", d.Parameters, d.MACs)
	for _, p := range d.Inputs {
		fmt.Fprintf(t, "input %s\t\t\t\t%s\t\t\n", p.Name, cross(p.Shape))
	}
	for _, p := range d.Outputs {
		fmt.Fprintf(t, "output %s\t\t\t\t%s\t\t\n", p.Name, cross(p.Shape))
	}
	for _, h := range d.Dropped {
		fmt.Fprintf(t, "%s of %s dropped: the output is %s\n", h.Kind, h.Was, h.Now)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the description: %w", err)
	}
	return nil
}

func cross(s [3]int) string { return fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]) }
