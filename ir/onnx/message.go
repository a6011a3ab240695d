package onnx

// The messages of onnx.proto, with the fields that an importer needs. The numbers are the field
// numbers of onnx.proto (github.com/onnx/onnx, IR version 9).

// modelProto is a whole file.
type modelProto struct {
	graph  *graphProto
	opsets []*opsetID
}

func (m *modelProto) take(f field) error {
	switch f.num {
	case 7:
		return once(f, &m.graph)
	case 8:
		return element(f, &m.opsets)
	}
	return nil
}

// opsetID is the version of one domain's operators.
type opsetID struct {
	domain  string
	version int64
}

func (o *opsetID) take(f field) error {
	switch f.num {
	case 1:
		return f.text(&o.domain)
	case 2:
		return f.integer(&o.version)
	}
	return nil
}

// graphProto is a network.
type graphProto struct {
	name         string
	nodes        []*nodeProto
	initializers []*tensorProto
	inputs       []*valueInfo
	outputs      []*valueInfo
	sparse       int // number of sparse initialisers
}

func (g *graphProto) take(f field) error {
	switch f.num {
	case 1:
		return element(f, &g.nodes)
	case 2:
		return f.text(&g.name)
	case 5:
		return element(f, &g.initializers)
	case 11:
		return element(f, &g.inputs)
	case 12:
		return element(f, &g.outputs)
	case 15:
		g.sparse++
	}
	return nil
}

// nodeProto is one operator.
type nodeProto struct {
	name, op, domain string
	inputs, outputs  []string
	attrs            []*attrProto
}

func (n *nodeProto) take(f field) error {
	switch f.num {
	case 1:
		return f.texts(&n.inputs)
	case 2:
		return f.texts(&n.outputs)
	case 3:
		return f.text(&n.name)
	case 4:
		return f.text(&n.op)
	case 5:
		return element(f, &n.attrs)
	case 7:
		return f.text(&n.domain)
	}
	return nil
}

// attrType is the type of an attribute.
type attrType int64

// The attribute types that are read.
const (
	attrFloat  attrType = 1
	attrInt    attrType = 2
	attrString attrType = 3
	attrTensor attrType = 4
	attrFloats attrType = 6
	attrInts   attrType = 7
)

// attrProto is one attribute.
type attrProto struct {
	name string
	typ  attrType
	f    float32
	i    int64
	s    string
	t    *tensorProto
	fs   []float32
	is   []int64
}

func (a *attrProto) take(f field) error {
	switch f.num {
	case 1:
		return f.text(&a.name)
	case 2:
		return f.real(&a.f)
	case 3:
		return f.integer(&a.i)
	case 4:
		return f.text(&a.s)
	case 5:
		return once(f, &a.t)
	case 7:
		return f.reals(&a.fs)
	case 8:
		return f.integers(&a.is)
	case 20:
		return f.integer((*int64)(&a.typ))
	}
	return nil
}

// valueInfo is the name and type of a graph's input or output.
type valueInfo struct {
	name string
	typ  typeProto
}

func (v *valueInfo) take(f field) error {
	switch f.num {
	case 1:
		return f.text(&v.name)
	case 2:
		return f.message(&v.typ)
	}
	return nil
}

// typeProto is a type; tensor is nil where it is a sequence or a map.
type typeProto struct{ tensor *tensorType }

func (t *typeProto) take(f field) error {
	if f.num == 1 {
		return once(f, &t.tensor)
	}
	return nil
}

type tensorType struct {
	elem  int64
	shape *shapeProto // nil where the file gives none
}

func (t *tensorType) take(f field) error {
	switch f.num {
	case 1:
		return f.integer(&t.elem)
	case 2:
		return once(f, &t.shape)
	}
	return nil
}

type shapeProto struct{ dims []*dimProto }

func (s *shapeProto) take(f field) error {
	if f.num == 1 {
		return element(f, &s.dims)
	}
	return nil
}

// dimProto is one dimension: a size, a name for a size that is not fixed, or neither.
type dimProto struct {
	value int64
	param string
}

func (d *dimProto) take(f field) error {
	switch f.num {
	case 1:
		return f.integer(&d.value)
	case 2:
		return f.text(&d.param)
	}
	return nil
}

// tensorProto is constant data.
type tensorProto struct {
	name     string
	dims     []int64
	typ      dataType
	segment  bool
	location int64 // 1: in another file
	raw      []byte
	float32s []float32
	float64s []float64
	int32s   []int64
	int64s   []int64
}

func (t *tensorProto) take(f field) error {
	switch f.num {
	case 1:
		return f.integers(&t.dims)
	case 2:
		return f.integer((*int64)(&t.typ))
	case 3:
		t.segment = true
	case 4:
		return f.reals(&t.float32s)
	case 5:
		return f.integers(&t.int32s)
	case 7:
		return f.integers(&t.int64s)
	case 8:
		return f.text(&t.name)
	case 9:
		return f.raw(&t.raw)
	case 10:
		return f.doubles(&t.float64s)
	case 14:
		return f.integer(&t.location)
	}
	return nil
}
