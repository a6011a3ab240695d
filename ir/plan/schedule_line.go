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

	pushes, pops frames
	times        []int64 // all pops of a network output

	gauge *gauge // of a FIFO without end
	widen int    // pushed beats at which the rings of a FIFO without end must grow
}

// promises tells whether a stage counts the room in its output buffer, for it pushes beats some time after it has
// decided to.
func (s *Stage) promises() bool {
	return s.Kind == Conv || s.Kind == Pool || s.Kind == Scale || s.Kind == Clip || s.Kind == Vote
}

// frames sums up, for each image, the times at which its beats pass.
type frames struct {
	beats int // of an image
	end   int // beats until the end of the present image
	sum   int64
	sums  []int64
	part  int // of the pipeline, see setParts
}

func (f *frames) close() {
	f.sums = append(f.sums, f.sum)
	f.sum, f.end = 0, f.end+f.beats
}

// endless is the size of a FIFO that never holds anything up.
const endless = math.MaxInt / 2

func newLine(s *Stream, unlimited bool) *line {
	l := &line{stream: s, words: s.Depth - 1, last: -1, widen: endless}
	n := s.FrameBeats()
	l.pushes, l.pops = frames{beats: n, end: n}, frames{beats: n, end: n}
	l.room = s.From != nil && s.From.promises()
	size := 1
	switch {
	case s.From == nil:
		l.words = endless
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
	l.pushes.sum += t
	if l.pushed++; l.pushed == l.pushes.end {
		l.pushes.close()
	}
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
	l.pops.sum += t
	if l.popped++; l.popped == l.pops.end {
		l.pops.close()
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
