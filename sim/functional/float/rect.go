package float

import "rampart/ir/graph"

// rect is the part of a channel with y0 <= row < y1 and x0 <= column < x1. The zero rect is empty.
type rect struct{ y0, y1, x0, x1 int }

// whole is all of a channel.
func whole(s graph.Shape) rect { return rect{0, s.H, 0, s.W} }

func (r rect) empty() bool { return r.y0 >= r.y1 || r.x0 >= r.x1 }

// holds tells whether all of o, which is not empty, lies within r.
func (r rect) holds(o rect) bool {
	return r.y0 <= o.y0 && o.y1 <= r.y1 && r.x0 <= o.x0 && o.x1 <= r.x1
}

// join is the least rect that holds both.
func (r rect) join(o rect) rect {
	switch {
	case r.empty():
		return o
	case o.empty():
		return r
	}
	return rect{min(r.y0, o.y0), max(r.y1, o.y1), min(r.x0, o.x0), max(r.x1, o.x1)}
}

// joined is the least rect that holds all.
func joined(rs []rect) rect {
	var all rect
	for _, r := range rs {
		all = all.join(r)
	}
	return all
}
