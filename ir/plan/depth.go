package plan

import (
	"context"
	"sort"
)

// minDepth is a FIFO that passes a beat in every cycle.
const minDepth = 4

// ownDepth is the FIFO depth that lets a stage work at full pace: what is on its way through the
// pipeline.
func (s *Stage) ownDepth() int {
	switch s.Kind {
	case Conv, Pool:
		flight := s.Steps() + s.Pipeline() + s.GroupBeats() + FIFOLatency
		return (ceilDiv(flight, s.Interval())+1)*s.GroupBeats() + 1
	case Scale:
		return s.Pipeline() + FIFOLatency + 3
	}
	return minDepth
}

// setDepths sizes every FIFO. A skip buffer gets the least depth with which pace and latency are those
// of buffers without end; one beat less would slow the pipeline or stop it.
func (p *Plan) setDepths(ctx context.Context) error {
	unlimited := map[*Stream]bool{}
	var skips []*Stream
	for _, st := range p.Stages {
		for _, out := range st.Out {
			if out.Depth = st.ownDepth(); out.Skip {
				unlimited[out] = true
				skips = append(skips, out)
			}
		}
	}
	s := NewSchedule(p, unlimited)
	pace, _, err := s.steady(ctx)
	if err != nil {
		return err
	}
	goal := timing{pace, s.latency()}
	for _, skip := range skips {
		skip.Depth = max(minDepth, s.lines[skip].occupancy()+1)
	}
	// The deepest first: it has the most to save.
	sort.SliceStable(skips, func(a, b int) bool { return skips[a].Depth > skips[b].Depth })
	for _, skip := range skips {
		if err := p.shrink(ctx, skip, goal); err != nil {
			return err
		}
	}
	final := NewSchedule(p, nil)
	pace, warmup, err := final.steady(ctx)
	if err != nil {
		return err
	}
	p.Estimate.CyclesPerFrame, p.Estimate.LatencyCycles, p.Estimate.WarmupFrames = pace, final.latency(), warmup
	return nil
}

// timing is what a skip buffer must not change.
type timing struct{ pace, latency int64 }

// shrink finds a stream's least depth that keeps the timing. Its present depth does. Less depth never
// makes a beat earlier, so that latency and pace each have a depth from which on they are kept. The
// search takes the latency first, which one image tells.
func (p *Plan) shrink(ctx context.Context, s *Stream, goal timing) error {
	b := bracket{low: minDepth - 1, high: s.Depth}
	for b.high-b.low > 1 {
		s.Depth = b.guess()
		run := NewSchedule(p, nil)
		err := run.Run(ctx, 1)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil:
			b.fails(s.Depth, stopped)
		case run.latency() > goal.latency:
			b.fails(s.Depth, run.latency()-goal.latency)
		default:
			b.high = s.Depth
		}
	}
	for s.Depth = b.high; ; s.Depth++ {
		pace, _, err := NewSchedule(p, nil).steady(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && pace == goal.pace {
			return nil
		}
	}
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
// late, or one and nothing below, point at the depth that is in time.
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
