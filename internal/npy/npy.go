// Package npy reads and writes NumPy's array files, format versions 1 to 3. In: the bytes of a .npy file,
// which may be damaged or hostile. Out: a shape and one flat slice in C order. It knows nothing of images.
//
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
package npy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
)

// Array is an array in C order (the last index runs fastest). Exactly one of the data slices is not nil;
// it has as many elements as the product of Shape. Every NumPy number type is read into the narrowest of
// the five that holds it:
//
//	Uint8    uint8, bool (0 or 1)
//	Float32  float32, float16, float64 (rounded to nearest)
//	Int32    int32, int8, int16, uint16
//	Int64    int64, uint32, uint64 (refused above the greatest int64)
type Array struct {
	Shape   []int // empty for a scalar
	Uint8   []uint8
	Float32 []float32
	Int32   []int32
	Int64   []int64
}

// Len is the number of elements.
func (a *Array) Len() int {
	return max(len(a.Uint8), len(a.Float32), len(a.Int32), len(a.Int64))
}

// Floats gives the elements as float32, rounded to nearest where they do not fit; it shares memory with
// the array where that holds float32 already.
func (a *Array) Floats() []float32 {
	switch {
	case a.Float32 != nil:
		return a.Float32
	case a.Uint8 != nil:
		return convert[float32](a.Uint8)
	case a.Int32 != nil:
		return convert[float32](a.Int32)
	}
	return convert[float32](a.Int64)
}

// Ints gives the elements as int64. ok is false where the array holds floats.
func (a *Array) Ints() (ints []int64, ok bool) {
	switch {
	case a.Int64 != nil:
		return a.Int64, true
	case a.Uint8 != nil:
		return convert[int64](a.Uint8), true
	case a.Int32 != nil:
		return convert[int64](a.Int32), true
	}
	return nil, false
}

func convert[To, From number](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}

type number interface {
	uint8 | float32 | int32 | int64
}

// Read reads the array file at path. What is wrong with the file is a diag.Problem.
func Read(path string) (*Array, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, diag.Problem{File: path, What: "there is no such file", Remedy: "check the path"}
	}
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			return nil, diag.Problem{File: path, What: "cannot be read: " + pe.Err.Error(), Remedy: "give a readable .npy file"}
		}
		return nil, fmt.Errorf("read array %s: %w", path, err)
	}
	return Decode(path, data)
}

// Decode reads an array from the bytes of a file; name is used in messages only. Big-endian data and
// Fortran order are converted. Truncated data, data past the end, shapes that do not match, and types
// other than numbers are refused with a diag.Problem.
func Decode(name string, data []byte) (*Array, error) {
	h, body, err := parse(data)
	if err != nil {
		return nil, diag.Problem{File: name, What: err.Error(), Remedy: "save it again with numpy.save"}
	}
	a, err := h.decode(body)
	if err != nil {
		return nil, diag.Problem{File: name, What: err.Error(), Remedy: "save it again with numpy.save"}
	}
	return a, nil
}

// Write replaces the file at path by the array, in format version 1.0, little-endian, C order. The same
// array gives the same bytes.
func Write(path string, a *Array) error {
	data, err := Encode(a)
	if err != nil {
		return fmt.Errorf("write array %s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// count is the number of elements of a shape, or an error where it passes limit.
func count(shape []int, limit int) (int, error) {
	n := 1
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("negative dimension in shape %v", shape)
		}
		if d == 0 {
			return 0, nil
		}
	}
	for _, d := range shape {
		if n > math.MaxInt/d || n*d > limit {
			return 0, fmt.Errorf("shape %v needs more elements than the %d that the data holds", shape, limit)
		}
		n *= d
	}
	return n, nil
}
