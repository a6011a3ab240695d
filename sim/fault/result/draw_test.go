package result

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gridOf is a grid of rates; below 0 stands for none struck.
func gridOf(rates ...[]float64) *Grid {
	g := &Grid{Outcome: HarmfulOnes()}
	for i, row := range rates {
		g.Layers = append(g.Layers, fmt.Sprintf("layer_%d", i))
		g.Rate = append(g.Rate, make([]*float64, len(row)))
		for k := range row {
			if i == 0 {
				g.Bits = append(g.Bits, int32(k))
			}
			if row[k] >= 0 {
				g.Rate[i][k] = &row[k]
			}
		}
	}
	return g
}

func drawn(t *testing.T, draw func(io.Writer, string) error, format string) []byte {
	t.Helper()
	var a, b bytes.Buffer
	require.NoError(t, draw(&a, format))
	require.NoError(t, draw(&b, format))
	require.True(t, bytes.Equal(a.Bytes(), b.Bytes()), "same picture, other bytes")
	return a.Bytes()
}

func decoded(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return img
}

// centre is the middle of the pixels of a colour left of the colour bar, and how many there are.
func centre(img image.Image, c color.RGBA) (x, y float64, n int) {
	b := img.Bounds()
	for py := b.Min.Y; py < b.Max.Y; py++ {
		for px := b.Min.X; px < b.Max.X-barWidth*96/72; px++ {
			r, g, bl, _ := img.At(px, py).RGBA()
			if uint8(r>>8) == c.R && uint8(g>>8) == c.G && uint8(bl>>8) == c.B {
				x, y, n = x+float64(px), y+float64(py), n+1
			}
		}
	}
	return x / float64(max(n, 1)), y / float64(max(n, 1)), n
}

func TestHeatMap(t *testing.T) {
	// Bottom left nothing was struck; top right is where the middle of the colours is.
	g := gridOf([]float64{0, 0.2}, []float64{-1, 0.4})
	img := decoded(t, drawn(t, g.Draw, "png"))
	cx, cy, n := centre(img, nothing)
	assert.Greater(t, n, 1000)
	x, y := int(cx), int(cy)
	assert.Greater(t, y, img.Bounds().Dy()/2-10, "the second layer is below")
	grey := img.At(x, y)
	right, up := x, y // the first pixels of the neighbours
	for img.At(right, y) == grey {
		right++
	}
	for img.At(x, up) == grey {
		up--
	}
	level := func(x, y int) (r, g, b uint32) { r, g, b, _ = img.At(x, y).RGBA(); return r >> 8, g >> 8, b >> 8 }
	r, gr, b := level(right+5, up-5)
	assert.Greater(t, r, gr+b, "half the greatest rate is red")
	r, gr, b = level(right+5, y)
	assert.Less(t, r+gr+b, uint32(60), "the greatest is black")
	r, gr, b = level(x, up-5)
	assert.Greater(t, r+gr+b, uint32(3*245), "0 is white")

	svg := string(drawn(t, g.Draw, "svg"))
	for _, label := range []string{"layer_0", "layer_1", ">bit<", ">0<", ">1<", "rate of harmful faults", "40 %", "20 %", "0 %"} {
		assert.Contains(t, svg, label)
	}
	other := gridOf([]float64{0, 0.2}, []float64{0.1, 0.4})
	assert.NotEqual(t, drawn(t, g.Draw, "png"), drawn(t, other.Draw, "png"))
	_, _, n = centre(decoded(t, drawn(t, other.Draw, "png")), nothing)
	assert.Less(t, n, 100, "all were struck")
}

func TestHeatMapsOfAllSizes(t *testing.T) {
	for name, c := range map[string]struct{ layers, bits, labels int }{
		"one field": {1, 1, 1}, "a column": {40, 1, 40}, "a row": {1, 300, 1}, "many": {120, 20, 120}, "too many for all labels": {1500, 4, 750},
	} {
		t.Run(name, func(t *testing.T) {
			g := &Grid{Outcome: Set{NaN}}
			for bit := range c.bits {
				g.Bits = append(g.Bits, int32(bit))
			}
			for i := range c.layers {
				g.Layers = append(g.Layers, fmt.Sprintf("/a/very/long/path/to/a/layer/of/a/network/block.%d/Conv", i))
				g.Rate = append(g.Rate, make([]*float64, c.bits))
				zero := 0.0
				g.Rate[i][0] = &zero
			}
			var b bytes.Buffer
			require.NoError(t, g.Draw(&b, "svg"))
			svg := b.String()
			assert.Equal(t, c.labels, strings.Count(svg, "/Conv<"), "labels")
			assert.Contains(t, svg, "...")
			assert.Contains(t, svg, "100 %", "where all rates are 0, the colours go to 1")
			if c.layers <= 40 {
				size := decoded(t, drawn(t, g.Draw, "png")).Bounds()
				assert.Less(t, size.Dx()*size.Dy(), 4<<20)
			}
		})
	}
}

func TestHeatMapOfNothing(t *testing.T) {
	g := &Grid{Outcome: Set{NaN}}
	assert.Contains(t, string(drawn(t, g.Draw, "svg")), "no fault of a single bit was struck")
	decoded(t, drawn(t, g.Draw, "png"))
	assert.Error(t, g.Draw(io.Discard, "bmp"))
}

func TestCriticalBars(t *testing.T) {
	s := &Summary{Outcome: Set{Critical, NaN}}
	assert.Contains(t, string(drawn(t, s.DrawCritical, "svg")), "no critical,nan fault")
	for i := range 1000 {
		s.Worst = append(s.Worst, Bit{Fault: fmt.Sprintf("conv.weight[%d].7", i), Drop: 1 / float64(i+1)})
		switch i {
		case 0, 19:
			svg := string(drawn(t, s.DrawCritical, "svg"))
			assert.Equal(t, i+1, strings.Count(svg, ".7<"))
			assert.Contains(t, svg, "drop of mIoU")
			assert.Contains(t, svg, "the worst critical,nan faults")
		}
	}
	assert.NotEmpty(t, drawn(t, s.DrawCritical, "svg"))
	img := decoded(t, drawn(t, (&Summary{Worst: s.Worst[:2]}).DrawCritical, "png"))
	_, y, n := centre(img, ink)
	assert.Greater(t, n, 1000)
	assert.Less(t, y, float64(img.Bounds().Dy())/2, "the longer bar is at the top")
}
