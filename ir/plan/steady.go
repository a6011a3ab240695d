package plan

import "context"

// Bounds of the search for a steady pace: beats to schedule, images whatever their size, and the most
// images after which a pace may repeat.
const (
	maxBeats  = 3_000_000
	minFrames = 12
	maxFrames = 100
	maxPeriod = 4
)

// timing is what buffers must not change.
type timing struct {
	pace    int64 // cycles per image when images come without pause
	latency int64 // from the first input beat, taken in cycle 0, to the last output beat of the first image
	warmup  int   // images after which the pace is steady
}

// steady runs images until the pipeline repeats itself: the time of every event is that of the same
// event one image (or a few) before, plus a constant. As no rule looks back further than recall images,
// it will do so for ever. A pipeline that keeps varying gets the mean pace over the last images, rounded up.
func (s *Schedule) steady(ctx context.Context) (timing, error) {
	most := min(max(maxBeats/s.beats(), minFrames), maxFrames)
	recall := s.recall()
	for n := 2; ; n++ {
		if err := s.Run(ctx, n); err != nil {
			return timing{}, err
		}
		for period := 1; period <= maxPeriod && period+recall <= n; period++ {
			if s.repeats(n, period, recall) {
				return s.timing(n, period), nil
			}
		}
		if n == most {
			return s.timing(n, n/2), nil
		}
	}
}

// timing is the mean pace of the last images of n, rounded up, and what goes with it.
func (s *Schedule) timing(n, last int) timing {
	k := int64(last)
	t := timing{pace: (s.frameEnd(n-1) - s.frameEnd(n-1-last) + k - 1) / k, latency: s.frameEnd(0), warmup: n - 1}
	for t.warmup > 1 && s.frameEnd(t.warmup-1)-s.frameEnd(t.warmup-2) == t.pace {
		t.warmup--
	}
	return t
}

// beats is the number of beats of an image in all streams.
func (s *Schedule) beats() int {
	n := 0
	for _, st := range s.plan.Streams {
		n += st.FrameBeats()
	}
	return n
}

// recall is the number of images that the rules look back.
func (s *Schedule) recall() int {
	n := 1
	for _, l := range s.lines {
		if l.words < endless {
			n = max(n, ceilDiv(l.words+1, l.pops.beats))
		}
	}
	for _, st := range s.plan.Stages {
		if st.Kind == Conv || st.Kind == Pool {
			n = max(n, ceilDiv(st.Rows+1, st.Walk[0].In))
		}
	}
	return n
}

// repeats tells whether each part of the pipeline did with the last of n images just what it did some
// images before, and whether the slowest part with an output is the one that ends the image. Parts
// that are held together by buffers with an end keep one pace.
func (s *Schedule) repeats(n, period, recall int) bool {
	pace := map[int]int64{}
	for _, st := range s.plan.Streams {
		l := s.lines[st]
		if !l.pops.repeats(n, period, recall, pace) || st.From != nil && !l.pushes.repeats(n, period, recall, pace) {
			return false
		}
	}
	slowest := int64(0)
	for _, st := range s.plan.Outputs {
		slowest = max(slowest, pace[s.lines[st].pops.part])
	}
	return s.frameEnd(n-1)-s.frameEnd(n-1-period) == slowest
}

// repeats tells whether all beats were as much later in the last images as those of their part are,
// whose pace it notes.
func (f *frames) repeats(n, period, recall int, pace map[int]int64) bool {
	for i := n - recall; i < n; i++ {
		d := f.sums[i] - f.sums[i-period]
		p, known := pace[f.part]
		if !known {
			p = d / int64(f.beats)
			pace[f.part] = p
		}
		if d != p*int64(f.beats) {
			return false
		}
	}
	return true
}

// frameEnd is when the last beat of an image leaves.
func (s *Schedule) frameEnd(frame int) int64 {
	last := int64(0)
	for _, st := range s.plan.Outputs {
		last = max(last, s.lines[st].times[(frame+1)*st.FrameBeats()-1])
	}
	return last
}

// setParts numbers the parts of the pipeline that buffers with an end hold together.
func (s *Schedule) setParts() {
	stage := map[*Stage]int{}
	for i, st := range s.plan.Stages {
		stage[st] = i
	}
	part := make([]int, len(s.plan.Stages))
	for i := range part {
		part[i] = i
	}
	var of func(i int) int
	of = func(i int) int {
		if part[i] != i {
			part[i] = of(part[i])
		}
		return part[i]
	}
	for _, st := range s.plan.Streams {
		if st.From != nil && st.To != nil && s.lines[st].gauge == nil {
			part[of(stage[st.To])] = of(stage[st.From])
		}
	}
	alone := len(part)
	for _, st := range s.plan.Streams {
		l := s.lines[st]
		switch {
		case st.From != nil && st.To != nil:
			l.pushes.part, l.pops.part = of(stage[st.From]), of(stage[st.To])
		case st.From != nil:
			l.pushes.part, l.pops.part = of(stage[st.From]), of(stage[st.From])
		case st.To != nil:
			l.pops.part = of(stage[st.To])
		default: // an input that is an output
			l.pops.part, alone = alone, alone+1
		}
	}
}
