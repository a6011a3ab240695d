package float

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/graph"
	"rampart/sim/functional/float/kernel"
)

// everySet runs a test on each set of kernels of the machine.
func everySet(t *testing.T, test func(t *testing.T, k *kernel.Set)) {
	for _, k := range kernel.Sets() {
		t.Run(k.Name, func(t *testing.T) { test(t, k) })
	}
}

// Random networks and random patches: all values of a run, all values and the diff of a strike and of a dense
// evaluation, are the oracle's. The golden frame is intact afterwards.
func TestAgainstGraph(t *testing.T) {
	everySet(t, func(t *testing.T, k *kernel.Set) {
		kinds := map[string]int{}
		masked, wild := 0, 0
		for seed := range uint64(250) {
			g, images := randomGraph(seed)
			e, err := NewOn(g, k)
			require.NoError(t, err)
			w := e.Worker()
			require.NoError(t, w.Run(images))
			was := oracle(t, g, images, nil)
			golden := func(what string) {
				for _, v := range e.values[:len(was)] {
					requireSame(t, was[v.Name], w.Tensor(v.Value), "seed %d: %s: %s", seed, what, v.Name)
				}
			}
			golden("run")
			r := rand.New(rand.NewPCG(seed, 5))
			for i := range 12 {
				ps := randomPatches(r, e)
				require.NoError(t, e.Validate(ps))
				now := oracle(t, g, images, ps)
				want := oracleDiff(g, was, now)
				for name, how := range map[string]func([]Patch) *Diff{"strike": w.Strike, "dense": w.Dense} {
					d := how(ps)
					for _, v := range e.values[:len(was)] {
						requireSame(t, now[v.Name], w.Faulty(v.Value), "seed %d: %s %d, %+v: %s\n%v", seed, name, i, ps, v.Name, g)
					}
					requireDiff(t, want, d, "seed %d: %s %d, %+v", seed, name, i, ps)
				}
				for _, p := range ps {
					kinds[p.Tensor.String()]++
				}
				if w.Strike(ps).Masked() {
					masked++
				}
				if want.NonFinite {
					wild++
				}
			}
			w.Strike(nil)
			for i := range e.values {
				for j, v := range w.now[i] {
					require.False(t, unlike(v, w.golden[i][j]), "seed %d: element %d of value %d is not golden again", seed, j, i)
				}
			}
			golden("after")
		}
		assert.Len(t, kinds, int(Output)+1)
		for kind, n := range kinds {
			assert.Greater(t, n, 50, kind)
		}
		assert.Greater(t, masked, 100)
		assert.Greater(t, wild, 100)
	})
}

// Maps that are computed in several bands: wide and high ones of many channels, from all kinds of convolution,
// with sums from -0 and infinite weights so that the edges of the whole map and not of a band are computed anew.
func TestBands(t *testing.T) {
	m := &maker{r: rand.New(rand.NewPCG(4, 4)), g: &graph.Graph{Name: "bands"}}
	x := m.g.Input("x", graph.Shape{C: 24, H: 19, W: bandColumns + 70})
	add := func(name string, op graph.Op) {
		v, err := m.g.Add(name, op, name, x)
		require.NoError(t, err)
		m.g.Outputs = append(m.g.Outputs, v)
	}
	three, two := graph.NewWindow(3, 3), graph.NewWindow(2, 2)
	three.Before, three.After, two.Stride = [2]int{1, 1}, [2]int{1, 1}, [2]int{2, 2}
	bias := m.numbers(5)
	bias[4] = float32(math.Copysign(0, -1))
	add("conv", &graph.Conv{Window: three, Group: 1, Out: 5, Weight: m.numbers(24 * 5 * 9), Bias: bias})
	add("transposed", &graph.ConvTranspose{Window: two, Group: 1, Out: 3, Weight: m.numbers(24 * 3 * 4)})
	three.Stride = [2]int{2, 2}
	add("strided", &graph.Conv{Window: three, Group: 2, Out: 4, Weight: m.numbers(12 * 4 * 9), Bias: bias[:4]})
	images := []*graph.Tensor{{Shape: x.Shape, Data: m.numbers(x.Shape.Size())}}
	for i := range images[0].Data { // so that sums of -0 arise
		images[0].Data[i] *= float32(m.r.IntN(2))
	}
	e, err := New(m.g)
	require.NoError(t, err)
	require.Greater(t, 24*4*bandColumns*19, 3*bandBytes, "one band is not enough")
	w := e.Worker()
	require.NoError(t, w.Run(images))
	for _, ps := range [][]Patch{
		nil,
		{{Node: -1, Tensor: Output, Index: x.Shape.Size() / 2, Change: FlipBit(28)}},
		{{Node: 0, Tensor: Weight, Index: 4*24*9 + 3, Change: Replace(float32(math.Inf(1)))}, {Node: 2, Tensor: Weight, Index: 40, Change: FlipBit(30)}},
		{{Node: 0, Tensor: Bias, Index: 0, Change: FlipBit(31)}, {Node: 1, Tensor: Weight, Index: 5, Change: FlipBit(23)}},
	} {
		now := oracle(t, m.g, images, ps)
		for _, how := range []func([]Patch) *Diff{w.Strike, w.Dense} {
			how(ps)
			for _, v := range m.g.Outputs {
				requireSame(t, now[v.Name], w.Faulty(v), "%v: %s", ps, v.Name)
			}
		}
	}
}

