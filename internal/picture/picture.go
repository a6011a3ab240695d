// Package picture brings images to the network and masks to people. In: .npy arrays, PNG files, folders of
// PNG files. Out: float tensors for the network; mask files, colour overlays and side-by-side montages. It
// knows sizes and class numbers, and nothing of networks.
package picture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/npy"
)

// Images are N images of H rows, W columns and C channels, in NHWC order. Exactly one of U8 and F32 is set.
type Images struct {
	N, H, W, C int
	U8         []uint8
	F32        []float32
	Max        float32 // the value of full white: 255, or 1 for arrays of floats
}

// Load reads the images at path for a network that takes c x h x w:
//
//   - a .npy array of bytes, or of integers from 0 to 255, or of floats (white is 1), shaped NHWC, NCHW,
//     HWC or CHW, or for one channel also NHW or HW; the layout is the one that fits, and the channels-last
//     one where both do;
//   - a PNG file of 8 or 16 bits: grey for 1 or 3 channels, colour for 3 (alpha is dropped), colour with
//     alpha for 4;
//   - a folder of such PNG files, in the order of their names.
//
// Images that do not fit are refused with a diag.Problem that states both shapes, or with all of them.
func Load(path string, c, h, w int) (*Images, error) {
	want := &Images{H: h, W: w, C: c}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, diag.Problem{File: path, What: "there is no such file or folder", Remedy: "check the path"}
	case err != nil:
		return nil, fmt.Errorf("read images: %w", err)
	case info.IsDir():
		return want.fromFolder(path)
	case hasExt(path, ".npy"):
		a, err := npy.Read(path)
		if err != nil {
			return nil, err
		}
		return FromArray(path, a, c, h, w)
	case hasExt(path, ".png"):
		return want.fromPNGs([]string{path})
	}
	return nil, diag.Problem{File: path, What: "is neither .npy nor .png nor a folder of .png", Remedy: "convert the images to one of these"}
}

func hasExt(path, ext string) bool { return strings.EqualFold(filepath.Ext(path), ext) }

// FromArray takes an array as images; see Load for what fits. name is used in messages.
func FromArray(name string, a *npy.Array, c, h, w int) (*Images, error) {
	n, channelsFirst, ok := layout(a.Shape, c, h, w)
	if !ok {
		return nil, diag.Problem{
			File: name, What: fmt.Sprintf("the array has shape %v, the network takes %s", a.Shape, sizeText(c, h, w)),
			Remedy: fmt.Sprintf("give an array shaped [N %d %d %d] (channels last) or [N %d %d %d] (channels first)", h, w, c, c, h, w),
		}
	}
	if n == 0 {
		return nil, diag.Problem{File: name, What: "the array holds no image", Remedy: "give at least one"}
	}
	im := &Images{N: n, H: h, W: w, C: c}
	switch {
	case a.Uint8 != nil:
		im.U8, im.Max = a.Uint8, 255
	case a.Float32 != nil:
		im.F32, im.Max = a.Float32, 1
		if i := slices.IndexFunc(a.Float32, func(v float32) bool { return v-v != 0 }); i >= 0 {
			return nil, diag.Problem{File: name, What: fmt.Sprintf("element %d is %v, not a finite number", i, a.Float32[i]), Remedy: "remove what is not finite"}
		}
	default:
		bytes, err := narrow(name, a)
		if err != nil {
			return nil, err
		}
		im.U8, im.Max = bytes, 255
	}
	if channelsFirst {
		im.U8, im.F32 = toChannelsLast(im, im.U8), toChannelsLast(im, im.F32)
	}
	return im, nil
}

// layout finds how an array's shape holds images of c x h x w, and how many.
func layout(shape []int, c, h, w int) (n int, channelsFirst, ok bool) {
	last, first := []int{h, w, c}, []int{c, h, w}
	switch len(shape) {
	case 4:
		if slices.Equal(shape[1:], last) {
			return shape[0], false, true
		}
		return shape[0], true, slices.Equal(shape[1:], first)
	case 3:
		if slices.Equal(shape, last) {
			return 1, false, true
		}
		if slices.Equal(shape, first) {
			return 1, true, true
		}
		return shape[0], false, c == 1 && slices.Equal(shape[1:], []int{h, w})
	case 2:
		return 1, false, c == 1 && slices.Equal(shape, []int{h, w})
	}
	return 0, false, false
}

// narrow takes wider integers that hold bytes.
func narrow(name string, a *npy.Array) ([]uint8, error) {
	ints, _ := a.Ints()
	out := make([]uint8, len(ints))
	for i, v := range ints {
		if v < 0 || v > 255 {
			return nil, diag.Problem{
				File: name, What: fmt.Sprintf("element %d is %d; integers must lie between 0 and 255", i, v),
				Remedy: "save other ranges as floats from 0 to 1",
			}
		}
		out[i] = uint8(v)
	}
	return out, nil
}

func toChannelsLast[T any](im *Images, in []T) []T {
	if in == nil {
		return nil
	}
	out, plane := make([]T, len(in)), im.H*im.W
	for n := range im.N {
		for c := range im.C {
			for p := range plane {
				out[(n*plane+p)*im.C+c] = in[(n*im.C+c)*plane+p]
			}
		}
	}
	return out
}

// Slice gives images from to until-1; it shares memory.
func (im *Images) Slice(from, until int) *Images {
	part, size := *im, im.H*im.W*im.C
	part.N = until - from
	if im.U8 != nil {
		part.U8 = im.U8[from*size : until*size]
	} else {
		part.F32 = im.F32[from*size : until*size]
	}
	return &part
}

// at is an element by its position in the NHWC order.
func (im *Images) at(i int) float32 {
	if im.U8 != nil {
		return float32(im.U8[i])
	}
	return im.F32[i]
}

func sizeText(c, h, w int) string {
	return fmt.Sprintf("%d channels of %d rows x %d columns", c, h, w)
}
