package float

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/plan"
	"rampart/ir/quant"
)

func TestPruneWeightsByHand(t *testing.T) {
	for name, c := range map[string]struct {
		pass          Prune
		first, second []float32
		zeros         float64
	}{
		"half of each":     {Prune{What: Weights, Share: 0.5}, []float32{8, 0}, []float32{0, 8, -2, 0}, 3},
		"rounded down":     {Prune{What: Weights, Share: 0.49}, []float32{8, -2}, []float32{0, 8, -2, 1}, 1},
		"half of all":      {Prune{What: Weights, Share: 0.5, Scope: Network}, []float32{8, 0}, []float32{0, 8, -2, 0}, 3},
		"two thirds":       {Prune{What: Weights, Share: 0.67, Scope: Network}, []float32{8, 0}, []float32{0, 8, 0, 0}, 4},
		"one layer alone":  {Prune{What: Weights, Share: 0.75, Layers: []string{"Conv2"}}, []float32{8, -2}, []float32{0, 8, 0, 0}, 3},
		"all but one":      {Prune{What: Weights, Share: 0.5, Layers: []string{"!Conv2"}}, []float32{8, 0}, []float32{0.5, 8, -2, 1}, 1},
		"no layer matches": {Prune{What: Weights, Share: 0.5, Layers: []string{"none"}}, []float32{8, -2}, []float32{0.5, 8, -2, 1}, 0},
	} {
		g, r := price(t, pair(t, false), c.pass, nil)
		assert.Equal(t, c.first, g.Nodes[0].Op.(*graph.Conv).Weight, name)
		assert.Equal(t, c.second, g.Nodes[2].Op.(*graph.Conv).Weight, name)
		assert.Equal(t, []float32{4, 1}, g.Nodes[0].Op.(*graph.Conv).Bias, name)
		assert.Equal(t, c.zeros, figure(t, r, "of them zero, after"), name)
		assert.Equal(t, c.zeros, float64(r.Touched), name)
		if name == "no layer matches" {
			assert.Equal(t, []Note{{"", "the patterns of layers meet no convolution"}}, r.Notes)
		}
	}
}

// Shares of trained networks: as many zeros as asked for, and none of them larger than what stayed.
func TestPruneWeightsTrained(t *testing.T) {
	m := scenes(t, 2)
	for _, scope := range []Scope{PerLayer, Network} {
		g := trained(t, "scenes_unet_t_bn")
		last := 0.0
		for _, share := range []float64{0.1, 0.3, 0.5} {
			after, r := price(t, g, Prune{What: Weights, Share: share, Scope: scope}, m)
			t.Logf("%s %v: %v", scope, share, r.Price)
			weights := figure(t, r, "weights")
			assert.InDelta(t, share*weights, figure(t, r, "of them zero, after"), float64(len(g.Nodes)))
			assert.Equal(t, 1.0, r.Largest)
			assert.Greater(t, r.Price.Relative, last)
			last = r.Price.Relative
			if scope == Network {
				most, least := 0.0, math.Inf(1)
				for i, n := range after.Nodes {
					k, ok := kernelOf(n)
					if !ok {
						continue
					}
					was, _ := kernelOf(g.Nodes[i])
					for j, w := range k.data {
						if w == 0 {
							most = max(most, math.Abs(float64(was.data[j])))
						} else {
							least = min(least, math.Abs(float64(w)))
						}
					}
				}
				assert.LessOrEqual(t, most, least)
			}
		}
	}
}

func TestPruneChannelsByHand(t *testing.T) {
	g, r := price(t, pair(t, true), Prune{What: Channels, Share: 0.5}, nil)
	// The channels' weights are 8 and 2, times 1 and 2: the second goes, with the normalisation's and the reader's.
	want := pair(t, true)
	first, bn, second := want.Nodes[0].Op.(*graph.Conv), want.Nodes[1].Op.(*graph.BatchNorm), want.Nodes[3].Op.(*graph.Conv)
	first.Out, first.Weight, first.Bias = 1, first.Weight[:1], first.Bias[:1]
	bn.Gamma, bn.Beta, bn.Mean, bn.Var = bn.Gamma[:1], bn.Beta[:1], bn.Mean[:1], bn.Var[:1]
	second.Weight = []float32{0.5, -2}
	for _, v := range []*graph.Value{want.Nodes[0].Out, want.Nodes[1].Out, want.Nodes[2].Out} {
		v.Shape.C = 1
	}
	assert.Equal(t, want.String(), g.String())
	assert.Equal(t, 1.0, figure(t, r, "channels removed"))
	assert.Equal(t, int64(1+1+4+2), r.Removed)
	assert.Equal(t, []Note{{"Conv3", "channels 0-1: v_Conv3 is an output of the network"}}, r.Left)
	assert.Less(t, figure(t, r, "MACs after"), figure(t, r, "MACs before"))

	// With a larger normalisation the other one goes.
	g = pair(t, true)
	g.Nodes[1].Op.(*graph.BatchNorm).Gamma[1] = 40
	g, _ = price(t, g, Prune{What: Channels, Share: 0.5}, nil)
	assert.Equal(t, []float32{-2}, g.Nodes[0].Op.(*graph.Conv).Weight)
}

