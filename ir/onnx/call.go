package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

// maxAttr bounds sizes and window attributes, so that sums and products of them cannot overflow.
const maxAttr = 1 << 20

// call is the import of one node: it reads the node's inputs and attributes, records what is wrong
// with them, and takes the result.
type call struct {
	*importer
	node   *nodeProto
	at     string
	result *operand
}

// refuse records a problem of this node.
func (c *call) refuse(what, remedy string) {
	c.refuseTensor("", what, remedy)
}

// refuseTensor records a problem of a tensor that this node reads.
func (c *call) refuseTensor(name, what, remedy string) {
	c.record(trouble{Problem: diag.Problem{At: c.at, What: what, Remedy: remedy}, op: c.node.op, tensor: name})
}

// vet checks what the table says of a node: the number of inputs and the names of attributes.
func (c *call) vet(row opImport) {
	if n := len(c.node.inputs); n < row.least || n > row.most || slices.Contains(c.node.inputs[:min(n, row.least)], "") {
		c.refuse(fmt.Sprintf("%s has %d inputs or lacks one that it needs", row.kind, n), "the file is damaged; export it again")
	}
	seen := map[string]bool{}
	for _, a := range c.node.attrs {
		if !slices.Contains(row.attrs, a.name) {
			c.refuse(fmt.Sprintf("attribute %s of %s is not supported", a.name, row.kind), "known are "+strings.Join(row.attrs, ", "))
		} else if seen[a.name] {
			c.refuse(fmt.Sprintf("attribute %s is given twice", a.name), "the file is damaged; export it again")
		}
		seen[a.name] = true
	}
}

// attr finds an attribute of a type; nil where there is none.
func (c *call) attr(name string, want attrType) *attrProto {
	for _, a := range c.node.attrs {
		if a.name != name {
			continue
		}
		if a.typ != want {
			c.refuse(fmt.Sprintf("attribute %s has type %d, not %d", name, a.typ, want), "the file is damaged; export it again")
			return nil
		}
		return a
	}
	return nil
}

func (c *call) has(name string) bool {
	return slices.ContainsFunc(c.node.attrs, func(a *attrProto) bool { return a.name == name })
}

func (c *call) integer(name string, otherwise int64) int64 {
	if a := c.attr(name, attrInt); a != nil {
		return a.i
	}
	return otherwise
}

func (c *call) real(name string, otherwise float32) float32 {
	if a := c.attr(name, attrFloat); a != nil {
		return a.f
	}
	return otherwise
}

func (c *call) text(name, otherwise string) string {
	if a := c.attr(name, attrString); a != nil && a.s != "" {
		return a.s
	}
	return otherwise
}

// count reads an integer of at least 1.
func (c *call) count(name string, otherwise int64) int {
	v := c.integer(name, otherwise)
	if v < 1 || v > maxAttr {
		c.refuse(fmt.Sprintf("attribute %s is %d", name, v), fmt.Sprintf("it must be 1 to %d", maxAttr))
		return 1
	}
	return int(v)
}

// integers reads a list of len(otherwise) numbers, each at least low.
func (c *call) integers(name string, low int, otherwise ...int) []int {
	a := c.attr(name, attrInts)
	if a == nil {
		return otherwise
	}
	out := make([]int, len(otherwise))
	if len(a.is) != len(out) {
		c.refuse(fmt.Sprintf("attribute %s has %d numbers, not %d", name, len(a.is), len(out)), "only operators on height and width are supported")
		return otherwise
	}
	for i, v := range a.is {
		if v < int64(low) || v > maxAttr {
			c.refuse(fmt.Sprintf("attribute %s holds %d", name, v), fmt.Sprintf("numbers from %d to %d are supported", low, maxAttr))
			return otherwise
		}
		out[i] = int(v)
	}
	return out
}

func (c *call) pair(name string, low, otherwise int) [2]int {
	return [2]int(c.integers(name, low, otherwise, otherwise))
}

// operand finds input i; nil where it is absent, was refused, or is named and nothing computes it.
func (c *call) operand(i int) *operand {
	if i >= len(c.node.inputs) || c.node.inputs[i] == "" {
		return nil
	}
	name := c.node.inputs[i]
	o := c.operands[name]
	if o == nil {
		c.refuse(fmt.Sprintf("nothing computes its input %s", name), "the file is damaged; export it again")
		return nil
	}
	if o.value == nil && o.constant == nil {
		return nil
	}
	return o
}

// activation is input i as an activation. It is nil where the input was refused, or must be.
func (c *call) activation(i int) *graph.Value {
	o := c.operand(i)
	switch {
	case o == nil:
		return nil
	case o.constant != nil:
		c.refuse(fmt.Sprintf("input %s is a constant", c.node.inputs[i]), "only weights and biases may be constant")
		return nil
	case o.flat:
		c.refuse(fmt.Sprintf("input %s has no channel dimension", c.node.inputs[i]), "export ArgMax with keepdims=1, or as the last operator")
		return nil
	}
	return o.value
}

// weights is input i as constant floats with its dimensions. It is nil where the input is absent or was
// refused, or must be.
func (c *call) weights(i, rank int) (values []float32, dims []int64) {
	o := c.operand(i)
	if o == nil {
		return nil, nil
	}
	name := c.node.inputs[i]
	if o.constant == nil {
		c.refuse(fmt.Sprintf("its weights %s are computed by the network", name), "only constant weights are supported; export with weights in the file")
		return nil, nil
	}
	if len(o.constant.dims) != rank {
		c.refuse(fmt.Sprintf("tensor %s has %d dimensions, not %d", name, len(o.constant.dims), rank), "only networks on images (height and width) are supported")
		return nil, nil
	}
	values, p := o.constant.floats()
	if p != nil {
		c.refuseTensor(name, p.What, p.Remedy)
		return nil, nil
	}
	if c.importer.weights += len(values); c.importer.weights > maxWeights {
		c.refuse(fmt.Sprintf("the network has more than %d weights", maxWeights), "give a smaller network")
		return nil, nil
	}
	return values, o.constant.dims
}

// emit adds the node to the graph, unless something about it or its inputs was refused.
func (c *call) emit(op graph.Op, in ...*graph.Value) {
	if slices.Contains(in, nil) {
		return
	}
	v, err := c.graph.Add(c.names.Claim(c.at), op, c.node.outputs[0], in...)
	if err != nil {
		c.refuse(errors.Unwrap(err).Error(), "correct the network and export it again")
		return
	}
	c.result = &operand{value: v}
}
