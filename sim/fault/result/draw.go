package result

import (
	"fmt"
	"image/color"
	"io"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	_ "gonum.org/v1/plot/vg/vgimg" // makes "png" known to draw.NewFormattedCanvas
	_ "gonum.org/v1/plot/vg/vgsvg" // and "svg"
)

// Sizes of the pictures, in points: 72 are an inch, or 96 pixels of PNG.
const (
	labelSize = 8
	lineSize  = 12   // from one label to the next, where there is room
	longest   = 6000 // no picture is higher or wider than about this
	barWidth  = 90   // the colour bar with its labels
	margins   = 90   // title, axis and its label, and
	edge      = 10   // what stays white around
	charWidth = 5    // about, at labelSize
)

var (
	nothing = color.RGBA{222, 222, 222, 255} // where no fault struck
	ink     = color.RGBA{42, 96, 153, 255}   // of bars
)

// Draw writes the grid as a heat map, "png" or "svg": layers from top to bottom, bits from left to right.
func (g *Grid) Draw(w io.Writer, format string) error {
	p := newPlot(fmt.Sprintf("rate of %s faults (grey: none struck)", g.Outcome))
	p.X.Label.Text = "bit"
	width, height := vg.Length(400), vg.Length(120)
	colours := palette.Reverse(moreland.ExtendedBlackBody())
	colours.SetMin(0)
	colours.SetMax(g.greatest())
	if len(g.Layers) > 0 {
		p.Add(fields{g, colours})
		cell := clamp(640/vg.Length(len(g.Bits)), 3, 16)
		line := clamp(longest/vg.Length(len(g.Layers)), 1, lineSize)
		p.X.Tick.Marker = g.bitTicks(cell)
		names, chars := g.layerTicks(line)
		p.Y.Tick.Marker = names
		width = max(width, cell*vg.Length(len(g.Bits))+vg.Length(chars)*charWidth+margins+barWidth)
		height = max(height, line*vg.Length(len(g.Layers))+margins)
	} else {
		p.Title.Text = "no fault of a single bit was struck"
		p.HideAxes()
	}
	c, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return fmt.Errorf("draw a heat map: %w", err)
	}
	all := draw.New(c)
	p.Draw(draw.Crop(all, edge, -barWidth, edge, -edge))
	scale := newPlot("")
	scale.Add(&plotter.ColorBar{ColorMap: colours, Vertical: true, Colors: 255})
	scale.HideX()
	scale.Y.Tick.Marker = percentTicks(colours.Max())
	scale.Y.Padding = 0
	scale.Draw(draw.Crop(all, width-barWidth+20, -20, max(40, height-400), -2*edge))
	return write(w, c)
}

// greatest is the upper end of the colours, 1 where all rates are 0.
func (g *Grid) greatest() float64 {
	m := 0.0
	for _, row := range g.Rate {
		for _, rate := range row {
			if rate != nil {
				m = max(m, *rate)
			}
		}
	}
	if m == 0 {
		return 1
	}
	return m
}

// fields plots a grid: the k-th bit around x = k, the k-th layer around y = -k. (plotter.HeatMap leaves out
// fields at the edges where rounding puts them outside by a hair.)
type fields struct {
	*Grid
	colours palette.ColorMap
}

func (f fields) DataRange() (xmin, xmax, ymin, ymax float64) {
	return -0.5, float64(len(f.Bits)) - 0.5, 0.5 - float64(len(f.Layers)), 0.5
}

func (f fields) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for i, row := range f.Rate {
		for k, rate := range row {
			left, right := toX(float64(k)-0.5), toX(float64(k)+0.5)
			low, high := toY(-float64(i)-0.5), toY(-float64(i)+0.5)
			c.SetColor(f.colour(rate))
			c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: low}, Max: vg.Point{X: right, Y: high}}.Path())
		}
	}
}

func (f fields) colour(rate *float64) color.Color {
	if rate == nil {
		return nothing
	}
	c, err := f.colours.At(*rate)
	if err != nil {
		panic(fmt.Sprintf("BUG: result: no colour for the rate %v of at most %v: %v", *rate, f.colours.Max(), err))
	}
	return c
}

