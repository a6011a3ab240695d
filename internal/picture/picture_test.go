package picture

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/npy"
)

func ramp(n int) []uint8 {
	out := make([]uint8, n)
	for i := range out {
		out[i] = uint8(i)
	}
	return out
}

func TestLayouts(t *testing.T) {
	// 2 channels of 3 rows x 4 columns. Element (n, y, x, c) holds 24n + 8y + 2x + c in every layout.
	first := func(n int) []uint8 {
		out := make([]uint8, 0, n*24)
		for i := range n {
			for c := range 2 {
				for p := range 12 {
					out = append(out, uint8(24*i+2*p+c))
				}
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		array npy.Array
		c     int
		n     int
	}{
		"NHWC": {npy.Array{Shape: []int{2, 3, 4, 2}, Uint8: ramp(48)}, 2, 2},
		"NCHW": {npy.Array{Shape: []int{2, 2, 3, 4}, Uint8: first(2)}, 2, 2},
		"HWC":  {npy.Array{Shape: []int{3, 4, 2}, Uint8: ramp(24)}, 2, 1},
		"CHW":  {npy.Array{Shape: []int{2, 3, 4}, Uint8: first(1)}, 2, 1},
		"NHW":  {npy.Array{Shape: []int{2, 3, 4}, Uint8: ramp(24)}, 1, 2},
		"HW":   {npy.Array{Shape: []int{3, 4}, Uint8: ramp(12)}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			im, err := FromArray(name, &c.array, c.c, 3, 4)
			require.NoError(t, err)
			assert.Equal(t, &Images{N: c.n, H: 3, W: 4, C: c.c, U8: ramp(c.n * 12 * c.c), Max: 255}, im)
		})
	}
}

func TestAmbiguousLayoutIsChannelsLast(t *testing.T) {
	im, err := FromArray("cube", &npy.Array{Shape: []int{1, 2, 2, 2}, Uint8: ramp(8)}, 2, 2, 2)
	require.NoError(t, err)
	assert.Equal(t, ramp(8), im.U8)
}

func TestElementTypes(t *testing.T) {
	for name, c := range map[string]struct {
		array npy.Array
		want  Images
		says  string
	}{
		"floats":       {array: npy.Array{Float32: []float32{0, 0.5}}, want: Images{F32: []float32{0, 0.5}, Max: 1}},
		"small int64":  {array: npy.Array{Int64: []int64{0, 255}}, want: Images{U8: []uint8{0, 255}, Max: 255}},
		"small int32":  {array: npy.Array{Int32: []int32{1, 2}}, want: Images{U8: []uint8{1, 2}, Max: 255}},
		"large int32":  {array: npy.Array{Int32: []int32{0, 256}}, says: "element 1 is 256"},
		"negative":     {array: npy.Array{Int32: []int32{-1, 0}}, says: "element 0 is -1"},
		"not a number": {array: npy.Array{Float32: []float32{0, float32(math.NaN())}}, says: "not a finite"},
		"infinite":     {array: npy.Array{Float32: []float32{float32(math.Inf(-1)), 0}}, says: "not a finite"},
	} {
		t.Run(name, func(t *testing.T) {
			c.array.Shape = []int{1, 1, 2}
			im, err := FromArray(name, &c.array, 1, 1, 2)
			if c.says != "" {
				requireProblem(t, err, c.says)
				return
			}
			require.NoError(t, err)
			c.want.N, c.want.H, c.want.W, c.want.C = 1, 1, 2, 1
			assert.Equal(t, &c.want, im)
		})
	}
}

func requireProblem(t *testing.T, err error, says string) {
	t.Helper()
	var p diag.Problem
	require.ErrorAs(t, err, &p)
	assert.Contains(t, p.What, says)
	assert.NotEmpty(t, p.Remedy)
}

func writePNG(t *testing.T, path string, img image.Image) string {
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, img))
	require.NoError(t, f.Close())
	return path
}

// fill sets every pixel of a 2 x 1 picture: one dark, one light with alpha.
func fill(img interface {
	image.Image
	Set(x, y int, c color.Color)
}, c0, c1 color.Color) image.Image {
	img.Set(0, 0, c0)
	img.Set(1, 0, c1)
	return img
}

