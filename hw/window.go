package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// windowSpec is everything a window generator depends on; equal specs share one definition.
type windowSpec struct {
	elem     rtl.Type // of one activation
	pad      int64    // what lies outside the image
	lanes    int      // of the input stream
	beats    int      // of one input pixel
	walk     [2]plan.Walk
	fold     plan.Folding
	rows     int  // image rows in the line buffer
	groups   int  // groups of a pixel: output channels over PE
	pooling  bool // groups walk over channels and meet every tap; else each group meets all channels
	interval int  // least cycles from one group's start to the next
	out      outSpec
}

// outSpec is what the window must know of the stage's output to start a group only when it will fit.
type outSpec struct {
	beats int // of one output pixel
	group int // beats of one group; the last of a pixel may have fewer
	room  int // beats that the output FIFO has room for
}

// last is the number of beats of a pixel's last group.
func (o outSpec) last(groups int) int { return o.beats - (groups-1)*o.group }

// words is the number of line buffer words of a pixel.
func (s *windowSpec) words() int { return ceilDiv(s.beats*s.lanes, s.fold.Cw) }

// taps is how many steps the taps take, per dimension.
func (s *windowSpec) taps() (ty, tx int) {
	return s.walk[0].Taps / s.fold.TapY, s.walk[1].Taps / s.fold.TapX
}

// steps is the number of cycles of a group's issue.
func (s *windowSpec) steps() int {
	ty, tx := s.taps()
	if s.pooling {
		return ty * tx
	}
	return ty * tx * s.words()
}

func (s *windowSpec) word() rtl.Type { return s.elem.Vec(s.fold.Cw) }

// bankDepth is the number of words of one bank of the line buffer.
func (s *windowSpec) bankDepth() int {
	return s.rows / s.fold.TapY * ceilDiv(s.walk[1].In, s.fold.TapX) * s.words()
}

func (s *windowSpec) doc() string {
	y, x := s.walk[0], s.walk[1]
	return fmt.Sprintf("Window generator: %dx%d pixels of %d words in, %d taps out of %dx%d a cycle.\n"+
		"It keeps %d image rows in a circular line buffer and reads the window of each output pixel\n"+
		"from it, group by group, as long as the stage's output has room. %s outside the image.",
		y.In, x.In, s.words(), s.fold.TapY*s.fold.TapX, y.Taps, x.Taps, s.rows, padName(s.pad))
}

func padName(v int64) string { return fmt.Sprintf("Value %d", v) }

// window is the module under construction: nodes that its parts share.
type window struct {
	*windowSpec
	m *rtl.Module

	wRow, wCol, wSlot *rtl.Node // the pixel to be written next: absolute row, column, line buffer row
	rowBits           int       // width of absolute row numbers, which wrap

	rd reader
}

// window generates the windows of an image. Output x holds TapY*TapX*Cw lanes: tap rows, tap columns,
// channels. For a convolution w_addr and w_en read the weights that meet x, two cycles ahead of it.
func (b *builder) window(s windowSpec) *rtl.Module {
	key := fmt.Sprintf("%+v", s)
	return b.shared("window", key, func(name string) *rtl.Module {
		w := &window{windowSpec: &s, m: rtl.NewModule(name, s.doc())}
		m := w.m
		inValid := m.In("in_valid", rtl.U(1))
		inData := m.In("in_data", s.elem.Vec(s.lanes))
		popped := m.In("popped", rtl.U(1))

		// The writer may be rows ahead of the reader or, after a skipped tail, a whole frame behind.
		w.rowBits = rtl.BitsFor(s.walk[0].In+s.rows+s.walk[0].Span()) + 2
		rowReg := m.Reg("write_row", rtl.U(w.rowBits), 0)
		w.wRow = rowReg.Q
		pixel := newCounterSlot(m, "write_col", s.walk[1].In)
		w.wCol = pixel.q

		w.position()
		ready := w.space()
		accept := inValid.And(ready).Named("accept")
		banks := w.write(accept, inData, pixel, rowReg)
		w.control(popped)
		w.read(banks)
		m.Out("in_ready", ready)
		return m
	})
}

// counterSlot is a counter whose enable is known only later.
type counterSlot struct {
	reg     *rtl.Reg
	q, last *rtl.Node
	n       int
}

func newCounterSlot(m *rtl.Module, name string, n int) *counterSlot {
	if n == 1 {
		return &counterSlot{q: m.Const(rtl.U(1), 0), last: m.Bit(true), n: n}
	}
	r := m.Reg(name, index(n), 0)
	return &counterSlot{reg: r, q: r.Q, last: r.Q.EqI(int64(n - 1)).Named(name + "_last"), n: n}
}

func (c *counterSlot) step(enable *rtl.Node) {
	if c.reg != nil {
		c.reg.SetIf(enable, c.last.MuxI(0, c.q.AddI(1)))
	}
}
