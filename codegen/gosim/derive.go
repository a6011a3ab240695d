package gosim

import "rampart/ir/rtl"

// A register without a guard that follows from other state alone, such as a delayed bit, need not be
// compared: it can change only in the step after one of its sources changed. So a module rests only
// after as many unchanged steps as such derived registers stand in a row, and one more. Among the
// others, that are compared or taken to change, is at least one of every circle of registers.

// maxDepth is the longest row of derived registers; a module with longer rows would rest too late.
const maxDepth = 8

// derive chooses the derived registers and tells the length of the longest row of them.
func (t *tracking) derive(sinks []*sink) {
	t.derived = map[*val]bool{}
	sources := map[*val]map[*val]bool{}
	for _, s := range sinks {
		if !t.derivable(s) {
			continue
		}
		sources[s.dest] = sourcesOf(s.value)
		t.derived[s.dest] = true
		if depth, ok := t.longest(sources); ok {
			t.depth = depth
		} else {
			delete(t.derived, s.dest)
			delete(sources, s.dest)
		}
	}
}

// longest is the length of the longest row of derived registers, given the sources of each; false where
// they run in a circle or the row is too long.
func (t *tracking) longest(sources map[*val]map[*val]bool) (int, bool) {
	const entered = -1
	rank := map[*val]int{}
	var visit func(v *val) int
	visit = func(v *val) int {
		switch r, ok := rank[v]; {
		case r == entered:
			return maxDepth + 1
		case ok:
			return r
		}
		rank[v] = entered
		most := 0
		for src := range sources[v] {
			if t.derived[src] {
				most = max(most, visit(src))
			}
		}
		rank[v] = most + 1
		return most + 1
	}
	depth := 0
	for v := range sources {
		depth = max(depth, visit(v))
	}
	return depth, depth <= maxDepth
}

// derivable tells whether the sink is a scalar register that follows from state alone, in every cycle,
// and that no tracked sink waits for.
func (t *tracking) derivable(s *sink) bool {
	if s.kind != setReg || len(s.guard) > 0 || s.dest.vector() || t.bySource[s.dest] != 0 {
		return false
	}
	for src := range sourcesOf(s.value) {
		if src.op == rtl.OpInput {
			return false
		}
	}
	return true
}
