package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/sim"
	"rampart/sim/interp"
	"rampart/sim/verilator"
)

// Waveform writes the cycles from one to before another as a VCD file, in which cycle c begins at 10c ns.
// The engines interp and verilator do; others give a diag.Problem.
func (b *Build) Waveform(ctx context.Context, e Engine, images []*fixed.Tensor, file string, from, to int64) error {
	if from < 0 || to <= from {
		return diag.Problem{At: "--wave", What: fmt.Sprintf("from cycle %d to cycle %d is no window", from, to), Remedy: "give --wave-from below --wave-to"}
	}
	s := b.stimulus(images)
	s.Limit = to
	switch e {
	case Interp:
		return atomicfile.Write(file, func(w io.Writer) error {
			m, err := interp.New(b.HW.Design, interp.Wave(w, from, to))
			if err != nil {
				return err
			}
			t, err := m.Run(ctx, s)
			if err == nil && t.Cycle <= from {
				return pastTheEnd(t, from)
			}
			return errors.Join(err, m.Close())
		})
	case Verilator:
		return b.verilatorWave(ctx, s, file, from)
	}
	return diag.Problem{At: "--wave", What: fmt.Sprintf("engine %s writes no waveforms", e), Remedy: "give --engine interp or verilator"}
}

func pastTheEnd(t *sim.Trace, from int64) error {
	return diag.Problem{
		At: "--wave", What: fmt.Sprintf("the images take %d cycles, and the waveform would begin with cycle %d", t.Cycle, from),
		Remedy: "give a lesser --wave-from, or more images",
	}
}

// verilatorWave runs up to the window, then goes on with what is left of the stimulus.
func (b *Build) verilatorWave(ctx context.Context, s *sim.Stimulus, file string, from int64) (err error) {
	dir, err := cacheDir("verilator")
	if err != nil {
		return err
	}
	built, err := verilator.Build(ctx, b.HW.Design, dir, verilator.Options{Trace: true})
	if err != nil {
		return cacheProblem(dir, err)
	}
	m, err := built.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	tracer, ok := m.(verilator.Tracer)
	if !ok {
		panic("BUG: driver: a Verilator machine built to trace cannot")
	}
	left := *s
	if from > 0 {
		before := *s
		before.Limit = from
		t, err := m.Run(ctx, &before)
		if err != nil {
			return err
		}
		if t.Stop != sim.Limit {
			return pastTheEnd(t, from)
		}
		in := b.Plan.Inputs[0]
		beat := (in.Lanes*in.Value.Format.Bits + 7) / 8
		left.Inputs = [][]byte{s.Inputs[0][len(t.Taken[0])*beat:]}
		left.Want = slices.Clone(s.Want)
		for k := range left.Want {
			left.Want[k] = max(0, left.Want[k]-len(t.Cycles[k]))
		}
	}
	tmp, err := os.MkdirTemp("", "rampart-wave-")
	if err != nil {
		return fmt.Errorf("waveform: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	vcd := filepath.Join(tmp, "wave.vcd")
	if err := tracer.Trace(vcd); err != nil {
		return err
	}
	if _, err := m.Run(ctx, &left); err != nil {
		return err
	}
	if err := tracer.Trace(""); err != nil {
		return err
	}
	return atomicfile.Write(file, func(w io.Writer) error {
		f, err := os.Open(vcd)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, f)
		return errors.Join(err, f.Close())
	})
}
