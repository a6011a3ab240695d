package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// Render shows image i: three channels as red, green and blue, any other number as the mean of the
// channels in grey. Float images that leave the range from 0 to Max are stretched from their least to
// their greatest value.
func (im *Images) Render(i int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, im.W, im.H))
	low, high := im.span(i)
	level := func(v float32) uint8 {
		return uint8(math.Round(255 * (float64(v) - float64(low)) / (float64(high) - float64(low))))
	}
	for p := range im.H * im.W {
		at := (i*im.H*im.W + p) * im.C
		var c color.RGBA
		if im.C == 3 {
			c = color.RGBA{level(im.at(at)), level(im.at(at + 1)), level(im.at(at + 2)), 255}
		} else {
			mean := float32(0)
			for k := range im.C {
				mean += im.at(at+k) / float32(im.C)
			}
			g := level(min(max(mean, low), high)) // the mean is rounded, and may pass the ends
			c = color.RGBA{g, g, g, 255}
		}
		out.SetRGBA(p%im.W, p/im.W, c)
	}
	return out
}

// span is the range of values shown from black to white.
func (im *Images) span(i int) (low, high float32) {
	low, high = 0, im.Max
	if im.U8 != nil {
		return low, high
	}
	size := im.H * im.W * im.C
	least, greatest := im.F32[i*size], im.F32[i*size]
	for _, v := range im.F32[i*size : (i+1)*size] {
		least, greatest = min(least, v), max(greatest, v)
	}
	if least >= low && greatest <= high {
		return low, high
	}
	if least == greatest {
		return least - 1, least + 1 // one value everywhere: middle grey
	}
	return least, greatest
}

// ClassColour is the colour of a class: bright, and far from the colours of the classes just before it.
func ClassColour(class uint8) color.RGBA {
	const golden = 0.6180339887498949 // successive hues by the golden ratio never come close to recent ones
	_, hue := math.Modf(0.6 + float64(class)*golden)
	value := []float64{1, 0.72, 0.88}[class%3]
	channel := func(shift float64) uint8 {
		_, h := math.Modf(hue + shift)
		ramp := min(max(math.Abs(6*h-3)-1, 0), 1)
		return uint8(math.Round(255 * value * (0.15 + 0.85*ramp)))
	}
	return color.RGBA{channel(0), channel(2. / 3), channel(1. / 3), 255}
}

// Overlay blends the colours of a mask (classes row by row) over a picture of its size. alpha is the share
// of the colour, from 0 to 255; 255 shows the mask alone. Class ignore (-1 for none) stays uncoloured.
func Overlay(base *image.RGBA, mask []uint8, alpha uint8, ignore int) *image.RGBA {
	return paint(base, func(p int, c color.RGBA) color.RGBA {
		if int(mask[p]) == ignore {
			return c
		}
		return blend(c, ClassColour(mask[p]), alpha)
	})
}

// Difference shows the pixels where two masks differ: those in the colour highlight, the others of the
// picture darkened and grey.
func Difference(base *image.RGBA, before, after []uint8, highlight color.RGBA) *image.RGBA {
	return paint(base, func(p int, c color.RGBA) color.RGBA {
		if before[p] != after[p] {
			return highlight
		}
		g := uint8((299*int(c.R) + 587*int(c.G) + 114*int(c.B)) / 2000) // half the luma of BT.601
		return color.RGBA{g, g, g, 255}
	})
}

// paint makes a picture from another, pixel by pixel.
func paint(base *image.RGBA, f func(p int, c color.RGBA) color.RGBA) *image.RGBA {
	b := base.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for p := range b.Dx() * b.Dy() {
		x, y := p%b.Dx(), p/b.Dx()
		out.SetRGBA(x, y, f(p, base.RGBAAt(b.Min.X+x, b.Min.Y+y)))
	}
	return out
}

func blend(under, over color.RGBA, alpha uint8) color.RGBA {
	mix := func(u, o uint8) uint8 {
		return uint8((int(u)*(255-int(alpha)) + int(o)*int(alpha) + 127) / 255)
	}
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), 255}
}

// Upscale repeats every pixel factor times in both directions.
func Upscale(img *image.RGBA, factor int) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()*factor, b.Dy()*factor))
	for y := range b.Dy() * factor {
		for x := range b.Dx() * factor {
			out.SetRGBA(x, y, img.RGBAAt(b.Min.X+x/factor, b.Min.Y+y/factor))
		}
	}
	return out
}

// Montage sets panels side by side, gap white pixels between them, aligned at the top.
func Montage(gap int, panels ...*image.RGBA) *image.RGBA {
	width, height := gap*max(len(panels)-1, 0), 0
	for _, p := range panels {
		width += p.Bounds().Dx()
		height = max(height, p.Bounds().Dy())
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	x := 0
	for _, p := range panels {
		r := image.Rect(x, 0, x+p.Bounds().Dx(), p.Bounds().Dy())
		draw.Draw(out, r, p, p.Bounds().Min, draw.Src)
		x = r.Max.X + gap
	}
	return out
}
