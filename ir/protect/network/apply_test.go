package network_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
	"rampart/ir/protect/network"
)

// small is a convolution of 1 to 3 channels, a pool, a grouped convolution, a rescaling and classes.
func small() *fixed.Net {
	value := func(name string, c, size int) *fixed.Value {
		return &fixed.Value{Name: name, Shape: fixed.Shape{C: c, H: size, W: size}, Format: fixed.Format{Bits: 8}}
	}
	window := func(k, s int) fixed.Window {
		return fixed.Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{1, 1}}
	}
	in, a, b, c, d, e := value("in", 1, 4), value("a", 3, 4), value("b", 3, 2), value("c", 3, 2), value("d", 3, 2), value("e", 1, 2)
	return &fixed.Net{Name: "small", Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{d, e}, Nodes: []*fixed.Node{
		{Name: "/enc.0/Conv", In: []*fixed.Value{in}, Out: a, Op: &fixed.Conv{
			Window: window(1, 1), Group: 1, WeightBits: 4, BiasBits: 32, AccBits: 16, Weight: []int32{1, 3, -2}, Bias: []int64{0, 5, 90},
			Scale: fixed.Scale{Shift: []int{0, 1, 0}, Hi: 255},
		}},
		{Name: "/pool/MaxPool", In: []*fixed.Value{a}, Out: b, Op: &fixed.MaxPool{Window: window(2, 2)}},
		{Name: "/groups/Conv", In: []*fixed.Value{b}, Out: c, Op: &fixed.Conv{
			Window: window(1, 1), Group: 3, WeightBits: 4, BiasBits: 32, AccBits: 16, Weight: []int32{1, 2, 3}, Bias: []int64{0, 0, 1},
			Scale: fixed.Scale{Mult: []int64{3, 5, 7}, MultBits: 3, Shift: []int{2, 2, 2}, Hi: 255},
		}},
		{Name: "rescale", In: []*fixed.Value{c}, Out: d, Op: &fixed.Requant{Scale: fixed.Scale{Shift: []int{1, 1, 1}, Hi: 255}}},
		{Name: "classes", In: []*fixed.Value{d}, Out: e, Op: &fixed.ArgMax{}},
	}}
}

// ramp is an image of 10, 12, 14, ...
func ramp(net *fixed.Net) [][]*fixed.Tensor {
	x := fixed.NewTensor(net.Inputs[0].Shape)
	for i := range x.Data {
		x.Data[i] = int32(10 + 2*i)
	}
	return [][]*fixed.Tensor{{x}}
}

// apply applies rules as they are written.
func apply(t *testing.T, net *fixed.Net, images [][]*fixed.Tensor, rules string) (*fixed.Net, *network.Report, error) {
	t.Helper()
	list, err := read("network:\n" + rules)
	require.NoError(t, err)
	return network.Apply(t.Context(), net, list, network.Options{File: "p.yaml", Images: images})
}

