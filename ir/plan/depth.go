package plan

import (
	"cmp"
	"context"
	"slices"
)

// minDepth is a FIFO that passes a beat in every cycle.
const minDepth = 4

// ownDepth is the FIFO depth that lets a stage work at full pace: what is on its way through the
// pipeline, and behind a concatenation what waits for the other inputs' turn.
func (s *Stage) ownDepth(out *Stream) int {
	wait := 0
	if out.To != nil && out.To.Kind == Concat {
		wait = out.Beats()
	}
	switch s.Kind {
	case Conv, Pool:
		flight := s.Steps() + s.Pipeline() + s.GroupBeats() + FIFOLatency
		return (ceilDiv(flight, s.Interval())+1)*s.GroupBeats() + 1 + wait
	case Scale, Clip:
		return s.Pipeline() + FIFOLatency + 3 + wait
	case Vote:
		pixel, interval := out.Beats(), max(s.In[0].Beats(), out.Beats())
		flight := s.Pipeline() + pixel + FIFOLatency
		return (ceilDiv(flight, interval)+1)*pixel + 1 + wait
	}
	return minDepth
}

// setOwnDepths gives every FIFO the depth that its stage needs.
func (p *Plan) setOwnDepths() {
	for _, st := range p.Stages {
		for _, out := range st.Out {
			out.Depth = st.ownDepth(out)
		}
	}
}

// sizing is the search for the least buffers.
type sizing struct {
	ctx    context.Context
	plan   *Plan
	effort int // beats that may still be scheduled
}

// maxEffort bounds the time of the search, to about 10 s. The buffers of a plan that needs more are deep
// enough, but perhaps not the least.
const maxEffort = 600_000_000

// time is the timing with FIFOs without end for the given streams; it fails where the pipeline stops.
func (z *sizing) time(unlimited []*Stream) (timing, *Schedule, error) {
	set := map[*Stream]bool{}
	for _, s := range unlimited {
		set[s] = true
	}
	s := NewSchedule(z.plan, set)
	t, err := s.steady(z.ctx)
	z.effort -= s.beats() * s.frames
	return t, s, err
}

// setDepths sizes the FIFOs that make a join wait for its slowest input. Each gets the least depth with
// which pace and latency are those of buffers without end; one beat less would slow the pipeline or
// stop it. Most often those are the skip connections alone. Where that is not enough for the pace of
// the slowest stage, other inputs of concatenations are sized, too, and line buffers get another row.
func (p *Plan) setDepths(ctx context.Context, effort int) error {
	z := &sizing{ctx: ctx, plan: p, effort: effort}
	p.setOwnDepths()
	var deep []*Stream
	for _, s := range p.Streams {
		if s.Skip {
			deep = append(deep, s)
		}
	}
	goal, s, err := z.time(deep)
	if err != nil || goal.pace > p.slowest() {
		if deep, err = z.unblock(deep); err != nil {
			return err
		}
		if goal, s, err = z.time(deep); err != nil {
			return err
		}
	}
	// How full buffers become shows when as many images are on their way as ever are.
	under := min(int(goal.latency/max(1, goal.pace)), maxFrames)
	if err := s.Run(ctx, s.frames+under+1); err != nil {
		return err
	}
	for _, d := range deep {
		// What a fork pushes goes into the memory at once, what others promise is on its way as well.
		spare := 1
		if d.From.Kind != Fork {
			spare = d.Depth
		}
		d.Depth = max(d.Depth, s.lines[d].occupancy()+spare)
	}
	// The deepest first: it has the most to save.
	slices.SortStableFunc(deep, func(a, b *Stream) int { return cmp.Compare(b.Depth, a.Depth) })
	t, err := z.shrinkAll(deep, goal)
	if err != nil {
		return err
	}
	p.Estimate.CyclesPerFrame, p.Estimate.LatencyCycles, p.Estimate.WarmupFrames = t.pace, t.latency, t.warmup
	p.Estimate.LeastBuffers = z.effort > 0
	return nil
}

