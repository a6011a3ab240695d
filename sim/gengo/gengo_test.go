package gengo_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/gengo"
	"rampart/sim/interp"
)

// start builds d and runs it until the test ends.
func start(t testing.TB, d *rtl.Design) sim.Machine {
	t.Helper()
	b, err := gengo.Build(context.Background(), d, t.TempDir(), gengo.Options{})
	require.NoError(t, err)
	m, err := b.Start(context.Background())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func TestTruth(t *testing.T) {
	for _, truth := range rtltest.Truths() {
		t.Run(truth.Name, func(t *testing.T) { truth.Verify(t, start(t, truth.Design)) })
	}
}

// Random designs do the same as in the interpreter in every cycle: outputs, state, flips, snapshots.
func TestLockstep(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 20+10*int(seed))
			reference, err := interp.New(d)
			require.NoError(t, err)
			rtltest.Lockstep(t, d, []uint64{seed, seed + 1, seed + 2}, 400,
				rtltest.Engine{Name: "interpreter", Machine: reference}, rtltest.Engine{Name: "generated Go", Machine: start(t, d)})
		})
	}
}
