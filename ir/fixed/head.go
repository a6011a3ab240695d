package fixed

import (
	"slices"

	"rampart/internal/naming"
)

// AddMask makes a segmentation network deliver both what its first output says of each class and the
// class that wins: the outputs then begin with the scores and the mask. Where the network has an ArgMax
// of these scores that one serves; else a node argmax with the value mask is added, with numbers behind
// these names where the network has them already. A network with one score a pixel, or more classes than
// a byte counts, keeps its outputs.
func AddMask(net *Net) {
	out := net.Outputs[0]
	for _, n := range net.Nodes {
		if _, ok := n.Op.(*ArgMax); ok && (n.Out == out || n.In[0] == out) {
			others := slices.DeleteFunc(slices.Clone(net.Outputs), func(v *Value) bool { return v == n.In[0] || v == n.Out })
			net.Outputs = append([]*Value{n.In[0], n.Out}, others...)
			return
		}
	}
	if out.Shape.C < 2 || out.Shape.C > 256 {
		return
	}
	nodes, values := naming.Taken{}, naming.Taken{}
	for _, v := range net.Inputs {
		values[v.Name] = true
	}
	for _, n := range net.Nodes {
		nodes[n.Name], values[n.Out.Name] = true, true
	}
	mask := &Value{Name: values.Claim("mask"), Shape: Shape{C: 1, H: out.Shape.H, W: out.Shape.W}, Format: Format{Bits: 8}}
	net.Nodes = append(net.Nodes, &Node{Name: nodes.Claim("argmax"), In: []*Value{out}, Out: mask, Op: &ArgMax{}})
	net.Outputs = slices.Insert(net.Outputs, 1, mask)
}
