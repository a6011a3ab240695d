package result

import (
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pointers(all []Row) []*Row {
	out := make([]*Row, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

func TestCodec(t *testing.T) {
	c := newCodec()
	defer c.close()
	all := rows(0, batchRows-1)
	nan, low := math.NaN(), int64(math.MinInt64)
	all = append(all, Row{
		Number: math.MaxInt64, Fault: "\x00é", Index: -1, Bit: math.MinInt32, Cycle: &low, Before: &nan, Drop: math.Copysign(0, -1), Inf: math.MaxInt64,
	})
	batch := c.encode(pointers(all))
	got, err := c.decode(batch, nil)
	require.NoError(t, err)
	require.Len(t, got, batchRows)
	for i := range all {
		equalRows(t, all[i], got[i])
	}
	assert.Equal(t, all[:batchRows-1], got[:batchRows-1])
	assert.Less(t, len(batch), 60*batchRows, "rows are packed")

	// Rows given away earlier stay as they are.
	kept := got[0]
	_, err = c.decode(c.encode(pointers(rows(500, 600))), got[:0])
	require.NoError(t, err)
	equalRows(t, all[0], kept)
}

// Every column must come through: a new one that the codec forgets would be lost on resuming.
func TestCodecKeepsEveryColumn(t *testing.T) {
	c := newCodec()
	defer c.close()
	n := reflect.TypeFor[Row]().NumField()
	for k := range n {
		var r Row
		f := reflect.ValueOf(&r).Elem().Field(k)
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString("text")
		case reflect.Float64:
			f.SetFloat(1.5)
		default:
			f.SetInt(-3)
		}
		got, err := c.decode(c.encode([]*Row{&r}), nil)
		require.NoError(t, err)
		assert.Equal(t, []Row{r}, got, reflect.TypeFor[Row]().Field(k).Name)
	}
}

func TestDecodeRefuses(t *testing.T) {
	c := newCodec()
	defer c.close()
	pack := func(raw []byte) []byte { return c.enc.EncodeAll(raw, nil) }
	good := c.encode(pointers(rows(0, 2)))
	raw, err := c.dec.DecodeAll(good, nil)
	require.NoError(t, err)
	for size := range len(raw) {
		_, err := c.decode(pack(raw[:size]), nil)
		assert.Error(t, err, "%d bytes", size)
	}
	for name, batch := range map[string][]byte{
		"nothing": {}, "not packed": []byte("rows"), "cut": good[:len(good)-1], "no rows": pack([]byte{0}),
		"too many": pack([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), "a tail": pack(append(raw, 0)),
		"a bomb": pack(make([]byte, maxBatch+1)),
	} {
		_, err := c.decode(batch, nil)
		assert.Error(t, err, name)
	}
}

// Whatever bytes a batch holds, decoding gives an error or rows that say so when encoded again.
func FuzzDecode(f *testing.F) {
	c := newCodec()
	raw := func(all []Row) []byte {
		b, err := c.dec.DecodeAll(c.encode(pointers(all)), nil)
		require.NoError(f, err)
		return b
	}
	f.Add(raw(rows(0, 1)))
	f.Add(raw(rows(3, 6)))
	f.Add([]byte{1, 0, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := c.decode(c.enc.EncodeAll(data, nil), nil)
		if err != nil {
			return
		}
		again, err := c.decode(c.encode(pointers(got)), nil)
		require.NoError(t, err)
		require.Len(t, again, len(got))
		for i := range got {
			equalRows(t, got[i], again[i])
		}
	})
}
