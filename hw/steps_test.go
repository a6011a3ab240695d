package hw_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/access"
	"rampart/sim/interp"
)

// recorded runs a plan's hardware in the interpreter and gives the record of accesses.
func recorded(t *testing.T, p *plan.Plan, images [][]*fixed.Tensor) (*hw.Hardware, *access.Record) {
	t.Helper()
	h, err := hw.Build(p)
	require.NoError(t, err)
	m, err := interp.New(h.Design, interp.Record())
	require.NoError(t, err)
	got, err := m.Run(t.Context(), steady(p, images))
	require.NoError(t, err)
	require.Equal(t, sim.Done, got.Stop)
	r, err := access.Of(h.Design, m)
	require.NoError(t, err)
	return h, r
}

// misplaced tells the first access that is not where the order of steps, beats and words says, and how
// many accesses there were.
func misplaced(h *hw.Hardware, p *plan.Plan, r *access.Record) (n int, err error) {
	places := hw.Places(p)
	for _, e := range h.Map {
		at, s := places[e.Path], places[e.Path].Stage
		var read, written func(u access.Use) int
		switch at.Role {
		case hw.Weights, hw.Checksums:
			read = func(u access.Use) int { return hw.WeightWord(s, hw.StepAt(s, u.Ordinal)) }
		case hw.Bias, hw.Mult, hw.Shift, hw.Low, hw.High:
			read = func(u access.Use) int { return hw.BeatAt(at.Out, u.Ordinal).Index }
		case hw.Lines:
			read, written = readOfLine(r.Memory(e.Path), at), func(u access.Use) int { return hw.LineWord(s, hw.LineAt(s, at.Bank, u.Ordinal)) }
		case hw.Buffer:
			read = func(u access.Use) int { return int(u.Ordinal % int64(e.Depth)) }
			written = read
		}
		for _, port := range r.Memory(e.Path).Reads {
			for u := range port.All() {
				if n++; read(u) != u.Word {
					return n, fmt.Errorf("%s: read %d in cycle %d is of word %d, not %d", e.Path, u.Ordinal, u.Cycle, u.Word, read(u))
				}
			}
		}
		for _, port := range r.Memory(e.Path).Writes {
			for u := range port.All() {
				if n++; written(u) != u.Word {
					return n, fmt.Errorf("%s: write %d in cycle %d is of word %d, not %d", e.Path, u.Ordinal, u.Cycle, u.Word, written(u))
				}
			}
		}
	}
	return n, nil
}

// readOfLine tells which word a step must read from a bank: the word of the tap that lies in it, which has
// been written by then and not since. A step with no tap there may read any.
func readOfLine(m *access.Memory, at hw.Place) func(u access.Use) int {
	s := at.Stage
	return func(u access.Use) int {
		step := hw.StepAt(s, u.Ordinal)
		write, ok := m.Writes[0].Last(u.Word, u.Cycle-1)
		held := hw.Line{}
		if ok {
			held = hw.LineAt(s, at.Bank, write.Ordinal)
		}
		taken := -1
		for row := range s.Walk[0].In {
			for col := range s.Walk[1].In {
				l := hw.Line{Frame: step.Frame, Row: row, Col: col, Word: step.Word}
				if hw.Takes(s, step, row, col) && inBank(s, at.Bank, l) {
					if !ok || held != l {
						return -1
					}
					taken = hw.LineWord(s, l)
				}
			}
		}
		if taken < 0 {
			return u.Word
		}
		return taken
	}
}

func inBank(s *plan.Stage, b hw.Bank, l hw.Line) bool {
	row := l.Frame*s.Walk[0].In + l.Row
	return row%s.Fold.TapY == b.Y && l.Col%s.Fold.TapX == b.X
}

func TestPlacesNameEveryMemory(t *testing.T) {
	kinds := map[hw.Role][]rtl.MemKind{
		hw.Weights: {rtl.MemWeights}, hw.Checksums: {rtl.MemWeights}, hw.Bias: {rtl.MemBias}, hw.Mult: {rtl.MemRequant}, hw.Shift: {rtl.MemRequant},
		hw.Low: {rtl.MemRequant}, hw.High: {rtl.MemRequant},
		hw.Lines: {rtl.MemLine}, hw.Buffer: {rtl.MemFIFO, rtl.MemSkip},
	}
	for seed := uint64(1); seed <= 40; seed++ {
		p, _, _ := random(t, seed)
		h, err := hw.Build(p)
		require.NoError(t, err)
		places := hw.Places(p)
		require.Len(t, places, len(h.Map))
		for _, e := range h.Map {
			at, ok := places[e.Path]
			require.True(t, ok, e.Path)
			assert.Equal(t, e.Stage, at.Stage.Name)
			assert.Contains(t, kinds[at.Role], e.Kind, e.Path)
			if at.Out != nil {
				assert.Contains(t, at.Stage.Out, at.Out)
			}
		}
	}
}

// Every access of a run is of the word that the order of the stage's work says, and reads of line buffers
// find what that order says was written.
func TestAccessesFollowTheOrderOfWork(t *testing.T) {
	total := 0
	for seed := uint64(1); seed <= 30; seed++ {
		p, _, images := random(t, seed)
		h, r := recorded(t, p, images)
		n, err := misplaced(h, p, r)
		require.NoError(t, err, "seed %d", seed)
		total += n
	}
	assert.Greater(t, total, 100_000)
	t.Logf("%d accesses", total)
}

// The comparison above is shown a walk, a folding and a line buffer that are not those of the hardware.
func TestMisplacedAccessesAreSeen(t *testing.T) {
	for name, spoil := range map[string]func(s *plan.Stage){
		"walk":  func(s *plan.Stage) { s.Walk[1].Start++ },
		"rows":  func(s *plan.Stage) { s.Rows += s.Fold.TapY },
		"width": func(s *plan.Stage) { s.Walk[1].In++ },
	} {
		seen := false
		for seed := uint64(1); seed <= 8 && !seen; seed++ {
			p, _, images := random(t, seed)
			h, r := recorded(t, p, images)
			for _, s := range p.Stages {
				if s.Kind == plan.Conv || s.Kind == plan.Pool {
					spoil(s)
				}
			}
			_, err := misplaced(h, p, r)
			seen = err != nil
		}
		assert.True(t, seen, name)
	}
}
