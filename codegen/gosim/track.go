package gosim

import (
	"cmp"
	"slices"

	"rampart/ir/rtl"
)

// A sink is tracked when it is executed only in cycles after which one of its sources may have changed:
// with the same sources it would put the same value again. Each tracked sink has a bit in the module's
// stale word, which whatever changes a source sets.
//
// A sink that is executed under a guard, or puts a vector, is taken to change something; a scalar
// without a guard is compared, or derived (see derive.go), and one that tracked sinks depend on is
// compared. A module in which nothing changed rests: it does nothing while its inputs stay the same.

const (
	maxTracked = 64 // bits of the stale word
	heavy      = 64 // lane operations from which on tracking a guarded sink pays
)

// tracking is what changes concern which tracked sinks, and which inputs must be watched.
type tracking struct {
	bySource map[*val]uint64
	byMem    map[*rtl.Mem]uint64
	watched  []*val        // inputs, in port order, whose change ends a module's rest
	derived  map[*val]bool // registers that are not compared
	depth    int           // the longest row of derived registers
}

// track chooses the tracked sinks, extends their guards, and finds what to watch. exempt tells whether
// an instance's input need not be watched.
func track(g *graph, inputs []*val, sinks []*sink, exempt func(i *rtl.Instance, port int) bool) *tracking {
	t := &tracking{bySource: map[*val]uint64{}, byMem: map[*rtl.Mem]uint64{}}
	for bit, s := range chooseTracked(sinks) {
		if bit == maxTracked {
			break
		}
		s.bit = 1 << bit
		for _, v := range s.operands() {
			for src := range sourcesOf(v) {
				t.bySource[src] |= s.bit
			}
		}
		if s.kind == readMem {
			t.byMem[s.mem] |= s.bit
		}
		s.guard = append(slices.Clone(s.guard), lit{mask: s.bit})
	}
	t.derive(sinks)
	watched := map[*val]bool{}
	for _, s := range sinks {
		for _, l := range s.guard {
			if l.cond != nil {
				watch(watched, l.cond)
			}
		}
		if s.kind == stepInst {
			for port, a := range s.args {
				if !exempt(s.inst, port) {
					watch(watched, a)
				}
			}
			continue
		}
		if s.bit == 0 && s.guarded() && t.bySource[s.dest] == 0 {
			continue // in a module at rest its guard was 0, and is as long as nothing watched changes
		}
		for _, v := range s.operands() {
			watch(watched, v)
		}
	}
	for _, in := range inputs {
		if watched[in] {
			t.watched = append(t.watched, in)
		}
	}
	return t
}

func watch(watched map[*val]bool, v *val) {
	for src := range sourcesOf(v) {
		watched[src] = true
	}
}

// guarded tells whether an enable guards the sink.
func (s *sink) guarded() bool { return len(s.guard) > 0 && s.guard[0].cond != nil }

// changesBlindly tells whether executing the sink counts as a change without a comparison.
func (u *unit) changesBlindly(s *sink) bool {
	switch s.kind {
	case writeMem, noteUse: // a module that rests would note nothing
		return true
	case setReg, readMem:
		return s.dest.vector() || s.guarded() && u.track.bySource[s.dest] == 0
	}
	return false
}

// chooseTracked lists the sinks to track, those that need it most first: vectors without a guard, then
// those whose work is heavy.
func chooseTracked(sinks []*sink) []*sink {
	var chosen []*sink
	for _, s := range sinks {
		if s.kind != setReg && s.kind != readMem || s.dest == nil {
			continue
		}
		free := s.dest.vector() && len(s.guard) == 0
		if free || s.work() >= heavy && !s.takesVectors() {
			chosen = append(chosen, s)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *sink) int {
		return cmp.Compare(min(1, len(a.guard)), min(1, len(b.guard)))
	})
	return chosen
}

// work estimates the lane operations of evaluating a sink's operands.
func (s *sink) work() int {
	n := 0
	seen := map[*val]bool{}
	var visit func(v *val)
	visit = func(v *val) {
		if seen[v] || v.source() || v.op == rtl.OpConst {
			return
		}
		seen[v] = true
		switch v.row().shape {
		case elementwise:
			n += v.typ.Lanes
		case folding:
			n += v.args[0].typ.Lanes + v.typ.Lanes
		}
		for _, a := range v.args {
			visit(a)
		}
	}
	for _, v := range s.operands() {
		visit(v)
	}
	return n
}

// takesVectors tells whether a vector input port, or the sink's own destination, is among its
// sources: comparing the one costs, and the other changes whenever the sink is executed.
func (s *sink) takesVectors() bool {
	for _, v := range s.operands() {
		for src := range sourcesOf(v) {
			if src.op == rtl.OpInput && src.vector() || src == s.dest {
				return true
			}
		}
	}
	return false
}

// sourcesOf is the set of sources that v is computed from.
func sourcesOf(v *val) map[*val]bool {
	found, seen := map[*val]bool{}, map[*val]bool{}
	var visit func(v *val)
	visit = func(v *val) {
		if seen[v] {
			return
		}
		seen[v] = true
		if v.source() {
			found[v] = true
		}
		for _, a := range v.args {
			visit(a)
		}
	}
	visit(v)
	return found
}
