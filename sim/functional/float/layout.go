package float

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/graph"
	"rampart/sim/functional/float/kernel"
)

// value is where a value of the network lies in memory: planes of rows, with zeros around and between them for
// windows that reach over the edge. The zeros right of a row are those left of the next, and the zeros below a
// plane those above the next.
type value struct {
	*graph.Value
	row, plane int // elements from row to row, from channel to channel
	origin     int // element of channel 0, row 0, column 0
	size       int // elements in all
}

// border is how far windows reach over the edges of a value, in rows above or below and columns beside.
type border struct{ rows, cols int }

func (b *border) grow(o border) { b.rows, b.cols = max(b.rows, o.rows), max(b.cols, o.cols) }

// limit is how many elements a value may take with its zeros: those of a window that is nearly all padding
// could take all memory.
const limit = 1 << 29

func newValue(v *graph.Value, b border) (value, error) {
	s := v.Shape
	m := value{Value: v, row: s.W + b.cols}
	m.plane = m.row * (s.H + b.rows)
	m.origin = b.rows*m.row + b.cols
	m.size = m.origin + s.C*m.plane + kernel.Slack
	if max(m.plane, m.size) > limit { // either: the product of a plane beyond the limit may overflow
		return m, diag.Problem{
			At: v.Name, What: fmt.Sprintf("%v with the padding of the windows that read it is more than %d numbers", s, limit),
			Remedy: "make the padding of these windows smaller than their kernels",
		}
	}
	return m, nil
}

// at is the element of a channel, row and column.
func (m *value) at(c, y, x int) int { return m.origin + c*m.plane + y*m.row + x }

// coordinates takes apart an index into a tensor of this shape.
func coordinates(s graph.Shape, index int) (c, y, x int) {
	return index / (s.H * s.W), index / s.W % s.H, index % s.W
}

// runs calls f for the pieces of a rect of channel c that lie side by side in two values of one shape, as
// elements of each.
func runs(a, b *value, ca, cb int, r rect, f func(a, b, n int)) {
	n := r.x1 - r.x0
	if n == a.row && n == b.row {
		f(a.at(ca, r.y0, 0), b.at(cb, r.y0, 0), n*(r.y1-r.y0))
		return
	}
	for y := r.y0; y < r.y1; y++ {
		f(a.at(ca, y, r.x0), b.at(cb, y, r.x0), n)
	}
}
