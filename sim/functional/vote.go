package functional

import "rampart/ir/fixed"

// vote is a Vote.
type vote struct {
	in, out  int
	src, dst *value
	from, to *image
	voters   [][]int  // per output channel
	pairs    [][2]int // channels with one copy, and that
	triples  [][3]int // channels with two
	of       []int    // per input channel: the output channel that it has a vote for
}

func (e *Engine) newVote(i int, op *fixed.Vote) *vote {
	n := &e.nodes[i]
	v := &vote{in: n.in[0], out: n.out, src: &e.values[n.in[0]], dst: &e.values[n.out]}
	v.from, v.to = &e.images[v.src.image], &e.images[v.dst.image]
	v.voters = op.Voters(v.dst.Shape.C)
	v.of = make([]int, v.src.Shape.C)
	for c, from := range v.voters {
		for _, k := range from {
			v.of[k] = c
		}
		switch len(from) {
		case 2:
			v.pairs = append(v.pairs, [2]int(from))
		case 3:
			v.triples = append(v.triples, [3]int(from))
		}
	}
	return v
}

func (v *vote) dense(w *Worker, ps []Patch) []Patch {
	for y := range v.dst.Shape.H {
		v.row(w, y, 0, v.dst.Shape.W)
	}
	return ps
}

func (v *vote) follow(w *Worker, ps []Patch) []Patch {
	in := &w.marks[v.in]
	for y := in.lo; y < in.hi; y++ {
		if from, to := in.span(y); from < to {
			v.row(w, y, from, to)
			w.markRow(v.out, y, from, to)
		}
	}
	return ps
}

// row computes pixels from <= x < to of a row.
func (v *vote) row(w *Worker, y, from, to int) {
	in := w.frames[v.src.image].now[v.from.at(y, from)+v.src.channel:]
	out := w.frames[v.dst.image].now[v.to.at(y, from)+v.dst.channel:]
	channels, zero := v.dst.Shape.C, int32(v.dst.Zero-v.dst.offset)
	for x := range to - from {
		px, py := in[x*v.from.step:], out[x*v.to.step:]
		copy(py[:channels], px)
		for _, p := range v.pairs {
			a, b := px[p[0]], px[p[1]]
			if d, e := int32(a)-zero, int32(b)-zero; max(e, -e) < max(d, -d) {
				py[p[0]] = b
			}
		}
		for _, t := range v.triples {
			a, b, c := px[t[0]], px[t[1]], px[t[2]]
			py[t[0]] = max(min(a, b), min(max(a, b), c))
		}
	}
}

func (v *vote) exact(w *Worker, c, y, x int, ps []Patch) int64 {
	s := v.src.Shape
	var votes [3]int64
	for i, k := range v.voters[c] {
		votes[i] = params(ps, Input, (k*s.H+y)*s.W+x, w.load(v.in, k, y, x), v.src.Format)
	}
	return fixed.Decide(votes[:len(v.voters[c])], v.dst.Zero)
}

func (v *vote) reach(p *Patch, f func(c, y, x int)) {
	c, y, x := coordinates(v.src.Shape, p.Index)
	f(v.of[c], y, x)
}
