package gengo

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/codegen/gosim"
	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim/interp"
)

// accumulator adds up the beats it takes and shows the sum.
func accumulator() *rtl.Design {
	m := rtl.NewModule("accumulator", "The sum of all beats.")
	valid, data := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(8))
	ready := m.In("out_ready", rtl.U(1))
	sum := m.Reg("sum", rtl.U(12), 0)
	full := m.Reg("full", rtl.U(1), 0)
	space := full.Q.Not()
	accept := valid.And(space).Named("accept")
	sum.SetIf(accept, sum.Q.Add(data))
	full.SetIf(accept.Or(ready), accept)
	m.Out("in_ready", space)
	m.Out("out_valid", full.Q)
	m.Out("out_data", sum.Q)
	return rtl.NewDesign(m)
}

// The positive control of lockstep: a program generated with one wrong operator is found out, and one
// that does not compile is an error that shows what the compiler says.
func TestCorruptedProgramsAreCaught(t *testing.T) {
	for _, c := range []struct{ name, from, to, err string }{
		{"intact", "m.sum + ", "m.sum + ", ""},
		{"operator", "m.sum + ", "m.sum - ", "generated Go"},
		{"wrap", "& 4095", "& 2047", "generated Go"},
		{"syntax", "m.sum + ", "m.sum plus ", "go build"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := accumulator()
			files, err := sources(d, Options{})
			require.NoError(t, err)
			for i, f := range files {
				if f.Name == "accumulator_module.go" {
					require.Contains(t, string(f.Data), c.from)
					files[i] = gosim.File{Name: f.Name, Data: bytes.ReplaceAll(f.Data, []byte(c.from), []byte(c.to))}
				}
			}
			err = compare(t, d, files)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
			if c.err != "go build" {
				var found diag.Difference
				require.ErrorAs(t, err, &found)
			}
		})
	}
}

// compare builds files and runs the program in lockstep with the interpreter.
func compare(t *testing.T, d *rtl.Design, files []gosim.File) error {
	t.Helper()
	b, err := build(t.Context(), d, files, t.TempDir(), Options{})
	if err != nil {
		return err
	}
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, m.Close()) }()
	reference, err := interp.New(d)
	require.NoError(t, err)
	s, err := rtltest.RandomStimulus(d, 1, 300, 0)
	require.NoError(t, err)
	return rtltest.Compare(t.Context(), d, s, 1,
		rtltest.Engine{Name: "interpreter", Machine: reference}, rtltest.Engine{Name: "generated Go", Machine: m})
}

// A program that notes one access too few keeps another record than the interpreter.
func TestCorruptedRecordIsCaught(t *testing.T) {
	m := rtl.NewModule("history", "The beat before.")
	valid, data := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(8))
	m.In("out_ready", rtl.U(1))
	mem := m.Mem("mem", rtl.MemLine, rtl.U(8), 2, nil)
	m.WritePort(mem, m.Const(rtl.U(1), 0), data, valid)
	m.Out("in_ready", m.Bit(true))
	m.Out("out_valid", m.Delay("late", valid))
	m.Out("out_data", m.ReadPort(mem, "word", m.Const(rtl.U(1), 0), valid))
	d := rtl.NewDesign(m)
	s, err := rtltest.RandomStimulus(d, 1, 300, 0)
	require.NoError(t, err)
	reference, err := interp.New(d, interp.Record())
	require.NoError(t, err)
	_, err = reference.Run(t.Context(), s)
	require.NoError(t, err)
	want, err := reference.Accesses()
	require.NoError(t, err)
	for from, same := range map[string]bool{"tapes[0].Note(": true, "m.tapes[1].Note(": false} {
		files, err := sources(d, Options{Record: true})
		require.NoError(t, err)
		for i, f := range files {
			if f.Name == "history_module.go" {
				require.Contains(t, string(f.Data), from)
				if !same {
					files[i].Data = bytes.ReplaceAll(f.Data, []byte(from), []byte("_ = uint64("))
				}
			}
		}
		b, err := build(t.Context(), d, files, t.TempDir(), Options{})
		require.NoError(t, err)
		program, err := b.Start(t.Context())
		require.NoError(t, err)
		_, err = program.Run(t.Context(), s)
		require.NoError(t, err)
		got, err := program.(interface{ Accesses() ([]byte, error) }).Accesses()
		require.NoError(t, err)
		require.Equal(t, same, bytes.Equal(want, got))
		require.NoError(t, program.Close())
	}
}
