package gengo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/nettest"
	"rampart/internal/rtltest"
	"rampart/ir/plan"
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

// both are the interpreter and the generated program of a design.
func both(t testing.TB, d *rtl.Design) []rtltest.Engine {
	t.Helper()
	reference, err := interp.New(d)
	require.NoError(t, err)
	return []rtltest.Engine{{Name: "interpreter", Machine: reference}, {Name: "generated Go", Machine: start(t, d)}}
}

func TestPins(t *testing.T) { rtltest.VerifyPins(t, start(t, rtltest.Summing())) }

func TestTruth(t *testing.T) {
	for _, truth := range rtltest.Truths() {
		t.Run(truth.Name, func(t *testing.T) { truth.Verify(t, start(t, truth.Design)) })
	}
}

// Random designs do the same as in the interpreter in every cycle: outputs, state, flips, snapshots.
func TestLockstepOfRandomDesigns(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 20+8*int(seed))
			rtltest.Lockstep(t, d, []uint64{seed, seed + 1, seed + 2}, 400, both(t, d)...)
		})
	}
}

// Engines of many lanes, whose loops are unrolled, walk in rows, or are split by conditions.
func TestLockstepOfEngines(t *testing.T) {
	for _, lanes := range [][2]int{{1, 1}, {3, 4}, {8, 8}, {13, 2}, {32, 4}, {1, 64}} {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			d := convEngine(lanes[0], lanes[1])
			require.NoError(t, rtl.Check(d))
			rtltest.Lockstep(t, d, []uint64{0, 1, 2}, 600, both(t, d)...)
		})
	}
}

// What hw builds for random networks.
func TestLockstepOfNetworks(t *testing.T) {
	for seed := uint64(1); seed <= 6; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := nettest.New(seed)
			net := r.Net(r.Within(1, 5))
			p, err := plan.New(t.Context(), net, plan.Target{Multipliers: 40 * int(seed)})
			require.NoError(t, err)
			h, err := hw.Build(p)
			require.NoError(t, err)
			rtltest.Lockstep(t, h.Design, []uint64{seed, seed + 1}, 500, both(t, h.Design)...)
		})
	}
}

// Every register, read port and memory of an engine is flipped, or stuck, while it works and while it rests.
// What the generated program leaves out when nothing changes must be done after a flip.
func TestFlips(t *testing.T) {
	d := convEngine(4, 4)
	engines := both(t, d)
	r := rand.New(rand.NewPCG(1, 2))
	ports, err := sim.Ports(d.Top)
	require.NoError(t, err)
	beats := make([]byte, 12*ports.In[0].Bytes())
	for i := range beats {
		beats[i] = byte(r.Uint32())
	}
	for _, st := range d.States() {
		for _, at := range []int64{25, 800} { // amid the beats, and long after them
			site := rtl.Site{Path: st.Path, Mem: st.Mem != nil, Word: r.IntN(max(1, st.Depth)), Bit: r.IntN(st.Type.Width())}
			for _, model := range []rtl.FaultModel{rtl.Flip, rtl.Stuck0, rtl.Stuck1} {
				f := rtl.Fault{Site: site, Cycle: at, Model: model}
				s := &sim.Stimulus{Inputs: [][]byte{beats}, Limit: 900, Faults: []rtl.Fault{f}}
				require.NoError(t, rtltest.Compare(t.Context(), d, s, uint64(at), engines...), "%s", f)
			}
		}
	}
}

func TestBuildIsCached(t *testing.T) {
	dir := t.TempDir()
	first, err := gengo.Build(t.Context(), convEngine(2, 2), dir, gengo.Options{})
	require.NoError(t, err)
	assert.False(t, first.Cached)
	again, err := gengo.Build(t.Context(), convEngine(2, 2), dir, gengo.Options{Jobs: 1})
	require.NoError(t, err)
	assert.True(t, again.Cached)
	assert.Equal(t, first.Dir, again.Dir, "the same design makes the same program")
	other, err := gengo.Build(t.Context(), convEngine(2, 3), dir, gengo.Options{})
	require.NoError(t, err)
	assert.NotEqual(t, first.Dir, other.Dir)
}

func TestMissingTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := gengo.Build(t.Context(), convEngine(1, 1), t.TempDir(), gengo.Options{})
	var missing diag.MissingTool
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "go", missing.Tool)
	assert.Contains(t, missing.Install, "apt-get install")
}

func TestOldToolIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho go1.19.8\n"), 0o777))
	t.Setenv("PATH", dir+":/bin")
	_, err := gengo.Build(t.Context(), convEngine(1, 1), t.TempDir(), gengo.Options{})
	var old diag.Problem
	require.ErrorAs(t, err, &old)
	assert.Contains(t, old.What, "go1.19.8 is too old")
}

func TestBuildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := gengo.Build(ctx, convEngine(1, 1), t.TempDir(), gengo.Options{})
	require.ErrorIs(t, err, context.Canceled)
}
