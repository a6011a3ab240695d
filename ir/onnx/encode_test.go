package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The writers here make ONNX files for the tests from the reader's own messages.

func putMessage(b []byte, num protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), m)
}

func putText(b []byte, num protowire.Number, s string) []byte { return putMessage(b, num, []byte(s)) }

func putInt(b []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
}

func putFloat(b []byte, num protowire.Number, v float32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), math.Float32bits(v))
}

func (m *modelProto) encode() []byte {
	b := putInt(nil, 1, 7)
	if m.graph != nil {
		b = putMessage(b, 7, m.graph.encode())
	}
	for _, o := range m.opsets {
		b = putMessage(b, 8, putInt(putText(nil, 1, o.domain), 2, o.version))
	}
	return b
}

func (g *graphProto) encode() []byte {
	b := putText(nil, 2, g.name)
	for _, n := range g.nodes {
		b = putMessage(b, 1, n.encode())
	}
	for _, t := range g.initializers {
		b = putMessage(b, 5, t.encode())
	}
	for _, v := range g.inputs {
		b = putMessage(b, 11, v.encode())
	}
	for _, v := range g.outputs {
		b = putMessage(b, 12, v.encode())
	}
	for range g.sparse {
		b = putMessage(b, 15, nil)
	}
	return b
}

func (n *nodeProto) encode() []byte {
	var b []byte
	for _, s := range n.inputs {
		b = putText(b, 1, s)
	}
	for _, s := range n.outputs {
		b = putText(b, 2, s)
	}
	b = putText(putText(putText(b, 3, n.name), 4, n.op), 7, n.domain)
	for _, a := range n.attrs {
		b = putMessage(b, 5, a.encode())
	}
	return b
}

func (a *attrProto) encode() []byte {
	b := putFloat(putText(nil, 1, a.name), 2, a.f)
	b = putText(putInt(b, 3, a.i), 4, a.s)
	if a.t != nil {
		b = putMessage(b, 5, a.t.encode())
	}
	for _, v := range a.fs { // packed, where is stays unpacked: a reader must take both
		b = putMessage(b, 7, protowire.AppendFixed32(nil, math.Float32bits(v)))
	}
	for _, v := range a.is {
		b = putInt(b, 8, v)
	}
	return putInt(b, 20, int64(a.typ))
}

func (v *valueInfo) encode() []byte {
	b := putText(nil, 1, v.name)
	if v.typ.tensor == nil {
		return b
	}
	t := putInt(nil, 1, v.typ.tensor.elem)
	if s := v.typ.tensor.shape; s != nil {
		var shape []byte
		for _, d := range s.dims {
			dim := putInt(nil, 1, d.value)
			if d.param != "" {
				dim = putText(nil, 2, d.param)
			}
			shape = putMessage(shape, 1, dim)
		}
		t = putMessage(t, 2, shape)
	}
	return putMessage(b, 2, putMessage(nil, 1, t))
}

func (t *tensorProto) encode() []byte {
	b := putText(putInt(nil, 2, int64(t.typ)), 8, t.name)
	for _, d := range t.dims {
		b = putInt(b, 1, d)
	}
	for _, v := range t.float32s {
		b = putFloat(b, 4, v)
	}
	for _, v := range t.int32s {
		b = putInt(b, 5, v)
	}
	for _, v := range t.int64s {
		b = putInt(b, 7, v)
	}
	for _, v := range t.float64s {
		b = protowire.AppendFixed64(protowire.AppendTag(b, 10, protowire.Fixed64Type), math.Float64bits(v))
	}
	if t.raw != nil {
		b = putMessage(b, 9, t.raw)
	}
	if t.segment {
		b = putMessage(b, 3, nil)
	}
	if t.location != 0 {
		b = putInt(b, 14, t.location)
	}
	return b
}

// The builders below make small models.

func ints(name string, v ...int64) *attrProto { return &attrProto{name: name, typ: attrInts, is: v} }
func integer(name string, v int64) *attrProto { return &attrProto{name: name, typ: attrInt, i: v} }
func text(name, v string) *attrProto          { return &attrProto{name: name, typ: attrString, s: v} }

// node is a node called n_OUTPUT.
func node(op, out string, in []string, attrs ...*attrProto) *nodeProto {
	return &nodeProto{name: "n_" + out, op: op, inputs: in, outputs: []string{out}, attrs: attrs}
}

// floatTensor is a float tensor of 1, 2, 3, … divided by 8.
func floatTensor(name string, dims ...int64) *tensorProto {
	t := &tensorProto{name: name, dims: dims, typ: typeFloat}
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	for i := range n {
		t.float32s = append(t.float32s, float32(i+1)/8)
	}
	return t
}

// port is a float input or output; -1 stands for a dynamic size.
func port(name string, dims ...int64) *valueInfo {
	s := &shapeProto{}
	for _, d := range dims {
		e := &dimProto{value: d}
		if d < 0 {
			e = &dimProto{param: "dynamic"}
		}
		s.dims = append(s.dims, e)
	}
	return &valueInfo{name: name, typ: typeProto{tensor: &tensorType{elem: int64(typeFloat), shape: s}}}
}

// model is a network from x (2 channels, 6x6) to y, opset 13.
func model(nodes ...*nodeProto) *modelProto {
	return &modelProto{
		opsets: []*opsetID{{version: 13}},
		graph: &graphProto{
			name: "test", nodes: nodes,
			inputs:  []*valueInfo{port("x", 1, 2, 6, 6)},
			outputs: []*valueInfo{port("y", 1, 2, 6, 6)},
			initializers: []*tensorProto{
				floatTensor("w", 3, 2, 3, 3), floatTensor("bias", 3), floatTensor("c2", 2), floatTensor("wt", 2, 3, 2, 2),
			},
		},
	}
}
