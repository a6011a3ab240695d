package picture

import (
	"errors"
	"fmt"
	"image"
	"os"

	"rampart/internal/diag"
	"rampart/internal/npy"
)

// Masks are N masks of H rows and W columns, in NHW order: the class of each pixel.
type Masks struct {
	N, H, W int
	Class   []uint8
}

// Of is mask i, row by row; it shares memory.
func (m *Masks) Of(i int) []uint8 { return m.Class[i*m.H*m.W : (i+1)*m.H*m.W] }

// Save writes the masks as a uint8 array shaped NHW.
func (m *Masks) Save(path string) error {
	return npy.Write(path, &npy.Array{Shape: []int{m.N, m.H, m.W}, Uint8: m.Class})
}

// LoadMasks reads masks or labels of h x w pixels: a .npy array of integers from 0 to 255 shaped NHW, HW,
// NHW1 or N1HW; a grey or paletted PNG file of 8 bits, whose stored numbers are the classes; or a folder of
// those. What does not fit is a diag.Problem.
func LoadMasks(path string, h, w int) (*Masks, error) {
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || hasExt(path, ".png")) {
		return masksFromPNGs(path, info.IsDir(), h, w)
	}
	a, err := npy.Read(path)
	if err != nil {
		return nil, err
	}
	if a.Float32 != nil {
		return nil, diag.Problem{File: path, What: "the array holds floats, masks are class numbers", Remedy: "save it as uint8"}
	}
	if _, _, ok := layout(a.Shape, 1, h, w); !ok {
		return nil, diag.Problem{
			File: path, What: fmt.Sprintf("the array has shape %v, masks of this network have %d rows x %d columns", a.Shape, h, w),
			Remedy: fmt.Sprintf("give an array shaped [N %d %d]", h, w),
		}
	}
	im, err := FromArray(path, a, 1, h, w)
	if err != nil {
		return nil, err
	}
	return &Masks{N: im.N, H: h, W: w, Class: im.U8}, nil
}

func masksFromPNGs(path string, folder bool, h, w int) (*Masks, error) {
	paths := []string{path}
	if folder {
		var err error
		if paths, err = pngsIn(path); err != nil {
			return nil, err
		}
	}
	m := &Masks{N: len(paths), H: h, W: w}
	var problems diag.Problems
	for _, path := range paths {
		img, err := decodePNG(path, h, w, fmt.Sprintf("masks of %d rows x %d columns", h, w))
		var p diag.Problem
		if errors.As(err, &p) {
			problems.Add(p)
			continue
		}
		if err != nil {
			return nil, err
		}
		var at func(x, y int) uint8
		switch img := img.(type) {
		case *image.Gray:
			at = func(x, y int) uint8 { return img.GrayAt(x, y).Y }
		case *image.Paletted:
			at = img.ColorIndexAt
		default:
			problems.Add(diag.Problem{File: path, What: "the picture has colours, not class numbers", Remedy: "save it as grey or paletted PNG of 8 bits"})
			continue
		}
		for y := range h {
			for x := range w {
				m.Class = append(m.Class, at(img.Bounds().Min.X+x, img.Bounds().Min.Y+y))
			}
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return m, nil
}
