package plan

import "rampart/ir/fixed"

// setWalks derives how each window moves.
func (p *Plan) setWalks() {
	for _, st := range p.Stages {
		st.Walk = st.walks()
	}
}

// walks is how a stage's window moves, if it has one; a 1x1 window without stride or padding sees its
// image as one long column of pixels and needs no rows buffered.
func (s *Stage) walks() [2]Walk {
	var w fixed.Window
	transposed := false
	switch op := s.op().(type) {
	case *fixed.Conv:
		w, transposed = op.Window, op.Transposed
	case *fixed.MaxPool:
		w = op.Window
	default:
		return [2]Walk{}
	}
	in, out := s.Node.In[0].Shape, s.Node.Out.Shape
	if w.Kernel == [2]int{1, 1} && w.Stride == [2]int{1, 1} && in.H == out.H && in.W == out.W && w.Before == [2]int{} {
		return [2]Walk{Flat(in.H * in.W), Flat(1)}
	}
	return [2]Walk{NewWalk(w, transposed, 0, in.H, out.H), NewWalk(w, transposed, 1, in.W, out.W)}
}

// setRows gives every line buffer the rows that its window needs.
func (p *Plan) setRows() {
	for _, st := range p.Stages {
		if st.Kind == Conv || st.Kind == Pool {
			st.Rows = st.leastRows()
		}
	}
}

// leastRows are the rows under the window, and those that arrive while an output row is under way.
// Parallel tap rows need the rows spread evenly over their banks.
func (s *Stage) leastRows() int {
	y := s.Walk[0]
	rows := y.Span() + max(1, y.Advance)
	if y.Phases > 1 || y.Taps == 1 {
		rows++
	}
	return ceilDiv(rows, s.Fold.TapY) * s.Fold.TapY
}
