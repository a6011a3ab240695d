package onnx

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// conformance is where Debian puts ONNX's own test models.
const conformance = "/usr/share/libonnx-testdata/data"

// TestONNXConformance runs every one of ONNX's own test models that uses no operators but ours, and
// holds the list of what was run and what was refused, and why, to a golden file.
func TestONNXConformance(t *testing.T) {
	paths, err := filepath.Glob(conformance + "/*/*/model.onnx")
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Fatal(diag.MissingTool{Tool: "libonnx-testdata", Install: "apt-get install libonnx-testdata"})
	}
	var list strings.Builder
	for _, path := range paths {
		name := strings.TrimPrefix(filepath.Dir(path), conformance+"/")
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		m, err := parseModel(name, data)
		if err != nil || !onlyOurs(m) {
			continue
		}
		result, err := runConformance(filepath.Dir(path), name, m)
		var refused diag.Problems
		if errors.As(err, &refused) {
			result = "refused: " + strings.ReplaceAll(strings.ReplaceAll(refused.Error(), name+": ", ""), "\n", " | ")
		} else {
			assert.NoError(t, err, name)
		}
		fmt.Fprintf(&list, "%s: %s\n", name, result)
	}
	golden := "testdata/conformance.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(list.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), list.String(), "run with -update to accept")
}

func onlyOurs(m *modelProto) bool {
	for _, n := range m.graph.nodes {
		if _, ok := rowOf(n.op); !ok || n.domain != "" {
			return false
		}
	}
	return len(m.graph.nodes) > 0
}

// runConformance feeds a test model its weights as constants and its images one by one, and compares. The
// error is diag.Problems where the importer refuses the model.
func runConformance(dir, name string, m *modelProto) (string, error) {
	note := ""
	for _, o := range m.opsets {
		if o.version < minOpset {
			// These operators did not change in between, so the models serve.
			note += fmt.Sprintf(", operator set %d read as %d", o.version, minOpset)
			o.version = minOpset
		}
	}
	inputs, err := bindInputs(dir, m.graph)
	if err != nil {
		return "", err
	}
	batch := 1
	for _, in := range m.graph.inputs {
		if t := in.typ.tensor; len(inputs[in.name]) > 0 && len(t.shape.dims) == 4 {
			batch = int(t.shape.dims[0].value)
			t.shape.dims[0].value = 1
		}
	}
	g, err := Options{}.convert(name, m)
	if err != nil {
		return "", err
	}
	want, err := readTensor(dir + "/test_data_set_0/output_0.pb")
	if err != nil {
		return "", err
	}
	expected, p := want.floats()
	if p != nil {
		return "", p
	}
	if err := compareBatch(g, inputs, expected, batch); err != nil {
		return "", err
	}
	return fmt.Sprintf("equal, %d images%s", batch, note), nil
}

// compareBatch evaluates g on each image of the inputs, and holds it to the expected outputs.
func compareBatch(g *graph.Graph, inputs map[string][]float32, expected []float32, batch int) error {
	for i := range batch {
		var in []*graph.Tensor
		for _, v := range g.Inputs {
			x := graph.NewTensor(v.Shape)
			if len(inputs[v.Name]) != batch*len(x.Data) {
				return fmt.Errorf("input %s has %d values", v.Name, len(inputs[v.Name]))
			}
			copy(x.Data, inputs[v.Name][i*len(x.Data):])
			in = append(in, x)
		}
		out, err := g.Eval(context.Background(), in...)
		if err != nil {
			return err
		}
		y := out[0]
		if len(expected) != batch*len(y.Data) {
			return fmt.Errorf("the output is %v; %d values were expected", y.Shape, len(expected))
		}
		for j, v := range y.Data {
			if w := expected[i*len(y.Data)+j]; math.Abs(float64(v-w)) > 1e-4*max(1, math.Abs(float64(w))) {
				return fmt.Errorf("image %d: value %d is %g, not %g", i, j, v, w)
			}
		}
	}
	return nil
}

// bindInputs reads the test's inputs: images are returned, weights become constants of the model.
func bindInputs(dir string, g *graphProto) (map[string][]float32, error) {
	images := map[string][]float32{}
	file := 0
	for _, in := range g.inputs {
		if slices.ContainsFunc(g.initializers, func(t *tensorProto) bool { return t.name == in.name }) {
			continue
		}
		t, err := readTensor(fmt.Sprintf("%s/test_data_set_0/input_%d.pb", dir, file))
		if err != nil {
			return nil, err
		}
		file++
		if n := g.nodes[0]; n.op != "Concat" && slices.Index(n.inputs, in.name) > 0 {
			t.name = in.name
			g.initializers = append(g.initializers, t)
			continue
		}
		if images[in.name], _ = t.floats(); images[in.name] == nil {
			images[in.name] = []float32{} // not floats: the importer refuses the input
		}
	}
	return images, nil
}

func readTensor(path string) (*tensorProto, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &tensorProto{}
	return t, decode(data, t)
}

// TestConformanceSeesADifference gives the comparison a wrong value.
func TestConformanceSeesADifference(t *testing.T) {
	g := decoded(t, relu())
	x := make([]float32, 72)
	x[3] = 2
	require.NoError(t, compareBatch(g, map[string][]float32{"x": x}, x, 1))
	wrong := slices.Clone(x)
	wrong[3] = 2.001
	assert.EqualError(t, compareBatch(g, map[string][]float32{"x": x}, wrong, 1), "image 0: value 3 is 2, not 2.001")
	assert.ErrorContains(t, compareBatch(g, map[string][]float32{"x": x}, wrong[1:], 1), "71 values were expected")
}