// shrinkAll finds the least depths that keep the timing; the present ones do. Less depth never makes a
// beat earlier, so that each depth is the least for the others, too, in the end. Depths that keep the
// latency, which one image tells, most often keep the pace as well, which takes several.
func (z *sizing) shrinkAll(deep []*Stream, goal timing) (timing, error) {
	most := make([]int, len(deep))
	for i, d := range deep {
		most[i] = d.Depth
		if err := z.keepLatency(d, goal.latency); err != nil {
			return timing{}, err
		}
	}
	t, _, err := z.time(nil)
	if z.ctx.Err() != nil || err == nil && t.pace <= goal.pace {
		return t, err
	}
	for i, d := range deep {
		d.Depth = most[i]
	}
	for _, d := range deep {
		if err := z.keepBoth(d, goal); err != nil {
			return timing{}, err
		}
	}
	t, _, err = z.time(nil)
	return t, err
}

// slowest is the number of cycles that the slowest stage needs for an image.
func (p *Plan) slowest() int64 {
	most := int64(1)
	for _, s := range p.Stages {
		most = max(most, int64(s.Cycles()))
	}
	return most
}

// keepLatency finds a stream's least depth that keeps the latency. Its present depth does.
func (z *sizing) keepLatency(s *Stream, latency int64) error {
	b := bracket{low: s.From.ownDepth(s) - 1, high: s.Depth}
	for b.high-b.low > 1 && z.effort > 0 {
		s.Depth = b.guess()
		run := NewSchedule(z.plan, nil)
		err := run.Run(z.ctx, 1)
		z.effort -= run.beats()
		if z.ctx.Err() != nil {
			return z.ctx.Err()
		}
		switch {
		case err != nil:
			b.fails(s.Depth, stopped)
		case run.frameEnd(0) > latency:
			b.fails(s.Depth, run.frameEnd(0)-latency)
		default:
			b.high = s.Depth
		}
	}
	s.Depth = b.high
	return nil
}

// keepBoth finds a stream's least depth that keeps the latency and the pace. Its present depth does.
func (z *sizing) keepBoth(s *Stream, goal timing) error {
	most := s.Depth
	if err := z.keepLatency(s, goal.latency); err != nil {
		return err
	}
	least := s.Depth
	for try := least; try < most && z.effort > 0; try = least + (most-least)/2 {
		s.Depth = try
		t, _, err := z.time(nil)
		switch {
		case z.ctx.Err() != nil:
			return z.ctx.Err()
		case err == nil && t.pace <= goal.pace:
			most = try
		default:
			least = try + 1
		}
	}
	s.Depth = most
	return nil
}

// bracket holds the search for the least depth: low fails, high does not.
type bracket struct {
	low, high int
	tries     int
	late      int64 // how late low is
	lower     int   // a depth below low that fails, too
	later     int64 // how late lower is
}

// stopped is the lateness of a pipeline that stops.
const stopped = -1

func (b *bracket) fails(depth int, late int64) {
	b.lower, b.later = b.low, b.late
	b.low, b.late = depth, late
}

// nearTop is how far below its top the search looks first: with stages of even pace the depth that
// buffers without end show is nearly the least.
const nearTop = 4

// guess is the depth to try next. Lateness falls about evenly with depth, so that two depths that are
// late point at the one that is in time.
func (b *bracket) guess() int {
	b.tries++
	middle := b.low + (b.high-b.low)/2
	switch {
	case b.tries == 1:
		return max(middle, b.high-nearTop)
	case b.late > 0 && b.later > b.late:
		ahead := float64(b.late) * float64(b.low-b.lower) / float64(b.later-b.late)
		if ahead < float64(b.high-b.low-1) {
			return b.low + max(1, int(ahead))
		}
	}
	return middle
}
