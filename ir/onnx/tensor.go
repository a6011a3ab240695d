package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"rampart/internal/diag"
)

// dataType is TensorProto.DataType.
type dataType int64

// The data types that are read.
const (
	typeFloat    dataType = 1
	typeInt32    dataType = 6
	typeInt64    dataType = 7
	typeBool     dataType = 9
	typeFloat16  dataType = 10
	typeDouble   dataType = 11
	typeBFloat16 dataType = 16
)

// typeNames are the names of all data types of onnx.proto, in the order of their numbers.
var typeNames = []string{
	"undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double",
	"uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
	"float8e5m2fnuz", "uint4", "int4", "float4e2m1",
}

func (t dataType) String() string {
	if t >= 0 && int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("data type %d", int64(t))
}

// encoding is how a data type lies in a tensorProto.
type encoding struct {
	size  int // bytes of an element in raw_data
	typed func(*tensorProto) int
	// Either gives element i: from raw little-endian bytes, or from the typed field.
	raw   func([]byte) float64
	field func(*tensorProto, int) float64
}

var floatTypes = map[dataType]encoding{
	typeFloat: {
		4, func(t *tensorProto) int { return len(t.float32s) },
		func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) },
		func(t *tensorProto, i int) float64 { return float64(t.float32s[i]) },
	},
	typeDouble: {
		8, func(t *tensorProto) int { return len(t.float64s) },
		func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) },
		func(t *tensorProto, i int) float64 { return t.float64s[i] },
	},
	typeFloat16: {
		2, func(t *tensorProto) int { return len(t.int32s) },
		func(b []byte) float64 { return fromFloat16(binary.LittleEndian.Uint16(b)) },
		func(t *tensorProto, i int) float64 { return fromFloat16(uint16(t.int32s[i])) },
	},
	typeBFloat16: {
		2, func(t *tensorProto) int { return len(t.int32s) },
		func(b []byte) float64 { return fromBFloat16(binary.LittleEndian.Uint16(b)) },
		func(t *tensorProto, i int) float64 { return fromBFloat16(uint16(t.int32s[i])) },
	},
}

// fromFloat16 widens an IEEE 754 half.
func fromFloat16(h uint16) float64 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := 0.0
	switch {
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	case exponent < 31:
		v = math.Ldexp(1024+fraction, exponent-25)
	case fraction == 0:
		v = math.Inf(1)
	default:
		return math.NaN()
	}
	if h>>15 != 0 {
		return -v
	}
	return v
}

// fromBFloat16 widens the upper half of a float32.
func fromBFloat16(h uint16) float64 { return float64(math.Float32frombits(uint32(h) << 16)) }

// externalRemedy tells how to bring weights into the model's own file.
const externalRemedy = "save the model in one file: onnx.save(onnx.load(path), path, save_as_external_data=False)"

// readable refuses what no reader handles.
func (t *tensorProto) readable() *diag.Problem {
	switch {
	case t.location != 0:
		return &diag.Problem{What: "its data lie in another file", Remedy: externalRemedy}
	case t.segment:
		return &diag.Problem{What: "its data are split into segments", Remedy: "save the model again with a current exporter"}
	}
	return nil
}

// count is the number of elements that the dimensions tell, or an error where it is negative or
// more than limit.
func (t *tensorProto) count(limit int) (int, error) {
	n := 1
	for _, d := range t.dims {
		if d < 0 {
			return 0, fmt.Errorf("dimensions %v are not all positive", t.dims)
		}
		if d == 0 {
			n = 0
		} else if n > 0 && int64(n) > int64(limit)/d {
			return 0, fmt.Errorf("dimensions %v tell of more elements than there are data", t.dims)
		} else {
			n *= int(d)
		}
	}
	return n, nil
}

// floats gives the elements as float32. What is allocated is bounded by the data in the file.
func (t *tensorProto) floats() ([]float32, *diag.Problem) {
	if p := t.readable(); p != nil {
		return nil, p
	}
	e, ok := floatTypes[t.typ]
	if !ok {
		return nil, &diag.Problem{
			What:   fmt.Sprintf("it holds %v where float numbers are needed", t.typ),
			Remedy: "export the float model, before quantisation",
		}
	}
	have := len(t.raw) / e.size
	if len(t.raw) == 0 {
		have = e.typed(t)
	}
	n, err := t.count(have)
	if err == nil && (n != have || len(t.raw)%e.size != 0 || len(t.raw) > 0 && e.typed(t) > 0) {
		err = fmt.Errorf("dimensions %v do not fit the %d bytes and %d numbers of data", t.dims, len(t.raw), e.typed(t))
	}
	if err != nil {
		return nil, &diag.Problem{What: err.Error(), Remedy: "the file is damaged; export it again"}
	}
	values := make([]float32, n)
	for i := range values {
		if len(t.raw) > 0 {
			values[i] = float32(e.raw(t.raw[i*e.size:]))
		} else {
			values[i] = float32(e.field(t, i))
		}
		if v := float64(values[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, &diag.Problem{What: fmt.Sprintf("element %d is %v as float32", i, v), Remedy: "train or export the model again; weights must be finite"}
		}
	}
	return values, nil
}

// flag gives the one element of a boolean or integer scalar.
func (t *tensorProto) flag() (int64, bool) {
	if t.readable() != nil {
		return 0, false
	}
	if n, err := t.count(1); err != nil || n != 1 {
		return 0, false
	}
	sizes := map[dataType]int{typeBool: 1, typeInt32: 4, typeInt64: 8}
	size, ok := sizes[t.typ]
	switch {
	case !ok:
		return 0, false
	case len(t.raw) == size:
		var wide [8]byte
		copy(wide[:], t.raw)
		return int64(binary.LittleEndian.Uint64(wide[:])), true
	case len(t.int32s) == 1 && t.typ != typeInt64:
		return t.int32s[0], true
	case len(t.int64s) == 1 && t.typ == typeInt64:
		return t.int64s[0], true
	}
	return 0, false
}
