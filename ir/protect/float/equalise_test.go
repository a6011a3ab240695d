package float

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
)

// near is how far a pass that keeps the function up to rounding may move an output, in parts of the largest.
const near = 1e-4

func TestEqualiseKeepsTheFunction(t *testing.T) {
	scaled, exact := 0, 0
	for seed := range uint64(150) {
		g := randomNet(t, seed)
		m := noises(g, 1)
		for _, e := range []Equalise{{}, {Scales: Pow2}} {
			_, r := price(t, g, e, m)
			assert.Less(t, r.Price.Relative, near, "network %d, %v", seed, e)
			scaled += int(figure(t, r, "channels that may be scaled"))
			if r.Keeps == Bits {
				exact++
				assert.Zero(t, r.Price.Absolute, "network %d, %v", seed, e)
			}
		}
	}
	assert.Greater(t, scaled, 2000)
	assert.Greater(t, exact, 20)
}

func TestEqualiseTrained(t *testing.T) {
	m := scenes(t, 2)
	for _, name := range models {
		g := trained(t, name)
		for _, e := range []Equalise{{}, {Scales: Pow2}} {
			after, r := price(t, g, e, m)
			t.Logf("%s, %s: %v; ratio %.3g to %.5g in %v rounds, factors %.3g to %.3g", name, e.defaults().Scales, r.Price,
				figure(t, r, "worst ratio of neighbouring ranges, before"), figure(t, r, "worst ratio of neighbouring ranges, after"),
				figure(t, r, "rounds"), figure(t, r, "least factor"), figure(t, r, "largest factor"))
			assert.Less(t, r.Price.Relative, near)
			assert.Greater(t, figure(t, r, "worst ratio of neighbouring ranges, before"), 2.0)
			if e.Scales == Pow2 {
				assert.Equal(t, Bits, r.Keeps)
				assert.Zero(t, r.Price.Absolute)
				continue
			}
			assert.Less(t, figure(t, r, "worst ratio of neighbouring ranges, after"), 1.001)
			_, again := price(t, after, e, nil)
			assert.InDelta(t, 1, figure(t, again, "largest factor"), 1e-3, "equalised twice is equalised")
			assert.InDelta(t, 1, figure(t, again, "least factor"), 1e-3)
		}
	}
}

// pair is two 1x1 convolutions with a rectifier, a normalisation after the first one where it is asked for.
func pair(t *testing.T, normalised bool) *graph.Graph {
	n, x := newNet(t, 1, graph.Shape{C: 1, H: 2, W: 2})
	v := n.add(&graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{8, -2}, Bias: []float32{4, 1}}, x)
	if normalised {
		v = n.add(&graph.BatchNorm{Gamma: []float32{2, 4}, Beta: []float32{1, 1}, Mean: []float32{1, -1}, Var: []float32{4, 4}}, v)
	}
	v = n.relu(v)
	v = n.add(&graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{0.5, 8, -2, 1}}, v)
	return n.outputs(v)
}

// The formula, by hand: ranges 8 and 2 before, 2 and 8 after the channels; s = sqrt(r1*r2)/r2 = 2 and 1/2.
func TestEqualiseByHand(t *testing.T) {
	g, _ := price(t, pair(t, false), Equalise{}, nil)
	first, second := g.Nodes[0].Op.(*graph.Conv), g.Nodes[2].Op.(*graph.Conv)
	assert.InDeltaSlice(t, []float32{4, -4}, first.Weight, 1e-4)
	assert.InDeltaSlice(t, []float32{2, 2}, first.Bias, 1e-4)
	assert.InDeltaSlice(t, []float32{1, 4, -4, 0.5}, second.Weight, 1e-4)

	// The normalisation multiplies with 1 and 2: ranges 8 and 4 before, s = 2 and 1/sqrt(2). Weights stay.
	g, r := price(t, pair(t, true), Equalise{}, nil)
	bn := g.Nodes[1].Op.(*graph.BatchNorm)
	assert.Equal(t, []float32{8, -2}, g.Nodes[0].Op.(*graph.Conv).Weight)
	assert.InDeltaSlice(t, []float64{1, 4 * math.Sqrt2}, []float64{float64(bn.Gamma[0]), float64(bn.Gamma[1])}, 1e-4)
	assert.InDeltaSlice(t, []float64{0.5, math.Sqrt2}, []float64{float64(bn.Beta[0]), float64(bn.Beta[1])}, 1e-4)
	assert.Equal(t, []float32{1, -1}, bn.Mean)
	assert.Equal(t, []float32{4, 4}, bn.Var)
	assert.Equal(t, []Note{{"Conv3", "channels 0-1: v_Conv3 is an output of the network"}}, r.Left)
}

