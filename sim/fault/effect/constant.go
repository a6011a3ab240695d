package effect

import (
	"rampart/hw"
	"rampart/ir/plan"
	"rampart/sim/access"
	"rampart/sim/functional"
)

// ofConstant is the effect on a weight, bias, multiplier, shift or bound. Nothing ever writes it, so that the change
// holds from the word's first read on.
func (u *upset) ofConstant() (Effect, error) {
	value := u.init[u.Word][u.lane]
	if u.change.Apply(value, u.word.Bits, u.word.Signed) == value {
		return dead(SameValue)
	}
	if u.Role == hw.Checksums {
		return dead(Checked)
	}
	p := functional.Patch{Node: u.node, Index: u.index[u.Word][u.lane], Change: u.change}
	if p.Index < 0 {
		if u.Role != hw.Weights || u.noOutput() {
			return dead(Padding)
		}
		return cycle(Inserted)
	}
	switch u.Role {
	case hw.Weights:
		p.Kind = functional.Weight
	case hw.Bias:
		if p.Kind = functional.Bias; u.Stage.Kind == plan.Scale {
			return cycle(Subtracted)
		}
	case hw.Mult:
		p.Kind = functional.Mult
	case hw.Shift:
		p.Kind = functional.Shift
	case hw.Low:
		p.Kind = functional.Low
	case hw.High:
		p.Kind = functional.High
	}
	first, ok := u.read.Next(u.Word, u.Cycle)
	if !ok || first.Cycle >= u.end {
		return dead(NeverRead)
	}
	frame, from, word := u.readFor(first)
	if word != u.Word {
		return u.differs("read", first, word)
	}
	if before, ok := u.read.Last(u.Word, u.Cycle); !ok || u.frameOf(before) < frame {
		from = functional.Moment{} // it is the word's first read in the frame
	}
	return u.fromThenOn(frame, from, p), nil
}

// noOutput tells whether a lane of a word of weights belongs to no output channel.
func (u *upset) noOutput() bool {
	f := u.Stage.Fold
	group := u.Word / u.Stage.Steps() % u.Stage.Groups()
	at := group*f.PE + u.lane%f.PE
	layout := u.Stage.Out[0].Layout
	return at >= len(layout) || layout[at] < 0
}

// readFor tells what a read of a constant is for: the first output that it changes, and the word that it
// must be of.
func (u *upset) readFor(use access.Use) (frame int, from functional.Moment, word int) {
	if u.Role == hw.Weights {
		s := hw.StepAt(u.Stage, use.Ordinal)
		return s.Frame, functional.Moment{Pixel: s.Pixel, Channel: s.Group * u.Stage.Fold.PE}, hw.WeightWord(u.Stage, s)
	}
	b := hw.BeatAt(u.Out, use.Ordinal)
	return b.Frame, functional.Moment{Pixel: b.Pixel, Channel: u.index[b.Index][u.lane]}, b.Index
}

func (u *upset) frameOf(use access.Use) int {
	frame, _, _ := u.readFor(use)
	return frame
}

// fromThenOn is a patch from a moment of a frame to the end of the run.
func (u *upset) fromThenOn(frame int, from functional.Moment, p functional.Patch) Effect {
	later := []functional.Patch{p}
	if from == (functional.Moment{}) {
		return Effect{Verdict: Patched, Spans: []Span{{frame, u.frames - 1, later}}}
	}
	p.From = from
	e := Effect{Verdict: Patched, Spans: []Span{{frame, frame, []functional.Patch{p}}}}
	if frame+1 < u.frames {
		e.Spans = append(e.Spans, Span{frame + 1, u.frames - 1, later})
	}
	return e
}

// spans puts patches of frames, in ascending order, together.
type spans []Span

func (s *spans) add(frame int, ps ...functional.Patch) {
	if n := len(*s); n > 0 && (*s)[n-1].First == frame {
		(*s)[n-1].Patches = append((*s)[n-1].Patches, ps...)
		return
	}
	*s = append(*s, Span{frame, frame, append([]functional.Patch(nil), ps...)})
}

// effect is what the patches come to, or that there is none.
func (s spans) effect(none Reason) (Effect, error) {
	if len(s) == 0 {
		return dead(none)
	}
	return Effect{Verdict: Patched, Spans: s}, nil
}
