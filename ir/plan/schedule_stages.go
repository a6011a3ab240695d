package plan

import "fmt"

// runner is one stage's timing rules. run goes as far as it can and tells whether it moved at all.
type runner interface {
	run() bool
}

func newRunner(st *Stage, lines map[*Stream]*line) runner {
	in, out := make([]*line, len(st.In)), make([]*line, len(st.Out))
	for i, v := range st.In {
		in[i] = lines[v]
	}
	for i, v := range st.Out {
		out[i] = lines[v]
	}
	switch st.Kind {
	case Conv, Pool:
		return newWindowRunner(st, in[0], out[0])
	case Fork:
		return &forkRunner{in: in[0], out: out}
	case Concat:
		return newConcatRunner(st, in, out[0])
	case ArgMax:
		return &argmaxRunner{in: in[0], out: out[0], beats: st.In[0].Beats()}
	case Vote:
		return &voteRunner{in: in[0], out: out[0], inBeats: st.In[0].Beats(), outBeats: st.Out[0].Beats()}
	case Scale, Clip:
		return &scaleRunner{in: in[0], out: out[0], stages: int64(st.Pipeline())}
	}
	panic(fmt.Sprintf("BUG: plan: no timing rules for %q", st.Kind))
}

// forkRunner: a beat moves when all FIFOs have space.
type forkRunner struct {
	in  *line
	out []*line
}

func (f *forkRunner) run() bool {
	moved := false
	for f.in.waiting() {
		seen := f.in.visible()
		t := seen
		for _, o := range f.out {
			space, ok := o.space()
			if !ok {
				return moved
			}
			t = max(t, space)
		}
		moved = true
		f.in.pop(seen, t)
		for _, o := range f.out {
			o.push(t)
		}
	}
	return moved
}

// concatRunner: all beats of a pixel from the first input, then from the next.
type concatRunner struct {
	in    []*line
	beats []int // of a pixel of each input
	out   *line
	turn  int // input
	beat  int // beat of its pixel
	next  int64
}

func newConcatRunner(st *Stage, in []*line, out *line) *concatRunner {
	c := &concatRunner{in: in, out: out}
	for _, s := range st.In {
		c.beats = append(c.beats, s.Beats())
	}
	return c
}

func (c *concatRunner) run() bool {
	moved := false
	for {
		in := c.in[c.turn]
		space, ok := c.out.space()
		if !ok || !in.waiting() {
			return moved
		}
		seen := in.visible()
		t := max(seen, space, c.next)
		moved, c.next = true, t+1
		in.pop(seen, t)
		c.out.push(t)
		if c.beat++; c.beat == c.beats[c.turn] {
			if c.beat, c.turn = 0, c.turn+1; c.turn == len(c.in) {
				c.turn = 0
			}
		}
	}
}

// argmaxRunner: takes a beat whenever its output FIFO has space, and pushes at a pixel's last beat.
type argmaxRunner struct {
	in, out *line
	beats   int // of an input pixel
	beat    int
}

func (a *argmaxRunner) run() bool {
	moved := false
	for a.in.waiting() {
		space, ok := a.out.space()
		if !ok {
			return moved
		}
		seen := a.in.visible()
		t := max(seen, space)
		moved = true
		a.in.pop(seen, t)
		if a.beat++; a.beat == a.beats {
			a.beat = 0
			a.out.push(t)
		}
	}
	return moved
}

// scaleRunner: takes a beat when fewer beats than the output FIFO holds are on their way.
type scaleRunner struct {
	in, out *line
	stages  int64
}

func (s *scaleRunner) run() bool {
	moved := false
	for s.in.waiting() {
		room, ok := s.out.roomFor(1)
		if !ok {
			return moved
		}
		seen := s.in.visible()
		t := max(seen, room)
		moved = true
		s.in.pop(seen, t)
		s.out.push(t + s.stages)
	}
	return moved
}

// voteRunner: takes a pixel's beats, the last one when the output FIFO has room for the pixel and the beats of
// the one before are on their way.
type voteRunner struct {
	in, out           *line
	inBeats, outBeats int   // of a pixel
	beat              int   // of the input pixel
	rested            int64 // when another pixel may be complete
}

func (v *voteRunner) run() bool {
	moved := false
	for v.in.waiting() {
		seen := v.in.visible()
		t := seen
		if v.beat == v.inBeats-1 {
			room, ok := v.out.roomFor(v.outBeats)
			if !ok {
				return moved
			}
			t = max(seen, room, v.rested)
		}
		moved = true
		v.in.pop(seen, t)
		if v.beat++; v.beat == v.inBeats {
			v.beat, v.rested = 0, t+int64(v.outBeats)
			for j := range v.outBeats {
				v.out.push(t + voteStages + int64(j))
			}
		}
	}
	return moved
}

// sinkRunner takes a network output's beats whenever there are any.
type sinkRunner struct{ in *line }

func (s *sinkRunner) run() bool {
	moved := false
	for s.in.waiting() {
		seen := s.in.visible()
		s.in.pop(seen, seen)
		s.in.times = append(s.in.times, seen)
		moved = true
	}
	return moved
}
