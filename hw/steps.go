package hw

import "rampart/ir/plan"

// The order in which stages do their work is fixed, whenever they do it: the n-th step of a window, the n-th
// beat of a stream, the n-th word of a line buffer are each known. A record of accesses tells the cycles.

// Step is one issue of a stage's window: what its line buffers are read for.
type Step struct {
	Frame      int
	Pixel      int // of the output, row after row
	Group      int // of results: a convolution's output channels times PE, a pool's channel word
	TapY, TapX int // the first of the taps that are read at once
	Word       int // of each input pixel
}

// FrameSteps is the number of steps of an image.
func FrameSteps(s *plan.Stage) int64 {
	return int64(s.Walk[0].Out) * int64(s.Walk[1].Out) * int64(s.Groups()*s.Steps())
}

// StepAt is step n since reset: frame, output row and column, group, tap row, tap column, channel word, the
// last the fastest. The window reads each of its banks once in each step, and a convolution a word of
// weights.
func StepAt(s *plan.Stage, n int64) Step {
	next := func(count int) int {
		v := n % int64(count)
		n /= int64(count)
		return int(v)
	}
	var at Step
	if s.Kind != plan.Pool {
		at.Word = next(s.Words())
	}
	at.TapX = next(s.Walk[1].Taps/s.Fold.TapX) * s.Fold.TapX
	at.TapY = next(s.Walk[0].Taps/s.Fold.TapY) * s.Fold.TapY
	at.Group = next(s.Groups())
	if s.Kind == plan.Pool {
		at.Word = at.Group
	}
	at.Pixel = next(s.Walk[0].Out * s.Walk[1].Out)
	at.Frame = int(n)
	return at
}

// Takes tells whether a step reads a pixel of its frame's input as one of its taps. All else that it finds in
// line buffers is replaced by the value of the padding.
func Takes(s *plan.Stage, at Step, row, col int) bool {
	y, _ := s.Walk[0].At(at.Pixel / s.Walk[1].Out)
	x, _ := s.Walk[1].At(at.Pixel % s.Walk[1].Out)
	return tapAt(s.Walk[0], y, at.TapY, s.Fold.TapY, row) && tapAt(s.Walk[1], x, at.TapX, s.Fold.TapX, col)
}

// tapAt tells whether position at is that of one of count taps, where tap 0 lies at start.
func tapAt(w plan.Walk, start, first, count, at int) bool {
	t := floorDiv(at-start, w.Step)
	return floorMod(at-start, w.Step) == 0 && t >= first && t < first+count
}

// WeightWord is the word of weights that a convolution reads in a step.
func WeightWord(s *plan.Stage, at Step) int {
	_, py := s.Walk[0].At(at.Pixel / s.Walk[1].Out)
	_, px := s.Walk[1].At(at.Pixel % s.Walk[1].Out)
	// Words lie in the order in which the walk meets the phases.
	py = floorMod(py-s.Walk[0].Phase0, s.Walk[0].Phases)
	px = floorMod(px-s.Walk[1].Phase0, s.Walk[1].Phases)
	ty, tx := at.TapY/s.Fold.TapY, at.TapX/s.Fold.TapX
	word := ((py*s.Walk[1].Phases+px)*s.Groups() + at.Group) * s.Steps()
	return word + (ty*(s.Walk[1].Taps/s.Fold.TapX)+tx)*s.Words() + at.Word
}

// Beat is one beat of a stream: its lane l carries channel Layout[Index*Lanes+l] of a pixel.
type Beat struct{ Frame, Pixel, Index int }

// BeatAt is beat n since reset of a stream. Of a stage's output stream it is also the n-th in which its
// requantiser reads its constants, at word Index, and the n-th to enter and to leave the buffer.
func BeatAt(s *plan.Stream, n int64) Beat {
	frame, beats := int64(s.FrameBeats()), s.Beats()
	in := int(n % frame)
	return Beat{Frame: int(n / frame), Pixel: in / beats, Index: in % beats}
}

// Line is what a word of a line buffer holds: channel word Word of an input pixel, the lanes from Word*Cw on
// of its layout.
type Line struct{ Frame, Row, Col, Word int }

// rowWords is how many words of an image row lie in a bank that holds words of the row.
func rowWords(s *plan.Stage, bank Bank) int64 {
	cols := (s.Walk[1].In - bank.X + s.Fold.TapX - 1) / s.Fold.TapX
	return int64(cols) * int64(s.Words())
}

// Bank is one bank of a line buffer: every Fold.TapY-th image row since reset from Y on, and of these every
// Fold.TapX-th column from X on.
type Bank struct{ Y, X int }

// LineAt is the n-th word since reset that is written to a bank.
func LineAt(s *plan.Stage, bank Bank, n int64) Line {
	width := rowWords(s, bank)
	row, in := int64(bank.Y)+n/width*int64(s.Fold.TapY), int(n%width)
	return Line{
		Frame: int(row / int64(s.Walk[0].In)), Row: int(row % int64(s.Walk[0].In)),
		Col: bank.X + in/s.Words()*s.Fold.TapX, Word: in % s.Words(),
	}
}

// LineWord is the word of its bank that holds a line.
func LineWord(s *plan.Stage, l Line) int {
	row := int64(l.Frame)*int64(s.Walk[0].In) + int64(l.Row)
	slot := int(row % int64(s.Rows))
	width := ceilDiv(s.Walk[1].In, s.Fold.TapX) * s.Words()
	return slot/s.Fold.TapY*width + l.Col/s.Fold.TapX*s.Words() + l.Word
}
