package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/internal/metrics"
	"rampart/internal/picture"
	"rampart/ir/graph"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
	"rampart/sim/functional"
	"rampart/sim/functional/float"
)

// weights is a float network under campaign, its batch normalisations as trained.
type weights struct {
	*floats
	graph      *graph.Graph
	reference  *metrics.Reference
	nodes      map[string]int
	population *fault.Population
}

// ofModel makes the target of a campaign on a float model.
func ofModel(ctx context.Context, path string, c *fault.Campaign, o *Options) (*target, error) {
	g, sum, err := driver.ReadModel(path, o.Size)
	if err != nil {
		return nil, err
	}
	if o.Policy != "" {
		if sum, err = protectModel(ctx, path, sum, g, o.Policy); err != nil {
			return nil, err
		}
	}
	if err := graph.Trim(g); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	in, out := g.Inputs[0].Shape, g.Outputs[0].Shape
	if err := o.Preprocess.Check(in.C); err != nil {
		return nil, err
	}
	pics, err := picture.Load(o.Images, in.C, in.H, in.W)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(c, o.File, pics.N)
	if err != nil {
		return nil, err
	}
	labels, err := driver.LoadLabels(o.Labels, o.Ignore, driver.Classes(g), out.H, out.W, pics.N)
	if err != nil {
		return nil, err
	}
	n := &weights{graph: g, nodes: map[string]int{}}
	for i, node := range g.Nodes {
		n.nodes[node.Name] = i
	}
	var images []*graph.Tensor
	for _, i := range chosen {
		images = append(images, &graph.Tensor{Shape: in, Data: pics.Tensor(i, o.Preprocess)})
	}
	if n.floats, err = runFloats(path, g, images); err != nil {
		return nil, err
	}
	setting := metrics.Setting{
		Images: len(chosen), H: out.H, W: out.W, Classes: driver.Classes(g), Border: o.Border, Golden: n.golden, Ignore: metrics.NoIgnore,
	}
	t := &target{model: sum, run: fault.Run{Frames: int64(len(chosen))}, probe: n.probe, prepare: n.prepare}
	t.inputs = setLabels(&setting, labels, chosen, n.digest())
	if t.reference, err = metrics.NewReference(setting); err != nil {
		return nil, err
	}
	n.reference = t.reference
	for _, node := range g.Nodes {
		t.layers = append(t.layers, node.Name)
	}
	if t.population = fault.FloatParameters(g); c.Space == fault.ActivationSpace {
		t.population = fault.FloatActivations(g)
	}
	n.population = t.population
	return t, nil
}

// protectModel runs the passes of a policy on a float network, and gives the digest of the network that comes of it.
func protectModel(ctx context.Context, path, sum string, g *graph.Graph, file string) (string, error) {
	p, text, err := driver.ReadPolicy(file)
	if err != nil {
		return "", err
	}
	if len(p.Model) == 0 {
		return "", diag.Problem{File: file, What: "it has no passes for the float network", Remedy: "list them under model, or leave out --protect"}
	}
	if _, err := driver.ProtectModel(ctx, path, g, p, nil); err != nil {
		return "", err
	}
	both := sha256.Sum256(append([]byte(sum+"\n"), text...))
	return hex.EncodeToString(both[:]), nil
}

// runFloats runs the images without a fault.
func runFloats(path string, g *graph.Graph, images []*graph.Tensor) (*floats, error) {
	engine, err := float.New(g)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	n := &floats{engine: engine, images: images}
	w := engine.Worker()
	for i, image := range images {
		if err := w.Run([]*graph.Tensor{image}); err != nil {
			return nil, err
		}
		scores := w.Tensor(g.Outputs[0])
		for _, v := range scores.Data {
			if v-v != 0 {
				return nil, diag.Problem{
					File: path, At: g.Outputs[0].Name, What: fmt.Sprintf("image %d makes it infinite or not a number without a fault", i),
					Remedy: "look at the model and at the scaling of the images",
				}
			}
		}
		n.golden = append(n.golden, driver.Winners(g, scores)...)
	}
	return n, nil
}

func (n *weights) probe(_ context.Context, e result.Engine) (probe, error) {
	if e != result.Functional {
		panic("BUG: campaign: a float network has no engine " + string(e))
	}
	return n.floats.probe(n.reference), nil
}

// prepare patches the numbers of tensors.
func (n *weights) prepare(f fault.Fault, t *task) error {
	t.row.Engine = result.Functional
	t.floats = spansOf(f, len(n.images), func(frame int64) (patches []float.Patch) {
		n.population.Changes(f, frame, func(s *fault.Store, element int64, c functional.Change) {
			patches = append(patches, float.Patch{
				Node: n.nodes[s.Layer], Tensor: fields[s.Field()], Index: int(element),
				Change: float.Change{Flip: uint32(c.Flip), Set: uint32(c.Set), Clear: uint32(c.Clear)},
			})
		})
		return patches
	})
	n.value(t, len(f))
	return nil
}

// fields are the tensors by their names in faults.
var fields = map[string]float.Tensor{
	"weight": float.Weight, "bias": float.Bias, "gamma": float.Gamma, "beta": float.Beta, "mean": float.Mean, "var": float.Var,
	"output": float.Output,
}

// value tells what number a single upset changes, where it is a parameter.
func (n *weights) value(t *task, upsets int) {
	if upsets != 1 || len(t.floats[0].patches) != 1 || t.floats[0].patches[0].Tensor == float.Output {
		return
	}
	p := t.floats[0].patches[0]
	values := float.Parameters(n.graph.Nodes[p.Node], p.Tensor)
	if p.Index >= len(values) {
		return
	}
	before, after := float64(values[p.Index]), float64(p.Change.Apply(values[p.Index]))
	t.row.Before, t.row.After = &before, &after
}

// digest tells the images from others.
func (n *floats) digest() string {
	h := newDigest()
	for _, image := range n.images {
		for _, v := range image.Data {
			h.number(uint64(math.Float32bits(v)))
		}
	}
	return h.sum()
}
