package gosim

import (
	"cmp"
	"slices"
)

// step is one statement of a block in its place: a value to compute, or a sink.
type step struct {
	val  *val  // compute this value, or
	hold *val  // keep a copy of this source, or
	sink *sink // change state
	path path
}

// scheduler orders the statements of a block so that every statement sees the state from before the
// clock edge: readers of a source stand before the sink that changes it, consumers before producers.
// Where sinks read one another in a circle, a copy of a source breaks it.
type scheduler struct {
	*block
	reads   map[any]map[*val]bool // by *val or *sink: sources read when it is executed
	needs   map[any][]*val        // by *val or *sink: values that must have been computed
	readers map[*val][]any        // by source: who reads it
	done    map[any]bool
	selfish []*val // sources that their own sink reads in a way that it must not change them meanwhile
	steps   []step
	path    path // of the last statement
}

// schedule orders the block's statements.
func (b *block) schedule() *scheduler {
	for {
		s := newScheduler(b)
		blocked := s.run()
		if blocked == nil {
			s.compact()
			return s
		}
		for _, v := range blocked {
			b.held[v] = true
		}
	}
}

func newScheduler(b *block) *scheduler {
	s := &scheduler{block: b, reads: map[any]map[*val]bool{}, needs: map[any][]*val{},
		readers: map[*val][]any{}, done: map[any]bool{}}
	for i, v := range b.g.vals {
		if b.live[i] && !b.terminal(v) && b.reps[i] != inline {
			s.gather(v, v.args, b.avail[i])
		}
	}
	for _, k := range b.sinks {
		s.gather(k, k.operands(), k.guard)
		if k.kind == setReg && s.reads[k][k.dest] && !b.inPlace(k.value, k.dest, true) {
			s.selfish = append(s.selfish, k.dest)
		}
		for _, out := range k.outs { // an instance must not change what its own input points to
			if out.vector() && s.reads[k][out] {
				s.selfish = append(s.selfish, out)
			}
		}
	}
	return s
}

// gather notes what statement x reads and needs: everything below the values vs that is not held in a
// variable, and the conditions of its guard.
func (s *scheduler) gather(x any, vs []*val, guard path) {
	s.reads[x] = map[*val]bool{}
	seen := map[*val]bool{}
	var visit func(v *val)
	visit = func(v *val) {
		if seen[v] {
			return
		}
		seen[v] = true
		switch {
		case s.held[v]:
			s.needs[x] = append(s.needs[x], v)
		case v.source():
			s.read(x, v)
		case s.terminal(v):
		case s.reps[v.id] == inline:
			s.below(v, visit)
		default:
			s.needs[x] = append(s.needs[x], v)
			if s.reps[v.id] == view {
				s.pointees(v, func(src *val) {
					if !s.held[src] {
						s.read(x, src)
					}
				})
			}
		}
	}
	if v, ok := x.(*val); ok {
		if !s.held[v] {
			s.below(v, visit)
		}
	} else {
		for _, v := range vs {
			visit(v)
		}
	}
	for _, v := range s.tested(guard) {
		visit(v)
	}
}

// below visits the operands of v as they are evaluated.
func (b *block) below(v *val, visit func(*val)) {
	for i, a := range v.args {
		if b.picks[v.id] && i == 0 {
			for _, part := range a.args {
				visit(part)
			}
			continue
		}
		visit(a)
	}
}

// pointees calls f with every source that a pointer to v may point into.
func (b *block) pointees(v *val, f func(*val)) {
	switch {
	case v.source():
		f(v)
	case b.terminal(v), b.reps[v.id] == array, !v.vector():
	default:
		b.below(v, func(a *val) { b.pointees(a, f) })
	}
}

func (s *scheduler) read(x any, src *val) {
	if !s.reads[x][src] {
		s.reads[x][src] = true
		s.readers[src] = append(s.readers[src], x)
	}
}

