package driver

import (
	"context"
	"fmt"
	"os"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/plan"
	"rampart/ir/protect"
)

// readPolicy reads the policy that a request names, if it does.
func (c *compilation) readPolicy(context.Context) error {
	if c.Policy == "" {
		return nil
	}
	text, err := os.ReadFile(c.Policy)
	if err != nil {
		return diag.Problem{File: c.Policy, What: "the policy cannot be read: " + cause(err), Remedy: "give the path of a YAML file"}
	}
	c.files[policyFile] = text
	c.policy, err = protect.Read(c.Policy, text)
	return err
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
