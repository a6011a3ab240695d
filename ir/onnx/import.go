package onnx

import (
	"fmt"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/naming"
	"rampart/ir/graph"
)

// The versions of ONNX's own operators that are understood.
const (
	minOpset = 9
	maxOpset = 18
)

// maxWeights bounds the weights of a network, because one tensor in the file may serve many nodes.
const maxWeights = 1 << 28

// operand is what an ONNX value name stands for: an activation, a constant, or, where both are nil,
// the output of a node that was refused.
type operand struct {
	value    *graph.Value
	constant *tensorProto
	flat     bool // the channel dimension was dropped, so no operator may read it
}

// importer turns one model into a graph.
type importer struct {
	Options
	file     string
	opset    int64
	graph    *graph.Graph
	operands map[string]*operand
	read     map[string]bool // names that the outputs depend on
	names    naming.Taken    // of graph nodes
	weights  int             // converted so far
	problems troubles
}

// convert turns a model into a graph, or tells all that is wrong.
func (o Options) convert(file string, m *modelProto) (*graph.Graph, error) {
	im := &importer{
		Options: o, file: file, graph: &graph.Graph{Name: m.graph.name},
		operands: map[string]*operand{}, names: naming.Taken{},
	}
	if im.graph.Name == "" {
		im.graph.Name = "network"
	}
	im.version(m.opsets)
	var nodes []*nodeProto
	nodes, im.read = needed(m.graph)
	im.constants(m.graph)
	im.inputs(m.graph)
	nodes, err := sorted(nodes)
	if err != nil {
		im.add(err.(diag.Problem))
		return nil, im.problems.report()
	}
	for _, n := range nodes {
		im.node(n)
	}
	im.outputs(m.graph.outputs)
	if err := im.problems.report().Err(); err != nil {
		return nil, err
	}
	im.dropUnusedInputs()
	if err := graph.Check(im.graph); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return im.graph, nil
}

// add records a problem of this file that is not one of a node.
func (im *importer) add(p diag.Problem) { im.record(trouble{Problem: p}) }

func (im *importer) record(t trouble) {
	t.File = im.file
	im.problems = append(im.problems, t)
}

// version finds the version of ONNX's own operators.
func (im *importer) version(opsets []*opsetID) {
	for _, o := range opsets {
		if o.domain == "" || o.domain == "ai.onnx" {
			im.opset = o.version
		}
	}
	if im.opset < minOpset || im.opset > maxOpset {
		im.add(diag.Problem{
			What:   fmt.Sprintf("operator set version %d is not one of %d to %d", im.opset, minOpset, maxOpset),
			Remedy: "export with opset_version=13",
		})
	}
}

// define binds an ONNX value name.
func (im *importer) define(name string, o *operand) {
	if im.operands[name] != nil {
		im.add(diag.Problem{At: name, What: "the value is computed or given twice", Remedy: "the file is damaged; export it again"})
	}
	im.operands[name] = o
}

// constants binds the initialisers.
func (im *importer) constants(g *graphProto) {
	for _, t := range g.initializers {
		if im.read[t.name] {
			im.define(t.name, &operand{constant: t})
		}
	}
	if g.sparse > 0 {
		im.add(diag.Problem{What: fmt.Sprintf("%d weight tensors are sparse", g.sparse), Remedy: "export dense weights"})
	}
}

// inputs binds the inputs that are images; those that old files list for their initialisers are not.
func (im *importer) inputs(g *graphProto) {
	for _, in := range g.inputs {
		o := im.operands[in.name]
		if !im.read[in.name] || o != nil && o.constant != nil {
			continue
		}
		o = &operand{}
		if s, ok := im.imageShape(in); ok {
			o.value = im.graph.Input(in.name, s)
		}
		im.define(in.name, o)
	}
}

