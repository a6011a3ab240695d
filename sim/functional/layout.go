package functional

import (
	"math"
	"slices"

	"rampart/ir/fixed"
)

// image is a piece of memory that holds one value, or the values that a Concat joins side by side: rows of
// pixels of channels, the channels padded to an even number, with a border of the zero point for windows that
// reach over the edge. Values above 16 bits, which no convolution reads, lie in int32 without a border.
type image struct {
	h, w   int
	step   int // elements of a pixel
	row    int // elements of a row
	origin int // the element of channel 0 of pixel (0, 0)
	size   int // elements in all
	fill   int16
	wide   bool
}

// at is the element of channel 0 of a pixel.
func (m *image) at(y, x int) int { return m.origin + y*m.row + x*m.step }

// value is where a value of the network lies.
type value struct {
	*fixed.Value
	image   int
	channel int   // the first one within the image's pixels
	offset  int64 // what is stored is the value less offset, so that 16 unsigned bits fit int16
	own     bool  // no other value is restored along with it
	last    int   // the last node that reads it, -1 for none
}

// border is room around an image.
type border struct{ top, bottom, left, right int }

func (b *border) grow(o border) {
	b.top, b.bottom = max(b.top, o.top), max(b.bottom, o.bottom)
	b.left, b.right = max(b.left, o.left), max(b.right, o.right)
}

// wide tells whether a value needs int32.
func wide(v *fixed.Value) bool { return v.Format.Bits > 16 }

// offset is what is taken off a value to store it.
func offset(v *fixed.Value) int64 {
	if v.Format.Bits == 16 && !v.Format.Signed {
		return -math.MinInt16
	}
	return 0
}

// joined finds for each value the Concat in whose image it can lie, so that joining costs nothing, and at
// which channel: it must start at an even one, and only the last may have an odd number.
func joined(net *fixed.Net) map[*fixed.Value]place {
	results := map[*fixed.Value]bool{}
	for _, n := range net.Nodes {
		if _, ok := n.Op.(*fixed.Concat); ok {
			results[n.Out] = true
		}
	}
	found := map[*fixed.Value]place{}
	for _, n := range net.Nodes {
		if _, ok := n.Op.(*fixed.Concat); !ok {
			continue
		}
		at := 0
		for i, v := range n.In {
			_, taken := found[v]
			if !taken && !results[v] && at%2 == 0 && (v.Shape.C%2 == 0 || i == len(n.In)-1) {
				found[v] = place{n.Out, at}
			}
			at += v.Shape.C
		}
	}
	return found
}

// place is a channel of a value.
type place struct {
	in      *fixed.Value
	channel int
}

// layOut decides where all values lie. Borders are what the readers of each value need.
func layOut(net *fixed.Net, borders map[*fixed.Value]border) ([]value, []image) {
	all := slices.Clone(net.Inputs)
	for _, n := range net.Nodes {
		all = append(all, n.Out)
	}
	host := joined(net)
	room := map[*fixed.Value]border{}
	for _, v := range all {
		home := v
		if p, ok := host[v]; ok {
			home = p.in
		}
		b := room[home]
		b.grow(borders[v])
		room[home] = b
	}
	var images []image
	home := map[*fixed.Value]int{}
	values := make([]value, len(all))
	for i, v := range all {
		values[i] = value{Value: v, offset: offset(v), own: true, last: -1}
		if _, ok := host[v]; !ok {
			home[v] = len(images)
			images = append(images, newImage(v, room[v]))
		}
	}
	for i, v := range all {
		p, ok := host[v]
		if !ok {
			p.in = v
		}
		values[i].image, values[i].channel, values[i].own = home[p.in], p.channel, !ok
	}
	return values, images
}

func newImage(v *fixed.Value, b border) image {
	m := image{h: v.Shape.H, w: v.Shape.W, wide: wide(v)}
	if m.wide {
		m.step, m.row = v.Shape.C, v.Shape.C*v.Shape.W
		m.size = m.row * m.h
		return m
	}
	m.step = (v.Shape.C + 1) &^ 1
	m.row = m.step * (b.left + m.w + b.right)
	m.origin = b.top*m.row + b.left*m.step
	m.size = m.row * (b.top + m.h + b.bottom)
	m.fill = int16(v.Zero - offset(v))
	return m
}