// silence makes a channel that is about to go say nothing: its families are 0 for every image, so that taking it
// out must not change the function at all.
func silence(g *graph.Graph, fs *families, gone func(*family) bool) {
	for _, n := range g.Nodes {
		out := fs.out(n)
		if k, ok := kernelOf(n); ok {
			k.each(func(_, o int, w []float32) {
				if gone(out[o]) {
					clear(w)
				}
			})
			if bias := *biasOf(n.Op); bias != nil {
				for o := range bias {
					if gone(out[o]) {
						bias[o] = 0
					}
				}
			}
		}
		if bn, ok := n.Op.(*graph.BatchNorm); ok {
			for c := range bn.Gamma {
				if gone(out[c]) {
					bn.Gamma[c], bn.Beta[c] = 0, 0
				}
			}
		}
	}
}

// On random networks the cut leaves a network that passes the check, is smaller, and computes exactly what the
// whole one does with the same channels silenced.
func TestPruneChannelsCutsWhatItSays(t *testing.T) {
	removed, blocked := 0.0, 0
	for seed := range uint64(150) {
		for _, p := range []Prune{{What: Channels, Share: 0.34, Scope: PerLayer}, {What: Channels, Share: 0.6, Scope: Network}} {
			g := randomNet(t, seed)
			fs := trace(g)
			us := fs.units(g)
			_, left := p.choose(fs, us)
			blocked += len(left)
			whole := g.Clone()
			silence(whole, trace(whole), goneIn(fs, us, g, whole))
			cut, r := price(t, g, p, nil)
			removed += figure(t, r, "channels removed")
			assert.Equal(t, figure(t, r, "channels removed") > 0, r.Removed > 0)
			same, err := noises(g, 2).Compare(t.Context(), whole, cut)
			require.NoError(t, err)
			assert.LessOrEqual(t, same.Relative, 1e-6, "network %d, %v", seed, p)
		}
	}
	assert.Greater(t, removed, 500.0)
	assert.Greater(t, blocked, 100)
}

// goneIn tells of the families of a copy whether they are gone in the original.
func goneIn(fs *families, us units, g, c *graph.Graph) func(*family) bool {
	gone := map[*graph.Node][]bool{}
	for i, n := range g.Nodes {
		for _, f := range fs.out(n) {
			gone[c.Nodes[i]] = append(gone[c.Nodes[i]], us[f].gone)
		}
	}
	return func(f *family) bool { return f.writer != nil && gone[f.writer][f.channel] }
}

// However much is to go, every convolution keeps a channel.
func TestPruneChannelsLeavesOne(t *testing.T) {
	g := trained(t, "scenes_unet_t")
	for _, scope := range []Scope{PerLayer, Network} {
		after, r := price(t, g, Prune{What: Channels, Share: 0.99, Scope: scope}, noises(g, 1))
		for _, n := range after.Nodes {
			assert.Positive(t, n.Out.Shape.C)
		}
		assert.Equal(t, g.Outputs[0].Shape, after.Outputs[0].Shape)
		assert.Less(t, figure(t, r, "parameters after"), 0.2*figure(t, r, "parameters before"))
		_, err := Run(context.Background(), after, Equalise{}, nil)
		assert.NoError(t, err)
	}
}

// What is left of a trained network is a network like any other: it is quantised and planned.
func TestPruneChannelsTrained(t *testing.T) {
	m := scenes(t, 2)
	for _, name := range []string{"scenes_unet_t", "scenes_unet_t_bn"} {
		g := trained(t, name)
		for _, share := range []float64{0.13, 0.25} {
			for _, scope := range []Scope{PerLayer, Network} {
				after, r := price(t, g, Prune{What: Channels, Share: share, Scope: scope}, m)
				t.Logf("%s, %s, %v: %v channels; %v", name, scope, share, figure(t, r, "channels removed"), r.Price)
				assert.Positive(t, figure(t, r, "channels removed"))
				if share != 0.25 || scope != Network {
					continue // one of them is enough to compile
				}
				require.NoError(t, graph.Simplify(after))
				var calib []*graph.Tensor
				for _, in := range m.Inputs {
					calib = append(calib, in[0])
				}
				q, err := quant.Quantize(t.Context(), after, calib, quant.Options{})
				require.NoError(t, err)
				require.NoError(t, fixed.Verify(q.Net))
				_, err = plan.New(t.Context(), q.Net, plan.Target{})
				require.NoError(t, err)
			}
		}
	}
}
