package driver

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/sim"
	"rampart/sim/interp"
	"rampart/sim/verilator"
)

// Waveform writes the cycles from one to before another as a VCD file.
func (b *Build) Waveform(ctx context.Context, e Engine, images []*fixed.Tensor, file string, from, to int64) error {
	if from < 0 || to <= from {
		return diag.Problem{At: "waveform", What: fmt.Sprintf("from cycle %d to cycle %d is no window", from, to), Remedy: "give --wave-from below --wave-to"}
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
			defer m.Close()
			_, err = m.Run(ctx, s)
			return err
		})
	case Verilator:
		return b.verilatorWave(ctx, s, file, from)
	}
	return diag.Problem{At: "--wave", What: fmt.Sprintf("engine %s writes no waveforms", e), Remedy: "give --engine interp or verilator"}
}

func (b *Build) verilatorWave(ctx context.Context, s *sim.Stimulus, file string, from int64) error {
	dir, err := cacheDir("verilator")
	if err != nil {
		return err
	}
	built, err := verilator.Build(ctx, b.HW.Design, dir, verilator.Options{Trace: true})
	if err != nil {
		return err
	}
	m, err := built.Start(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	g := *s
	if g.Limit = from; from > 0 {
		t, err := m.Run(ctx, &g)
		if err != nil {
			return err
		}
		s.Inputs = [][]byte{s.Inputs[0][len(t.Taken[0])*len(s.Inputs[0])/b.inputBeats(s):]}
	}
	tracer, ok := m.(verilator.Tracer)
	if !ok {
		panic("BUG: driver: a Verilator machine built to trace cannot")
	}
	if err := tracer.Trace(file); err != nil {
		return diag.Problem{File: file, What: err.Error(), Remedy: "give a file that can be written"}
	}
	if _, err := m.Run(ctx, s); err != nil {
		return err
	}
	return tracer.Trace("")
}

// inputBeats is the number of beats of the images in a stimulus.
func (b *Build) inputBeats(s *sim.Stimulus) int {
	in := b.Plan.Inputs[0]
	return len(s.Inputs[0]) / ((in.Lanes*in.Value.Format.Bits + 7) / 8)
}
