package functional

import "slices"

// join is a Concat. Inputs that lie in its output's memory are joined already; patches of its inputs and its
// output are the worker's to apply, see Worker.patchJoin. Pokes of an input hold while that input is copied:
// what they change may be memory of another.
type join struct {
	out   int
	in    []int
	first []int // per input: its first channel in the output
	apart []int // the inputs that must be copied, as indices into in
}

func (e *Engine) newJoin(i int) *join {
	n := &e.nodes[i]
	j := &join{out: n.out, in: n.in}
	at := 0
	for k, v := range n.in {
		j.first = append(j.first, at)
		if val := &e.values[v]; val.image != e.values[n.out].image || val.channel != at {
			j.apart = append(j.apart, k)
		}
		at += e.values[v].Shape.C
	}
	return j
}

func (j *join) dense(w *Worker, _ []Patch) []Patch {
	for _, k := range j.apart {
		w.poke(j.in[k])
		eachPixel(w.e.values[j.out].Shape, func(y, x int) { j.copy(w, k, y, x) })
		w.unpoke()
	}
	return nil
}

func (j *join) follow(w *Worker, _ []Patch) []Patch {
	for k, v := range j.in {
		in := &w.marks[v]
		w.marks[j.out].or(in)
		if !slices.Contains(j.apart, k) {
			continue
		}
		w.poke(v)
		for y := in.lo; y < in.hi; y++ {
			in.each(y, func(x int) { j.copy(w, k, y, x) })
		}
		w.unpoke()
	}
	return nil
}

// copy copies a pixel of input k.
func (j *join) copy(w *Worker, k, y, x int) {
	src, dst := &w.e.values[j.in[k]], &w.e.values[j.out]
	from, to := &w.e.images[src.image], &w.e.images[dst.image]
	copy(w.frames[dst.image].now[to.at(y, x)+dst.channel+j.first[k]:],
		w.frames[src.image].now[from.at(y, x)+src.channel:][:src.Shape.C])
}

func (j *join) exact(*Worker, int, int, int, []Patch) int64 {
	panic("BUG: functional: a patched Concat")
}

func (j *join) reach(*Patch, func(c, y, x int)) {}
