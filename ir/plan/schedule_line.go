package plan

import "math"

// line is the timetable of one stream and its FIFO: times of the beats that somebody still waits for.
type line struct {
	stream *Stream
	words  int  // beats that the FIFO's memory holds
	room   bool // its producer counts the beats that its user took, not the memory's words

	pushed, popped int
	arrive         ring  // when a pushed beat reaches the output, if that is free
	freed          ring  // when the place of a popped beat can be taken by another
	last           int64 // when the latest beat was popped

	frame   int     // beats
	ends    []int64 // when the last beat of each frame went in; of a network input, when it was taken
	nextEnd int     // beats until then
	first   int64   // when the first beat was popped
	record  bool
	times   []int64 // all pops, if recorded

	gauge *gauge // of a FIFO without end
}

// endless is the size of a FIFO that never holds anything up.
const endless = math.MaxInt / 2

func newLine(s *Stream, unlimited bool) *line {
	l := &line{stream: s, words: s.Depth - 1, last: -1, frame: s.FrameBeats(), record: s.To == nil}
	l.nextEnd = l.frame
	l.room = s.From != nil && (s.From.Kind == Conv || s.From.Kind == Pool || s.From.Kind == Scale)
	held := l.words + 2
	switch {
	case s.From == nil:
		held, l.words = 1, endless
	case unlimited:
		held, l.words, l.room, l.gauge = 1, endless, false, &gauge{}
	}
	l.arrive, l.freed = newRing(held), newRing(held)
	return l
}

// push puts the next beat in.
func (l *line) push(t int64) {
	low := l.popped
	if l.gauge != nil {
		low = l.gauge.keep(l)
	}
	l.arrive.set(low, l.pushed, t+FIFOLatency)
	if l.pushed++; l.pushed == l.nextEnd {
		l.ends, l.nextEnd = append(l.ends, t), l.nextEnd+l.frame
	}
}

// waiting tells whether there is a beat to pop.
func (l *line) waiting() bool { return l.popped < l.pushed }

// visible is the first cycle in which the next beat can be popped.
func (l *line) visible() int64 { return max(l.arrive.at(l.popped), l.last+1) }

// pop takes the next beat, which can be seen from cycle seen on, in cycle t.
func (l *line) pop(seen, t int64) {
	if l.stream.From == nil {
		if l.popped == 0 {
			l.first = t
		}
		if l.last = t; l.popped+1 == l.nextEnd {
			l.ends, l.nextEnd = append(l.ends, t), l.nextEnd+l.frame
		}
		l.popped++
		return
	}
	free := seen
	if l.room {
		free = t + 1
	}
	low := l.pushed - l.words
	if l.gauge != nil {
		low = l.gauge.keep(l)
	}
	l.freed.set(low, l.popped, free)
	l.last = t
	l.popped++
	if l.record {
		l.times = append(l.times, t)
	}
}

// space is the first cycle in which the memory can take another beat; ok is false while it is not known.
func (l *line) space() (t int64, ok bool) {
	switch k := l.pushed - l.words; {
	case k < 0:
		return 0, true
	case k < l.popped:
		return l.freed.at(k), true
	case k == l.popped && l.waiting():
		return l.visible(), true
	}
	return 0, false
}

// roomFor is the first cycle in which beats more will fit, for a producer that promises them before it
// makes them.
func (l *line) roomFor(beats int) (t int64, ok bool) {
	k := l.pushed + beats - l.words - 1
	switch {
	case k < 0:
		return 0, true
	case k < l.popped:
		return l.freed.at(k), true
	}
	return 0, false
}

// gauge follows how full a FIFO without end becomes.
type gauge struct {
	push, fetch int // beats compared so far
	most        int // words of memory that were in use at a time
}

// keep compares what is known and gives the first beat whose times are still needed.
func (g *gauge) keep(l *line) int {
	if l.pushed-min(g.push, g.fetch) > l.arrive.mask || l.popped-g.fetch > l.freed.mask {
		g.settle(l)
	}
	return min(g.push, g.fetch)
}

// settle counts, for every push, the beats that the memory holds with it: a beat leaves the memory for
// the output register in the cycle before it can be seen.
func (g *gauge) settle(l *line) {
	for g.push < l.pushed && g.fetch < l.popped {
		if pushed, fetched := l.arrive.at(g.push)-FIFOLatency, l.freed.at(g.fetch)-1; pushed <= fetched {
			g.most = max(g.most, g.push-g.fetch+1)
			g.push++
		} else {
			g.fetch++
		}
	}
}

// occupancy is the least number of words in a FIFO's memory that leaves the schedule as it is.
func (l *line) occupancy() int {
	l.gauge.settle(l)
	return l.gauge.most
}
