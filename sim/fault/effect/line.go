package effect

import (
	"rampart/hw"
	"rampart/ir/plan"
	"rampart/sim/access"
	"rampart/sim/functional"
)

// ofLine is the effect on a line buffer. A word holds some channels of one input pixel from its write to the
// next; the steps that read it for that pixel meet the change, each in a group of outputs of its own. A flip
// stays until the next write; a stuck bit meets every pixel that comes to the word.
func (u *upset) ofLine() (Effect, error) {
	var all spans
	last, ok := u.write.Last(u.Word, u.Cycle)
	none := NeverRead
	if ok {
		p, frame, err := u.ofPixel(last)
		switch {
		case err != nil:
			return Effect{}, err
		case p == nil:
			return dead(Padding)
		}
		hit, overwritten := u.firstRead(last, p)
		if hit {
			all.add(frame, *p)
		}
		if overwritten {
			none = Overwritten
		}
	}
	if !u.Model.Stuck() {
		return all.effect(none)
	}
	for next := range u.write.Between(u.Word, u.Cycle, u.end-1) {
		p, frame, err := u.ofPixel(next)
		switch {
		case err != nil:
			return Effect{}, err
		case p == nil:
			return dead(Padding)
		}
		all.add(frame, *p)
	}
	return all.effect(none)
}

// line is what a write put into the word.
func (u *upset) line(write access.Use) hw.Line { return hw.LineAt(u.Stage, u.Bank, write.Ordinal) }

// ofPixel is the patch of the number that a write put into the lane, in all that the stage makes of it; nil
// for a padding lane.
func (u *upset) ofPixel(write access.Use) (*functional.Patch, int, error) {
	l := u.line(write)
	if word := hw.LineWord(u.Stage, l); word != u.Word {
		_, err := u.differs("write", write, word)
		return nil, 0, err
	}
	layout, at := u.Stage.In[0].Layout, l.Word*u.Stage.Fold.Cw+u.lane
	if at >= len(layout) || layout[at] < 0 {
		return nil, 0, nil
	}
	s := u.Stage.In[0].Value.Shape
	index := layout[at]*s.H*s.W + l.Row*u.Stage.Walk[1].In + l.Col
	return &functional.Patch{Node: u.node, Kind: functional.Input, Index: index, Change: u.change}, l.Frame, nil
}

// firstRead tells whether a step reads what a write put there after the strike and until the next write, which
// there may be, and lets the patch begin with it.
func (u *upset) firstRead(write access.Use, p *functional.Patch) (hit, overwritten bool) {
	l := u.line(write)
	end := u.end - 1
	if next, ok := u.write.Next(u.Word, u.Cycle); ok && next.Cycle <= end {
		end, overwritten = next.Cycle, true
	}
	for use := range u.read.Between(u.Word, u.Cycle, end) {
		step := hw.StepAt(u.Stage, use.Ordinal)
		if !u.takes(step, l) {
			continue
		}
		for before := range u.read.Between(u.Word, write.Cycle, u.Cycle) {
			if u.takes(hw.StepAt(u.Stage, before.Ordinal), l) {
				p.From = u.firstOutput(step)
				break
			}
		}
		return true, overwritten
	}
	return false, overwritten
}

// takes tells whether a step reads a line as one of its taps.
func (u *upset) takes(s hw.Step, l hw.Line) bool {
	return s.Frame == l.Frame && s.Word == l.Word && hw.Takes(u.Stage, s, l.Row, l.Col)
}

// firstOutput is the first output that a step has a share in.
func (u *upset) firstOutput(s hw.Step) functional.Moment {
	if u.Stage.Kind == plan.Pool { // only the lane's own channel, which comes no earlier
		return functional.Moment{Pixel: s.Pixel, Channel: u.Stage.In[0].Layout[s.Word*u.Stage.Fold.Cw+u.lane]}
	}
	return functional.Moment{Pixel: s.Pixel, Channel: s.Group * u.Stage.Fold.PE}
}
