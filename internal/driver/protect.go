package driver

import (
	"context"
	"fmt"
	"os"
	"strings"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/metrics"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/plan"
	"rampart/ir/protect"
	"rampart/ir/protect/float"
	"rampart/ir/protect/network"
	"rampart/ir/rtl"
)

// ReadPolicy reads a policy, and gives its text, too.
func ReadPolicy(path string) (*protect.Policy, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, diag.Problem{File: path, What: "the policy cannot be read: " + cause(err), Remedy: "give the path of a YAML file"}
	}
	p, err := protect.Read(path, text)
	return p, text, err
}

// readPolicy reads the policy that a request names, if it does.
func (c *compilation) readPolicy(context.Context) (err error) {
	if c.Policy != "" {
		c.policy, c.files[policyFile], err = ReadPolicy(c.Policy)
	}
	return err
}

// protectModel runs the policy's passes on the float network, and tells what they cost on the calibration images.
func (c *compilation) protectModel(ctx context.Context) error {
	if c.policy == nil || len(c.policy.Model) == 0 {
		return nil
	}
	images, err := c.calibration()
	if err != nil {
		return err
	}
	price := &float.Images{Winners: Winners, Classes: Classes(c.graph), Ignore: metrics.NoIgnore}
	for _, t := range images {
		price.Inputs = append(price.Inputs, []*graph.Tensor{t})
	}
	c.Info.ModelProtection, err = ProtectModel(ctx, c.Model, c.graph, c.policy, price)
	return err
}

// protectNetwork gives the integer network the guards of the policy.
func (c *compilation) protectNetwork(ctx context.Context) error {
	if c.policy == nil || len(c.policy.Network) == 0 {
		return nil
	}
	var images [][]*fixed.Tensor
	for _, t := range c.calib {
		images = append(images, []*fixed.Tensor{c.quant.Input(0, t)})
	}
	net, report, err := network.Apply(ctx, c.Net, c.policy.Network, network.Options{File: c.Policy, Images: images})
	if err != nil {
		return err
	}
	c.Net, c.Info.NetworkProtection = net, report
	c.files[fixedFile] = fixed.Print(net)
	return fixed.Check(net)
}

// ProtectModel runs a policy's passes on the float network of a file, as it was read. Images, which may be nil, are
// what their price is measured on.
func ProtectModel(ctx context.Context, file string, g *graph.Graph, p *protect.Policy, images *float.Images) ([]*float.Report, error) {
	if err := graph.Trim(g); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	reports, err := float.Apply(ctx, g, p.Model, images)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return reports, nil
}

// protect builds the protection of the policy into the hardware.
func (b *Build) protect() error {
	around := protect.Surroundings{
		Layer: b.layers(), CyclesPerImage: b.Plan.Estimate.CyclesPerFrame, Latency: b.Plan.Estimate.LatencyCycles,
		In: protected(b.Plan.Inputs), Out: protected(b.Plan.Outputs),
	}
	r, err := protect.Apply(b.HW.Design, b.policy, around)
	if err != nil {
		return fmt.Errorf("protect %s: %w", b.Net.Name, err)
	}
	b.HW.Design, b.Protected = r.Design, r
	return nil
}

func protected(streams []*plan.Stream) (all []protect.Stream) {
	for _, s := range streams {
		all = append(all, protect.Stream{Name: s.Name, Beats: s.FrameBeats()})
	}
	return all
}

// layers tells for paths of memories and registers the node of the network that they are for, or the stage
// where there is no node.
func (b *Build) layers() func(path string) string {
	node := map[string]string{}
	for _, s := range b.Plan.Stages {
		if s.Node != nil {
			node[s.Name] = s.Node.Name
		}
	}
	return func(path string) string {
		stage, _, _ := strings.Cut(path, ".")
		if name, ok := node[stage]; ok {
			return name
		}
		return stage
	}
}

// mapped is a memory as the map of a build has it.
type mapped struct {
	hw.Memory
	Protection *protect.Entry `json:"protection,omitempty"`
}

// mapped lists the memories of the build, those that protection added behind the others.
func (b *Build) mapped() []mapped {
	var all []mapped
	at := map[string]hw.Memory{}
	for _, m := range b.HW.Map {
		at[m.Path] = m
		if b.Protected == nil {
			all = append(all, mapped{Memory: m})
		}
	}
	if b.Protected == nil {
		return all
	}
	where := map[*rtl.Mem]string{}
	for _, m := range b.HW.Design.Modules {
		for _, mem := range m.Mems {
			where[mem] = m.Name
		}
	}
	var copies []mapped
	for _, st := range b.HW.Design.States() {
		if st.Mem == nil {
			continue
		}
		e := mapped{Memory: at[st.Path], Protection: b.Protected.Entry(st)}
		if of := b.Protected.Copies[st.Path]; of != "" {
			e.Memory = at[of]
			e.Path, e.Module = st.Path, where[st.Mem]
			copies = append(copies, e)
			continue
		}
		e.Module = where[st.Mem]
		all = append(all, e)
	}
	return append(all, copies...)
}
