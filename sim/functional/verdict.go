package functional

import (
	"math"
	"slices"
)

// verdict is what a worker keeps for a tail.
type verdict struct {
	made   bool      // limits are those of the golden frame
	limits [][]int32 // per step and pixel: how far changes may sway scores, times 1<<step.bits, without an effect
	sway   []int32   // how far each pixel's changes may sway scores, in the border 0
}

func newVerdict(t *tail) verdict {
	var v verdict
	if t == nil {
		return v
	}
	pixels := t.mask.dst.Shape.H * t.mask.dst.Shape.W
	size := 0
	for i := range t.steps {
		rows, row := t.steps[i].plane()
		v.limits = append(v.limits, make([]int32, pixels))
		size = max(size, rows*row)
	}
	v.sway = make([]int32, size)
	return v
}

// plane is the size of the input with its padding.
func (s *step) plane() (rows, row int) {
	return s.src.Shape.H + s.Before[0] + s.After[0], s.src.Shape.W + s.Before[1] + s.After[1]
}

// certain tells whether the tail's bounds hold under these patches: it is not struck itself.
func (t *tail) certain(patches []Patch) bool {
	return !slices.ContainsFunc(patches, func(p Patch) bool { return p.Node >= t.first })
}

// conclude finds the classes that change, of a tail whose first input is as it will be. It gives the last node
// whose output may differ, -1 for none.
func (w *Worker) conclude(t *tail) int {
	if !w.verdict.made {
		w.judge(t)
	}
	at := -1
	for i := range t.steps {
		s := &t.steps[i]
		want := w.doubts(s, w.verdict.limits[i])
		w.diff.Stats.Nodes++
		s.only(w, want)
		if !w.marks[s.out].any() {
			return at
		}
		at = s.node
	}
	w.diff.Stats.Nodes++
	t.mask.follow(w, nil)
	if w.marks[t.mask.out].any() {
		at = t.mask.node
	}
	return at
}

// judge works out the limits of the golden frame.
func (w *Worker) judge(t *tail) {
	w.verdict.made = true
	lead := w.work.line
	head := t.steps[len(t.steps)-1]
	width := head.shape.W
	for y := range head.shape.H {
		w.lead(&head, y, lead)
		for i := range t.steps {
			s := &t.steps[i]
			limits := w.verdict.limits[i][y*width:]
			for x := range width {
				limits[x] = int32(min(max(int64(lead[x])<<s.bits-s.rest, 0), math.MaxInt32))
			}
		}
	}
}

// lead is by how much each pixel of row y may see two scores of the golden frame move apart, and any one move, without
// another winner and without a clamp.
func (w *Worker) lead(head *step, y int, lead []int32) {
	m, golden := &w.e.images[head.dst.image], w.frames[head.dst.image].golden
	lo, hi := int32(head.Scale.Lo-head.dst.offset), int32(head.Scale.Hi-head.dst.offset)
	for x := range head.shape.W {
		scores := golden[m.at(y, x)+head.dst.channel:][:head.shape.C]
		winner := 0
		least, most := int32(scores[0]), int32(scores[0])
		for k, v := range scores {
			if v > scores[winner] {
				winner = k
			}
			least, most = min(least, int32(v)), max(most, int32(v))
		}
		free := min(least-lo, hi-most)
		for k, v := range scores {
			if k == winner {
				continue
			}
			by := int32(scores[winner]) - int32(v)
			if k < winner {
				by-- // it would win a tie
			}
			free = min(free, by)
		}
		lead[x] = free
	}
}

// doubts finds the outputs of a step that changes of its input may sway too far. They hold until the next call.
func (w *Worker) doubts(s *step, limits []int32) *marks {
	in, want := &w.marks[s.in], w.work.touched(s.shape)
	_, row := s.plane()
	top, bottom := max(0, in.lo+s.Before[0]-s.kh+1), min(s.shape.H, in.hi+s.Before[0])
	if top >= bottom {
		return want
	}
	sway := w.verdict.sway
	clear(sway[top*row : (bottom+s.kh-1)*row])
	f, m := &w.frames[s.src.image], s.image
	for y := in.lo; y < in.hi; y++ {
		if from, to := in.span(y); from < to {
			at := m.at(y, from) + s.src.channel
			w.e.kernels.Sway(sway[(y+s.Before[0])*row+from+s.Before[1]:], f.now[at:], f.golden[at:], m.step, to-from, s.by)
		}
	}
	for y := top; y < bottom; y++ {
		if w.e.kernels.Exceed(want.row(y), sway[y*row:], row, s.kh, s.kw, limits[y*s.shape.W:][:s.shape.W]) {
			want.rows(y, y+1)
		}
	}
	return want
}

// only computes the wanted outputs anew and marks those that change. The others stay golden.
func (c *conv) only(w *Worker, want *marks) {
	if b := c.bytesFor(w); b != nil && want.any() && b.load(c, w, want) {
		c.spreadBytes(w, b, want, true)
		return
	}
	const apart = 6 // fewer pixels between are computed too: to begin anew takes longer
	for y := want.lo; y < want.hi; y++ {
		want.runs(y, apart, func(lo, hi int) {
			acc, step := c.rowSums(w, c.parts, y, lo, hi)
			w.diff.Stats.MACs += int64(hi-lo) * c.perPixel
			c.settleRun(w, want, y, lo, acc[:(hi-lo)*step], nil, step)
		})
	}
}
