package functional

import (
	"rampart/ir/fixed"
	"rampart/sim/functional/kernel"
)

// scratch is memory for the steps of a node.
type scratch struct {
	sums, row []int32 // of the dense kernel, and laid out as a row of pixels
	line      []int32 // a row of a value
	bytes     []uint8 // a row of classes
	mask      []uint64
	pixels    []uint64 // of touched
	line64    []uint64 // a row of bits
	band      []int32

	changes []change
	rows    []int // per input row: its first change
	dx      []uint32
	pairs   []int32
	from    []int32 // per input row and column: the first entry of dx and pairs; a column more than the input has
	segs    []kernel.Segment
	starts  []int
	lanes   []int64
	marks   marks

	changed   []uint8 // the image of bytes
	unchanged []uint8 // a row of it
}

// newScratch is enough for every node of the engine.
func newScratch(e *Engine, mem *memory) scratch {
	var s scratch
	changed, line := 0, 0
	sums, row, mask, width, pixels, height, entries, from, band := 0, 0, 0, 0, 0, 0, 0, 0, 0
	for i := range e.images {
		mask = max(mask, e.images[i].row/64+1)
	}
	for i := range e.values {
		v := e.values[i].Shape
		row, width = max(row, v.W*v.C), max(width, v.W)
		height, pixels = max(height, v.H), max(pixels, v.H*((v.W+63)/64))
	}
	for i := range e.nodes {
		c, ok := e.nodes[i].op.(*conv)
		if !ok {
			continue
		}
		in := c.src.Shape
		if v := c.weave; v != nil {
			band = max(band, v.fan.Targets(v.rows+2*v.fan.Span)*v.row)
		}
		for _, v := range c.bytes {
			changed, line = max(changed, v.rows*v.row), max(line, v.row)
			for k := range v.parts {
				p := &v.parts[k]
				sums = max(sums, p.strip.count(c.shape.W)*p.blocks*kernel.Lanes)
			}
		}
		entries = max(entries, c.entries())
		from = max(from, in.H*(in.W+1))
		for _, parts := range c.parts {
			for k := range parts {
				p := &parts[k]
				sums = max(sums, p.strip.count(c.shape.W)*p.blocks*kernel.Lanes)
			}
		}
	}
	s.sums, s.row, s.line = make([]int32, sums), make([]int32, row), make([]int32, row)
	s.bytes, s.mask, s.line64 = make([]uint8, width), make([]uint64, mask), make([]uint64, width/64+1)
	s.dx, s.pairs, s.from = take[uint32](mem, entries), take[int32](mem, entries), make([]int32, from)
	s.band = make([]int32, band)
	s.changed, s.unchanged = make([]uint8, changed), make([]uint8, line)
	for i := range s.unchanged {
		s.unchanged[i] = 128
	}
	s.pixels, s.rows = make([]uint64, pixels), make([]int, height+1)
	return s
}

// touched is marks for a value of this shape, none set. They hold until the next call.
func (s *scratch) touched(shape fixed.Shape) *marks {
	words := (shape.W + 63) / 64
	s.marks = marks{width: shape.W, words: words, bits: s.pixels[:shape.H*words]}
	clear(s.marks.bits)
	return &s.marks
}

func eachPixel(s fixed.Shape, f func(y, x int)) {
	for y := range s.H {
		for x := range s.W {
			f(y, x)
		}
	}
}

// entries is how many changes of pairs of channels the input may have.
func (c *conv) entries() int {
	in, most := c.src.Shape, 1
	if c.src.Format.Bits == 16 {
		most = 3 // see split
	}
	return most*in.H*in.W*((in.C+1)/2) + kernel.Lanes
}