func TestApplyRefuses(t *testing.T) {
	for _, c := range []struct{ rules, want string }{
		{"- {layers: dec_0, checksum: true}", "p.yaml: line 2, column 12: no layer matches dec_0; there are enc_0, pool, groups, rescale, classes"},
		{`- {layers: ["*", "!head"], checksum: true}`, "line 2, column 12: no layer matches head"},
		{`- {layers: [enc_0, "!*"], checksum: true}`, "its patterns leave no layer"},
		{"- {layers: rescale, checksum: true}", "line 2, column 31: layer rescale cannot have a checksum: it is a requant, and this is for convolutions"},
		{`- {layers: "*ool", checksum: true}`, "no layer that matches can have a checksum; pool: it is a maxpool"},
		{"- {layers: classes, clip: {}}", "layer classes cannot have a clip: a argmax makes no numbers that bounds are for"},
		{"- {layers: groups, duplicate: {channels: 1}}", "layer groups cannot have a duplicate: its channels belong to groups, which copies would break"},
		{"- {layers: enc_0, duplicate: {channels: 4}}", "layer enc_0 cannot have a duplicate: it has 3 channels, not 4"},
		{"- {layers: /enc.0/Conv, duplicate: {channels: [0, 3]}}", "layer enc_0 cannot have a duplicate: it has channels 0 to 2, not 3"},
		{"- {layers: \"*\", checksum: true}\n- {layers: enc_*, checksum: true}", `line 3, column 29: layer enc_0 has a checksum by the rule of line 2 already; leave the layer out of one of them, as with "!enc_0"`},
		{"- {layers: enc_0, clip: {}}\n- {layers: \"*\", clip: {per: channel}}", "line 3, column 23: layer enc_0 has a clip by the rule of line 2 already"},
	} {
		t.Run(c.rules, func(t *testing.T) {
			net := small()
			_, _, err := apply(t, net, ramp(net), c.rules)
			require.ErrorContains(t, err, c.want)
		})
	}
	for rules, want := range map[string]string{
		"- {layers: enc_0, clip: {}}":                                        "line 2, column 25: bounds are taken from calibration images, and there are none",
		"- {layers: enc_0, duplicate: {channels: 1, by: activation}}":        "line 2, column 30: activations are taken from calibration images",
		"- {layers: enc_0, clip: {}}\n- {layers: rescale, checksum: true}\n": "line 3, column 31: layer rescale cannot have a checksum",
	} {
		_, _, err := apply(t, small(), nil, rules)
		assert.ErrorContains(t, err, want)
	}
	net := small()
	_, _, err := apply(t, net, [][]*fixed.Tensor{ramp(net)[0], {fixed.NewTensor(fixed.Shape{C: 1, H: 1, W: 1})}}, "- {layers: enc_0, clip: {}}")
	assert.ErrorContains(t, err, "calibration image 1: ")
	for _, n := range net.Nodes[:1] {
		n.Out.Format.Bits = 17
	}
	net.Nodes, net.Outputs = net.Nodes[:1], []*fixed.Value{net.Nodes[0].Out}
	_, _, err = apply(t, net, ramp(net), "- {layers: enc_0, clip: {}}")
	assert.ErrorContains(t, err, "its numbers have 17 bits, and at most 16 can be read again")
}

func op[T fixed.Op](t *testing.T, net *fixed.Net, name string) T {
	t.Helper()
	i := slices.IndexFunc(net.Nodes, func(n *fixed.Node) bool { return n.Name == name })
	require.GreaterOrEqual(t, i, 0, "%s\n%s", name, fixed.Print(net))
	o, ok := net.Nodes[i].Op.(T)
	require.True(t, ok)
	return o
}

// The convolution makes 10 to 40, 18 to 63 (of 17.5 to 62.5) and 10 to 70 of the ramp.
func TestClipsByHand(t *testing.T) {
	net := small()
	text := string(fixed.Print(net))
	for _, c := range []struct {
		rule   string
		lo, hi []int64 // of a node of its own
		scale  [2]int64
	}{
		{"{layers: enc_0, clip: {}}", nil, nil, [2]int64{10, 70}},
		{"{layers: enc_0, clip: {margin: 10%}}", nil, nil, [2]int64{4, 76}},
		{"{layers: enc_0, clip: {bounds: above, margin: 0.5}}", nil, nil, [2]int64{0, 100}},
		{"{layers: enc_0, clip: {margin: 600%}}", nil, nil, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {per: channel}}", []int64{10, 18, 10}, []int64{40, 63, 70}, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {per: channel, margin: 10%}}", []int64{7, 13, 4}, []int64{43, 68, 76}, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {per: channel, margin: 100%}}", nil, []int64{70, 108, 130}, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {per: channel, bounds: above}}", nil, []int64{40, 63, 70}, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {per: channel, percentile: 75%}}", []int64{18, 30, 26}, []int64{32, 51, 54}, [2]int64{0, 255}},
		{"{layers: enc_0, clip: {flag: true}}", []int64{10, 10, 10}, []int64{70, 70, 70}, [2]int64{0, 255}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			out, report, err := apply(t, net, ramp(net), "- "+c.rule)
			require.NoError(t, err)
			require.NoError(t, fixed.Check(out))
			conv := op[*fixed.Conv](t, out, "/enc.0/Conv")
			assert.Equal(t, c.scale, [2]int64{conv.Scale.Lo, conv.Scale.Hi})
			if c.hi == nil {
				assert.Len(t, out.Nodes, len(net.Nodes))
				return
			}
			clip := op[*fixed.Clip](t, out, "enc_0_clip")
			assert.Equal(t, c.lo, clip.Lo)
			assert.Equal(t, c.hi, clip.Hi)
			assert.Equal(t, c.hi, report.Layers[0].Clip.Hi)
			assert.Equal(t, "a", out.Nodes[1].Out.Name, "readers see the bounded value")
			assert.Equal(t, int64(len(c.lo)+len(c.hi))*8, report.Total().MemoryBits)
		})
	}
	assert.Equal(t, text, string(fixed.Print(net)), "the network given stays as it is")
}

