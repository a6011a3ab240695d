package plan

import (
	"context"
	"fmt"

	"rampart/internal/diag"
)

// Schedule is when every beat of every stream moves, in cycles, with inputs that never pause and
// outputs that are always ready. It follows the stages' timing rules beat by beat, not cycle by cycle:
// each stage runs ahead as far as the times that its neighbours have fixed allow.
type Schedule struct {
	plan    *Plan
	lines   map[*Stream]*line
	runners []runner
	frames  int
}

// line is the timetable of one stream and its FIFO.
type line struct {
	stream *Stream
	words  int     // beats that the FIFO's memory holds; unlimited where negative
	push   []int64 // when each beat enters the FIFO
	pop    []int64 // when it is taken by the stream's user
	fetch  []int64 // when it leaves the FIFO's memory for the output register
}

// settle computes fetch times as far as pushes and pops are known: a beat leaves the memory when it
// is there and the output register is free or being emptied.
func (l *line) settle() {
	for n := len(l.fetch); n < len(l.push); n++ {
		t := l.push[n] + 1
		if n > 0 {
			if n > len(l.pop) {
				return
			}
			t = max(t, l.pop[n-1])
		}
		l.fetch = append(l.fetch, t)
	}
}

// visible is the first cycle in which beat n can be popped; ok is false while it is not known.
func (l *line) visible(n int) (t int64, ok bool) {
	if l.stream.From == nil {
		if n >= len(l.push) || n > len(l.pop) {
			return 0, false
		}
		if n == 0 {
			return 0, true
		}
		return l.pop[n-1] + 1, true
	}
	l.settle()
	if n >= len(l.fetch) {
		return 0, false
	}
	return l.fetch[n] + 1, true
}

// space is the first cycle in which beat n may be pushed as far as the FIFO's memory goes.
func (l *line) space(n int) (t int64, ok bool) {
	if l.words < 0 || n < l.words {
		return 0, true
	}
	l.settle()
	if n-l.words >= len(l.fetch) {
		return 0, false
	}
	return l.fetch[n-l.words] + 1, true
}

// runner is one stage's timing rules. run goes as far as it can and tells whether it moved at all.
type runner interface {
	run() bool
}

// NewSchedule prepares the schedule of a plan whose foldings and depths are set. Streams in unlimited
// have FIFOs without end.
func NewSchedule(p *Plan, unlimited map[*Stream]bool) *Schedule {
	s := &Schedule{plan: p, lines: map[*Stream]*line{}}
	for _, st := range p.Streams {
		l := &line{stream: st, words: st.Depth - 1}
		if unlimited[st] {
			l.words = -1
		}
		s.lines[st] = l
	}
	for _, st := range p.Stages {
		s.runners = append(s.runners, s.runnerOf(st))
	}
	return s
}

func (s *Schedule) runnerOf(st *Stage) runner {
	in, out := make([]*line, len(st.In)), make([]*line, len(st.Out))
	for i, v := range st.In {
		in[i] = s.lines[v]
	}
	for i, v := range st.Out {
		out[i] = s.lines[v]
	}
	switch st.Kind {
	case Conv, Pool:
		return newWindowRunner(st, in[0], out[0])
	case Fork:
		return &forkRunner{in: in[0], out: out}
	case Concat:
		return &concatRunner{in: in, out: out[0]}
	case ArgMax:
		return &argmaxRunner{in: in[0], out: out[0]}
	case Scale:
		return &scaleRunner{in: in[0], out: out[0], stages: int64(st.Pipeline())}
	}
	panic(fmt.Sprintf("BUG: plan: no timing rules for %q", st.Kind))
}

// Run extends the schedule to the given number of images. It reports a deadlock as a problem.
func (s *Schedule) Run(ctx context.Context, frames int) error {
	s.frames = frames
	for moved := true; moved; {
		if err := ctx.Err(); err != nil {
			return err
		}
		moved = false
		for _, st := range s.plan.Inputs {
			moved = s.offer(s.lines[st]) || moved
		}
		for _, r := range s.runners {
			moved = r.run() || moved
		}
		for _, st := range s.plan.Outputs {
			moved = drainLine(s.lines[st]) || moved
		}
	}
	for _, st := range s.plan.Outputs {
		if l := s.lines[st]; len(l.pop) < frames*st.FrameBeats() {
			return diag.Problem{At: st.Name, What: fmt.Sprintf("the pipeline stops after %d of %d output beats: a buffer is too shallow", len(l.pop), frames*st.FrameBeats())}
		}
	}
	return nil
}

// offer makes all beats of the input images available.
func (s *Schedule) offer(l *line) bool {
	want := s.frames * l.stream.FrameBeats()
	if len(l.push) == want {
		return false
	}
	for len(l.push) < want {
		l.push = append(l.push, 0)
	}
	return true
}

// drainLine pops a network output whenever it has something.
func drainLine(l *line) bool {
	moved := false
	for {
		t, ok := l.visible(len(l.pop))
		if !ok {
			return moved
		}
		l.pop, moved = append(l.pop, t), true
	}
}

// Outputs gives, for each output stream, the cycle in which each beat leaves.
func (s *Schedule) Outputs() [][]int64 {
	out := make([][]int64, len(s.plan.Outputs))
	for i, st := range s.plan.Outputs {
		out[i] = s.lines[st].pop
	}
	return out
}

// frameEnd is when the last beat of a frame enters each stream's FIFO.
func (s *Schedule) frameEnds(frame int) []int64 {
	ends := make([]int64, len(s.plan.Streams))
	for i, st := range s.plan.Streams {
		l := s.lines[st]
		times := l.push
		if st.From == nil {
			times = l.pop
		}
		ends[i] = times[(frame+1)*st.FrameBeats()-1]
	}
	return ends
}

// maxWarmup bounds the search for a steady pace.
const maxWarmup = 12

// steady runs images until every stream advances by the same number of cycles from one image to the
// next, and returns that number and the images it took. A pipeline that keeps varying yields the mean
// over the last images, rounded up.
func (s *Schedule) steady(ctx context.Context) (cycles int64, warmup int, err error) {
	for n := 2; ; n++ {
		if err := s.Run(ctx, n); err != nil {
			return 0, 0, err
		}
		a, b := s.frameEnds(n-2), s.frameEnds(n-1)
		pace, same := b[0]-a[0], true
		for i := range a {
			same = same && b[i]-a[i] == pace
		}
		if same {
			return pace, n - 1, nil
		}
		if n == maxWarmup {
			first := s.frameEnds(maxWarmup / 2)
			last := len(b) - 1
			span := int64(n - 1 - maxWarmup/2)
			return (b[last] - first[last] + span - 1) / span, n - 1, nil
		}
	}
}

// latency is from the first input beat to the last output beat of the first image.
func (s *Schedule) latency() int64 {
	first, last := int64(0), int64(0)
	for _, st := range s.plan.Inputs {
		first = s.lines[st].pop[0]
	}
	for _, st := range s.plan.Outputs {
		last = max(last, s.lines[st].pop[st.FrameBeats()-1])
	}
	return last - first
}
