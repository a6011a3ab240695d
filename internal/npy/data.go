package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// element reads one element type: size in bytes, and how n elements at b become a slice of the array.
type element struct {
	size int
	read func(a *Array, b []byte, n int, order binary.ByteOrder) error
}

// elements are the types that are read, by NumPy's letter and size.
var elements = map[string]element{
	"b1": {1, func(a *Array, b []byte, n int, _ binary.ByteOrder) error {
		a.Uint8 = make([]uint8, n)
		for i := range a.Uint8 {
			if b[i] != 0 {
				a.Uint8[i] = 1
			}
		}
		return nil
	}},
	"u1": {1, func(a *Array, b []byte, n int, _ binary.ByteOrder) error {
		a.Uint8 = append(make([]uint8, 0, n), b[:n]...)
		return nil
	}},
	"i1": {1, into32(1, func(b []byte, _ binary.ByteOrder) int32 { return int32(int8(b[0])) })},
	"i2": {2, into32(2, func(b []byte, o binary.ByteOrder) int32 { return int32(int16(o.Uint16(b))) })},
	"u2": {2, into32(2, func(b []byte, o binary.ByteOrder) int32 { return int32(o.Uint16(b)) })},
	"i4": {4, into32(4, func(b []byte, o binary.ByteOrder) int32 { return int32(o.Uint32(b)) })},
	"u4": {4, into64(4, func(b []byte, o binary.ByteOrder) int64 { return int64(o.Uint32(b)) })},
	"i8": {8, into64(8, func(b []byte, o binary.ByteOrder) int64 { return int64(o.Uint64(b)) })},
	"u8": {8, func(a *Array, b []byte, n int, o binary.ByteOrder) error {
		a.Int64 = make([]int64, n)
		for i := range a.Int64 {
			v := o.Uint64(b[8*i:])
			if v > math.MaxInt64 {
				return fmt.Errorf("element %d is %d, more than an int64 holds", i, v)
			}
			a.Int64[i] = int64(v)
		}
		return nil
	}},
	"f2": {2, intoFloat(2, func(b []byte, o binary.ByteOrder) float32 { return fromHalf(o.Uint16(b)) })},
	"f4": {4, intoFloat(4, func(b []byte, o binary.ByteOrder) float32 { return math.Float32frombits(o.Uint32(b)) })},
	"f8": {8, intoFloat(8, func(b []byte, o binary.ByteOrder) float32 { return float32(math.Float64frombits(o.Uint64(b))) })},
}

func into32(size int, get func([]byte, binary.ByteOrder) int32) func(*Array, []byte, int, binary.ByteOrder) error {
	return func(a *Array, b []byte, n int, o binary.ByteOrder) error {
		a.Int32 = gather(size, b, n, o, get)
		return nil
	}
}

func into64(size int, get func([]byte, binary.ByteOrder) int64) func(*Array, []byte, int, binary.ByteOrder) error {
	return func(a *Array, b []byte, n int, o binary.ByteOrder) error {
		a.Int64 = gather(size, b, n, o, get)
		return nil
	}
}

func intoFloat(size int, get func([]byte, binary.ByteOrder) float32) func(*Array, []byte, int, binary.ByteOrder) error {
	return func(a *Array, b []byte, n int, o binary.ByteOrder) error {
		a.Float32 = gather(size, b, n, o, get)
		return nil
	}
}

func gather[T any](size int, b []byte, n int, o binary.ByteOrder, get func([]byte, binary.ByteOrder) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = get(b[size*i:], o)
	}
	return out
}

// decode reads the elements that the header announces.
func (h header) decode(body []byte) (*Array, error) {
	if len(h.descr) < 2 {
		return nil, fmt.Errorf("element type %q is not supported", h.descr)
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch h.descr[0] {
	case '<', '|', '=':
	case '>':
		order = binary.BigEndian
	default:
		return nil, fmt.Errorf("element type %q is not supported", h.descr)
	}
	e, ok := elements[h.descr[1:]]
	if !ok {
		return nil, fmt.Errorf("element type %q is not supported, only bool, integers and float16, 32 and 64", h.descr)
	}
	n, err := count(h.shape, len(body)/e.size)
	if err != nil {
		return nil, err
	}
	if n*e.size != len(body) {
		return nil, fmt.Errorf("shape %v needs %d bytes of data, the file holds %d", h.shape, n*e.size, len(body))
	}
	a := &Array{Shape: slices.Clone(h.shape)}
	if err := e.read(a, body, n, order); err != nil {
		return nil, err
	}
	if h.fortran {
		a.fromFortran()
	}
	return a, nil
}

// fromFortran reorders elements that stand with the first index fastest.
func (a *Array) fromFortran() {
	switch {
	case a.Uint8 != nil:
		a.Uint8 = reorder(a.Shape, a.Uint8)
	case a.Float32 != nil:
		a.Float32 = reorder(a.Shape, a.Float32)
	case a.Int32 != nil:
		a.Int32 = reorder(a.Shape, a.Int32)
	case a.Int64 != nil:
		a.Int64 = reorder(a.Shape, a.Int64)
	}
}

func reorder[T any](shape []int, in []T) []T {
	out := make([]T, len(in))
	index := make([]int, len(shape))
	for i := range out {
		from, stride := 0, 1
		for d, n := range shape {
			from += index[d] * stride
			stride *= n
		}
		out[i] = in[from]
		for d := len(shape) - 1; d >= 0; d-- {
			if index[d]++; index[d] < shape[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}

// fromHalf converts IEEE 754 binary16; every value is exact in float32.
func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 0:
		v := float32(frac) * (1.0 / (1 << 24)) // subnormal: frac * 2^-24
		return math.Float32frombits(sign | math.Float32bits(v))
	case 31:
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// Encode gives the bytes of an array file, format version 1.0. It is an error, not a diag.Problem, where
// the array's shape and data disagree or not exactly one data slice is set.
func Encode(a *Array) ([]byte, error) {
	var descrs []string
	var body any
	for _, s := range []struct {
		descr string
		set   bool
		data  any
	}{
		{"|u1", a.Uint8 != nil, a.Uint8},
		{"<f4", a.Float32 != nil, a.Float32},
		{"<i4", a.Int32 != nil, a.Int32},
		{"<i8", a.Int64 != nil, a.Int64},
	} {
		if s.set {
			descrs, body = append(descrs, s.descr), s.data
		}
	}
	if len(descrs) != 1 {
		return nil, fmt.Errorf("an array has exactly one data slice, this one %d", len(descrs))
	}
	if n, err := count(a.Shape, a.Len()); err != nil || n != a.Len() {
		return nil, fmt.Errorf("shape %v does not fit %d elements", a.Shape, a.Len())
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descrs[0], pythonTuple(a.Shape))
	const fixed = len(magic) + 2 + 2
	pad := (64 - (fixed+len(dict)+1)%64) % 64 // NumPy aligns the data to 64 bytes
	dict += strings.Repeat(" ", pad) + "\n"
	if len(dict) > math.MaxUint16 {
		return nil, errors.New("the shape is too long for format version 1.0")
	}
	var out bytes.Buffer
	out.WriteString(magic + "\x01\x00")
	out.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(dict))))
	out.WriteString(dict)
	if err := binary.Write(&out, binary.LittleEndian, body); err != nil {
		return nil, fmt.Errorf("encode array: %w", err)
	}
	return out.Bytes(), nil
}

func pythonTuple(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = fmt.Sprint(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
