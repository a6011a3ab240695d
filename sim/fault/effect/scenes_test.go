package effect_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/quant"
	"rampart/ir/rtl"
)

// scenes is an embedded network, quantised, with its mask, and two images.
func scenes(t *testing.T, model string) (*fixed.Net, [][]*fixed.Tensor) {
	t.Helper()
	models := filepath.Join("..", "..", "..", "testdata", "models")
	g, err := onnx.Read(filepath.Join(models, model+".onnx"))
	require.NoError(t, err)
	require.NoError(t, graph.Simplify(g))
	s := g.Inputs[0].Shape
	load := func(file string, n int) []*graph.Tensor {
		im, err := picture.Load(filepath.Join(models, file), s.C, s.H, s.W)
		require.NoError(t, err)
		tensors := make([]*graph.Tensor, n)
		for i := range tensors {
			tensors[i] = &graph.Tensor{Shape: s, Data: im.Tensor(i, picture.Preprocess{})}
		}
		return tensors
	}
	q, err := quant.Quantize(t.Context(), g, load("scenes_calib.images.npy", 4), quant.Options{})
	require.NoError(t, err)
	fixed.AddMask(q.Net)
	require.NoError(t, fixed.Check(q.Net))
	var frames [][]*fixed.Tensor
	for _, image := range load("scenes_test.images.npy", 2) {
		frames = append(frames, []*fixed.Tensor{q.Input(0, image)})
	}
	return q.Net, frames
}

// scenesRig is the network folded for so many multipliers.
func scenesRig(t *testing.T, model string, multipliers int, machine newMachine) *rig {
	t.Helper()
	net, frames := scenes(t, model)
	p, err := plan.New(t.Context(), net, plan.Target{Multipliers: multipliers})
	require.NoError(t, err)
	return newRig(t, net, p, frames, machine)
}

func TestScenes(t *testing.T) {
	for _, multipliers := range []int{512, 200} {
		t.Run(fmt.Sprint(multipliers), func(t *testing.T) {
			r := scenesRig(t, "scenes_unet_xs", multipliers, generated)
			rng := rand.New(rand.NewPCG(uint64(multipliers), 5))
			for n := range 140 {
				require.NoError(t, r.check(t.Context(), r.draw(rng, n)))
			}
			logTally(t, r.tally)
			assert.Greater(t, r.tally["changed"], 20)
			r.logShares(t)
		})
	}
}

// logShares tells how the flips of memory bits fall, drawn uniformly over bits and cycles, and how long the
// map takes for one.
func (r *rig) logShares(t *testing.T) {
	t.Helper()
	const draws = 4000
	var bits [2]int64 // registers, memories
	for _, s := range r.hw.Design.States() {
		if s.Mem != nil {
			bits[1] += s.Bits()
		} else {
			bits[0] += s.Bits()
		}
	}
	rng, shares, started := rand.New(rand.NewPCG(1, 1)), map[string]int{}, time.Now()
	for range draws {
		at := rng.Int64N(bits[1])
		var f rtl.Fault
		for _, s := range r.hw.Design.States() {
			if s.Mem == nil {
				continue
			}
			if at < s.Bits() {
				w := int64(s.Type.Width())
				f = rtl.Fault{Site: rtl.Site{Path: s.Path, Mem: true, Word: int(at / w), Bit: int(at % w)}, Cycle: rng.Int64N(r.golden.Trace.Cycle)}
				break
			}
			at -= s.Bits()
		}
		e, err := r.effects.Of(f)
		require.NoError(t, err)
		shares[fmt.Sprintf("%s %s", e.Verdict, e.Why)]++
	}
	t.Logf("%d bits of memories, %d of registers; %v for each of %d flips of memories, uniform over bits and cycles:",
		bits[1], bits[0], time.Since(started)/draws, draws)
	logTally(t, shares)
}
