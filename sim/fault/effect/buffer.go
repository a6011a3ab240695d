package effect

import (
	"rampart/hw"
	"rampart/sim/access"
	"rampart/sim/functional"
)

// ofBuffer is the effect on the buffer of a stream. The n-th write is beat n, and so is the n-th read: the
// change meets the beats that are in the word when it strikes or, where it is stuck, come there later.
func (u *upset) ofBuffer() (Effect, error) {
	if u.paddingEverywhere() {
		return dead(Padding)
	}
	switch {
	case u.target.missed || u.Model.Stuck() && len(u.target.others) > 0:
		return cycle(Shared)
	case u.change.Clear != 0 && len(u.target.others) > 0: // which nothing undoes
		return cycle(Zeroed)
	}
	var all spans
	none := NeverRead
	if last, ok := u.write.Last(u.Word, u.Cycle); ok {
		if word := u.wordOf(last); word != u.Word {
			return u.differs("write", last, word)
		}
		read, ok := u.read.Next(u.Word, u.Cycle)
		ok = ok && read.Cycle < u.end
		if ok && read.Ordinal < last.Ordinal {
			return u.differs("read", read, u.wordOf(read))
		}
		switch {
		case !ok:
		case read.Ordinal > last.Ordinal:
			none = Overwritten
		case !all.addBeat(u, last):
			none = Padding
		}
	}
	if u.Model.Stuck() {
		for next := range u.write.Between(u.Word, u.Cycle, u.end-1) {
			all.addBeat(u, next)
		}
	}
	return all.effect(none)
}

// wordOf is the word of the n-th write or read.
func (u *upset) wordOf(use access.Use) int { return int(use.Ordinal % int64(u.state.Depth)) }

// paddingEverywhere tells whether no beat has a channel in the lane.
func (u *upset) paddingEverywhere() bool {
	for b := range u.Out.Beats() {
		if u.Out.Layout[b*u.Out.Lanes+u.lane] >= 0 {
			return false
		}
	}
	return true
}

// addBeat adds the patches of a beat; false where the lane is padding in it.
func (s *spans) addBeat(u *upset, write access.Use) bool {
	b := hw.BeatAt(u.Out, write.Ordinal)
	channel := u.Out.Layout[b.Index*u.Out.Lanes+u.lane]
	if channel < 0 {
		return false
	}
	shape := u.Out.Value.Shape
	s.add(b.Frame, u.target.patches(channel*shape.H*shape.W+b.Pixel, u.change)...)
	return true
}

// patches change one number of a stream for all who get it from there.
func (t *target) patches(index int, c functional.Change) []functional.Patch {
	var ps []functional.Patch
	if t.output {
		ps = append(ps, functional.Patch{Node: t.producer, Kind: functional.Output, Index: index, Change: c})
		for _, r := range t.others { // a second flip undoes the first
			ps = append(ps, functional.Patch{Node: r.node, Kind: functional.Input, Arg: r.arg, Index: index, Change: c})
		}
		return ps
	}
	for _, r := range t.readers {
		ps = append(ps, functional.Patch{Node: r.node, Kind: functional.Input, Arg: r.arg, Index: index, Change: c})
	}
	return ps
}
