package driver

import (
	"context"
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/rtl"
	"rampart/sim"
)

// FlipReport is what replaying flips on two engines showed.
type FlipReport struct {
	Flips      int            `json:"flips"`
	Mismatches int            `json:"mismatches"`
	Kinds      map[string]int `json:"kinds"`     // flips by kind of memory, and registers
	Converged  int            `json:"converged"` // runs that returned to the golden state
	Changed    int            `json:"changed"`   // runs whose outputs or cycles differ from the golden run's
	Hangs      int            `json:"hangs"`
	First      string         `json:"first_mismatch,omitempty"`
}

const flipCheck = "flips, verilator = go"

// snapshots is how many snapshots a golden run keeps.
const snapshots = 24

// flips replays random flips on generated Go and on Verilator, each from a snapshot of that engine's
// golden run, and compares everything: outputs, cycles, the verdict on hangs, and the final state.
func (v *verifier) flips(ctx context.Context) error {
	if v.opt.Flips == 0 || v.machines[GoSim] == nil || v.machines[Verilator] == nil {
		return nil
	}
	machines := []sim.Machine{v.machines[GoSim], v.machines[Verilator]}
	golden := make([]*sim.Golden, 2)
	err := inParallel(2, func(i int) (err error) {
		golden[i], err = v.Golden(ctx, machines[i], v.randomImages(2, v.opt.Seed))
		return err
	})
	if err != nil {
		return err
	}
	if diff := tracesDiffer(golden[0].Trace, golden[1].Trace); diff != "" {
		v.note(flipCheck, "", "the runs without flips differ: "+diff)
		return nil
	}
	faults := DrawFaults(v.HW.Design, Draw{Count: v.opt.Flips, Cycles: golden[0].Trace.Cycle, Seed: v.opt.Seed, EachKind: true, Sites: AllSites})
	r := &FlipReport{Kinds: map[string]int{}}
	v.report.Flips = r
	kinds := siteKinds(v.HW.Design)
	for n, f := range faults {
		if v.opt.Progress != nil {
			v.opt.Progress("flips", n, len(faults))
		}
		var out [2]strike
		err := inParallel(2, func(i int) (err error) {
			out[i].trace, out[i].converged, err = golden[i].Strike(ctx, []rtl.Fault{f}, v.opt.Horizon)
			if err == nil {
				out[i].hash, err = machines[i].Hash()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("fault %s: %w", f, err)
		}
		r.count(f, kinds[f.Path], golden[0].Trace, out[0], out[1])
	}
	diff := ""
	if r.Mismatches > 0 {
		diff = fmt.Sprintf("%d of %d flips differ; the first: %s", r.Mismatches, r.Flips, r.First)
	}
	v.note(flipCheck, fmt.Sprintf("%d flips: %d changed the outputs, %d hung, 0 mismatches", r.Flips, r.Changed, r.Hangs), diff)
	return nil
}

// Golden makes the golden run of images, which faults are measured against.
func (b *Build) Golden(ctx context.Context, m sim.Machine, images []*fixed.Tensor) (*sim.Golden, error) {
	e := b.Plan.Estimate
	length := e.LatencyCycles + int64(len(images))*e.CyclesPerFrame
	return sim.Record(ctx, b.HW.Design, m, b.stimulus(images), length/snapshots+1)
}

// strike is what became of a run with a fault.
type strike struct {
	trace     *sim.Trace
	converged bool
	hash      uint64
}

func (r *FlipReport) count(f rtl.Fault, kind string, golden *sim.Trace, a, b strike) {
	r.Flips++
	r.Kinds[kind]++
	diff := tracesDiffer(a.trace, b.trace)
	switch {
	case diff != "":
	case a.converged != b.converged:
		diff = "one run returned to the golden state, the other did not"
	case a.hash != b.hash:
		diff = "the state after the last cycle differs"
	}
	if diff != "" {
		if r.Mismatches++; r.First == "" {
			r.First = f.String() + ": " + diff
		}
	}
	if a.converged {
		r.Converged++
	}
	if a.trace.Stop == sim.Hang {
		r.Hangs++
	}
	if changed(golden, a.trace) {
		r.Changed++
	}
}

// changed tells whether a run's outputs left the golden run's, as far as it went.
func changed(golden, t *sim.Trace) bool {
	for k := range t.Cycles {
		for n, at := range t.Cycles[k] {
			if n >= len(golden.Cycles[k]) || golden.Cycles[k][n] != at {
				return true
			}
		}
		if string(t.Outputs[k]) != string(golden.Outputs[k][:len(t.Outputs[k])]) {
			return true
		}
	}
	return t.Stop == sim.Hang
}