// The comparison above sees a result that is wrong in one bit.
func TestComparisonSees(t *testing.T) {
	g, images := randomGraph(3)
	was := oracle(t, g, images, nil)
	now := oracle(t, g, images, []Patch{{Node: -1, Tensor: Output, Change: FlipBit(0)}})
	for _, o := range oracleDiff(g, was, was).Outputs {
		assert.Zero(t, o.Changed)
		assert.Empty(t, o.Pixels)
	}
	name := g.Inputs[0].Name
	sees := func(a, b *graph.Tensor) (failed bool) {
		spy := &spy{TB: t}
		func() {
			defer func() { failed = recover() != nil }()
			requireSame(spy, a, b, "")
		}()
		return failed
	}
	assert.False(t, sees(was[name], was[name]))
	assert.True(t, sees(was[name], now[name]))
}

// spy takes a failure for itself.
type spy struct{ testing.TB }

func (spy) Errorf(string, ...any) {}
func (spy) FailNow()              { panic("failed") }

// small is conv, normalisation, rectifier, conv of one channel each, on 3 pixels side by side.
func small(t *testing.T) (*graph.Graph, []*graph.Tensor) {
	g := &graph.Graph{Name: "small"}
	add := func(name string, op graph.Op, in *graph.Value) *graph.Value {
		v, err := g.Add(name, op, name, in)
		require.NoError(t, err)
		return v
	}
	three := graph.NewWindow(1, 3)
	three.Before[1], three.After[1] = 1, 1
	x := g.Input("x", graph.Shape{C: 1, H: 1, W: 3})
	c := add("conv", &graph.Conv{Window: three, Group: 1, Out: 1, Weight: []float32{0.5, 1.5, 2.5}, Bias: []float32{0}}, x)
	n := add("norm", &graph.BatchNorm{Gamma: []float32{1}, Beta: []float32{0}, Mean: []float32{0}, Var: []float32{1}}, c)
	r := add("relu", &graph.Relu{}, n)
	h := add("head", &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: []float32{1, -1}, Bias: []float32{0, 1}}, r)
	g.Outputs = []*graph.Value{h}
	return g, []*graph.Tensor{{Shape: x.Shape, Data: []float32{1, 2, -1}}}
}

func TestByHand(t *testing.T) {
	g, images := small(t)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	everySet(t, func(t *testing.T, k *kernel.Set) {
		e, err := NewOn(g, k)
		require.NoError(t, err)
		assert.Equal(t, k.Name, e.Kernels())
		assert.Same(t, g, e.Graph())
		w := e.Worker()
		require.NoError(t, w.Run(images))
		assert.Equal(t, []float32{6.5, 1, 0}, w.Tensor(g.Nodes[2].Out).Data)
		for name, c := range map[string]struct {
			patch Patch
			conv  []float32 // the rectifier's output
			diff  OutputDiff
			arose bool
		}{
			"nothing":    {Patch{Node: 0, Tensor: Weight, Index: 1}, []float32{6.5, 1, 0}, OutputDiff{}, false},
			"low bit":    {Patch{Node: 0, Tensor: Weight, Index: 0, Change: FlipBit(22)}, []float32{6.5, 1.25, 0}, OutputDiff{Changed: 2}, false},
			"zero":       {Patch{Node: 1, Tensor: Gamma, Change: Replace(0)}, []float32{0, 0, 0}, OutputDiff{Changed: 4, Pixels: []int32{0, 1}, Classes: []int32{1, 1}}, false},
			"1 is Inf":   {Patch{Node: 1, Tensor: Gamma, Change: FlipBit(30)}, []float32{nan, nan, nan}, OutputDiff{Changed: 6, Pixels: []int32{2}, Classes: []int32{0}, NaN: 6}, true}, // the mean of 0, scaled
			"edge skips": {Patch{Node: 0, Tensor: Weight, Index: 0, Change: Replace(inf)}, []float32{6.5, inf, inf}, OutputDiff{Changed: 4, Pixels: []int32{2}, Classes: []int32{0}, Inf: 4}, true},
			"1.5 is NaN": {Patch{Node: 0, Tensor: Weight, Index: 1, Change: FlipBit(30)}, []float32{nan, nan, nan}, OutputDiff{Changed: 6, Pixels: []int32{2}, Classes: []int32{0}, NaN: 6}, true},
			"variance":   {Patch{Node: 1, Tensor: Var, Change: FlipBit(31)}, []float32{nan, nan, nan}, OutputDiff{Changed: 6, Pixels: []int32{2}, Classes: []int32{0}, NaN: 6}, true},
			"2.5 is 0":   {Patch{Node: 0, Tensor: Weight, Index: 2, Change: FlipBit(30)}, []float32{1.5, 3.5, 0}, OutputDiff{Changed: 4}, false},
			"class 1":    {Patch{Node: 3, Tensor: Output, Index: 3, Change: Replace(nan)}, []float32{6.5, 1, 0}, OutputDiff{Changed: 1, NaN: 1}, true},
			"class 0":    {Patch{Node: 3, Tensor: Output, Index: 2, Change: Replace(nan)}, []float32{6.5, 1, 0}, OutputDiff{Changed: 1, Pixels: []int32{2}, Classes: []int32{0}, NaN: 1}, true},
		} {
			t.Run(name, func(t *testing.T) {
				ps := []Patch{c.patch}
				require.NoError(t, e.Validate(ps))
				d := w.Strike(ps)
				requireSame(t, &graph.Tensor{Shape: g.Inputs[0].Shape, Data: c.conv}, w.Faulty(g.Nodes[2].Out), name)
				requireDiff(t, Diff{Outputs: []OutputDiff{c.diff}, NonFinite: c.arose}, d, name)
				assert.Equal(t, c.diff.Changed == 0, d.Masked())
			})
		}
	})
}

