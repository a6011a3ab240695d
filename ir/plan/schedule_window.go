package plan

// windowRunner holds the timing rules of a convolution or pool: a writer that takes beats while the
// line buffer has space, a reader that starts groups while pixels and output room allow.
type windowRunner struct {
	in, out  *line
	rows     int
	groups   int
	interval int64
	steps    int64
	flight   int64 // from a group's start to the push of its first beat
	beats    int   // of a full group
	lastOne  int   // beats of a pixel's last group
	inBeats  int   // of an input pixel

	// The writer.
	beat    int   // of the pixel that is being written
	pixel   int   // pixels written
	written ring  // when the last beat of each was taken
	held    bool  // it waits for the reader
	gate    int64 // from when on the pixel may be written

	// The reader stands at an output pixel. What it will need again limits the writer: limit holds the
	// number of input pixels that may be written, since says from when on.
	y, x         cursor
	frame        int // input pixels of the frames before
	group        int
	start        int64 // when the last group started
	need         int   // the last input pixel that the reader has waited for
	ready        int64 // when it could be read
	limit, since ring
	head, tail   int // limit's first entry of use to the writer, and its end
}

func newWindowRunner(st *Stage, in, out *line) *windowRunner {
	w := &windowRunner{
		in: in, out: out, rows: st.Rows, groups: st.Groups(),
		steps: int64(st.Steps()), interval: int64(st.Interval()), beats: st.GroupBeats(), inBeats: st.In[0].Beats(),
		y: newCursor(st.Walk[0]), x: newCursor(st.Walk[1]), need: -1,
		written: newRing(1), limit: newRing(1), since: newRing(1),
	}
	w.flight = w.steps - 1 + int64(st.Pipeline())
	w.lastOne = st.Out[0].Beats() - (w.groups-1)*w.beats
	w.start = -w.interval
	w.free(0)
	return w
}

// cursor walks along one dimension.
type cursor struct {
	Walk
	span       int
	out        int // output
	pos, phase int // At(out)
}

func newCursor(w Walk) cursor {
	c := cursor{Walk: w, span: w.Span()}
	c.pos, c.phase = w.At(0)
	return c
}

// next moves on and tells whether it began anew.
func (c *cursor) next() bool {
	if c.out++; c.out == c.Out {
		c.out = 0
		c.pos, c.phase = c.At(0)
		return true
	}
	if c.phase++; c.phase == c.Phases {
		c.phase = 0
		c.pos += c.Advance
	}
	return false
}

// first is the first input under the window or after it; last is the last one under it or before.
func (c *cursor) first() int { return min(max(c.pos, 0), c.In) }
func (c *cursor) last() int  { return min(max(c.pos+c.span, 0), c.In-1) }

// run goes on with the writer and the reader in turn.
func (w *windowRunner) run() bool {
	moved := w.write()
	for w.read() {
		moved = true
		if !w.held || !w.write() {
			break
		}
	}
	return moved
}

// write takes input beats as far as the reader's progress is known.
func (w *windowRunner) write() bool {
	in, from := w.in, w.in.popped
	w.held = false
	for in.popped < in.pushed {
		for w.beat == 0 && w.limit.at(w.head) <= int64(w.pixel) {
			if w.head+1 == w.tail {
				w.held = true
				in.starved = false
				return in.popped > from
			}
			w.head++
			w.gate = w.since.at(w.head)
		}
		seen := in.visible()
		t := max(seen, w.gate)
		in.pop(seen, t)
		if w.beat++; w.beat == w.inBeats {
			w.written.set(w.need, w.pixel, t)
			w.beat = 0
			w.pixel++
		}
	}
	in.starved = true
	return in.popped > from
}

// free lets the writer take all pixels that a reader at the present output pixel no longer needs from
// cycle t on: as many rows as there are, from the first that it needs; of that one the columns that
// have been read for the last time.
func (w *windowRunner) free(t int64) {
	pixels := w.frame + (w.y.first()+w.rows)*w.x.In
	if w.y.phase == w.y.Phases-1 && w.y.pos >= 0 && w.y.pos < w.y.In {
		pixels += w.x.first()
	}
	if w.tail > w.head && int64(pixels) == w.limit.at(w.tail-1) {
		return
	}
	w.limit.set(w.head, w.tail, int64(pixels))
	w.since.set(w.head, w.tail, t)
	w.tail++
}

// read starts groups as far as input pixels and output pops are known.
func (w *windowRunner) read() bool {
	moved := false
	for {
		if w.group == 0 {
			if need := w.frame + w.y.last()*w.x.In + w.x.last(); need > w.need {
				if need >= w.pixel {
					return moved
				}
				w.need, w.ready = need, w.written.at(need)+1
			}
		}
		room, ok := w.out.roomFor(w.beats)
		if !ok {
			return moved
		}
		moved = true
		w.begin(max(w.start+w.interval, w.ready, room))
	}
}

// begin starts the present group at t, pushes its beats, and moves on.
func (w *windowRunner) begin(t int64) {
	w.start = t
	w.group++
	beats, last := w.beats, w.group == w.groups
	if last {
		beats = w.lastOne
	}
	for j := range beats {
		w.out.push(t + w.flight + int64(j))
	}
	if !last {
		return
	}
	w.group = 0
	if w.x.next() && w.y.next() {
		w.frame += w.y.In * w.x.In
	}
	w.free(t + w.steps)
}
