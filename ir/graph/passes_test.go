package graph

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

func passIndex(name string) int {
	return slices.IndexFunc(Passes, func(p Pass) bool { return p.Name == name })
}

// TestPassFiles runs the pass that each file's first line names on the graph before, and holds the result
// to the graph after and to what the graph before computes.
func TestPassFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/passes/*.txtar")
	require.NoError(t, err)
	covered := map[string]bool{}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			require.Len(t, archive.Files, 2)
			name, _, _ := strings.Cut(string(archive.Comment), "\n")
			at := passIndex(name)
			require.GreaterOrEqual(t, at, 0, "no pass %q", name)
			covered[name] = true

			g, err := Parse(path, string(archive.Files[0].Data))
			require.NoError(t, err)
			before := g.Clone()
			require.NoError(t, Passes[at].Run(g))
			require.NoError(t, Check(g))
			assertSameFunction(t, before, g)
			if *update {
				archive.Files[1].Data = []byte(g.String())
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
			}
			assert.Equal(t, string(archive.Files[1].Data), g.String(), "run with -update to accept")
		})
	}
	for _, p := range Passes {
		assert.True(t, covered[p.Name], "no file in testdata/passes runs %s", p.Name)
	}
}

// difference evaluates two graphs on the same noise. An output whose softmax was dropped is compared by its
// classes, as a fraction of pixels; every other by value.
func difference(t *testing.T, a, b *Graph) float64 {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	var in []*Tensor
	for _, v := range a.Inputs {
		in = append(in, &Tensor{v.Shape, noise(r, v.Shape.Size())})
	}
	results := func(g *Graph) map[string]*Tensor {
		out, err := g.Eval(context.Background(), in...)
		require.NoError(t, err)
		named := map[string]*Tensor{}
		for i, v := range g.Outputs {
			named[v.Name] = out[i]
		}
		return named
	}
	was, now := results(a), results(b)
	names := map[string]string{}
	for name := range was {
		names[name] = name
	}
	heads := map[string]bool{}
	for _, h := range b.Heads {
		for name, to := range names {
			if to == h.Was {
				names[name], heads[name] = h.Now, true
			}
		}
	}
	worst := 0.0
	for name, to := range names {
		x, y := was[name], now[to]
		require.NotNil(t, y, "output %s is gone", name)
		if heads[name] {
			x, y = (&ArgMax{}).Eval([]*Tensor{x}), (&ArgMax{}).Eval([]*Tensor{y})
		}
		require.Equal(t, x.Shape, y.Shape)
		for i := range x.Data {
			worst = max(worst, float64(max(x.Data[i]-y.Data[i], y.Data[i]-x.Data[i])))
		}
	}
	return worst
}

func assertSameFunction(t *testing.T, before, after *Graph) {
	t.Helper()
	assert.Less(t, difference(t, before, after), 1e-4)
}

// TestDifferenceIsSeen: the comparison of the pass tests notices one changed weight.
func TestDifferenceIsSeen(t *testing.T) {
	g := testNet(t)
	bad := g.Clone()
	bad.Nodes[0].Op.(*Conv).Weight[0] += 0.1
	assert.Zero(t, difference(t, g, g.Clone()))
	assert.Greater(t, difference(t, g, bad), 1e-3)
}

func TestSimplify(t *testing.T) {
	g := testNet(t)
	before := g.Clone()
	require.NoError(t, Simplify(g))
	assertSameFunction(t, before, g)
	var kinds []string
	for _, n := range g.Nodes {
		kinds = append(kinds, n.Op.Kind())
	}
	assert.Equal(t, []string{"Conv", "Relu", "MaxPool", "Conv", "Relu", "ConvTranspose", "Concat", "Conv"}, kinds)
	assert.Equal(t, []Head{{"Softmax", "probabilities", "logits"}}, g.Heads)

	once := g.String()
	require.NoError(t, Simplify(g))
	assert.Equal(t, once, g.String(), "simplifying twice changes nothing")
}

// TestTrim: what is left has the parameters of the model, to the bit.
func TestTrim(t *testing.T) {
	g := testNet(t)
	before := g.Clone()
	require.NoError(t, Trim(g))
	assert.Equal(t, before.Nodes[:len(before.Nodes)-1], g.Nodes, "all but the softmax")
	assert.Equal(t, []Head{{"Softmax", "probabilities", "logits"}}, g.Heads)
}

// TestSimplifyTellsOfOverflow: a fold that makes infinite weights is an error that names pass and node.
func TestSimplifyTellsOfOverflow(t *testing.T) {
	g := testNet(t)
	g.Nodes[0].Op.(*Conv).Weight[0] = 3e38
	g.Nodes[1].Op.(*BatchNorm).Gamma[0] = 1e6
	assert.ErrorContains(t, Simplify(g), "after pass fold_batchnorm: conv1: weight[0] is +Inf; train or export the model again")
}

// TestOrders holds Passes to the reasons for their order, and every file to its pass.
func TestOrders(t *testing.T) {
	for _, o := range Orders {
		before, after := passIndex(o.Before), passIndex(o.After)
		assert.GreaterOrEqual(t, before, 0, o.Before)
		assert.Less(t, before, after, "%s before %s: %s", o.Before, o.After, o.Why)
		assert.NotEmpty(t, o.Why)
	}
	for _, p := range Passes {
		assert.FileExists(t, p.Name+".go")
		assert.NotEmpty(t, p.Doc)
	}
}