// A sign bit of a variance: the root of a negative number is NaN, in this engine and in package graph, for the struck
// channel alone until a convolution joins channels.
func TestNegativeVariance(t *testing.T) {
	m := &maker{r: rand.New(rand.NewPCG(6, 2)), g: &graph.Graph{Name: "negative"}}
	x := m.g.Input("x", graph.Shape{C: 3, H: 5, W: 7})
	norm, err := m.g.Add("norm", &graph.BatchNorm{Gamma: []float32{1, 2, 3}, Beta: []float32{0, 1, 2}, Mean: []float32{0, 1, 0}, Var: []float32{1, 0.5, 2}, Eps: 1e-5}, "norm", x)
	require.NoError(t, err)
	relu, err := m.g.Add("relu", &graph.Relu{}, "relu", norm)
	require.NoError(t, err)
	conv, err := m.g.Add("conv", &graph.Conv{Window: graph.NewWindow(1, 1), Group: 1, Out: 2, Weight: m.numbers(6)}, "conv", relu)
	require.NoError(t, err)
	m.g.Outputs = []*graph.Value{conv}
	images := []*graph.Tensor{{Shape: x.Shape, Data: m.numbers(x.Shape.Size())}}
	was := oracle(t, m.g, images, nil)
	everySet(t, func(t *testing.T, k *kernel.Set) {
		e, err := NewOn(m.g, k)
		require.NoError(t, err)
		w := e.Worker()
		require.NoError(t, w.Run(images))
		for c := range 3 {
			ps := []Patch{{Node: 0, Tensor: Var, Index: c, Change: FlipBit(31)}}
			now := oracle(t, m.g, images, ps)
			for i, v := range now["norm"].Data {
				require.Equal(t, i/35 == c, v != v, "channel %d, element %d is %v", c, i, v)
			}
			want := oracleDiff(m.g, was, now)
			assert.Positive(t, want.Outputs[0].NaN)
			for _, how := range []func([]Patch) *Diff{w.Strike, w.Dense} {
				d := how(ps)
				for _, v := range []*graph.Value{norm, relu, conv} {
					requireSame(t, now[v.Name], w.Faulty(v), "channel %d: %s", c, v.Name)
				}
				requireDiff(t, want, d, "channel %d", c)
			}
		}
	})
}

// A golden NaN that hides an infinity: without the NaN the infinity shows, and it differs from what was there.
func TestInfinityBehindNaN(t *testing.T) {
	g := &graph.Graph{Name: "hidden"}
	x := g.Input("x", graph.Shape{C: 1, H: 1, W: 2})
	y, err := g.Add("pool", &graph.MaxPool{Window: graph.NewWindow(1, 2)}, "y", x)
	require.NoError(t, err)
	g.Outputs = []*graph.Value{y}
	e, err := New(g)
	require.NoError(t, err)
	w := e.Worker()
	require.NoError(t, w.Run([]*graph.Tensor{{Shape: x.Shape, Data: []float32{float32(math.NaN()), float32(math.Inf(1))}}}))
	d := w.Strike([]Patch{{Node: -1, Tensor: Output, Change: Replace(0)}})
	requireDiff(t, Diff{Outputs: []OutputDiff{{Changed: 1, Pixels: []int32{0}, Classes: []int32{1}, Inf: 1}}, NonFinite: true}, d, "")
	d = w.Strike([]Patch{{Node: -1, Tensor: Output, Index: 1, Change: Replace(0)}})
	requireDiff(t, Diff{Outputs: []OutputDiff{{NaN: 1}}}, d, "")
}

