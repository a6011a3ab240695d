package float

// splitter takes the columns of a value apart for convolutions that step over columns, so that what neighbouring
// outputs read lies side by side: column x of channel c becomes column x/by of channel c*by + x%by.
type splitter struct{ in, out, by int }

// part is the columns q of phase p with x0 <= q*by + p < x1.
func (s *splitter) part(p, x0, x1 int) (from, to int) {
	return max(0, ceil(x0-p, s.by)), ceil(x1-p, s.by)
}

func (s *splitter) reach(w *Worker, todo []rect) {
	for c, r := range w.changed[s.in] {
		for p := range s.by {
			x0, x1 := s.part(p, r.x0, r.x1)
			todo[c*s.by+p] = rect{r.y0, r.y1, x0, x1}
		}
	}
}

func (s *splitter) compute(w *Worker, first, count int, r rect, _ []Patch) {
	in, out := &w.e.values[s.in], &w.e.values[s.out]
	from, to := w.now[s.in], w.now[s.out]
	for c := first; c < first+count; c++ {
		x0, x1 := s.part(c%s.by, r.x0*s.by+c%s.by, min(in.Shape.W, r.x1*s.by+c%s.by))
		for y := r.y0; y < r.y1; y++ {
			line := from[in.at(c/s.by, y, 0):][:in.Shape.W]
			row := to[out.at(c, y, 0):][:out.Shape.W]
			for x := x0; x < x1; x++ {
				row[x] = line[x*s.by+c%s.by]
			}
		}
	}
}
