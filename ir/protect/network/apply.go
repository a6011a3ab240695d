package network

import (
	"context"
	"fmt"
	"slices"

	"rampart/internal/naming"
	"rampart/internal/yamlform"
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// Options are what Apply needs besides rules.
type Options struct {
	File   string            // of the rules, for errors
	Images [][]*fixed.Tensor // for calibration: a tensor per input of the network
}

// Apply gives the layers of a network, which passes fixed.Check, what rules say. The network stays as it is; the
// result has the same inputs and outputs, by name. Errors in rules are diag.Problems that name their lines.
func Apply(ctx context.Context, net *fixed.Net, rules []Rule, o Options) (*fixed.Net, *Report, error) {
	g := &guarding{net: clone(net), report: &Report{}, nodes: naming.Taken{}, values: naming.Taken{}}
	layers, err := g.layers()
	if err != nil {
		return nil, nil, err
	}
	reader := &yamlform.Reader{File: o.File}
	g.report.Left = assign(rules, layers, reader)
	need := calibrated(layers)
	if len(o.Images) == 0 {
		for i := range rules {
			rules[i].lacks(reader)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, nil, err
	}
	if g.seen, err = Calibrate(ctx, g.net, o.Images, need...); err != nil {
		return nil, nil, err
	}
	verified := fixed.Verify(net) == nil
	for _, l := range layers {
		g.guard(l)
	}
	if err := fixed.Check(g.net); err != nil {
		panic(fmt.Sprintf("BUG: network: %v", err))
	}
	if verified && fixed.Verify(g.net) != nil {
		panic("BUG: network: guards made an accumulator overflow")
	}
	return g.net, g.report, nil
}

// guarding is a network under change.
type guarding struct {
	net    *fixed.Net
	seen   *Calibration
	report *Report
	nodes  naming.Taken
	values naming.Taken
}

// layers are the nodes of the network, before anything is changed.
func (g *guarding) layers() ([]*layer, error) {
	stages, err := plan.StageNames(g.net)
	if err != nil {
		return nil, err
	}
	for _, v := range g.net.Inputs {
		g.values[v.Name] = true
	}
	var all []*layer
	for _, n := range g.net.Nodes {
		g.nodes[n.Name], g.values[n.Out.Name] = true, true
		all = append(all, &layer{Node: n, out: n.Out, stage: stages[n], rules: map[string]*Rule{}})
	}
	return all, nil
}

// calibrated lists the values whose numbers rules need.
func calibrated(layers []*layer) (values []*fixed.Value) {
	for _, l := range layers {
		if d := l.rules[duplicateKey]; l.rules[clipKey] != nil || d != nil && d.Duplicate.byActivation() {
			values = append(values, l.Out)
		}
	}
	return values
}

// byActivation tells whether the choice of channels takes images.
func (d *Duplicate) byActivation() bool { return d.Channels.List == nil && d.By == ByActivation }

// lacks says what a rule takes from images that are not there.
func (r *Rule) lacks(to *yamlform.Reader) {
	const remedy = "give calibration images"
	if r.Clip != nil {
		to.Fail(r.at[clipKey], "bounds are taken from calibration images, and there are none", remedy)
	}
	if r.Duplicate != nil && r.Duplicate.byActivation() {
		to.Fail(r.at[duplicateKey], "activations are taken from calibration images, and there are none", remedy)
	}
}

// guard gives a layer what its rules say. Copies come first, for a checksum covers them; bounds come last, for they
// hold for what was voted.
func (g *guarding) guard(l *layer) {
	l.report = &Layer{Layer: l.Name, Stage: l.stage}
	if r := l.rules[duplicateKey]; r != nil {
		g.duplicate(l, r.Duplicate)
	}
	if l.rules[checksumKey] != nil {
		g.checksum(l)
	}
	if r := l.rules[clipKey]; r != nil {
		g.clip(l, r.Clip)
	}
	if len(l.report.Costs) > 0 {
		g.report.Layers = append(g.report.Layers, l.report)
	}
}

// behind puts an operator of one input behind a layer, and behind what is there already. The value that the layer
// made is the operator's then, so that its readers and the network's outputs stay as they are.
func (g *guarding) behind(l *layer, what string, op fixed.Op) *fixed.Node {
	i := slices.IndexFunc(g.net.Nodes, func(n *fixed.Node) bool { return n.Out == l.out })
	n := &fixed.Node{Name: g.nodes.Claim(l.stage + "_" + what), Out: l.out, Op: op}
	before := *l.out
	before.Name = g.values.Claim(n.Name + "_in")
	g.net.Nodes[i].Out, n.In = &before, []*fixed.Value{&before}
	g.net.Nodes = slices.Insert(g.net.Nodes, i+1, n)
	return n
}

// clone is a network of which anything but the tensors that operators hold may be changed; those may be replaced,
// and appended to.
func clone(net *fixed.Net) *fixed.Net {
	values := map[*fixed.Value]*fixed.Value{}
	one := func(v *fixed.Value) *fixed.Value {
		if values[v] == nil {
			w := *v
			values[v] = &w
		}
		return values[v]
	}
	all := func(vs []*fixed.Value) []*fixed.Value {
		var out []*fixed.Value
		for _, v := range vs {
			out = append(out, one(v))
		}
		return out
	}
	c := &fixed.Net{Name: net.Name, Inputs: all(net.Inputs)}
	for _, n := range net.Nodes {
		m := &fixed.Node{Name: n.Name, In: all(n.In), Out: one(n.Out), Op: n.Op}
		switch op := n.Op.(type) {
		case *fixed.Conv:
			conv := *op
			conv.Weight, conv.Bias = slices.Clip(conv.Weight), slices.Clip(conv.Bias)
			conv.Scale.Mult, conv.Scale.Shift = slices.Clip(conv.Scale.Mult), slices.Clip(conv.Scale.Shift)
			m.Op = &conv
		case *fixed.Requant:
			requant := *op
			m.Op = &requant
		}
		c.Nodes = append(c.Nodes, m)
	}
	c.Outputs = all(net.Outputs)
	return c
}
