package float

import "slices"

// Strike computes what patches do to the golden frame, from what they reach alone. The golden frame stays as it
// is. The result holds until the worker's next call. The patches are valid, see Engine.Validate.
func (w *Worker) Strike(patches []Patch) *Diff { return w.hit(patches, false) }

// Dense computes the same as Strike, save for the statistics, by evaluating the whole network anew.
func (w *Worker) Dense(patches []Patch) *Diff { return w.hit(patches, true) }

func (w *Worker) hit(patches []Patch, all bool) *Diff {
	if !w.ran {
		panic("BUG: float: a patched frame before any golden one")
	}
	w.changed, w.stale = w.stale, w.changed
	clear(w.dirty)
	w.diff.NonFinite, w.diff.Stats = false, Stats{Last: -1}
	for i := range w.e.graph.Inputs {
		w.restore(i, nil)
		w.patchOutput(i, w.of(-1-i, patches))
		w.alarm(i)
	}
	for i := range w.e.steps {
		s := &w.e.steps[i]
		ps := w.of(s.at, patches)
		if !all && len(ps) == 0 && !slices.ContainsFunc(s.in, func(v int) bool { return w.dirty[v] }) {
			w.restore(s.out, nil)
			continue
		}
		w.visit(s, ps, all)
		w.patchOutput(s.out, ps)
		if w.uneven || !s.selects || len(ps) > 0 {
			w.alarm(s.out)
		}
		if s.at != noNode {
			w.diff.Stats.Nodes++
			if w.dirty[s.out] {
				w.diff.Stats.Last = s.at
			}
		}
	}
	return w.compare()
}

// of is the patches of node i, in their order.
func (w *Worker) of(i int, patches []Patch) []Patch {
	w.node = w.node[:0]
	for _, p := range patches {
		if p.Node == i {
			w.node = append(w.node, p)
		}
	}
	return w.node
}

// visit brings the output of a step up to date, under its patches, all of it or what may have changed.
func (w *Worker) visit(s *step, ps []Patch, all bool) {
	todo, full := w.full(s.out), whole(w.e.values[s.out].Shape)
	if !all {
		clear(todo)
		s.reach(w, todo)
	}
	w.chains.sort(s.operator, ps, len(todo))
	for _, c := range w.chains.struck {
		todo[c] = full
	}
	w.restore(s.out, todo)
	for c := 0; c < len(todo); {
		end := c + 1
		switch {
		case todo[c].empty():
		case w.chains.has(c):
			w.one = w.chains.list(c, ps, w.one[:0])
			s.compute(w, c, 1, todo[c], w.one)
		default:
			for end < len(todo) && todo[end] == todo[c] && !w.chains.has(end) {
				end++
			}
			s.compute(w, c, end-c, todo[c], nil)
		}
		c = end
	}
	for c, r := range todo {
		if r.empty() {
			continue
		}
		if all || !s.follows || w.chains.has(c) {
			r = w.differing(s.out, c, r)
		}
		w.changed[s.out][c] = r
		w.dirty[s.out] = w.dirty[s.out] || !r.empty()
	}
}