func TestPNG(t *testing.T) {
	r := image.Rect(0, 0, 2, 1)
	c0, c1 := color.NRGBA{10, 20, 30, 255}, color.NRGBA{200, 100, 50, 255}
	half := color.NRGBA{200, 100, 51, 128}
	deep := color.NRGBA64{257 * 200, 257*100 + 1, 0, 65535}
	palette := color.Palette{c0, c1}
	for name, c := range map[string]struct {
		img      image.Image
		channels int
		u8       []uint8
		f32      []float32
		says     string
	}{
		"grey":             {img: fill(image.NewGray(r), color.Gray{7}, color.Gray{9}), channels: 1, u8: []uint8{7, 9}},
		"grey for colour":  {img: fill(image.NewGray(r), color.Gray{7}, color.Gray{9}), channels: 3, u8: []uint8{7, 7, 7, 9, 9, 9}},
		"colour":           {img: fill(image.NewNRGBA(r), c0, c1), channels: 3, u8: []uint8{10, 20, 30, 200, 100, 50}},
		"palette":          {img: fill(image.NewPaletted(r, palette), c0, c1), channels: 3, u8: []uint8{10, 20, 30, 200, 100, 50}},
		"alpha":            {img: fill(image.NewNRGBA(r), c0, half), channels: 4, u8: []uint8{10, 20, 30, 255, 200, 100, 51, 128}},
		"alpha dropped":    {img: fill(image.NewNRGBA(r), c0, half), channels: 3, u8: []uint8{10, 20, 30, 200, 100, 51}},
		"16 bits grey":     {img: fill(image.NewGray16(r), color.Gray16{257}, color.Gray16{65535}), channels: 1, f32: []float32{1, 255}},
		"16 bits colour":   {img: fill(image.NewNRGBA64(r), c0, deep), channels: 3, f32: []float32{10, 20, 30, 200, 25701. / 257, 0}},
		"colour for grey":  {img: fill(image.NewNRGBA(r), c0, c1), channels: 1, says: "3 channels of 1 rows x 2 columns, the network takes 1 channels"},
		"colour for eight": {img: fill(image.NewNRGBA(r), c0, c1), channels: 8, says: "takes 8 channels"},
		"opaque for alpha": {img: fill(image.NewNRGBA(r), c0, c1), channels: 4, says: "takes 4 channels"},
		"wrong size":       {img: image.NewGray(image.Rect(0, 0, 3, 1)), channels: 1, says: "1 rows x 3 columns, needed are 1 channels of 1 rows x 2"},
	} {
		t.Run(name, func(t *testing.T) {
			im, err := Load(writePNG(t, filepath.Join(t.TempDir(), "a.PNG"), c.img), c.channels, 1, 2)
			if c.says != "" {
				requireProblem(t, err, c.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, &Images{N: 1, H: 1, W: 2, C: c.channels, U8: c.u8, F32: c.f32, Max: 255}, im)
		})
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	r := image.Rect(0, 0, 2, 1)
	_, err := Load(dir, 1, 1, 2)
	requireProblem(t, err, "no .png")
	writePNG(t, filepath.Join(dir, "b.png"), fill(image.NewGray(r), color.Gray{3}, color.Gray{4}))
	writePNG(t, filepath.Join(dir, "a.png"), fill(image.NewGray(r), color.Gray{1}, color.Gray{2}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o666))
	im, err := Load(dir, 1, 1, 2)
	require.NoError(t, err)
	assert.Equal(t, &Images{N: 2, H: 1, W: 2, C: 1, U8: []uint8{1, 2, 3, 4}, Max: 255}, im)
	assert.Equal(t, &Images{N: 1, H: 1, W: 2, C: 1, U8: []uint8{3, 4}, Max: 255}, im.Slice(1, 2))

	writePNG(t, filepath.Join(dir, "c.png"), fill(image.NewGray16(r), color.Gray16{128}, color.Gray16{0}))
	im, err = Load(dir, 1, 1, 2)
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 3, 4, 128. / 257, 0}, im.F32, "one deep file makes all of them floats")
	assert.Equal(t, []float32{3, 4}, im.Slice(1, 2).F32)

	writePNG(t, filepath.Join(dir, "d.png"), image.NewGray(image.Rect(0, 0, 1, 1)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "e.png"), []byte("not a picture"), 0o666))
	_, err = Load(dir, 1, 1, 2)
	var ps diag.Problems
	require.ErrorAs(t, err, &ps)
	assert.Len(t, ps, 2, "every bad file is named at once")
}

func TestLoadArrays(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "images.npy")
	require.NoError(t, npy.Write(path, &npy.Array{Shape: []int{2, 3, 4, 2}, Uint8: ramp(48)}))
	im, err := Load(path, 2, 3, 4)
	require.NoError(t, err)
	assert.Equal(t, 2, im.N)

	_, err = Load(path, 8, 64, 96)
	requireProblem(t, err, "shape [2 3 4 2], the network takes 8 channels of 64 rows x 96 columns")
	require.NoError(t, npy.Write(path, &npy.Array{Shape: []int{0, 3, 4, 2}, Uint8: []uint8{}}))
	_, err = Load(path, 2, 3, 4)
	requireProblem(t, err, "no image")
	require.NoError(t, os.WriteFile(path, []byte("junk"), 0o666))
	_, err = Load(path, 2, 3, 4)
	requireProblem(t, err, "not a NumPy")
	_, err = Load(filepath.Join(dir, "none.npy"), 2, 3, 4)
	requireProblem(t, err, "no such file")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.jpg"), nil, 0o666))
	_, err = Load(filepath.Join(dir, "a.jpg"), 2, 3, 4)
	requireProblem(t, err, "neither .npy nor .png")
}

