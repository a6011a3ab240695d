package plan

import (
	"cmp"
	"slices"
)

// unblock finds what a plan lacks that stops, or is slower than its slowest stage: FIFOs that must be
// deep for a join that waits, and line buffers that need a row more to carry on through uneven input.
// It gives the streams whose FIFOs must be deep, skips among them, and leaves the rows set.
func (z *sizing) unblock(skips []*Stream) ([]*Stream, error) {
	deep := slices.Clone(skips)
	var others []*Stream
	for _, s := range z.plan.Streams {
		if s.From != nil && s.To != nil && s.To.Kind == Concat && !s.Skip {
			deep, others = append(deep, s), append(others, s)
		}
	}
	goal, wide, err := z.carryOn(deep)
	if err != nil {
		return nil, err
	}
	keeps := func(deep []*Stream) (bool, error) {
		t, _, err := z.time(deep)
		if z.ctx.Err() != nil {
			return false, z.ctx.Err()
		}
		return err == nil && t.pace <= goal, nil
	}
	if deep, err = z.withoutEach(deep, others, keeps); err != nil {
		return nil, err
	}
	for _, stages := range slices.Backward(wide) {
		if err := z.narrow(stages, func() (bool, error) { return keeps(deep) }); err != nil {
			return nil, err
		}
	}
	return deep, nil
}

// mostRows is how many rows a line buffer gets at most beyond those that its window needs.
const mostRows = 8

// carryOn widens all line buffers until the pace is that of the slowest stage, or no better with more
// rows. It gives the pace, and the stages that were widened each time.
func (z *sizing) carryOn(deep []*Stream) (pace int64, wide [][]*Stage, err error) {
	t, _, err := z.time(deep)
	if err != nil {
		return 0, nil, err
	}
	pace, least := t.pace, 0
	for len(wide) < mostRows && pace > z.plan.slowest() && z.effort > 0 {
		wide = append(wide, z.widen())
		if t, _, err = z.time(deep); err != nil {
			return 0, nil, err
		}
		if t.pace < pace {
			pace, least = t.pace, len(wide)
		}
	}
	for _, stages := range wide[least:] {
		for _, s := range stages {
			s.Rows -= s.Fold.TapY
		}
	}
	return pace, wide[:least], nil
}

// withoutEach takes those streams out that can do without depth: all of them, or one after the other.
func (z *sizing) withoutEach(deep, others []*Stream, keeps func([]*Stream) (bool, error)) ([]*Stream, error) {
	less := slices.DeleteFunc(slices.Clone(deep), func(s *Stream) bool { return slices.Contains(others, s) })
	if ok, err := keeps(less); ok || err != nil {
		return less, err
	}
	for _, o := range others {
		if z.effort <= 0 {
			break
		}
		less := slices.DeleteFunc(slices.Clone(deep), func(s *Stream) bool { return s == o })
		ok, err := keeps(less)
		if err != nil {
			return nil, err
		}
		if ok {
			deep = less
		}
	}
	return deep, nil
}

// widen gives every line buffer another row (as many as it has banks of rows), and lists them, the
// largest first.
func (z *sizing) widen() []*Stage {
	var wide []*Stage
	for _, s := range z.plan.Stages {
		if s.Kind == Conv || s.Kind == Pool {
			s.Rows += s.Fold.TapY
			wide = append(wide, s)
		}
	}
	slices.SortStableFunc(wide, func(a, b *Stage) int { return cmp.Compare(b.rowBits(), a.rowBits()) })
	return wide
}

// rowBits is the memory that another row costs.
func (s *Stage) rowBits() int {
	return s.Fold.TapY * s.Walk[1].In * s.Words() * s.Fold.Cw * s.In[0].Value.Format.Bits
}

// narrow takes the added rows away again where the pace can do without: of all stages, or of halves.
func (z *sizing) narrow(wide []*Stage, keeps func() (bool, error)) error {
	if len(wide) == 0 || z.effort < 0 {
		return nil
	}
	for _, s := range wide {
		s.Rows -= s.Fold.TapY
	}
	ok, err := keeps()
	if ok || err != nil {
		return err
	}
	for _, s := range wide {
		s.Rows += s.Fold.TapY
	}
	if len(wide) == 1 {
		return nil
	}
	half := len(wide) / 2
	if err := z.narrow(wide[:half], keeps); err != nil {
		return err
	}
	return z.narrow(wide[half:], keeps)
}
