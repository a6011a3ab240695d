package picture

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

func rgba(t *testing.T, img *image.RGBA) []color.RGBA {
	t.Helper()
	var out []color.RGBA
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out = append(out, img.RGBAAt(x, y))
		}
	}
	return out
}

func grey(levels ...uint8) []color.RGBA {
	out := make([]color.RGBA, len(levels))
	for i, g := range levels {
		out[i] = color.RGBA{g, g, g, 255}
	}
	return out
}

func TestRender(t *testing.T) {
	for name, c := range map[string]struct {
		im   Images
		want []color.RGBA
	}{
		"colour":     {Images{C: 3, U8: []uint8{1, 2, 3, 4, 5, 6}, Max: 255}, []color.RGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		"grey":       {Images{C: 1, U8: []uint8{0, 255}, Max: 255}, grey(0, 255)},
		"mean band":  {Images{C: 2, U8: []uint8{10, 20, 255, 255}, Max: 255}, grey(15, 255)},
		"floats":     {Images{C: 1, F32: []float32{0.2, 1}, Max: 1}, grey(51, 255)},
		"stretched":  {Images{C: 1, F32: []float32{-3, 2}, Max: 1}, grey(0, 255)},
		"one value":  {Images{C: 1, F32: []float32{7, 7}, Max: 1}, grey(128, 128)},
		"very large": {Images{C: 1, F32: []float32{-3e38, 3e38}, Max: 1}, grey(0, 255)},
	} {
		t.Run(name, func(t *testing.T) {
			c.im.N, c.im.H, c.im.W = 1, 1, 2
			assert.Equal(t, c.want, rgba(t, c.im.Render(0)))
		})
	}
}

func TestOverlay(t *testing.T) {
	base := (&Images{N: 1, H: 1, W: 3, C: 1, U8: []uint8{0, 100, 200}, Max: 255}).Render(0)
	mask := []uint8{0, 1, 9}
	assert.Equal(t, grey(0, 100, 200), rgba(t, Overlay(base, mask, 0, -1)))
	assert.Equal(t, []color.RGBA{ClassColour(0), ClassColour(1), {200, 200, 200, 255}}, rgba(t, Overlay(base, mask, 255, 9)))
	c := ClassColour(1)
	half := func(v uint8) uint8 { return uint8((100*127 + int(v)*128 + 127) / 255) }
	assert.Equal(t, color.RGBA{half(c.R), half(c.G), half(c.B), 255}, rgba(t, Overlay(base, mask, 128, -1))[1])
}

func TestDifference(t *testing.T) {
	base := (&Images{N: 1, H: 1, W: 2, C: 1, U8: []uint8{100, 200}, Max: 255}).Render(0)
	red := color.RGBA{255, 0, 0, 255}
	assert.Equal(t, []color.RGBA{{50, 50, 50, 255}, red}, rgba(t, Difference(base, []uint8{1, 1}, []uint8{1, 2}, red)))
}

func TestClassColoursAreDistinct(t *testing.T) {
	seen := map[color.RGBA]int{}
	for class := range 64 {
		c := ClassColour(uint8(class))
		other, twice := seen[c]
		assert.False(t, twice, "classes %d and %d are both %v", class, other, c)
		seen[c] = class
	}
}

func TestUpscaleAndMontage(t *testing.T) {
	a := (&Images{N: 1, H: 1, W: 2, C: 1, U8: []uint8{1, 2}, Max: 255}).Render(0)
	big := Upscale(a, 2)
	assert.Equal(t, image.Rect(0, 0, 4, 2), big.Bounds())
	assert.Equal(t, grey(1, 1, 2, 2, 1, 1, 2, 2), rgba(t, big))
	m := Montage(1, a, big)
	assert.Equal(t, image.Rect(0, 0, 7, 2), m.Bounds())
	assert.Equal(t, grey(1, 2, 255, 1, 1, 2, 2, 255, 255, 255, 1, 1, 2, 2), rgba(t, m))
	assert.Equal(t, image.Rect(0, 0, 0, 0), Montage(3).Bounds())
}

// One picture with everything in it, byte for byte. Look at it after -update.
func TestGoldenMontage(t *testing.T) {
	const w, h = 24, 16
	im := &Images{N: 1, H: h, W: w, C: 3, Max: 255}
	before, after := make([]uint8, w*h), make([]uint8, w*h)
	for p := range w * h {
		x, y := p%w, p/w
		im.U8 = append(im.U8, uint8(10*x), uint8(15*y), uint8(5*(x+y)))
		before[p] = uint8(x/8 + 3*(y/8))
		after[p] = before[p]
		if x > 10 && x < 14 && y > 5 {
			after[p] = 6
		}
	}
	base := im.Render(0)
	panels := []*image.RGBA{base, Overlay(base, before, 140, -1), Overlay(base, after, 140, -1),
		Difference(base, before, after, color.RGBA{255, 40, 40, 255})}
	for i, p := range panels {
		panels[i] = Upscale(p, 4)
	}
	montage := Montage(4, panels...)
	path := filepath.Join(t.TempDir(), "montage.png")
	require.NoError(t, WritePNG(path, montage))
	golden := filepath.Join("testdata", "montage.png")
	if *update {
		require.NoError(t, WritePNG(golden, montage))
	}
	// Pixels are compared, for another Go release may compress them otherwise.
	want, got := decode(t, golden), decode(t, path)
	require.Equal(t, want.Bounds(), got.Bounds())
	assert.True(t, bytes.Equal(want.Pix, got.Pix), "the picture differs from %s; run with -update and look at it", golden)
	assert.True(t, bytes.Equal(montage.Pix, got.Pix), "writing changed the picture")

	require.NoError(t, WritePNG(path+"2", montage))
	assert.Equal(t, read(t, path), read(t, path+"2"), "same picture, other bytes")
}

func read(t *testing.T, path string) []byte {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func decode(t *testing.T, path string) *image.RGBA {
	img, err := png.Decode(bytes.NewReader(read(t, path)))
	require.NoError(t, err)
	require.IsType(t, &image.RGBA{}, img)
	return img.(*image.RGBA)
}
