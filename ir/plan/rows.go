package plan

import "rampart/ir/fixed"

// setWalks derives how each window moves; a 1x1 window without stride or padding sees its image as
// one long column of pixels and needs no rows buffered.
func (p *Plan) setWalks() {
	for _, st := range p.Stages {
		var w fixed.Window
		transposed := false
		switch op := st.op().(type) {
		case *fixed.Conv:
			w, transposed = op.Window, op.Transposed
		case *fixed.MaxPool:
			w = op.Window
		default:
			continue
		}
		in, out := st.Node.In[0].Shape, st.Node.Out.Shape
		if w.Kernel == [2]int{1, 1} && w.Stride == [2]int{1, 1} && in.H == out.H && in.W == out.W && w.Before == [2]int{} {
			st.Walk = [2]Walk{Flat(in.H * in.W), Flat(1)}
			continue
		}
		st.Walk = [2]Walk{NewWalk(w, transposed, 0, in.H, out.H), NewWalk(w, transposed, 1, in.W, out.W)}
	}
}

// setRows sizes the line buffers: the rows under the window, and those that arrive while an output row
// is under way. Parallel tap rows need the rows spread evenly over their banks.
func (p *Plan) setRows() {
	for _, st := range p.Stages {
		if st.Kind != Conv && st.Kind != Pool {
			continue
		}
		y := st.Walk[0]
		rows := y.Span() + max(1, y.Advance)
		if y.Phases > 1 || y.Taps == 1 {
			rows++
		}
		st.Rows = ceilDiv(rows, st.Fold.TapY) * st.Fold.TapY
	}
}