// inPlace tells whether v can be computed lane by lane straight into dest, which it reads: lane i of
// dest may be read for lane i of v only. same says that lanes of v are lanes of the result.
func (b *block) inPlace(v, dest *val, same bool) bool {
	switch {
	case v == dest:
		return same
	case b.terminal(v), b.reps[v.id] == local, b.reps[v.id] == array, !v.vector() && !dest.vector():
		return true
	}
	same = same && (v.row().shape == elementwise)
	ok := true
	b.below(v, func(a *val) { ok = ok && b.inPlace(a, dest, same && a.typ.Lanes == dest.typ.Lanes) })
	return ok
}

// run emits all statements; where it is stuck it returns sources to hold.
func (s *scheduler) run() (hold []*val) {
	if len(s.selfish) > 0 {
		return s.selfish
	}
	pending := slices.Clone(s.sinks)
	for len(pending) > 0 {
		best, score := -1, -1
		for i, k := range pending {
			if n := common(s.path, k.guard)*2 + btoi(len(k.guard) == len(s.path)); n > score && len(s.blockers(k, pending)) == 0 {
				best, score = i, n
			}
		}
		if best < 0 {
			return s.cut(pending)
		}
		k := pending[best]
		pending = slices.Delete(pending, best, best+1)
		s.emit(k)
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// blockers lists the sources, or for a write port the memory's pending ports, that keep sink k waiting.
func (s *scheduler) blockers(k *sink, pending []*sink) []*val {
	var blocked []*val
	for _, src := range k.changes() {
		if s.held[src] {
			continue
		}
		for _, r := range s.readers[src] {
			if other, ok := r.(*sink); ok && other != k && !s.done[r] {
				blocked = append(blocked, src)
				break
			}
		}
	}
	if k.kind != writeMem {
		return blocked
	}
	for _, other := range pending {
		if other.mem == k.mem && other != k {
			if other.kind == readMem {
				blocked = append(blocked, other.dest)
			} else if before(s.sinks, other, k) {
				blocked = append(blocked, nil)
			}
		}
	}
	return blocked
}

func before(sinks []*sink, a, b *sink) bool {
	return slices.Index(sinks, a) < slices.Index(sinks, b)
}

// cut chooses the cheapest sources of which a copy lets some sink go.
func (s *scheduler) cut(pending []*sink) []*val {
	var best []*val
	for _, k := range pending {
		var cuts []*val
		for _, src := range s.blockers(k, pending) {
			if src != nil && slices.Contains(k.changes(), src) {
				cuts = append(cuts, src)
			}
		}
		if len(cuts) > 0 && (best == nil || s.copyCost(cuts) < s.copyCost(best)) {
			best = cuts
		}
	}
	if best == nil {
		panic("BUG: gosim: the statements of a module cannot be ordered")
	}
	return best
}

func (s *scheduler) copyCost(vs []*val) int {
	n := 0
	for _, v := range vs {
		n += v.typ.Lanes * v.gotype().bytes()
	}
	return n
}

// emit places sink k, and before it what it needs and what must still see the state it changes.
func (s *scheduler) emit(k *sink) {
	s.compute(k)
	for _, src := range k.changes() {
		if s.held[src] {
			s.place(src)
			continue
		}
		for _, r := range s.readers[src] {
			if v, ok := r.(*val); ok {
				s.place(v)
			}
		}
	}
	s.done[k] = true
	s.steps = append(s.steps, step{sink: k, path: k.guard})
	s.path = k.guard
}

// compute places the values that x needs, those under outer guards first.
func (s *scheduler) compute(x any) {
	needs := slices.Clone(s.needs[x])
	slices.SortStableFunc(needs, func(a, b *val) int {
		return cmp.Or(cmp.Compare(len(s.avail[a.id]), len(s.avail[b.id])), cmp.Compare(a.id, b.id))
	})
	for _, v := range needs {
		s.place(v)
	}
}

// place emits the statement that computes v, or that keeps a copy of source v, unless it stands already.
func (s *scheduler) place(v *val) {
	if s.done[v] || !s.live[v.id] {
		return
	}
	s.done[v] = true
	st := step{val: v, path: s.avail[v.id]}
	if s.held[v] {
		st = step{hold: v, path: s.avail[v.id]}
		s.gather(v, nil, st.path)
		s.compute(v)
	} else {
		s.compute(v)
	}
	s.steps = append(s.steps, st)
}
