package onnx

// opImport is one row of the table: how an ONNX operator becomes a graph operator.
type opImport struct {
	kind        string
	least, most int      // inputs
	attrs       []string // all that may be given
	run         func(*call)
}

// manyInputs is the most inputs of an operator that takes any number.
const manyInputs = 1 << 20

// table gives every operator's importer. It is a function because importers reach it again.
func table() []opImport {
	return []opImport{
		{"ArgMax", 1, 1, []string{"axis", "keepdims", "select_last_index"}, importArgMax},
		{"BatchNormalization", 5, 5, []string{"epsilon", "momentum", "training_mode"}, importBatchNorm},
		{"Concat", 1, manyInputs, []string{"axis"}, importConcat},
		{"Constant", 0, 0, []string{"value", "value_float", "value_floats", "value_int", "value_ints"}, importConstant},
		{"Conv", 2, 3, []string{"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}, importConv},
		{"ConvTranspose", 2, 3, []string{
			"auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides",
		}, importConvTranspose},
		{"Dropout", 1, 3, []string{"ratio", "seed"}, importDropout},
		{"Identity", 1, 1, nil, importIdentity},
		{"MaxPool", 1, 1, []string{
			"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides",
		}, importMaxPool},
		{"Relu", 1, 1, nil, importRelu},
		{"Softmax", 1, 1, []string{"axis"}, importSoftmax},
	}
}

// remedies tell what to do about operators that are often met and not supported.
var remedies = map[string]string{
	"QuantizeLinear":        "quantised models are not read; export the float model and quantise with calibration images",
	"DequantizeLinear":      "quantised models are not read; export the float model and quantise with calibration images",
	"Quant":                 "quantised models are not read; export the float model and quantise with calibration images",
	"Resize":                "use a transposed convolution to upsample",
	"Upsample":              "use a transposed convolution to upsample",
	"Sigmoid":               "drop it where it is the last operator, or use Relu",
	"Transpose":             "export in channels-first order, with opset_version=13 or later",
	"Clip":                  "use Relu",
	"LeakyRelu":             "use Relu",
	"Add":                   "use Concat for skip connections",
	"AveragePool":           "use MaxPool",
	"Pad":                   "use the padding of the convolution",
	"Cast":                  "export without it",
	"Shape":                 "export with a fixed image size, so that the exporter folds shape arithmetic away",
	"Reshape":               "export with a fixed image size, so that the exporter folds shape arithmetic away",
	"InstanceNormalization": "use batch normalisation",
	"LayerNormalization":    "use batch normalisation",
}

func rowOf(kind string) (opImport, bool) {
	for _, r := range table() {
		if r.kind == kind {
			return r, true
		}
	}
	return opImport{}, false
}

// supported lists the operators that can be imported.
func supported() []string {
	var kinds []string
	for _, r := range table() {
		kinds = append(kinds, r.kind)
	}
	return kinds
}
