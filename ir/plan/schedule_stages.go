package plan

// forkRunner: a beat moves when all FIFOs have space.
type forkRunner struct {
	in  *line
	out []*line
}

func (f *forkRunner) run() bool {
	moved := false
	for {
		n := len(f.in.pop)
		t, ok := f.in.visible(n)
		for _, o := range f.out {
			space, known := o.space(n)
			t, ok = max(t, space), ok && known
		}
		if !ok {
			return moved
		}
		moved = true
		f.in.pop = append(f.in.pop, t)
		for _, o := range f.out {
			o.push = append(o.push, t)
		}
	}
}

// concatRunner: all beats of a pixel from the first input, then from the next.
type concatRunner struct {
	in   []*line
	out  *line
	turn int // input
	beat int // beat of its pixel
}

func (c *concatRunner) run() bool {
	moved := false
	for {
		in := c.in[c.turn]
		t, ok := in.visible(len(in.pop))
		space, known := c.out.space(len(c.out.push))
		if !ok || !known {
			return moved
		}
		if t = max(t, space); len(c.out.push) > 0 {
			t = max(t, c.out.push[len(c.out.push)-1]+1)
		}
		moved = true
		in.pop = append(in.pop, t)
		c.out.push = append(c.out.push, t)
		if c.beat++; c.beat == in.stream.Beats() {
			c.beat, c.turn = 0, (c.turn+1)%len(c.in)
		}
	}
}

// argmaxRunner: takes a beat whenever its output FIFO has space, and pushes at a pixel's last beat.
type argmaxRunner struct{ in, out *line }

func (a *argmaxRunner) run() bool {
	moved := false
	for {
		n := len(a.in.pop)
		t, ok := a.in.visible(n)
		space, known := a.out.space(len(a.out.push))
		if !ok || !known {
			return moved
		}
		t, moved = max(t, space), true
		a.in.pop = append(a.in.pop, t)
		if beats := a.in.stream.Beats(); n%beats == beats-1 {
			a.out.push = append(a.out.push, t)
		}
	}
}

// scaleRunner: takes a beat when fewer beats than the output FIFO holds are on their way.
type scaleRunner struct {
	in, out *line
	stages  int64
}

func (s *scaleRunner) run() bool {
	moved := false
	for {
		n := len(s.in.pop)
		t, ok := s.in.visible(n)
		if wait := n - s.out.words; s.out.words >= 0 && wait >= 0 {
			if wait >= len(s.out.pop) {
				return moved
			}
			t = max(t, s.out.pop[wait]+1)
		}
		if !ok {
			return moved
		}
		moved = true
		s.in.pop = append(s.in.pop, t)
		s.out.push = append(s.out.push, t+s.stages)
	}
}
