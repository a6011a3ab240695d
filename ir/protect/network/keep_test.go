package network_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/onnx"
	"rampart/ir/plan"
	"rampart/ir/protect/network"
	"rampart/ir/quant"
)

// differs tells the first output of two networks that is not the same on an image.
func differs(ctx context.Context, a, b *fixed.Net, images [][]*fixed.Tensor) error {
	for i, img := range images {
		want, err := fixed.EvalAll(ctx, a, img, nil)
		if err != nil {
			return err
		}
		got, err := fixed.EvalAll(ctx, b, img, nil)
		if err != nil {
			return err
		}
		for k, v := range a.Outputs {
			if b.Outputs[k].Name != v.Name || b.Outputs[k].Format != v.Format {
				return fmt.Errorf("output %d is %s, not %s", k, b.Outputs[k].Name, v.Name)
			}
			if !slices.Equal(want[k].Data, got[k].Data) {
				return fmt.Errorf("image %d: output %s differs", i, v.Name)
			}
		}
	}
	return nil
}

// silent tells the first node that raises its alarm.
func silent(t *testing.T, net *fixed.Net, images [][]*fixed.Tensor, added func(n *fixed.Node) bool) {
	t.Helper()
	for _, img := range images {
		values := map[*fixed.Value]*fixed.Tensor{}
		_, err := fixed.EvalAll(t.Context(), net, img, func(v *fixed.Value, x *fixed.Tensor) { values[v] = x })
		require.NoError(t, err)
		for _, n := range net.Nodes {
			if !added(n) {
				continue
			}
			if raised := fixed.Raised(n, []*fixed.Tensor{values[n.In[0]]}); raised != nil {
				require.NotContains(t, raised.Data, int32(1), n.Name)
			}
		}
	}
}

// each visits random networks under rules of which at least one layer can have what it says.
func each(t *testing.T, seeds int, rules []network.Rule, visit func(seed uint64, net, out *fixed.Net, seen, others [][]*fixed.Tensor)) {
	t.Helper()
	visited := 0
	for seed := range uint64(seeds) {
		d := nettest.New(seed)
		net := d.Net(d.Within(2, 7))
		seen, others := [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net)}, [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net)}
		text := string(fixed.Print(net))
		out, report, err := network.Apply(t.Context(), net, rules, network.Options{Images: seen})
		if err != nil && strings.Contains(err.Error(), "no layer that matches can have") {
			continue
		}
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, text, string(fixed.Print(net)), "the network given stays as it is")
		if len(report.Layers) > 0 {
			visited++
		}
		visit(seed, net, out, seen, others)
	}
	require.Greater(t, visited, seeds/3)
}

func anyLayer(r network.Rule) []network.Rule {
	r.Layers = []string{"*"}
	return []network.Rule{r}
}

// Checksums and copies keep every output of every image, and nothing is found wrong.
func TestChecksumsAndCopiesKeepTheFunction(t *testing.T) {
	for name, rule := range map[string]network.Rule{
		"checksum":   {Checksum: true},
		"two":        {Duplicate: &network.Duplicate{Channels: network.Choice{Share: 0.5}, Copies: 2, By: network.ByWeight}},
		"three":      {Duplicate: &network.Duplicate{Channels: network.Choice{Share: 1}, Copies: 3, By: network.ByActivation}},
		"three of 1": {Checksum: true, Duplicate: &network.Duplicate{Channels: network.Choice{Count: 1}, Copies: 3, By: network.ByWeight}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 60, anyLayer(rule), func(seed uint64, net, out *fixed.Net, seen, others [][]*fixed.Tensor) {
				require.NoError(t, differs(t.Context(), net, out, append(seen, others...)), "seed %d", seed)
				silent(t, out, others, func(n *fixed.Node) bool { return strings.HasSuffix(n.Name, "_vote") })
			})
		})
	}
}

