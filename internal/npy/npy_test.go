package npy

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

func counting[T number](n int, offset T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = T(i) + offset
	}
	return out
}

// The files in testdata were written by NumPy itself.
func TestReadWhatNumPyWrote(t *testing.T) {
	inf := float32(math.Inf(1))
	for name, want := range map[string]*Array{
		"u1":          {Shape: []int{3, 4}, Uint8: counting[uint8](12, 0)},
		"bool":        {Shape: []int{2, 2}, Uint8: []uint8{1, 0, 0, 1}},
		"i1_scalar":   {Shape: []int{}, Int32: []int32{-5}},
		"i2_big":      {Shape: []int{3, 4}, Int32: counting[int32](12, -6)},
		"u4_empty":    {Shape: []int{0, 3}, Int64: []int64{}},
		"u8_fortran3": {Shape: []int{2, 3, 4}, Int64: counting[int64](24, 0)},
		"f2":          {Shape: []int{9}, Float32: []float32{0, 1, -2, 0.5, 65504, 1.0 / (1 << 24), inf, -inf, 0.33325195}},
		"f4_v2":       {Shape: []int{3, 4}, Float32: counting[float32](12, 0)},
		"f8_fortran":  {Shape: []int{3, 4}, Float32: counting[float32](12, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(filepath.Join("testdata", name+".npy"))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// file builds a version 1.0 file from a header dictionary and data.
func file(dict string, data ...byte) []byte {
	out := append([]byte(magic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(dict)))
	return append(append(out, dict...), data...)
}

func TestRefuses(t *testing.T) {
	dict := func(descr, shape string) string {
		return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}"
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":         {nil, "not a NumPy"},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n...."), "not a NumPy"},
		"future version":  {[]byte(magic + "\x07\x00\x00\x00"), "version 7"},
		"no length":       {[]byte(magic + "\x01\x00\x00"), "ends within its header"},
		"short header":    {[]byte(magic + "\x02\x00\xff\xff\xff\xff{"), "ends within its header"},
		"no dictionary":   {file("hello"), "damaged header"},
		"missing key":     {file("{'descr': '<f4', 'shape': (1,)}"), `"fortran_order" is missing`},
		"key twice":       {file("{'descr': '<f4', 'descr': '<f4'}"), "twice"},
		"unknown key":     {file("{'colour': '<f4'}"), "colour"},
		"open string":     {file("{'descr"), "no end"},
		"open shape":      {file("{'shape': (12"), "no end"},
		"words in shape":  {file("{'shape': (a,)"), "dimension"},
		"negative":        {file(dict("'<f4'", "(-1,)")), "dimension"},
		"bad boolean":     {file("{'fortran_order': 1"), "True or False"},
		"text after":      {file(dict("'|u1'", "()")+" x", 1), "after the dictionary"},
		"truncated":       {file(dict("'<f4'", "(2,)"), 0, 0, 0, 0, 0), "more elements than"},
		"too long":        {file(dict("'<f4'", "(1,)"), 0, 0, 0, 0, 0), "needs 4 bytes of data, the file holds 5"},
		"overflow":        {file(dict("'|u1'", "(4294967296, 4294967296)")), "more elements than"},
		"beyond int":      {file(dict("'|u1'", "(99999999999999999999,)")), "dimension"},
		"dimensions":      {file(dict("'|u1'", "("+strings.Repeat("1, ", 65)+")"), 1), "64 dimensions"},
		"empty type":      {file(dict("''", "()")), "not supported"},
		"complex":         {file(dict("'<c8'", "()")), `"<c8" is not supported`},
		"text":            {file(dict("'<U4'", "()")), "not supported"},
		"order":           {file(dict("'!f4'", "()")), "not supported"},
		"uint64 overflow": {file(dict("'<u8'", "(1,)"), 0, 0, 0, 0, 0, 0, 0, 128), "more than an int64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode("x.npy", c.data)
			var p diag.Problem
			require.ErrorAs(t, err, &p)
			assert.Equal(t, "x.npy", p.File)
			assert.Contains(t, p.What, c.says)
			assert.NotEmpty(t, p.Remedy)
		})
	}
	for _, name := range []string{"complex.npy", "records.npy", "none.npy", "."} {
		_, err := Read(filepath.Join("testdata", name))
		assert.ErrorAs(t, err, new(diag.Problem), name)
	}
}

func TestWriteRead(t *testing.T) {
	for name, a := range map[string]*Array{
		"u8":     {Shape: []int{2, 3}, Uint8: []uint8{0, 1, 2, 3, 4, 255}},
		"f32":    {Shape: []int{4}, Float32: []float32{0, -1.5, 3e38, 1e-42}},
		"i32":    {Shape: []int{1, 1, 2}, Int32: []int32{math.MinInt32, math.MaxInt32}},
		"i64":    {Shape: []int{2}, Int64: []int64{math.MinInt64, math.MaxInt64}},
		"scalar": {Shape: []int{}, Int32: []int32{7}},
		"empty":  {Shape: []int{0, 5}, Float32: []float32{}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.npy")
			require.NoError(t, Write(path, a))
			got, err := Read(path)
			require.NoError(t, err)
			assert.Equal(t, a, got)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Zero(t, (10+int(binary.LittleEndian.Uint16(data[8:])))%64, "data is not aligned to 64 bytes")
		})
	}
}

func TestEncodeRefusesInconsistentArrays(t *testing.T) {
	for name, a := range map[string]*Array{
		"no data":  {Shape: []int{0}},
		"two":      {Shape: []int{1}, Uint8: []uint8{1}, Int32: []int32{1}},
		"too few":  {Shape: []int{2}, Uint8: []uint8{1}},
		"too many": {Shape: []int{1}, Uint8: []uint8{1, 2}},
		"negative": {Shape: []int{-1, -1}, Uint8: []uint8{1}},
	} {
		_, err := Encode(a)
		assert.Error(t, err, name)
	}
}

func TestConversions(t *testing.T) {
	for _, a := range []*Array{
		{Uint8: []uint8{1, 2}}, {Int32: []int32{1, 2}}, {Int64: []int64{1, 2}}, {Float32: []float32{1, 2}},
	} {
		assert.Equal(t, []float32{1, 2}, a.Floats())
		ints, ok := a.Ints()
		assert.Equal(t, a.Float32 == nil, ok)
		if ok {
			assert.Equal(t, []int64{1, 2}, ints)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.npy")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Decode("fuzz", data)
		if err != nil {
			return
		}
		again, err := Encode(a)
		require.NoError(t, err)
		b, err := Decode("again", again)
		require.NoError(t, err)
		back, err := Encode(b)
		require.NoError(t, err)
		assert.Equal(t, again, back) // bytes, since NaN != NaN
	})
}
