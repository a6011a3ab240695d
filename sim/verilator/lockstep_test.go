package verilator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
	"rampart/sim/verilator"
)

// start builds d, runs it and ends it with the test.
func start(t *testing.T, d *rtl.Design) sim.Machine {
	t.Helper()
	b, err := verilator.Build(t.Context(), d, t.TempDir(), verilator.Options{})
	require.NoError(t, err)
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func reference(t *testing.T, d *rtl.Design) sim.Machine {
	t.Helper()
	m, err := interp.New(d)
	require.NoError(t, err)
	return m
}

// Random designs behave as in the interpreter in every cycle, through flips of every kind of state,
// saves and restores.
func TestRandomDesigns(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 40)
			rtltest.Lockstep(t, d, []uint64{1, 2, 3, 4}, 400,
				rtltest.Engine{Name: "interp", Machine: reference(t, d)},
				rtltest.Engine{Name: "verilator", Machine: start(t, d)})
		})
	}
}
