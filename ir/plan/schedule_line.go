package plan

import "math"

// line is the timetable of one stream and its FIFO. It keeps the times of the latest beats, those that
// somebody may still wait for, in rings of a power of two.
type line struct {
	stream *Stream
	words  int  // beats that the FIFO's memory holds
	room   bool // its producer counts the beats that its user took, not the memory's words

	pushed, popped int
	mask           int
	arrive         []int64 // when a pushed beat reaches the output, if that is free
	freed          []int64 // when the place of a popped beat can be taken by another
	last           int64   // when the latest beat was popped
	starved        bool    // its user waits for a beat
	stuck          bool    // its producer waits for space

	frame     int     // beats
	ends      []int64 // when the last beat of each frame went in; of a network input, when it was taken
	nextEnd   int     // beats until then
	nextTaken int     // the same for a network input
	first     int64   // when the first beat of a network input was taken
	times     []int64 // all pops of a network output

	gauge *gauge // of a FIFO without end
	widen int    // pushed beats at which the rings of a FIFO without end must grow
}

// endless is the size of a FIFO that never holds anything up.
const endless = math.MaxInt / 2

func newLine(s *Stream, unlimited bool) *line {
	l := &line{stream: s, words: s.Depth - 1, last: -1, frame: s.FrameBeats(), widen: endless}
	l.nextEnd = l.frame
	l.room = s.From != nil && (s.From.Kind == Conv || s.From.Kind == Pool || s.From.Kind == Scale)
	size := 1
	switch {
	case s.From == nil:
		l.words, l.nextTaken = endless, 1
	case unlimited:
		l.words, l.room, l.gauge, l.widen = endless, false, &gauge{}, size
	default:
		for size < l.words+2 {
			size *= 2
		}
	}
	l.mask, l.arrive, l.freed = size-1, make([]int64, size), make([]int64, size)
	return l
}

// push puts the next beat in.
func (l *line) push(t int64) {
	if l.pushed == l.widen {
		l.grow()
	}
	l.arrive[l.pushed&l.mask] = t + FIFOLatency
	if l.pushed++; l.pushed == l.nextEnd {
		l.endFrame(t)
	}
}

func (l *line) endFrame(t int64) {
	l.ends, l.nextEnd = append(l.ends, t), l.nextEnd+l.frame
}

// waiting tells whether there is a beat to pop.
func (l *line) waiting() bool {
	l.starved = l.popped == l.pushed
	return !l.starved
}

// visible is the first cycle in which the next beat can be popped.
func (l *line) visible() int64 { return max(l.arrive[l.popped&l.mask], l.last+1) }

// pop takes the next beat, which can be seen from cycle seen on, in cycle t.
func (l *line) pop(seen, t int64) {
	if l.room {
		seen = t + 1
	}
	l.freed[l.popped&l.mask] = seen
	l.last = t
	if l.popped++; l.popped == l.nextTaken {
		l.endTaken(t)
	}
}

// endTaken notes the first beat of a network input and each frame's last.
func (l *line) endTaken(t int64) {
	if l.popped == 1 {
		l.first = t
	}
	l.nextTaken = l.frame
	if l.popped%l.frame == 0 {
		l.endFrame(t)
		l.nextTaken += l.popped
	}
}

// space is the first cycle in which the memory can take another beat; ok is false while it is not known.
func (l *line) space() (t int64, ok bool) {
	switch k := l.pushed - l.words; {
	case k < 0:
		return 0, true
	case k < l.popped:
		return l.freed[k&l.mask], true
	case k == l.popped && k < l.pushed:
		return l.visible(), true
	}
	l.stuck = true
	return 0, false
}

// roomFor is the first cycle in which beats more will fit, for a producer that promises them before it
// makes them.
func (l *line) roomFor(beats int) (t int64, ok bool) {
	switch k := l.pushed + beats - l.words - 1; {
	case k < 0:
		return 0, true
	case k < l.popped:
		return l.freed[k&l.mask], true
	}
	l.stuck = true
	return 0, false
}

// gauge follows how full a FIFO without end becomes.
type gauge struct {
	push, fetch int // beats compared so far
	most        int // words of memory that were in use at a time
}

// grow makes place for another push: it drops what has been gauged, or doubles the rings.
func (l *line) grow() {
	l.gauge.settle(l)
	low := min(l.gauge.push, l.gauge.fetch)
	if size := len(l.arrive); l.pushed-low > size/2 {
		arrive, freed := make([]int64, 2*size), make([]int64, 2*size)
		for i := low; i < l.pushed; i++ {
			arrive[i&(2*size-1)], freed[i&(2*size-1)] = l.arrive[i&l.mask], l.freed[i&l.mask]
		}
		l.mask, l.arrive, l.freed = 2*size-1, arrive, freed
	}
	l.widen = low + len(l.arrive)
}

// settle counts, for every push, the beats that the memory holds with it: a beat leaves the memory for
// the output register in the cycle before it can be seen.
func (g *gauge) settle(l *line) {
	for g.push < l.pushed && g.fetch < l.popped {
		pushed, fetched := l.arrive[g.push&l.mask]-FIFOLatency, l.freed[g.fetch&l.mask]-1
		if pushed <= fetched {
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
