package functional_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/quant"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// model is a trained network in integers, with a mask as an output, and images for it.
type model struct {
	net    *fixed.Net
	images []*fixed.Tensor
}

// load quantises FOLDER/NAME.onnx with the calibration images of SET, and reads its test images.
func load(tb testing.TB, folder, set, name string) model {
	tb.Helper()
	g, err := onnx.Read(filepath.Join(folder, name+".onnx"))
	require.NoError(tb, err)
	s := g.Inputs[0].Shape
	read := func(kind string) []*graph.Tensor {
		pics, err := picture.Load(filepath.Join(folder, set+"_"+kind+".images.npy"), s.C, s.H, s.W)
		require.NoError(tb, err)
		var all []*graph.Tensor
		for i := range pics.N {
			all = append(all, &graph.Tensor{Shape: s, Data: pics.Tensor(i, picture.Preprocess{})})
		}
		return all
	}
	r, err := quant.Quantize(tb.Context(), g, read("calib"), quant.Options{InputRange: [2]float64{0, 1}})
	require.NoError(tb, err)
	m := model{net: r.Net}
	for _, x := range read("test") {
		m.images = append(m.images, r.Input(0, x))
	}
	fixed.AddMask(m.net)
	return m
}

// weightBits draws a fault uniformly among the bits of all weights.
func (m model) weightBits(r *rand.Rand) functional.Patch {
	total := 0
	for _, n := range m.net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			total += len(c.Weight) * c.WeightBits
		}
	}
	bit := r.IntN(total)
	for i, n := range m.net.Nodes {
		c, ok := n.Op.(*fixed.Conv)
		if !ok {
			continue
		}
		if bit < len(c.Weight)*c.WeightBits {
			return functional.Patch{Node: i, Kind: functional.Weight, Index: bit / c.WeightBits,
				Change: functional.Change{Flip: 1 << (bit % c.WeightBits)}}
		}
		bit -= len(c.Weight) * c.WeightBits
	}
	panic("BUG: no weights")
}

// fault draws what a campaign may: mostly a bit of a weight, else any one patch, at times with moments.
func (m model) fault(r *rand.Rand) []functional.Patch {
	if r.IntN(2) == 0 {
		return []functional.Patch{m.weightBits(r)}
	}
	d := nettest.Dice{Rand: r}
	return []functional.Patch{anyPatch(d, m.net, d.Within(-len(m.net.Inputs), len(m.net.Nodes)-1))}
}

// strikeIsDense compares so many faults, spread over the images.
func (m model) strikeIsDense(t *testing.T, k *kernel.Set, faults int, r *rand.Rand) {
	e, err := functional.New(m.net, k)
	require.NoError(t, err)
	narrow, err := functional.New(m.net, k, functional.Observe(functional.Masks(m.net)...))
	require.NoError(t, err)
	w, masks, masked := e.Worker(), narrow.Worker(), 0
	for i := range faults {
		if i%max(1, faults/len(m.images)) == 0 {
			require.NoError(t, w.Run(m.images[i*len(m.images)/faults:][:1]))
			require.NoError(t, masks.Run(m.images[i*len(m.images)/faults:][:1]))
		}
		ps := m.fault(r)
		require.NoError(t, e.Validate(ps))
		got := snapshot(w.Strike(ps))
		require.Equal(t, snapshot(w.Dense(ps)), got, "fault %d: %+v", i, ps)
		seen := snapshot(masks.Strike(ps))
		require.Equal(t, got.index, seen.index, "fault %d, masks alone: %+v", i, ps)
		require.Equal(t, got.value, seen.value, "fault %d, masks alone: %+v", i, ps)
		if len(got.index) == 0 {
			masked++
		}
	}
	t.Logf("%d of %d faults change no class", masked, faults)
}

// outcome is what a Diff says, kept.
type outcome struct {
	changed      []int
	index, value []int32
}

func snapshot(d *functional.Diff) (o outcome) {
	for _, out := range d.Outputs {
		o.changed = append(o.changed, out.Changed)
		o.index, o.value = append(o.index, out.Index...), append(o.value, out.Value...)
	}
	return o
}

// The engine is the evaluator on a trained network too, and Strike is Dense on it.
func TestScenes(t *testing.T) {
	m := load(t, filepath.Join("..", "..", "testdata", "models"), "scenes", "scenes_unet_xs")
	for _, k := range kernel.Sets() {
		t.Run(k.Name, func(t *testing.T) {
			s := start(t, m.net, m.images[:1], k)
			require.NoError(t, unequal("run", m.net, s.golden, s.w.Tensor))
			r := rand.New(rand.NewPCG(1, 2))
			for range 12 {
				require.NoError(t, s.check(m.fault(r)))
			}
			m.strikeIsDense(t, k, 60, r)
		})
	}
}

// A patch that differs in one bit from the one that was computed is found out.
func TestCheckSeesAnotherPatch(t *testing.T) {
	m := load(t, filepath.Join("..", "..", "testdata", "models"), "scenes", "scenes_unet_xs")
	s := start(t, m.net, m.images[:1], kernel.Sets()[0])
	p := functional.Patch{Kind: functional.Bias, Change: functional.Change{Flip: 1 << 14}}
	require.NoError(t, s.check([]functional.Patch{p}))
	want, err := oracle(t.Context(), m.net, s.in, []functional.Patch{p})
	require.NoError(t, err)
	p.Change.Flip = 1 << 13
	d := s.w.Strike([]functional.Patch{p})
	require.ErrorContains(t, unequal("strike", m.net, want, s.w.Faulty), "strike: element")
	require.ErrorContains(t, wrongDiff("strike", m.net, s.golden, want, d), "elements differ")
	require.Error(t, unequal("golden", m.net, want, s.w.Tensor))
}