// imageShape is the shape of one image of an input.
func (im *importer) imageShape(in *valueInfo) (graph.Shape, bool) {
	refuse := func(what, remedy string) (graph.Shape, bool) {
		im.add(diag.Problem{At: in.name, What: what, Remedy: remedy})
		return graph.Shape{}, false
	}
	t := in.typ.tensor
	if t == nil {
		return refuse("the input is not a tensor", "export a network whose inputs are images")
	}
	if dataType(t.elem) != typeFloat {
		return refuse(fmt.Sprintf("the input holds %v", dataType(t.elem)), "export with float (float32) inputs")
	}
	if t.shape == nil || len(t.shape.dims) != 4 {
		return refuse("the input is not batch x channels x height x width", "export a network of images, with shapes")
	}
	d := t.shape.dims
	if n := d[0].size(); n > 1 {
		return refuse(fmt.Sprintf("the batch size is fixed at %d", n), "export with batch 1 or a dynamic batch")
	}
	s := graph.Shape{C: d[1].size(), H: d[2].size(), W: d[3].size()}
	if s.C == 0 {
		return refuse("the number of channels is dynamic", "export with a fixed number of channels")
	}
	if s.H == 0 {
		s.H = im.Height
	}
	if s.W == 0 {
		s.W = im.Width
	}
	if s.H <= 0 || s.W <= 0 {
		return refuse("the height or width is dynamic", "export with a fixed image size, or give it with --size")
	}
	if max(s.C, s.H, s.W) > maxAttr {
		return refuse(fmt.Sprintf("the shape %v is too large", s), fmt.Sprintf("no dimension may exceed %d", maxAttr))
	}
	return s, true
}

// size is the dimension's size, 0 where the file leaves it open: by a name, as nothing, 0 or less.
func (d *dimProto) size() int {
	if d.param != "" || d.value < 0 {
		return 0
	}
	return int(d.value)
}

// node imports one node through the table.
func (im *importer) node(n *nodeProto) {
	before := len(im.problems)
	c := &call{importer: im, node: n, at: nodeName(n)}
	row, ok := rowOf(n.op)
	switch {
	case n.domain != "" && n.domain != "ai.onnx":
		c.refuse(fmt.Sprintf("operator %s of domain %s is not supported", n.op, n.domain), remedyOf(n.op))
	case !ok:
		c.refuse(fmt.Sprintf("operator %s is not supported", n.op), remedyOf(n.op))
	default:
		c.vet(row)
		row.run(c)
	}
	if len(im.problems) > before || c.result == nil {
		c.result = &operand{}
	}
	for i, out := range n.outputs {
		if out == "" || !im.read[out] {
			continue
		}
		if i > 0 && ok {
			c.refuse(fmt.Sprintf("output %d (%s) of %s is used", i, out, n.op), "export for inference, with the first output alone")
		}
		im.define(out, c.result)
	}
}

// outputs binds the network's outputs.
func (im *importer) outputs(infos []*valueInfo) {
	for _, info := range infos {
		o := im.operands[info.name]
		switch {
		case o == nil:
			im.add(diag.Problem{At: info.name, What: "nothing computes this output", Remedy: "the file is damaged; export it again"})
		case o.constant != nil:
			im.add(diag.Problem{At: info.name, What: "the output is a constant", Remedy: "export without it"})
		case o.value != nil:
			im.output(info.name, o.value)
		}
	}
}

// output makes v the output of that name. Where an identity stood before the output, v has another
// name: it takes the output's, unless it must keep its own, and then a Concat of v alone copies it.
func (im *importer) output(name string, v *graph.Value) {
	taken := false
	for _, w := range append(im.graph.Inputs, im.graph.Outputs...) {
		taken = taken || w == v
	}
	switch {
	case !taken && v.Name != name:
		v.Name = name
	case taken && v.Name == name:
		im.add(diag.Problem{At: name, What: "the value is an input or output twice", Remedy: "the file is damaged; export it again"})
		return
	case taken:
		copied, err := im.graph.Add(im.names.Claim("Identity_"+name), &graph.Concat{}, name, v)
		if err != nil {
			im.add(diag.Problem{At: name, What: err.Error()})
			return
		}
		v = copied
	}
	im.graph.Outputs = append(im.graph.Outputs, v)
}

// dropUnusedInputs removes inputs that only identities to nowhere read.
func (im *importer) dropUnusedInputs() {
	used := map[*graph.Value]bool{}
	for _, n := range im.graph.Nodes {
		for _, v := range n.In {
			used[v] = true
		}
	}
	var kept []*graph.Value
	for _, v := range im.graph.Inputs {
		if used[v] {
			kept = append(kept, v)
		}
	}
	im.graph.Inputs = kept
}

// remedyOf tells what to do about an operator that is not supported.
func remedyOf(op string) string {
	if r, ok := remedies[op]; ok {
		return r
	}
	return "supported are " + strings.Join(supported(), ", ")
}
