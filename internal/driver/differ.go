package driver

import (
	"bytes"
	"fmt"

	"rampart/ir/fixed"
	"rampart/sim"
)

// outputsDiffer says where outputs first leave the evaluator's, or "".
func (v *verifier) outputsDiffer(got [][]*fixed.Tensor) string {
	for i, frame := range v.want {
		for k, want := range frame {
			for e, w := range want.Data {
				if g := got[i][k].Data[e]; g != w {
					return fmt.Sprintf("image %d, output %s, element %d: %d instead of %d", i, v.Plan.Outputs[k].Name, e, g, w)
				}
			}
		}
	}
	return ""
}

func (v *verifier) traceDiffers(t *sim.Trace) string {
	if t.Stop != sim.Done {
		return fmt.Sprintf("nothing moves from cycle %d on", t.Cycle)
	}
	return v.outputsDiffer(v.Unpack(t, len(v.images)))
}

func (v *verifier) scheduleDiffers(t *sim.Trace) string {
	for k, times := range v.beats {
		if want := len(v.images) * v.Plan.Outputs[k].FrameBeats(); len(t.Cycles[k]) != want {
			return fmt.Sprintf("output %s has %d beats instead of %d", v.Plan.Outputs[k].Name, len(t.Cycles[k]), want)
		}
		for n, at := range times {
			if t.Cycles[k][n] != at {
				return fmt.Sprintf("output %s, beat %d: cycle %d instead of %d", v.Plan.Outputs[k].Name, n, t.Cycles[k][n], at)
			}
		}
	}
	return ""
}

// tracesDiffer says where two traces first differ, or "".
func tracesDiffer(a, b *sim.Trace) string {
	for k := range a.Cycles {
		if diff := beatsDiffer(fmt.Sprintf("output %d", k), a.Cycles[k], b.Cycles[k]); diff != "" {
			return diff
		}
		if !bytes.Equal(a.Outputs[k], b.Outputs[k]) {
			return fmt.Sprintf("output %d: different data", k)
		}
	}
	for k := range a.Taken {
		if diff := beatsDiffer(fmt.Sprintf("input %d", k), a.Taken[k], b.Taken[k]); diff != "" {
			return diff
		}
	}
	switch {
	case a.Stop != b.Stop:
		return fmt.Sprintf("one run ends by %v, the other by %v", a.Stop, b.Stop)
	case a.Cycle != b.Cycle:
		return fmt.Sprintf("one run ends at cycle %d, the other at %d", a.Cycle, b.Cycle)
	case a.Digest != b.Digest:
		return "ports differ in some cycle"
	}
	return ""
}

func beatsDiffer(stream string, a, b []int64) string {
	for n := range min(len(a), len(b)) {
		if a[n] != b[n] {
			return fmt.Sprintf("%s, beat %d: cycle %d against %d", stream, n, a[n], b[n])
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%s: %d beats against %d", stream, len(a), len(b))
	}
	return ""
}
