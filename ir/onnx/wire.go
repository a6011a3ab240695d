package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message as it stands on the wire.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	bits  uint64 // of a varint or fixed-size field
	bytes []byte // of a length-delimited field; it points into the file
}

// message is a protobuf message that takes its fields one by one and ignores those it does not know.
type message interface {
	take(field) error
}

// decode hands every field of b to m.
func decode(b []byte, m message) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.bits = uint64(v)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default: // groups: ONNX has none, so this is an unknown field
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := m.take(f); err != nil {
			return err
		}
	}
	return nil
}

func (f field) wants(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("field %d has wire type %d, not %d", f.num, f.typ, typ)
	}
	return nil
}

func (f field) text(dst *string) error {
	*dst = string(f.bytes)
	return f.wants(protowire.BytesType)
}

func (f field) texts(dst *[]string) error {
	*dst = append(*dst, string(f.bytes))
	return f.wants(protowire.BytesType)
}

func (f field) raw(dst *[]byte) error {
	*dst = f.bytes
	return f.wants(protowire.BytesType)
}

func (f field) integer(dst *int64) error {
	*dst = int64(f.bits)
	return f.wants(protowire.VarintType)
}

func (f field) real(dst *float32) error {
	*dst = math.Float32frombits(uint32(f.bits))
	return f.wants(protowire.Fixed32Type)
}

func (f field) message(m message) error {
	if err := f.wants(protowire.BytesType); err != nil {
		return err
	}
	return decode(f.bytes, m)
}

// list appends the elements of a repeated number, packed or not.
func (f field) list(typ protowire.Type, add func(uint64)) error {
	if f.typ == typ {
		add(f.bits)
		return nil
	}
	if err := f.wants(protowire.BytesType); err != nil {
		return err
	}
	for b := f.bytes; len(b) > 0; {
		var v uint64
		var n int
		switch typ {
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(b)
			v = uint64(w)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		default:
			v, n = protowire.ConsumeVarint(b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		add(v)
		b = b[n:]
	}
	return nil
}

func (f field) integers(dst *[]int64) error {
	return f.list(protowire.VarintType, func(v uint64) { *dst = append(*dst, int64(v)) })
}

func (f field) reals(dst *[]float32) error {
	return f.list(protowire.Fixed32Type, func(v uint64) { *dst = append(*dst, math.Float32frombits(uint32(v))) })
}

func (f field) doubles(dst *[]float64) error {
	return f.list(protowire.Fixed64Type, func(v uint64) { *dst = append(*dst, math.Float64frombits(v)) })
}

// element decodes one more element of a repeated message.
func element[T any, P interface {
	*T
	message
}](f field, dst *[]*T) error {
	e := new(T)
	*dst = append(*dst, e)
	return f.message(P(e))
}

// once decodes a message that may occur only once.
func once[T any, P interface {
	*T
	message
}](f field, dst **T) error {
	if *dst != nil {
		return errors.New("a part that may occur once occurs twice")
	}
	*dst = new(T)
	return f.message(P(*dst))
}
