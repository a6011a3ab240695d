package plan

// windowRunner holds the timing rules of a convolution or pool: a writer that takes beats while the
// line buffer has space, a reader that starts groups while pixels and output room allow.
type windowRunner struct {
	in, out  *line
	y, x     Walk
	rows     int
	groups   int
	steps    int64
	interval int64
	pipeline int64
	beats    int // of a full group
	lastOne  int // beats of a pixel's last group

	inBeats int
	written []int64 // when the last beat of each input pixel was taken
	passed  []int64 // when the reader stood at each output pixel first

	// The reader: output pixel and group to be started next.
	oy, ox, group int
	pixel         int // index in passed
	frameRow      int
	start         int64 // when the last group started
	reserved      int   // output beats promised so far

	// The writer's view of the reader: the earliest output pixel that frees enough.
	free place
}

// place is an output pixel and the absolute image row of its frame's first row.
type place struct{ pixel, oy, ox, frameRow int }

func newWindowRunner(st *Stage, in, out *line) *windowRunner {
	w := &windowRunner{
		in: in, out: out, y: st.Walk[0], x: st.Walk[1], rows: st.Rows, groups: st.Groups(),
		steps: int64(st.Steps()), interval: int64(st.Interval()), pipeline: int64(st.Pipeline()),
		beats: st.GroupBeats(), inBeats: in.stream.Beats(),
	}
	w.lastOne = out.stream.Beats() - (w.groups-1)*w.beats
	w.start = -w.interval
	w.passed = append(w.passed, 0)
	return w
}

func (w *windowRunner) run() bool {
	moved := false
	for {
		a, b := w.write(), w.read()
		if !a && !b {
			return moved
		}
		moved = true
	}
}

// write takes input beats as far as the reader's progress is known.
func (w *windowRunner) write() bool {
	moved := false
	for {
		n := len(w.in.pop)
		t, ok := w.in.visible(n)
		if !ok {
			return moved
		}
		pixel := n / w.inBeats
		for !w.frees(w.free, pixel/w.x.In, pixel%w.x.In) {
			if w.free.pixel+1 >= len(w.passed) {
				return moved
			}
			w.free.next(w)
		}
		t = max(t, w.passed[w.free.pixel])
		moved = true
		w.in.pop = append(w.in.pop, t)
		if n%w.inBeats == w.inBeats-1 {
			w.written = append(w.written, t)
		}
	}
}

// frees tells whether a reader at p no longer needs what the pixel at (row, col) would overwrite.
func (w *windowRunner) frees(p place, row, col int) bool {
	posY, phase := w.y.At(p.oy)
	free := p.frameRow + min(max(posY, 0), w.y.In)
	if row-free != w.rows {
		return row-free < w.rows
	}
	if phase != w.y.Phases-1 || posY < 0 || posY >= w.y.In {
		return false
	}
	posX, _ := w.x.At(p.ox)
	return col < min(max(posX, 0), w.x.In)
}

func (p *place) next(w *windowRunner) {
	p.pixel++
	if p.ox++; p.ox == w.x.Out {
		p.ox = 0
		if p.oy++; p.oy == w.y.Out {
			p.oy = 0
			p.frameRow += w.y.In
		}
	}
}

// read starts groups as far as input pixels and output pops are known.
func (w *windowRunner) read() bool {
	moved := false
	for {
		posY, _ := w.y.At(w.oy)
		posX, _ := w.x.At(w.ox)
		needRow := w.frameRow + min(max(posY+w.y.Span(), 0), w.y.In-1)
		needCol := min(max(posX+w.x.Span(), 0), w.x.In-1)
		need := needRow*w.x.In + needCol
		if need >= len(w.written) {
			return moved
		}
		t := max(w.start+w.interval, w.written[need]+1)
		if w.out.words >= 0 {
			if wait := w.reserved + w.beats - w.out.words; wait > 0 {
				if wait > len(w.out.pop) {
					return moved
				}
				t = max(t, w.out.pop[wait-1]+1)
			}
		}
		moved = true
		w.begin(t)
	}
}

// begin starts the present group at t, pushes its beats, and moves on.
func (w *windowRunner) begin(t int64) {
	w.start = t
	beats := w.beats
	if w.group == w.groups-1 {
		beats = w.lastOne
	}
	first := t + w.steps - 1 + w.pipeline
	for j := range beats {
		w.out.push = append(w.out.push, first+int64(j))
	}
	w.reserved += beats
	if w.group++; w.group < w.groups {
		return
	}
	w.group = 0
	w.passed = append(w.passed, t+w.steps)
	if w.ox++; w.ox == w.x.Out {
		w.ox = 0
		if w.oy++; w.oy == w.y.Out {
			w.oy = 0
			w.frameRow += w.y.In
		}
	}
}