// bitTicks labels as many bits as there is room for.
func (g *Grid) bitTicks(cell vg.Length) plot.ConstantTicks {
	digits := 1
	for _, bit := range g.Bits {
		digits = max(digits, len(strconv.Itoa(int(bit))))
	}
	each := step(vg.Length(digits+1) * charWidth / cell)
	var ticks plot.ConstantTicks
	for k, bit := range g.Bits {
		if int(bit)%each == 0 {
			ticks = append(ticks, plot.Tick{Value: float64(k), Label: strconv.Itoa(int(bit))})
		}
	}
	return ticks
}

// layerTicks labels as many layers as there is room for, and tells the longest label.
func (g *Grid) layerTicks(line vg.Length) (ticks plot.ConstantTicks, chars int) {
	each := step(labelSize / line)
	for k, layer := range g.Layers {
		if k%each == 0 {
			label := cut(name(layer), 40)
			chars = max(chars, len([]rune(label)))
			ticks = append(ticks, plot.Tick{Value: -float64(k), Label: label})
		}
	}
	return ticks, chars
}

// step is the least of 1, 2, 4, 8, ... that is not below n.
func step(n vg.Length) int {
	s := 1
	for vg.Length(s) < n {
		s *= 2
	}
	return s
}

// percentTicks labels five rates from 0 to the greatest.
func percentTicks(greatest float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for k := range 5 {
		v := greatest * float64(k) / 4
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(100*v, 'g', 3, 64) + " %"})
	}
	return ticks
}

// DrawCritical writes the list of the worst faults as bars, "png" or "svg": the worst at the top.
func (s *Summary) DrawCritical(w io.Writer, format string) error {
	p := newPlot(fmt.Sprintf("the worst %s faults", s.Outcome))
	p.X.Label.Text = "drop of mIoU"
	p.X.Min = 0
	width, height := vg.Length(500), vg.Length(120)
	if n := len(s.Worst); n > 0 {
		line := clamp(longest/vg.Length(n), 2, lineSize+2)
		drops := make(plotter.Values, n)
		var ticks plot.ConstantTicks
		chars, each := 0, step(labelSize/line)
		for i, b := range s.Worst {
			drops[n-1-i] = b.Drop
			if i%each == 0 {
				label := cut(b.Fault, 60)
				chars = max(chars, len([]rune(label)))
				ticks = append(ticks, plot.Tick{Value: float64(n - 1 - i), Label: label})
			}
		}
		bars, err := plotter.NewBarChart(drops, line*0.7)
		if err != nil {
			return fmt.Errorf("draw bars: %w", err)
		}
		bars.Horizontal, bars.Color, bars.LineStyle.Width = true, ink, 0
		p.Add(bars)
		p.Y.Tick.Marker = ticks
		p.Y.Min, p.Y.Max = -0.5, float64(n)-0.5
		width += vg.Length(chars) * charWidth
		height = max(height, line*vg.Length(n)+margins)
	} else {
		p.Title.Text = s.none()
		p.HideAxes()
	}
	c, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return fmt.Errorf("draw bars: %w", err)
	}
	p.Draw(draw.Crop(draw.New(c), edge, -2*edge, edge, -edge))
	return write(w, c)
}

func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = 11
	p.X.Label.TextStyle.Font.Size = 9
	p.X.Tick.Label.Font.Size, p.Y.Tick.Label.Font.Size = labelSize, labelSize
	p.X.Padding, p.Y.Padding = 2, 2
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font} {
		f.Variant = "Sans"
	}
	return p
}

func write(w io.Writer, c vg.CanvasWriterTo) error {
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write a picture: %w", err)
	}
	return nil
}

// cut shortens a name to n characters; what tells names apart is mostly at their ends.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return "..." + string(r[len(r)-n+3:])
}

func clamp(v, low, high vg.Length) vg.Length { return min(max(v, low), high) }
