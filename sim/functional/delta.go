package functional

// delta is what has been added to a convolution's accumulators, in their layout; one serves all convolutions
// in turn and is zero in between.
type delta struct {
	acc    []int32
	lo, hi []int32 // per row, border included: the columns that may not be zero; none where lo >= hi
	top    int     // rows top <= y < bottom, border included, have such columns
	bottom int
}

// fit makes room for a convolution.
func (d *delta) fit(c *conv, size int, mem *memory) {
	if d.acc == nil {
		d.acc = take[int32](mem, size)
	}
	if n := c.g.ys.before + c.shape.H + c.g.ys.after; len(d.lo) < n {
		d.lo, d.hi = make([]int32, n), make([]int32, n)
	}
}

// touch says that columns lo <= x < hi of a row, border included, may change.
func (d *delta) touch(y, lo, hi int) {
	if d.lo[y] >= d.hi[y] {
		d.lo[y], d.hi[y] = int32(lo), int32(hi)
	} else {
		d.lo[y], d.hi[y] = min(d.lo[y], int32(lo)), max(d.hi[y], int32(hi))
	}
	if d.top >= d.bottom {
		d.top, d.bottom = y, y+1
	} else {
		d.top, d.bottom = min(d.top, y), max(d.bottom, y+1)
	}
}

// zero makes the delta of a convolution zero again.
func (d *delta) zero(c *conv) {
	for y := d.top; y < d.bottom; y++ {
		if d.lo[y] < d.hi[y] {
			clear(d.acc[y*c.row+int(d.lo[y])*c.shape.C : y*c.row+int(d.hi[y])*c.shape.C])
		}
		d.lo[y], d.hi[y] = 0, 0
	}
	d.top, d.bottom = 0, 0
}
