package network

import (
	"math"
	"slices"

	"rampart/ir/fixed"
)

// bounds are what a clip puts around the numbers of a value; lower bounds are left out where they are all the
// least number of its format.
func (c *Clip) bounds(v *fixed.Value, seen *Calibration) *fixed.Clip {
	all := seen.Bounds(v, c.Percentile)
	if c.Per == PerLayer {
		hull := all[0]
		for _, b := range all {
			hull.Lo, hull.Hi = min(hull.Lo, b.Lo), max(hull.Hi, b.Hi)
		}
		for i := range all {
			all[i] = hull
		}
	}
	least, most := v.Format.Range()
	clip := &fixed.Clip{Flag: c.Flag}
	needed := false
	for _, b := range all {
		extra := int64(math.Ceil(c.Margin * float64(b.Hi-b.Lo)))
		lo, hi := max(least, b.Lo-extra), min(most, b.Hi+extra)
		clip.Lo, clip.Hi = append(clip.Lo, lo), append(clip.Hi, hi)
		needed = needed || lo > least
	}
	if c.Above || !needed {
		clip.Lo = nil
	}
	return clip
}

// idle tells whether bounds are those of the format.
func idle(c *fixed.Clip, f fixed.Format) bool {
	_, most := f.Range()
	return c.Lo == nil && !slices.ContainsFunc(c.Hi, func(hi int64) bool { return hi < most })
}

// even tells whether all channels have the same bounds.
func even(c *fixed.Clip) bool {
	same := func(all []int64) bool {
		return !slices.ContainsFunc(all, func(v int64) bool { return v != all[0] })
	}
	return same(c.Lo) && same(c.Hi)
}

// narrow puts the bounds into a layer's own clamp, where it has one and they allow it.
func narrow(op fixed.Op, c *fixed.Clip) bool {
	var s *fixed.Scale
	switch op := op.(type) {
	case *fixed.Conv:
		s = &op.Scale
	case *fixed.Requant:
		s = &op.Scale
	}
	if s == nil || c.Flag || !even(c) {
		return false
	}
	// What was calibrated lies within the clamp, so that the ends stay in order.
	if c.Lo != nil {
		s.Lo = max(s.Lo, c.Lo[0])
	}
	s.Hi = min(s.Hi, c.Hi[0])
	return true
}

// clip bounds the numbers that a layer makes.
func (g *guarding) clip(l *layer, c *Clip) {
	v := l.out
	clip := c.bounds(v, g.seen)
	if idle(clip, v.Format) {
		g.report.Left = append(g.report.Left, Note{l.names()[0], clipKey + ": the bounds are those of its format"})
		return
	}
	r := &ClipReport{Per: c.Per, Lo: clip.Lo, Hi: clip.Hi, Flag: c.Flag}
	r.Outside, r.Numbers = g.seen.Outside(v, clip)
	cost := Cost{Guard: clipKey}
	if r.Narrowed = narrow(l.Op, clip); !r.Narrowed {
		n := g.behind(l, "clip", clip)
		cost.node = n
		cost.MemoryBits = int64(len(clip.Lo)+len(clip.Hi)) * int64(v.Format.Bits)
	}
	l.report.Clip = r
	l.report.Costs = append(l.report.Costs, cost)
}
