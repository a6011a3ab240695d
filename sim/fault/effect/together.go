package effect

import "slices"

// together is several effects in one run: the patches of each behind those of the ones before.
func together(all []Effect) Effect {
	if len(all) == 1 {
		return all[0]
	}
	var sum Effect
	for _, e := range all {
		if e.Verdict > sum.Verdict || sum.Why == "" && sum.Verdict == Dead {
			sum.Verdict, sum.Why = e.Verdict, e.Why
		}
		sum.Corrected, sum.Detected = sum.Corrected || e.Corrected, sum.Detected || e.Detected
	}
	switch sum.Verdict {
	case Cycle:
		return Effect{Verdict: Cycle, Why: sum.Why}
	case Patched:
		sum.Spans = overlay(all)
	}
	return sum
}

// overlay cuts the spans of effects so that each frame is in one.
func overlay(all []Effect) []Span {
	var cuts []int // where spans begin, or end before
	for _, e := range all {
		for _, s := range e.Spans {
			cuts = append(cuts, s.First, s.Last+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var spans []Span
	for i, first := range cuts[:len(cuts)-1] {
		one := Span{First: first, Last: cuts[i+1] - 1}
		for _, e := range all {
			for _, s := range e.Spans {
				if s.First <= first && first <= s.Last {
					one.Patches = append(one.Patches, s.Patches...)
				}
			}
		}
		if len(one.Patches) > 0 {
			spans = append(spans, one)
		}
	}
	return spans
}
