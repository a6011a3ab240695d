//go:build shared

package effect_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/verilator"
)

// verilated makes Verilator's machines; the record of accesses comes from generated Go.
func verilated(t *testing.T, d *rtl.Design, record bool) sim.Machine {
	t.Helper()
	if record {
		return generated(t, d, true)
	}
	b, err := verilator.Build(t.Context(), d, t.TempDir(), verilator.Options{})
	require.NoError(t, err)
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// count is a number from the environment.
func count(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// Many random faults on the embedded networks. RAMPART_EFFECT_GO and RAMPART_EFFECT_VERILATOR are how many
// each network gets per engine, RAMPART_EFFECT_SEED begins another draw.
func TestManyFaults(t *testing.T) {
	seed := uint64(count(t, "RAMPART_EFFECT_SEED", 1))
	for _, c := range []struct {
		name, model string
		multipliers int
		machine     newMachine
		faults      int
	}{
		{"xs on generated Go", "scenes_unet_xs", 600, generated, count(t, "RAMPART_EFFECT_GO", 5000)},
		{"xs on Verilator", "scenes_unet_xs", 300, verilated, count(t, "RAMPART_EFFECT_VERILATOR", 1000)},
		{"t on generated Go", "scenes_unet_t", 1500, generated, count(t, "RAMPART_EFFECT_GO", 5000)},
		{"t on Verilator", "scenes_unet_t", 1000, verilated, count(t, "RAMPART_EFFECT_VERILATOR", 1000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := scenesRig(t, c.model, c.multipliers, c.machine)
			rng := rand.New(rand.NewPCG(seed, 7))
			differences := 0
			for n := range c.faults {
				if err := r.check(t.Context(), r.draw(rng, n)); err != nil {
					differences++
					t.Error(err)
				}
			}
			assert.Zero(t, differences, "of %d faults", c.faults)
			logTally(t, r.tally)
			r.logShares(t)
		})
	}
}
