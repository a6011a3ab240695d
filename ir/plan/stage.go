package plan

import "rampart/ir/fixed"

// Words is the number of line buffer words of an input pixel.
func (s *Stage) Words() int { return ceilDiv(len(s.In[0].Layout), s.Fold.Cw) }

// Groups is how many groups of results make an output pixel: output channels over PE for a
// convolution, channels over Cw for a pool.
func (s *Stage) Groups() int {
	if s.Kind == Pool {
		return s.Words()
	}
	return ceilDiv(len(s.Out[0].Layout), s.Fold.PE)
}

// Steps is the number of cycles in which the windows of one group are issued.
func (s *Stage) Steps() int {
	taps := s.Walk[0].Taps / s.Fold.TapY * (s.Walk[1].Taps / s.Fold.TapX)
	if s.Kind == Pool {
		return taps
	}
	return taps * s.Words()
}

// GroupBeats is the number of output beats of a full group.
func (s *Stage) GroupBeats() int {
	if s.Kind == Pool {
		return s.Fold.Cw / s.Out[0].Lanes
	}
	return s.Fold.PE / s.Out[0].Lanes
}

// Interval is the least number of cycles from the start of one group to the next: its steps, or the
// beats that it becomes.
func (s *Stage) Interval() int { return max(s.Steps(), s.GroupBeats()) }

// Cycles is the number of cycles that the stage needs for an image when nothing holds it up.
func (s *Stage) Cycles() int {
	switch s.Kind {
	case Conv, Pool:
		return max(s.In[0].FrameBeats(), s.Walk[0].Out*s.Walk[1].Out*s.Groups()*s.Interval())
	default:
		most := 0
		total := 0
		for _, in := range s.In {
			total += in.FrameBeats()
		}
		for _, out := range s.Out {
			most = max(most, out.FrameBeats())
		}
		return max(most, total)
	}
}

// Multipliers is the number of products the stage forms in a cycle, those of a checksum among them; 0 unless it
// is a convolution.
func (s *Stage) Multipliers() int {
	op, ok := s.op().(*fixed.Conv)
	switch {
	case !ok:
		return 0
	case op.Checksum:
		return s.Fold.Multipliers() + s.Fold.SIMD()
	}
	return s.Fold.Multipliers()
}

// Pipeline is the number of cycles from the last issue of a group to the push of its first output
// beat.
func (s *Stage) Pipeline() int {
	switch op := s.op().(type) {
	case *fixed.Conv:
		return issueToWindow + TreeStages(s.Fold.SIMD()) + 2 + Serialise(s.GroupBeats()) + scaleStages(op.Scale)
	case *fixed.MaxPool:
		return issueToWindow + 1 + Serialise(s.GroupBeats())
	case *fixed.Requant:
		return scaleStages(op.Scale)
	case *fixed.Clip:
		return clipStages
	case *fixed.Vote:
		return voteStages
	}
	return 0
}

func (s *Stage) op() fixed.Op {
	if s.Node == nil {
		return nil
	}
	return s.Node.Op
}

func scaleStages(sc fixed.Scale) int {
	return RequantStages(sc.Mult != nil, sc.Rounding == fixed.HalfEven)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
