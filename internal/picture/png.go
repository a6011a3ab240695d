package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
)

// fromFolder reads the PNG files of a folder, in the order of their names.
func (im *Images) fromFolder(dir string) (*Images, error) {
	paths, err := pngsIn(dir)
	if err != nil {
		return nil, err
	}
	return im.fromPNGs(paths)
}

func pngsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("read images: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if hasExt(e.Name(), ".png") && !e.IsDir() {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, diag.Problem{File: dir, What: "the folder holds no .png file", Remedy: "give a folder of PNG files, a PNG file or a .npy array"}
	}
	return paths, nil
}

// fromPNGs reads files of the size and channels that im has. 8 bits throughout stay bytes; one file of 16
// bits makes all of them floats from 0 to 255.
func (im *Images) fromPNGs(paths []string) (*Images, error) {
	out := &Images{N: len(paths), H: im.H, W: im.W, C: im.C, Max: 255}
	var problems diag.Problems
	deep := false
	for _, path := range paths {
		values, is16, err := readPNG(path, im.C, im.H, im.W)
		var p diag.Problem
		if errors.As(err, &p) {
			problems.Add(p)
			continue
		}
		if err != nil {
			return nil, err
		}
		deep = deep || is16
		out.F32 = append(out.F32, values...)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if !deep {
		out.U8 = make([]uint8, len(out.F32))
		for i, v := range out.F32 {
			out.U8[i] = uint8(v)
		}
		out.F32 = nil
	}
	return out, nil
}

// readPNG reads one file into HWC order, values from 0 to 255; is16 says that they need not be whole.
func readPNG(path string, c, h, w int) (values []float32, is16 bool, err error) {
	img, err := decodePNG(path, h, w, sizeText(c, h, w))
	if err != nil {
		return nil, false, err
	}
	p := pixels{img: img}
	p.classify()
	if c != p.channels && c != 3 { // grey, and colour with alpha, can be read as colour
		return nil, false, diag.Problem{
			File: path, What: fmt.Sprintf("the picture has %s, the network takes %s", sizeText(p.channels, h, w), sizeText(c, h, w)),
			Remedy: "convert it, or give a .npy array (PNG holds 1, 3 or 4 channels)",
		}
	}
	values = make([]float32, 0, h*w*c)
	for y := range h {
		for x := range w {
			rgba := p.at(img.Bounds().Min.X+x, img.Bounds().Min.Y+y)
			for k := range c {
				values = append(values, float32(rgba[k])/p.unit)
			}
		}
	}
	return values, p.unit != 1, nil
}

// decodePNG reads a file whose picture must be h x w, looking at its size before it takes memory for it.
func decodePNG(path string, h, w int, want string) (image.Image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	damaged := func(err error) error {
		return diag.Problem{File: path, What: "cannot be read as PNG: " + err.Error(), Remedy: "save it again as PNG"}
	}
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	if config.Width != w || config.Height != h {
		return nil, diag.Problem{
			File: path, What: fmt.Sprintf("the picture has %d rows x %d columns, needed are %s", config.Height, config.Width, want),
			Remedy: fmt.Sprintf("resize it to %d x %d pixels (width x height)", w, h),
		}
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	return img, nil
}

// pixels gives the stored samples of a picture, without the multiplication by alpha of color.RGBA.
type pixels struct {
	img      image.Image
	channels int // 1 grey, 3 colour, 4 colour with alpha
	unit     float32
	at       func(x, y int) [4]uint16
}

func (p *pixels) classify() {
	p.unit, p.channels = 1, 3
	switch img := p.img.(type) {
	case *image.Gray:
		p.channels = 1
		p.at = func(x, y int) [4]uint16 { v := uint16(img.GrayAt(x, y).Y); return [4]uint16{v, v, v, 255} }
	case *image.Gray16:
		p.channels, p.unit = 1, 257
		p.at = func(x, y int) [4]uint16 { v := img.Gray16At(x, y).Y; return [4]uint16{v, v, v, 65535} }
	case *image.RGBA64, *image.NRGBA64:
		p.unit = 257
		p.at = func(x, y int) [4]uint16 {
			c := color.NRGBA64Model.Convert(p.img.At(x, y)).(color.NRGBA64)
			return [4]uint16{c.R, c.G, c.B, c.A}
		}
	default:
		p.at = func(x, y int) [4]uint16 {
			c := color.NRGBAModel.Convert(p.img.At(x, y)).(color.NRGBA)
			return [4]uint16{uint16(c.R), uint16(c.G), uint16(c.B), uint16(c.A)}
		}
	}
	// Go's decoder gives RGBA for files without alpha and NRGBA for files with it.
	switch p.img.(type) {
	case *image.NRGBA, *image.NRGBA64:
		p.channels = 4
	}
}

// WritePNG replaces the file at path by the picture. The same picture gives the same bytes.
func WritePNG(path string, img image.Image) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if err := png.Encode(w, img); err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
		return nil
	})
}
