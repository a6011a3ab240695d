package gosim

// compact moves statements up to others with the same guard where nothing stands against it, so that
// they share an if.
func (s *scheduler) compact() {
	var out []step
	for _, b := range s.steps {
		at := s.berth(out, b)
		out = append(out, step{})
		copy(out[at+1:], out[at:])
		out[at] = b
	}
	s.steps = out
}

// berth is the best place for b among the statements before it.
func (s *scheduler) berth(out []step, b step) int {
	best := len(out)
	if len(out) == 0 {
		return best
	}
	gain := common(out[len(out)-1].path, b.path)
	for at := len(out) - 1; at >= 0 && !s.conflict(out[at], b) && gain < len(b.path); at-- {
		next := common(out[at].path, b.path)
		prev, together := 0, 0
		if at > 0 {
			prev, together = common(out[at-1].path, b.path), common(out[at-1].path, out[at].path)
		}
		if min(prev, next) >= together && max(prev, next) > gain {
			best, gain = at, max(prev, next)
		}
	}
	return best
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
	if a.sink == nil {
		made := a.val
		if made == nil {
			made = a.hold
		}
		for _, v := range s.needs[b.key()] {
			if v == made {
				return true
			}
		}
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