// Workers of one engine do not disturb each other; run it with -race to see.
func TestWorkersAtOnce(t *testing.T) {
	g, images := randomGraph(11)
	e, err := New(g)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(2, 2))
	ps := randomPatches(r, e)
	want := oracleDiff(g, oracle(t, g, images, nil), oracle(t, g, images, ps))
	diffs := make([]*Diff, 4)
	var wg sync.WaitGroup
	for i := range diffs {
		wg.Go(func() {
			w := e.Worker()
			if w.Run(images) == nil {
				diffs[i] = w.Strike(ps)
			}
		})
	}
	wg.Wait()
	for _, d := range diffs {
		requireDiff(t, want, d, "%v", ps)
	}
}

// A strike computes what it must and no more.
func TestWork(t *testing.T) {
	g, images := small(t)
	e, err := New(g)
	require.NoError(t, err)
	assert.Equal(t, int64(9+6), e.MACs())
	w := e.Worker()
	require.NoError(t, w.Run(images))
	assert.Equal(t, Stats{MACs: 15, Nodes: 4, Last: -1}, w.Dense(nil).Stats)
	assert.Equal(t, Stats{Last: -1}, w.Strike(nil).Stats)
	// The struck input reaches conv outputs 1 and 2; output 2 stays negative, so that the head sees pixel 1 alone.
	assert.Equal(t, Stats{MACs: 6 + 2, Nodes: 4, Last: 3}, w.Strike([]Patch{{Node: -1, Tensor: Output, Index: 2, Change: Replace(-1.1)}}).Stats)
	// The bias of one channel of the head.
	assert.Equal(t, Stats{MACs: 3, Nodes: 1, Last: 3}, w.Strike([]Patch{{Node: 3, Tensor: Bias, Index: 1, Change: Replace(2)}}).Stats)
	assert.Equal(t, Stats{MACs: 3, Nodes: 1, Last: -1}, w.Strike([]Patch{{Node: 3, Tensor: Bias, Index: 1, Change: Replace(1)}}).Stats)
}

func TestRefuses(t *testing.T) {
	g, images := small(t)
	e, err := New(g)
	require.NoError(t, err)
	w := e.Worker()
	assert.Panics(t, func() { w.Strike(nil) })
	assert.EqualError(t, w.Run(nil), "network small has 1 inputs, 0 images were given")
	assert.EqualError(t, w.Run([]*graph.Tensor{graph.NewTensor(graph.Shape{C: 1, H: 3, W: 1})}), "input x is 1x1x3, an image of 1x3x1 with 3 values was given")
	require.NoError(t, w.Run(images))
	assert.Panics(t, func() { w.Tensor(&graph.Value{}) })
	for want, p := range map[string]Patch{
		"network small: patch 0: there is no node 4: the network has 4 nodes and 1 inputs":  {Node: 4},
		"network small: patch 0: there is no node -2: the network has 4 nodes and 1 inputs": {Node: -2},
		"input x: patch 0: a network input has no weight here":                              {Node: -1},
		"input x: patch 0: index 3 is not in 0 to 2":                                        {Node: -1, Tensor: Output, Index: 3},
		"node relu: patch 0: a Relu has no bias here":                                       {Node: 2, Tensor: Bias},
		"node norm: patch 0: a BatchNormalization has no weight here":                       {Node: 1, Tensor: Weight},
		"node conv: patch 0: index -1 is not in 0 to 2":                                     {Node: 0, Tensor: Weight, Index: -1},
	} {
		assert.EqualError(t, e.Validate([]Patch{p}), want)
	}
	bad := g.Clone()
	bad.Outputs = nil
	_, err = New(bad)
	assert.ErrorContains(t, err, "float engine: small: the network has no outputs")
	wide := graph.NewWindow(1, 1)
	wide.Before, wide.After, wide.Stride = [2]int{1 << 19, 1 << 19}, [2]int{1 << 19, 1 << 19}, [2]int{1 << 19, 1 << 19}
	far := &graph.Graph{Name: "far"}
	v, err := far.Add("far", &graph.Conv{Window: wide, Group: 1, Out: 1, Weight: []float32{1}}, "y", far.Input("x", graph.Shape{C: 1, H: 2, W: 2}))
	require.NoError(t, err)
	far.Outputs = []*graph.Value{v}
	_, err = New(far)
	assert.ErrorContains(t, err, " with the padding of the windows that read it is more than")
}
