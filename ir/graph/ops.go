package graph

// The operators, in one table: the text form, the weight checks, Clone and Describe are all derived
// from it. A new operator is its type, Infer, Eval and one row here.
var ops = []opRow{
	{func() Op { return &Conv{} }, func(op Op) []field {
		c := op.(*Conv)
		return append(c.Window.fields(),
			number("group", &c.Group), number("out", &c.Out),
			data("weight", &c.Weight), data("bias", &c.Bias))
	}},
	{func() Op { return &ConvTranspose{} }, func(op Op) []field {
		c := op.(*ConvTranspose)
		return append(c.Window.fields(),
			pair("outputpad", &c.OutputPad), number("group", &c.Group), number("out", &c.Out),
			data("weight", &c.Weight), data("bias", &c.Bias))
	}},
	{func() Op { return &BatchNorm{} }, func(op Op) []field {
		b := op.(*BatchNorm)
		return []field{
			{name: "eps", real: &b.Eps},
			data("gamma", &b.Gamma), data("beta", &b.Beta),
			{name: "mean", data: &b.Mean, measured: true}, {name: "var", data: &b.Var, measured: true},
		}
	}},
	{func() Op { return &Relu{} }, noFields},
	{func() Op { return &MaxPool{} }, func(op Op) []field {
		m := op.(*MaxPool)
		return append(m.Window.fields(), field{name: "ceil", flag: &m.CeilMode})
	}},
	{func() Op { return &Concat{} }, noFields},
	{func() Op { return &Softmax{} }, noFields},
	{func() Op { return &ArgMax{} }, noFields},
}

// opRow describes one operator type.
type opRow struct {
	make   func() Op
	fields func(Op) []field
}

// field is one attribute of an operator; exactly one pointer is set, and it points into the operator.
type field struct {
	name     string
	pair     *[2]int
	number   *int
	flag     *bool
	real     *float32
	data     *[]float32
	measured bool // data that training measured and did not learn
}

func pair(name string, p *[2]int) field    { return field{name: name, pair: p} }
func number(name string, p *int) field     { return field{name: name, number: p} }
func data(name string, p *[]float32) field { return field{name: name, data: p} }
func noFields(Op) []field                  { return nil }
func (r opRow) kind() string               { return r.make().Kind() }
func (w *Window) fields() []field {
	return []field{
		pair("kernel", &w.Kernel), pair("stride", &w.Stride), pair("dilation", &w.Dilation),
		pair("before", &w.Before), pair("after", &w.After),
	}
}

// rowOf finds an operator kind's row.
func rowOf(kind string) (opRow, bool) {
	for _, r := range ops {
		if r.kind() == kind {
			return r, true
		}
	}
	return opRow{}, false
}

// fieldsOf lists an operator's attributes.
func fieldsOf(op Op) []field {
	r, ok := rowOf(op.Kind())
	if !ok {
		panic("BUG: operator " + op.Kind() + " has no row in ops")
	}
	return r.fields(op)
}

// Kinds lists the operators, in a fixed order.
func Kinds() []string {
	kinds := make([]string, len(ops))
	for i, r := range ops {
		kinds[i] = r.kind()
	}
	return kinds
}

// Kind is the ONNX operator name.
func (*Conv) Kind() string { return "Conv" }

// Kind is the ONNX operator name.
func (*ConvTranspose) Kind() string { return "ConvTranspose" }

// Kind is the ONNX operator name.
func (*BatchNorm) Kind() string { return "BatchNormalization" }

// Kind is the ONNX operator name.
func (*Relu) Kind() string { return "Relu" }

// Kind is the ONNX operator name.
func (*MaxPool) Kind() string { return "MaxPool" }

// Kind is the ONNX operator name.
func (*Concat) Kind() string { return "Concat" }

// Kind is the ONNX operator name.
func (*Softmax) Kind() string { return "Softmax" }

// Kind is the ONNX operator name.
func (*ArgMax) Kind() string { return "ArgMax" }
