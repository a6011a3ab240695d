package campaign

import (
	"context"
	"errors"
	"fmt"

	"rampart/internal/driver"
	"rampart/ir/fixed"
	"rampart/ir/rtl"
	"rampart/sim"
)

// cycleProbe runs the hardware cycle by cycle, all images in a row, from snapshots of its golden run.
type cycleProbe struct {
	*integers
	build   *driver.Build
	machine sim.Machine
	golden  *sim.Golden
	frames  [][]*fixed.Tensor // of the golden run
	states  map[string]*rtl.State
	tallies tallies
}

// cycleProbe starts a machine and makes its golden run.
func (h *hardware) cycleProbe(ctx context.Context, e driver.Engine) (*cycleProbe, error) {
	m, err := h.build.Machine(ctx, e, h.jobs)
	if err != nil {
		return nil, err
	}
	p := &cycleProbe{integers: h.integers, build: h.build, machine: m, tallies: tallies{reference: h.reference}, states: map[string]*rtl.State{}}
	for _, st := range h.build.HW.Design.States() {
		p.states[st.Path] = st
	}
	if p.golden, err = h.build.Golden(ctx, m, h.images); err != nil {
		return nil, closing(m, err)
	}
	p.frames = h.build.Unpack(p.golden.Trace, len(h.images))
	return p, nil
}

func (p *cycleProbe) close() error { return p.machine.Close() }

func (p *cycleProbe) measure(ctx context.Context, tasks []*task, report reporter) error {
	for _, t := range tasks {
		one := p.tallies.take(1)[0]
		if err := p.strike(ctx, t, one); err != nil {
			return fmt.Errorf("fault %s: %w", t.row.Fault, err)
		}
		if err := report(t, one.finish()); err != nil {
			return err
		}
	}
	return nil
}

func (p *cycleProbe) strike(ctx context.Context, t *task, one *tally) error {
	upsets := p.upsets(t.upsets)
	if len(upsets) == 0 {
		return nil
	}
	trace, converged, err := p.golden.Strike(ctx, upsets, 0)
	if err != nil {
		return err
	}
	if !converged && p.build.Protected != nil { // events change counters, for good
		final, err := p.golden.After(ctx, trace, upsets, p.build.Protected.Tail())
		if err != nil {
			return err
		}
		wrong, fatal, err := p.build.Flags(final)
		if err != nil {
			return err
		}
		one.effect.Corrected, one.effect.Detected = wrong && !fatal, fatal
	}
	one.effect.Hang = trace.Stop == sim.Hang
	one.effect.CyclesOff = trace.Cycle - p.golden.Trace.Cycle
	frames := p.build.Unpack(trace, len(p.images))
	masks := p.build.Masks(frames)
	for i, frame := range frames {
		one.meter.Mask(i, masks.Of(i))
		for k, out := range frame {
			if k == p.mask {
				continue
			}
			for n, v := range out.Data {
				if v != p.frames[i][k].Data[n] {
					one.effect.Scores++
				}
			}
		}
	}
	return nil
}

// upsets gives upsets as machines take them: a bit of a constant that is stuck before the run is a flip then, or
// nothing where it has that value.
func (p *cycleProbe) upsets(given []rtl.Fault) []rtl.Fault {
	var all []rtl.Fault
	for _, f := range given {
		if f.Cycle == sim.BeforeRun && f.Model.Stuck() {
			lane := p.states[f.Path].Type.Bits
			bit := p.states[f.Path].Mem.Init[f.Word][f.Bit/lane] >> (f.Bit % lane) & 1
			if (bit == 1) == (f.Model == rtl.Stuck1) {
				continue
			}
			f.Model = rtl.Flip
		}
		all = append(all, f)
	}
	return all
}

// closing ends a machine that is of no use after an error.
func closing(m sim.Machine, err error) error { return errors.Join(err, m.Close()) }
