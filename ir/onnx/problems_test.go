package onnx

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// chain is a network of nodes of one operator, one after another.
func chain(op string, n int, attrs ...*attrProto) []*nodeProto {
	var nodes []*nodeProto
	in := "x"
	for i := range n {
		out := fmt.Sprintf("%s%d", op, i)
		nodes = append(nodes, node(op, out, []string{in}, attrs...))
		in = out
	}
	return nodes
}

// Problems of one kind make one line, where the first was found; those of different kinds stay apart.
func TestProblemsOfOneKindAreToldTogether(t *testing.T) {
	resize, add := "; use a transposed convolution to upsample", "; use Concat for skip connections"
	for name, c := range map[string]struct {
		nodes []*nodeProto
		want  []string
	}{
		"two": {chain("Resize", 2), []string{
			"operator Resize is not supported (nodes n_Resize0, n_Resize1)" + resize,
		}},
		"three": {chain("Resize", 3), []string{
			"operator Resize is not supported (nodes n_Resize0, n_Resize1, n_Resize2)" + resize,
		}},
		"eight, with others among them": {append(append(chain("Resize", 5), node("Add", "s", []string{"x", "Resize4"})),
			node("Resize", "a", []string{"s"}), node("Resize", "b", []string{"a"}), node("Resize", "Resize5", []string{"b"})), []string{
			"operator Resize is not supported (nodes n_Resize0, n_Resize1, n_Resize2 and 5 more)" + resize,
			"n_s: operator Add is not supported" + add,
		}},
		"attributes": {append(chain("MaxPool", 4, ints("kernel_shape", 0, 2)), node("Relu", "q", []string{"MaxPool3"})), []string{
			"MaxPool: attribute kernel_shape holds 0 (nodes n_MaxPool0, n_MaxPool1, n_MaxPool2 and 1 more); numbers from 1 to 1048576 are supported",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(c.nodes...)
			m.graph.outputs[0].name = c.nodes[len(c.nodes)-1].outputs[0]
			assert.Equal(t, c.want, refusals(t, m))
		})
	}
}

// Weights in another file are told once, with the tensors.
func TestProblemsOfTensorsAreToldTogether(t *testing.T) {
	m := model(node("Conv", "a", []string{"x", "w"}), node("Conv", "b", []string{"x", "w2"}), node("Concat", "y", []string{"a", "b"}, integer("axis", 1)))
	second := *m.graph.initializers[0]
	second.name = "w2"
	m.graph.initializers = append(m.graph.initializers, &second)
	for _, w := range m.graph.initializers {
		w.location = 1
	}
	assert.Equal(t, []string{"Conv: its data lie in another file (tensors w of n_a, w2 of n_b); " + externalRemedy}, refusals(t, m))
}

func TestReportKeepsWhatIsOfNoNode(t *testing.T) {
	p := diag.Problem{At: "x", What: "odd", Remedy: "mend it"}
	ts := troubles{{Problem: p}, {Problem: p, op: "Relu"}, {Problem: p}, {Problem: p, op: "Relu"}}
	assert.Equal(t, diag.Problems{p, p, p}, ts.report(), "the same of the same node is one")
	assert.NoError(t, troubles(nil).report().Err())
}

// refusals are the messages with which a model is refused, without the file's name.
func refusals(t *testing.T, m *modelProto) []string {
	t.Helper()
	_, err := Decode("net.onnx", m.encode())
	var problems diag.Problems
	require.ErrorAs(t, err, &problems)
	var got []string
	for _, p := range problems {
		assert.Equal(t, "net.onnx", p.File)
		assert.NotEmpty(t, p.Remedy)
		p.File = ""
		got = append(got, p.Error())
	}
	return got
}
