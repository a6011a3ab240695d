package onnx

import (
	"fmt"

	"rampart/ir/graph"
)

func importRelu(c *call) { c.emit(&graph.Relu{}, c.activation(0)) }

func importMaxPool(c *call) {
	x := c.activation(0)
	w, pad := c.window(nil)
	op := &graph.MaxPool{Window: w, CeilMode: c.integer("ceil_mode", 0) != 0}
	c.integer("storage_order", 0) // it orders the indices, which nothing may use
	if !c.has("kernel_shape") {
		c.refuse("attribute kernel_shape is missing", "the file is damaged; export it again")
	}
	if x == nil {
		return
	}
	pad.apply(&op.Window, x.Shape)
	c.emit(op, x)
}

func importBatchNorm(c *call) {
	x := c.activation(0)
	op := &graph.BatchNorm{Eps: c.real("epsilon", 1e-5)}
	c.real("momentum", 0)
	for i, dst := range []*[]float32{&op.Gamma, &op.Beta, &op.Mean, &op.Var} {
		*dst, _ = c.weights(i+1, 1)
	}
	// Before opset 14 it was the number of outputs that told training from inference.
	training := c.integer("training_mode", 0) != 0
	if c.opset < 14 {
		for _, out := range c.node.outputs[1:] {
			training = training || out != ""
		}
	}
	if training {
		c.refuse("BatchNormalization is in training mode", "call model.eval() before the export")
	}
	if op.Gamma == nil || op.Beta == nil || op.Mean == nil || op.Var == nil {
		return
	}
	c.emit(op, x)
}

func importConcat(c *call) {
	in := make([]*graph.Value, len(c.node.inputs))
	for i, name := range c.node.inputs {
		if in[i] = c.activation(i); name == "" {
			c.refuse(fmt.Sprintf("input %d is missing", i), "the file is damaged; export it again")
		}
	}
	if !c.has("axis") {
		c.refuse("attribute axis is missing", "the file is damaged; export it again")
	}
	c.channelAxis(1)
	c.emit(&graph.Concat{}, in...)
}

// channelAxis refuses any axis but that of channels.
func (c *call) channelAxis(otherwise int64) {
	if axis := c.integer("axis", otherwise); axis != 1 && axis != -3 {
		c.refuse(fmt.Sprintf("%s along axis %d is not supported", c.node.op, axis), "only the channel axis, 1, is")
	}
}

func importSoftmax(c *call) {
	x := c.activation(0)
	if c.opset >= 13 {
		c.channelAxis(-1)
	} else {
		// It flattened all dimensions from the axis on: over channels alone only where the image is one pixel.
		c.channelAxis(1)
		if x != nil && x.Shape.H*x.Shape.W > 1 {
			c.refuse(fmt.Sprintf("Softmax of operator set %d runs over channels, height and width together", c.opset),
				"export with opset_version=13 or later")
		}
	}
	c.emit(&graph.Softmax{}, x)
}

func importArgMax(c *call) {
	x := c.activation(0)
	c.channelAxis(0)
	if c.integer("select_last_index", 0) != 0 {
		c.refuse("ArgMax with select_last_index is not supported", "export with select_last_index=0")
	}
	flat := c.integer("keepdims", 1) == 0
	c.emit(&graph.ArgMax{}, x)
	if c.result != nil {
		c.result.flat = flat
	}
}

// importIdentity gives the output the meaning of the input.
func importIdentity(c *call) { c.result = c.operand(0) }

func importDropout(c *call) {
	importIdentity(c)
	c.real("ratio", 0)
	c.integer("seed", 0)
	if o := c.operand(2); o != nil {
		training, known := int64(0), false
		if o.constant != nil {
			training, known = o.constant.flag()
		}
		if !known || training != 0 {
			c.refuse("Dropout is in training mode", "call model.eval() before the export")
		}
	}
}

func importConstant(c *call) {
	t := &tensorProto{typ: typeFloat}
	given := 0
	for _, a := range c.node.attrs {
		given++
		switch a.name {
		case "value":
			if t = nil; c.attr(a.name, attrTensor) != nil {
				t = a.t
			}
		case "value_float":
			t.float32s = []float32{c.real(a.name, 0)}
		case "value_floats":
			if c.attr(a.name, attrFloats) != nil {
				t.float32s, t.dims = a.fs, []int64{int64(len(a.fs))}
			}
		case "value_int":
			t.typ, t.int64s = typeInt64, []int64{c.integer(a.name, 0)}
		case "value_ints":
			if c.attr(a.name, attrInts) != nil {
				t.typ, t.int64s, t.dims = typeInt64, a.is, []int64{int64(len(a.is))}
			}
		}
	}
	if given != 1 || t == nil {
		c.refuse("Constant does not hold one value", "the file is damaged; export it again")
		return
	}
	c.result = &operand{constant: t}
}
