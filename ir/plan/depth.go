package plan

import (
	"context"
	"sort"
)

// setDepths sizes every FIFO. A stage's own output FIFO holds what is on its way through the pipeline
// at full pace. Skip buffers get the least depth with which pace and latency are those of buffers
// without end; one beat less would slow the pipeline or stop it.
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
	pace, warmup, err := s.steady(ctx)
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
	if pace, warmup, err = final.steady(ctx); err != nil {
		return err
	}
	p.Estimate.CyclesPerFrame, p.Estimate.LatencyCycles, p.Estimate.WarmupFrames = pace, final.latency(), warmup
	return nil
}

// minDepth is a FIFO that passes a beat in every cycle.
const minDepth = 4

// ownDepth is the FIFO depth that lets a stage work at full pace.
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

// timing is what a skip buffer must not change.
type timing struct{ pace, latency int64 }

// shrink finds a stream's least depth that keeps the timing.
func (p *Plan) shrink(ctx context.Context, s *Stream, goal timing) error {
	lo, hi := minDepth, s.Depth // hi keeps it
	for lo < hi {
		s.Depth = lo + (hi-lo)/2
		ok, err := p.keeps(ctx, goal)
		if err != nil {
			return err
		}
		if ok {
			hi = s.Depth
		} else {
			lo = s.Depth + 1
		}
	}
	s.Depth = hi
	return nil
}

func (p *Plan) keeps(ctx context.Context, goal timing) (bool, error) {
	s := NewSchedule(p, nil)
	pace, _, err := s.steady(ctx)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err == nil && timing{pace, s.latency()} == goal, nil
}
