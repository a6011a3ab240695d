package result

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"

	"github.com/klauspost/compress/zstd"
)

// A batch is a number of rows as one record of a journal: their count, then field by field in the order of
// the struct, all of it compressed. Integers are varints, floats 8 bytes, strings their length and bytes;
// a byte before a pointer tells whether it is nil.

// batchRows is the most rows of a batch.
const batchRows = 1024

// maxBatch bounds the memory that a batch may ask for: 1024 rows of some 60 KB.
const maxBatch = 64 << 20

// codec turns rows into batches and back.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
	raw []byte
	// names holds each text once, for most of the rows' texts repeat.
	names map[string]string
}

func newCodec() *codec {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		panic("BUG: result: zstd: " + err.Error())
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBatch))
	if err != nil {
		panic("BUG: result: zstd: " + err.Error())
	}
	return &codec{enc: enc, dec: dec, names: map[string]string{}}
}

func (c *codec) close() { c.dec.Close() }

// encode makes a batch.
func (c *codec) encode(rows []*Row) []byte {
	c.raw = binary.AppendUvarint(c.raw[:0], uint64(len(rows)))
	for _, r := range rows {
		v := reflect.ValueOf(r).Elem()
		for k := range v.NumField() {
			c.raw = appendField(c.raw, v.Field(k))
		}
	}
	return c.enc.EncodeAll(c.raw, nil)
}

func appendField(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.String:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return appendField(append(b, 1), v.Elem())
	}
	panic("BUG: result: a column of type " + v.Type().String())
}

var errBatch = errors.New("a batch of rows that cannot be read")

// decode appends the rows of a batch to rows.
func (c *codec) decode(batch []byte, rows []Row) ([]Row, error) {
	var err error
	if c.raw, err = c.dec.DecodeAll(batch, c.raw[:0]); err != nil {
		return nil, errBatch
	}
	d := decoder{b: c.raw, names: c.names}
	n := d.uvarint()
	if n == 0 || n > batchRows {
		return nil, errBatch
	}
	for range n {
		rows = append(rows, Row{})
		v := reflect.ValueOf(&rows[len(rows)-1]).Elem()
		for k := range v.NumField() {
			d.repeats = k != faultField
			d.field(v.Field(k))
		}
		if d.bad {
			return nil, errBatch
		}
	}
	if len(d.b) > 0 {
		return nil, errBatch
	}
	return rows, nil
}

// faultField is the one column of texts that are all different.
var faultField = func() int {
	f, _ := reflect.TypeFor[Row]().FieldByName("Fault")
	return f.Index[0]
}()

// decoder takes fields off the front of b.
type decoder struct {
	b       []byte
	bad     bool
	repeats bool // the next text is one of few
	names   map[string]string
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	d.take(n)
	return v
}

// take gives the next n bytes; none where there are fewer.
func (d *decoder) take(n int) []byte {
	if n <= 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) field(v reflect.Value) {
	switch v.Kind() {
	case reflect.Int32, reflect.Int64:
		i, n := binary.Varint(d.b)
		d.take(n)
		if v.OverflowInt(i) {
			d.bad = true
		}
		v.SetInt(i)
	case reflect.Float64:
		if b := d.take(8); b != nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case reflect.String:
		d.text(v)
	case reflect.Pointer:
		switch b := d.take(1); {
		case b == nil || b[0] > 1:
			d.bad = true
		case b[0] == 1:
			v.Set(reflect.New(v.Type().Elem()))
			d.field(v.Elem())
		}
	default:
		panic("BUG: result: a column of type " + v.Type().String())
	}
}

// maxNames bounds the texts that are held once.
const maxNames = 1 << 14

func (d *decoder) text(v reflect.Value) {
	n := d.uvarint()
	if n == 0 || d.bad {
		return
	}
	if n > uint64(len(d.b)) {
		d.bad = true
		return
	}
	b := d.take(int(n))
	s, ok := d.names[string(b)]
	if !ok {
		s = string(b)
		if d.repeats && len(d.names) < maxNames {
			d.names[s] = s
		}
	}
	v.SetString(s)
}