// Bounds keep the outputs of the images that they were taken from; of others, and with percentiles, they do not
// always: the comparison sees that.
func TestBoundsKeepTheirImages(t *testing.T) {
	changed := 0
	for name, clip := range map[string]network.Clip{
		"layer":    {Per: network.PerLayer, Percentile: 1},
		"channel":  {Per: network.PerChannel, Percentile: 1, Flag: true},
		"margin":   {Per: network.PerChannel, Percentile: 1, Margin: 0.2, Above: true},
		"narrower": {Per: network.PerChannel, Percentile: 0.7, Flag: true},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 60, anyLayer(network.Rule{Clip: &clip}), func(seed uint64, net, out *fixed.Net, seen, others [][]*fixed.Tensor) {
				kept := differs(t.Context(), net, out, seen)
				if clip.Percentile < 1 {
					if kept != nil {
						changed++
					}
					return
				}
				require.NoError(t, kept, "seed %d", seed)
				silent(t, out, seen, func(n *fixed.Node) bool { return strings.HasSuffix(n.Name, "_clip") })
				if differs(t.Context(), net, out, others) != nil {
					changed++
				}
			})
		})
	}
	assert.Greater(t, changed, 30)
	t.Logf("%d networks with other outputs", changed)
}

// Of three copies one may be wrong in any way.
func TestThreeCopiesOutvoteOne(t *testing.T) {
	tried := 0
	rule := network.Rule{Duplicate: &network.Duplicate{Channels: network.Choice{Share: 1}, Copies: 3, By: network.ByWeight}}
	each(t, 40, anyLayer(rule), func(seed uint64, net, out *fixed.Net, seen, others [][]*fixed.Tensor) {
		d := nettest.New(seed)
		for i, n := range out.Nodes {
			conv, ok := n.Op.(*fixed.Conv)
			if !ok || !strings.HasSuffix(out.Nodes[i+1].Name, "_vote") {
				continue
			}
			o := d.IntN(len(conv.Bias))
			per := len(conv.Weight) / len(conv.Bias)
			conv.Weight = slices.Clone(conv.Weight)
			conv.Weight[o*per+d.IntN(per)] ^= 1
			conv.Bias[o] ^= 1
			tried++
			break // one a network
		}
		require.NoError(t, differs(t.Context(), net, out, append(seen, others...)), "seed %d", seed)
	})
	assert.Greater(t, tried, 10)
}

// trained is the embedded network in integers, and its calibration and test images.
func trained(t *testing.T) (net *fixed.Net, seen, others [][]*fixed.Tensor) {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "testdata", "models")
	g, err := onnx.Read(filepath.Join(folder, "scenes_unet_xs.onnx"))
	require.NoError(t, err)
	s := g.Inputs[0].Shape
	load := func(kind string, most int) (all []*graph.Tensor) {
		pics, err := picture.Load(filepath.Join(folder, "scenes_"+kind+".images.npy"), s.C, s.H, s.W)
		require.NoError(t, err)
		for i := range min(most, pics.N) {
			all = append(all, &graph.Tensor{Shape: s, Data: pics.Tensor(i, picture.Preprocess{})})
		}
		return all
	}
	calib := load("calib", 8)
	r, err := quant.Quantize(t.Context(), g, calib, quant.Options{InputRange: [2]float64{0, 1}})
	require.NoError(t, err)
	fixed.AddMask(r.Net)
	for _, x := range calib {
		seen = append(seen, []*fixed.Tensor{r.Input(0, x)})
	}
	for _, x := range load("test", 4) {
		others = append(others, []*fixed.Tensor{r.Input(0, x)})
	}
	return r.Net, seen, others
}

const everything = `
- {layers: "enc_*", clip: {per: channel, margin: 10%}}
- {layers: "*", checksum: true}
- {layers: [ups_0, head], duplicate: {channels: 25%, copies: 3}}
- {layers: dec_*, duplicate: {channels: [0, 2]}, clip: {flag: true, margin: 10%}}
`

// The embedded network with everything: the same outputs, and costs as the plan has them.
func TestTrainedNetworkKeepsItsOutputs(t *testing.T) {
	net, seen, others := trained(t)
	out, report, err := apply(t, net, seen, everything)
	require.NoError(t, err)
	require.NoError(t, differs(t.Context(), net, out, seen))
	require.NoError(t, fixed.Verify(out))
	p, err := plan.New(t.Context(), out, plan.Target{Multipliers: 200})
	require.NoError(t, err)
	least := report.Total()
	report.Price(p)
	total := report.Total()
	assert.Greater(t, total.MACs, least.MACs, "not all outputs are computed at a time")
	var b strings.Builder
	require.NoError(t, report.Print(&b))
	t.Log("\n" + b.String())

	exact, _, err := apply(t, net, nil, "- {layers: \"*\", checksum: true}\n- {layers: [ups_*, head], duplicate: {channels: 50%, copies: 3}}")
	require.NoError(t, err)
	require.NoError(t, differs(t.Context(), net, exact, append(seen, others...)))
}