func TestTensor(t *testing.T) {
	bytes := &Images{N: 2, H: 1, W: 2, C: 2, U8: []uint8{9, 9, 9, 9, 0, 51, 102, 255}, Max: 255}
	floats := &Images{N: 1, H: 1, W: 1, C: 2, F32: []float32{0.25, -4}, Max: 1}
	third := float32(51) / 255
	for name, c := range map[string]struct {
		im   *Images
		i    int
		p    Preprocess
		want []float32
	}{
		"by 255":      {bytes, 1, Preprocess{}, []float32{0, float32(102) / 255, third, 1}},
		"floats":      {floats, 0, Preprocess{}, []float32{0.25, -4}},
		"scale":       {bytes, 1, Preprocess{Scale: 0.5}, []float32{0, 51, 25.5, 127.5}},
		"mean":        {bytes, 1, Preprocess{Scale: 1, Mean: []float64{2}}, []float32{-2, 100, 49, 253}},
		"per channel": {bytes, 1, Preprocess{Scale: 1, Mean: []float64{2, 1}, Std: []float64{2, 10}}, []float32{-1, 50, 5, 25.4}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.p.Check(c.im.C))
			assert.Equal(t, c.want, c.im.Tensor(c.i, c.p))
		})
	}
}

func TestRange(t *testing.T) {
	bytes := &Images{C: 2, U8: []uint8{}, Max: 255}
	assert.Equal(t, [2]float64{0, 1}, bytes.Range(Preprocess{}))
	assert.Equal(t, [2]float64{-4, 255}, bytes.Range(Preprocess{Scale: 1, Mean: []float64{0, 8}, Std: []float64{1, 2}}))
	assert.Equal(t, [2]float64{}, (&Images{C: 2, F32: []float32{}, Max: 1}).Range(Preprocess{}))
}

func TestPreprocessCheck(t *testing.T) {
	bad := Preprocess{Scale: -1, Mean: []float64{1, 2}, Std: []float64{0, math.NaN(), 1}}
	var ps diag.Problems
	require.ErrorAs(t, bad.Check(3), &ps)
	assert.Len(t, ps, 4)
	assert.Error(t, Preprocess{Scale: math.Inf(1)}.Check(3))
	assert.Error(t, Preprocess{Mean: []float64{math.NaN()}}.Check(3))
	assert.NoError(t, Preprocess{Mean: []float64{1}, Std: []float64{1, 2, 3}}.Check(3))
}

func TestMasks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "masks.npy")
	m := &Masks{N: 2, H: 1, W: 2, Class: []uint8{0, 1, 2, 255}}
	require.NoError(t, m.Save(path))
	got, err := LoadMasks(path, 1, 2)
	require.NoError(t, err)
	assert.Equal(t, m, got)
	assert.Equal(t, []uint8{2, 255}, got.Of(1))

	_, err = LoadMasks(path, 2, 2)
	requireProblem(t, err, "shape [2 1 2], masks of this network have 2 rows x 2 columns")
	require.NoError(t, npy.Write(path, &npy.Array{Shape: []int{1, 1, 2}, Float32: []float32{0, 1}}))
	_, err = LoadMasks(path, 1, 2)
	requireProblem(t, err, "floats")
	require.NoError(t, npy.Write(path, &npy.Array{Shape: []int{1, 1, 2}, Int64: []int64{0, 256}}))
	_, err = LoadMasks(path, 1, 2)
	requireProblem(t, err, "element 1 is 256")
	_, err = LoadMasks(filepath.Join(dir, "none"), 1, 2)
	requireProblem(t, err, "no such file")

	r := image.Rect(0, 0, 2, 1)
	palette := color.Palette{color.Black, color.White, color.RGBA{255, 0, 0, 255}}
	pngs := t.TempDir()
	writePNG(t, filepath.Join(pngs, "a.png"), fill(image.NewGray(r), color.Gray{5}, color.Gray{11}))
	writePNG(t, filepath.Join(pngs, "b.png"), fill(image.NewPaletted(r, palette), palette[2], palette[1]))
	got, err = LoadMasks(pngs, 1, 2)
	require.NoError(t, err)
	assert.Equal(t, &Masks{N: 2, H: 1, W: 2, Class: []uint8{5, 11, 2, 1}}, got)
	got, err = LoadMasks(filepath.Join(pngs, "b.png"), 1, 2)
	require.NoError(t, err)
	assert.Equal(t, []uint8{2, 1}, got.Class)
	writePNG(t, filepath.Join(pngs, "c.png"), image.NewNRGBA(r))
	_, err = LoadMasks(pngs, 1, 2)
	requireProblem(t, err, "colours, not class numbers")
}
