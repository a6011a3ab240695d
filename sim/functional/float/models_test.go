package float

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/picture"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/sim/functional/float/kernel"
)

// trained is a network as it was trained, a worker that has run an image of the test set, and that image.
type trained struct {
	e      *Engine
	w      *Worker
	images []*graph.Tensor
}

// load reads FOLDER/NAME.onnx and image number image of its test set.
func load(tb testing.TB, k *kernel.Set, folder, name string, image int) trained {
	tb.Helper()
	g, err := onnx.Read(filepath.Join(folder, name+".onnx"))
	require.NoError(tb, err)
	require.NoError(tb, graph.Trim(g))
	s := g.Inputs[0].Shape
	set, _, _ := strings.Cut(name, "_")
	pics, err := picture.Load(filepath.Join(folder, set+"_test.images.npy"), s.C, s.H, s.W)
	require.NoError(tb, err)
	e, err := NewOn(g, k)
	require.NoError(tb, err)
	m := trained{e, e.Worker(), []*graph.Tensor{{Shape: s, Data: pics.Tensor(image, picture.Preprocess{})}}}
	require.NoError(tb, m.w.Run(m.images))
	return m
}

// sites calls f for every parameter tensor.
func (m trained) sites(f func(node int, t Tensor, values []float32)) {
	for i, n := range m.e.graph.Nodes {
		for t := Weight; t < Output; t++ {
			if v := Parameters(n, t); len(v) > 0 {
				f(i, t, v)
			}
		}
	}
}

// draw takes a bit uniformly among those of all parameters.
func (m trained) draw(r *rand.Rand) Patch {
	total := 0
	m.sites(func(_ int, _ Tensor, v []float32) { total += len(v) })
	at := r.IntN(total)
	var p Patch
	m.sites(func(node int, t Tensor, v []float32) {
		if at >= 0 && at < len(v) {
			p = Patch{Node: node, Tensor: t, Index: at, Change: FlipBit(r.IntN(32))}
		}
		at -= len(v)
	})
	return p
}

// holds checks a run against package graph, and random faults against dense evaluations, some of them also
// against package graph.
func (m trained) holds(t *testing.T, faults, byGraph int) {
	g := m.e.graph
	was := oracle(t, g, m.images, nil)
	for _, v := range m.e.values[:len(was)] {
		requireSame(t, was[v.Name], m.w.Tensor(v.Value), "%s", v.Name)
	}
	r := rand.New(rand.NewPCG(1, 9))
	masked, wild, pixels := 0, 0, 0
	for i := range faults {
		p := m.draw(r)
		if i%4 == 3 { // an activation
			p.Node, p.Tensor = r.IntN(len(g.Nodes)), Output
			p.Index = r.IntN(m.e.Len(p.Node, Output))
		}
		ps := []Patch{p}
		d := *m.w.Strike(ps)
		d.Outputs = slices.Clone(d.Outputs)
		for k := range d.Outputs {
			o := &d.Outputs[k]
			o.Pixels, o.Classes = append([]int32(nil), o.Pixels...), append([]int32(nil), o.Classes...)
		}
		var scores []*graph.Tensor
		for _, v := range g.Outputs {
			scores = append(scores, m.w.Faulty(v))
		}
		requireDiff(t, d, m.w.Dense(ps), "fault %d: %+v", i, p)
		for k, v := range g.Outputs {
			requireSame(t, m.w.Faulty(v), scores[k], "fault %d: %+v", i, p)
		}
		if i < byGraph {
			requireDiff(t, oracleDiff(g, was, oracle(t, g, m.images, ps)), &d, "fault %d: %+v", i, p)
		}
		if d.Masked() {
			masked++
		}
		if d.NonFinite {
			wild++
		}
		pixels += len(d.Outputs[0].Pixels)
	}
	m.w.Strike(nil)
	for _, v := range g.Outputs {
		requireSame(t, was[v.Name], m.w.Tensor(v), "golden afterwards")
		requireSame(t, was[v.Name], m.w.Faulty(v), "restored")
	}
	t.Logf("%d faults: %d masked in every bit, %d with NaN or infinity, %d pixels changed", faults, masked, wild, pixels)
	assert.Greater(t, masked, 0)
	assert.Less(t, masked, faults)
	assert.Greater(t, pixels, 0)
}

// mechanisms holds what single bits do to numbers of a known size, in the networks' own parameters: bit 30 of
// what lies between 1 and 2 makes NaN, and infinity of 1; of what lies between 2 and 4 next to nothing. It
// counts the parameters of either kind that it struck.
func (m trained) mechanisms(t *testing.T, most int) (large, vanished int) {
	m.sites(func(node int, tensor Tensor, values []float32) {
		for i, v := range values {
			p := Patch{Node: node, Tensor: tensor, Index: i, Change: FlipBit(30)}
			struck := math.Abs(float64(p.Change.Apply(v)))
			switch a := math.Abs(float64(v)); {
			case a >= 1 && a < 2 && large < most:
				large++
				if a == 1 {
					assert.True(t, math.IsInf(struck, 0))
				} else {
					assert.True(t, math.IsNaN(struck))
				}
				if tensor == Gamma {
					assert.True(t, m.w.Strike([]Patch{p}).NonFinite, "%+v", p)
				}
			case a >= 2 && a < 4 && vanished < most:
				vanished++
				assert.Less(t, struck, 1e-37)
				if tensor == Weight {
					d := *m.w.Strike([]Patch{p})
					pixels := slices.Clone(d.Outputs[0].Pixels)
					p.Change = Replace(0)
					assert.ElementsMatch(t, m.w.Strike([]Patch{p}).Outputs[0].Pixels, pixels, "%+v", p)
				}
			}
		}
	})
	return large, vanished
}

var embedded = filepath.Join("..", "..", "..", "testdata", "models")

func TestTrainedNetworks(t *testing.T) {
	for name, faults := range map[string]int{"scenes_unet_xs": 60, "scenes_unet_xs_bn": 60, "scenes_unet_t_bn": 24} {
		t.Run(name, func(t *testing.T) { load(t, kernel.Sets()[0], embedded, name, 3).holds(t, faults, 12) })
	}
}

func TestMechanisms(t *testing.T) {
	for _, c := range []struct {
		bit       int
		was, want float64
	}{
		{30, 1, math.Inf(1)}, {30, -1, math.Inf(-1)}, {30, 1.5, math.NaN()}, {30, 0.5, 0x1p127}, {30, 2, 0}, {30, 3, 0x1p-127}, {29, 3, 3 * 0x1p64}, {31, 3, -3}, {0, 1, 1 + 0x1p-23},
	} {
		got := FlipBit(c.bit).Apply(float32(c.was))
		assert.False(t, unlike(float32(c.want), got), "bit %d of %v gives %v", c.bit, c.was, got)
	}
	large, _ := load(t, kernel.Sets()[0], embedded, "scenes_unet_xs_bn", 0).mechanisms(t, 40)
	assert.Greater(t, large, 0)
}