// What moves numbers is bounded where it is named, not where * meets it.
func TestClipOfWhatMovesNumbers(t *testing.T) {
	net := small()
	out, report, err := apply(t, net, ramp(net), `- {layers: "*", clip: {per: channel}}`)
	require.NoError(t, err)
	assert.Len(t, out.Nodes, len(net.Nodes)+3)
	assert.Len(t, report.Layers, 3)
	out, _, err = apply(t, net, ramp(net), `- {layers: pool, clip: {}}`)
	require.NoError(t, err)
	assert.Equal(t, []int64{63 + 7, 70, 70}, op[*fixed.Clip](t, out, "pool_clip").Hi)
}

func TestDuplicatesByHand(t *testing.T) {
	net := small()
	for _, c := range []struct {
		choice string
		copies []int
	}{
		{"{channels: 1}", []int{2}}, // weights 1, 3/2, 2
		{"{channels: 2}", []int{1, 2}},
		{"{channels: 34%}", []int{2}},
		{"{channels: 1%, copies: 3}", []int{2, 2}},
		{"{channels: 1, by: activation}", []int{1}}, // means 25, 40, 40 less rounding
		{"{channels: [2, 0], copies: 3}", []int{0, 0, 2, 2}},
	} {
		t.Run(c.choice, func(t *testing.T) {
			out, report, err := apply(t, net, ramp(net), "- {layers: enc_0, checksum: true, duplicate: "+c.choice+"}")
			require.NoError(t, err)
			assert.Equal(t, c.copies, op[*fixed.Vote](t, out, "enc_0_vote").Copies)
			conv, was := op[*fixed.Conv](t, out, "/enc.0/Conv"), op[*fixed.Conv](t, net, "/enc.0/Conv")
			assert.True(t, conv.Checksum)
			for i, of := range c.copies {
				assert.Equal(t, was.Weight[of], conv.Weight[3+i])
				assert.Equal(t, was.Bias[of], conv.Bias[3+i])
				assert.Equal(t, was.Scale.Shift[of], conv.Scale.Shift[3+i])
			}
			copies := int64(len(c.copies))
			assert.Equal(t, network.Cost{Guard: "duplicate", MACs: 16 * copies, MemoryBits: (4 + 32 + 1) * copies}, report.Layers[0].Costs[0])
		})
	}
}

func TestBoundsByHand(t *testing.T) {
	v := &fixed.Value{Name: "x", Shape: fixed.Shape{C: 2, H: 1, W: 10}, Format: fixed.Format{Bits: 5, Signed: true}}
	net := &fixed.Net{Inputs: []*fixed.Value{v}}
	x := &fixed.Tensor{Shape: v.Shape, Data: []int32{-16, -3, 0, 1, 2, 3, 4, 5, 6, 15, 7, 7, 7, 7, 7, 7, 7, 7, 7, -1}}
	seen, err := network.Calibrate(t.Context(), net, [][]*fixed.Tensor{{x}}, v)
	require.NoError(t, err)
	for share, want := range map[float64][]fixed.Interval{
		1:    {{Lo: -16, Hi: 15}, {Lo: -1, Hi: 7}},
		0.95: {{Lo: -16, Hi: 15}, {Lo: -1, Hi: 7}},
		0.9:  {{Lo: -3, Hi: 6}, {Lo: 7, Hi: 7}},
		0.6:  {{Lo: 2, Hi: 3}, {Lo: 7, Hi: 7}},
	} {
		assert.Equal(t, want, seen.Bounds(v, share), "%v", share)
	}
	outside, total := seen.Outside(v, &fixed.Clip{Lo: []int64{-3, 0}, Hi: []int64{4, 6}})
	assert.Equal(t, [2]int64{1 + 3 + 10, 20}, [2]int64{outside, total})
}
