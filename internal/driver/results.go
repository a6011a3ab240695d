package driver

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"

	"rampart/internal/npy"
	"rampart/internal/picture"
)

// summaryFile is the mark of a results folder.
const summaryFile = "summary.json"

// outputNames are the names of the arrays of a results folder, without the mask, which has a file of its own.
func (b *Build) outputNames() []string {
	names := []string{"logits"}
	for k, out := range b.Plan.Outputs {
		switch name := out.Name; {
		case k == 0 || k == b.MaskOutput():
		case name == "logits" || name == "masks":
			names = append(names, "output_"+name)
		default:
			names = append(names, name)
		}
	}
	return names
}

// writeResults puts what an engine made of images into a folder: logits.npy, masks.npy, any further
// outputs under their own names, overlay/NNN.png and summary.json.
func (b *Build) writeResults(ctx context.Context, dir string, pics *picture.Images, f *Frames, s *Summary) (err error) {
	files := map[string][]byte{}
	names := s.Outputs
	for k, out := range b.Plan.Outputs {
		if k == b.MaskOutput() {
			continue
		}
		shape := out.Value.Shape
		a := &npy.Array{Shape: []int{len(f.Outputs), shape.C, shape.H, shape.W}, Int32: []int32{}}
		for _, frame := range f.Outputs {
			a.Int32 = append(a.Int32, frame[k].Data...)
		}
		if files[names[0]+".npy"], err = npy.Encode(a); err != nil {
			return err
		}
		names = names[1:]
	}
	masks := b.Masks(f.Outputs)
	if files["masks.npy"], err = encodeMasks(masks); err != nil {
		return err
	}
	for i := range masks.N {
		if err := ctx.Err(); err != nil {
			return err
		}
		base := pics.Render(i)
		shown := picture.Montage(gap, base, overlay(base, masks, masks.Of(i)))
		if files[filepath.Join("overlay", fmt.Sprintf("%03d.png", i))], err = encodePNG(picture.Upscale(shown, zoom)); err != nil {
			return err
		}
	}
	if files[summaryFile], err = marshal(s); err != nil {
		return err
	}
	s.Written, err = writeFolder(dir, summaryFile, files)
	return err
}

// How pictures are laid out, in pixels, and coloured.
const (
	gap    = 4   // between the panels of a picture, before it is enlarged
	zoom   = 3   // pixels for one of the image
	colour = 160 // share of the class's colour in 255
)

// highlight is the colour of changed pixels.
var highlight = color.RGBA{R: 255, G: 40, B: 200, A: 255}

// overlay colours a picture by a mask of the masks' size.
func overlay(base *image.RGBA, size *picture.Masks, mask []uint8) *image.RGBA {
	return picture.Overlay(base, fit(size, mask, base.Bounds()), colour, -1)
}

// fit brings a mask to a picture's size, for a network's output may be smaller or larger than its input.
func fit(size *picture.Masks, mask []uint8, to image.Rectangle) []uint8 {
	if size.W == to.Dx() && size.H == to.Dy() {
		return mask
	}
	out := make([]uint8, to.Dx()*to.Dy())
	for y := range to.Dy() {
		for x := range to.Dx() {
			out[y*to.Dx()+x] = mask[y*size.H/to.Dy()*size.W+x*size.W/to.Dx()]
		}
	}
	return out
}

func encodeMasks(m *picture.Masks) ([]byte, error) {
	return npy.Encode(&npy.Array{Shape: []int{m.N, m.H, m.W}, Uint8: m.Class})
}

func encodePNG(img image.Image) ([]byte, error) {
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}