func TestEqualiseLimit(t *testing.T) {
	g := pair(t, false)
	g.Nodes[0].Op.(*graph.Conv).Weight[0] = 8e6
	after, r := price(t, g, Equalise{Limit: 4}, noises(g, 1))
	assert.Less(t, r.Price.Relative, near)
	assert.Equal(t, float32(2e6), after.Nodes[0].Op.(*graph.Conv).Weight[0])
	assert.Contains(t, r.Left, Note{"Conv0", "channel 0: the factor ends at the limit of 4"})
}

// A zero channel, one that nobody reads, and those before a softmax are left out and named.
func TestEqualiseLeavesOut(t *testing.T) {
	n, x := newNet(t, 1, graph.Shape{C: 2, H: 4, W: 4})
	a := n.conv(x, 3, 1, 1, true)
	k := n.Nodes[0].Op.(*graph.Conv)
	k.Weight[2], k.Weight[3] = 0, 0
	b := n.conv(n.relu(a), 2, 1, 1, false)
	n.Nodes[2].Op.(*graph.Conv).Weight[2] = 0
	n.Nodes[2].Op.(*graph.Conv).Weight[5] = 0
	soft := n.add(&graph.Softmax{}, b)
	n.conv(b, 1, 1, 1, false)
	g := n.outputs(n.conv(soft, 1, 1, 1, false))
	_, r := price(t, g, Equalise{}, noises(g, 1))
	assert.Equal(t, []Note{
		{"Conv0", "channel 1: all weights that make it are 0"},
		{"Conv0", "channel 2: all weights that read it are 0"},
		{"Conv2", "channels 0-1: Softmax3 (Softmax) reads it, which does not commute with a factor"},
		{"Conv4", "channel 0: nothing reads it"},
		{"Conv5", "channel 0: v_Conv5 is an output of the network"},
	}, r.Left)
}

// clip is an operator that the package has never heard of.
type clip struct{ graph.Relu }

func (*clip) Kind() string { return "Clip" }

func TestUnknownOperatorsBlock(t *testing.T) {
	n, x := newNet(t, 1, graph.Shape{C: 1, H: 2, W: 2})
	a := n.conv(x, 2, 1, 1, true)
	b := n.add(&clip{}, a)
	n.Graph.Outputs = []*graph.Value{n.conv(b, 1, 1, 1, true)}
	fs := trace(n.Graph)
	for _, f := range fs.of[a] {
		assert.Equal(t, "Clip1 (Clip) reads it, which does not commute with a factor", f.blocked)
	}
	for _, f := range fs.of[b] {
		assert.Equal(t, "Clip1 (Clip) makes it, which has no parameters to change", f.blocked)
	}
	before := slices.Clone(n.Nodes[0].Op.(*graph.Conv).Weight)
	require.NoError(t, Equalise{}.run(n.Graph, &Report{}))
	assert.Equal(t, before, n.Nodes[0].Op.(*graph.Conv).Weight)
}

// Every operator of the graph has been thought of: which of them block is written down here.
func TestOperatorsAreKnown(t *testing.T) {
	assert.Equal(t, "Conv ConvTranspose BatchNormalization Relu MaxPool Concat Softmax ArgMax", strings.Join(graph.Kinds(), " "),
		"look at families.node: does the new operator commute with positive factors, does it have parameters?")
}

// A skip connection's readers all make up for the factor, through a pool and a concatenation.
func TestEqualiseFamilies(t *testing.T) {
	n, x := newNet(t, 5, graph.Shape{C: 1, H: 4, W: 4})
	a := n.relu(n.conv(x, 2, 1, 1, true))
	low := n.up(n.pool(a), 1, 1)
	g := n.outputs(n.conv(n.add(&graph.Concat{}, low, a, a), 1, 1, 1, true))
	fs := trace(g)
	var readers []string
	for _, f := range fs.of[a] {
		for _, r := range f.readers {
			readers = append(readers, fmt.Sprint(f.channel, r.node.Name, r.channel))
		}
	}
	assert.Equal(t, []string{
		"0ConvTranspose30", "0Conv51", "0Conv53", "1ConvTranspose31", "1Conv52", "1Conv54",
	}, readers)
	_, r := price(t, g, Equalise{}, noises(g, 2))
	assert.Less(t, r.Price.Relative, near)
	assert.Equal(t, 3.0, figure(t, r, "channels that may be scaled"))
}
