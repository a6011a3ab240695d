package gosim

import "slices"

// compact moves statements with the same guard together where nothing stands against it, so that they
// share an if: first up to earlier ones, then down to later ones.
func (s *scheduler) compact() {
	var up []step
	for _, b := range s.steps {
		up = slices.Insert(up, s.berth(up, b), b)
	}
	var down []step // from the last statement to the first
	for _, a := range slices.Backward(up) {
		down = slices.Insert(down, s.berthBefore(down, a), a)
	}
	slices.Reverse(down)
	s.steps = down
}

// berth is the best place for b among the statements before it.
func (s *scheduler) berth(out []step, b step) int {
	return best(out, b, func(a step) bool { return s.conflict(a, b) })
}

// berthBefore is the best place for a among the statements after it, which stand in reverse.
func (s *scheduler) berthBefore(out []step, a step) int {
	return best(out, a, func(b step) bool { return s.conflict(a, b) })
}

// best is the index at which st shares most of its guard with a neighbour, where it may pass the
// statements from the end on as long as none conflicts, and must not part two that share a guard.
func best(out []step, st step, conflict func(step) bool) int {
	at := len(out)
	if at == 0 {
		return 0
	}
	gain := common(out[at-1].path, st.path)
	for i := len(out) - 1; i >= 0 && gain < len(st.path) && !conflict(out[i]); i-- {
		next := common(out[i].path, st.path)
		prev, together := 0, 0
		if i > 0 {
			prev, together = common(out[i-1].path, st.path), common(out[i-1].path, out[i].path)
		}
		if min(prev, next) >= together && max(prev, next) > gain {
			at, gain = i, max(prev, next)
		}
	}
	return at
}

// key is what the scheduler's maps know a statement by.
func (st step) key() any {
	switch {
	case st.sink != nil:
		return st.sink
	case st.val != nil:
		return st.val
	}
	return st.hold
}

// conflict tells whether b must stay after a.
func (s *scheduler) conflict(a, b step) bool {
	if made := a.made(); made != nil && slices.Contains(s.needs[b.key()], made) {
		return true
	}
	if b.sink == nil {
		return false
	}
	for _, src := range b.sink.changes() {
		if a.hold == src || a.hold == nil && s.reads[a.key()][src] {
			return true
		}
	}
	return b.sink.kind == writeMem && a.sink != nil && a.sink.mem == b.sink.mem
}

// made is the value that a statement gives a variable; nil for a sink.
func (st step) made() *val {
	if st.val != nil {
		return st.val
	}
	return st.hold
}
