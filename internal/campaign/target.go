package campaign

import (
	"context"
	"fmt"

	"rampart/internal/diag"
	"rampart/internal/metrics"
	"rampart/sim/fault"
	"rampart/sim/fault/result"
)

// target is what a campaign strikes, ready to be struck.
type target struct {
	population *fault.Population
	run        fault.Run
	reference  *metrics.Reference
	layers     []string // of the network, in order
	model      string   // digest of the model
	build      string   // digest of the build, "" where there is none
	inputs     string   // digest of images and labels

	// prepare fills in what a fault means, and names the engine.
	prepare func(f fault.Fault, t *task) error
	// probe makes a probe of an engine.
	probe func(ctx context.Context, e result.Engine) (probe, error)
	// replays are the engines that cross-checks replay on, by name; none where there is no hardware.
	replays map[string]func(ctx context.Context) (probe, error)
	// replay gives the upsets of the hardware that a fault is, as the cycle engines take them.
	replay func(f fault.Fault) (task, error)
}

// closeAll ends a set of probes. The error that is given goes before theirs.
func closeAll(probes map[result.Engine]probe, err error) error {
	for _, p := range probes {
		if e := p.close(); err == nil {
			err = e
		}
	}
	return err
}

// identify fills in a row what the fault itself tells.
func (t *target) identify(number int64, stratum string, f fault.Fault) result.Row {
	row := result.Row{Number: number, Fault: f.String(), Stratum: stratum, Space: string(t.population.Space), Index: -1, Bit: -1}
	for i, u := range f {
		k, ok := t.population.Find(u.Place)
		if !ok {
			panic("BUG: campaign: the fault strikes " + u.Place + ", which the population does not have")
		}
		s := &t.population.Stores[k]
		if i == 0 {
			row.Kind, row.Tensor, row.Layer = s.Kind, named(s), s.Layer
			if len(f) == 1 && u.Word != fault.Scattered {
				row.Index = max(0, u.Word)
			}
			if len(f) == 1 && u.Bit != fault.AllBits {
				if at, ok := s.Of(u.Bit); ok { // a check bit is none of a number
					row.Bit = int32(at)
				}
			}
		} else {
			row.Kind, row.Tensor, row.Layer = common(row.Kind, s.Kind), common(row.Tensor, named(s)), common(row.Layer, s.Layer)
		}
		if u.When.Kind == fault.Cycle && (row.Cycle == nil || u.When.N < *row.Cycle) {
			row.Cycle = &u.When.N
		}
	}
	return row
}

// named is what a store holds, or where that is not a tensor of its own its name.
func named(s *fault.Store) string {
	if s.Tensor != "" {
		return s.Tensor
	}
	return s.Name
}

// common is what two upsets of a fault share.
func common(a, b string) string {
	if a != b {
		return "several"
	}
	return a
}

// choose gives the numbers of the images of a campaign, of n.
func choose(c *fault.Campaign, file string, n int) ([]int, error) {
	var chosen []int
	switch {
	case c.Images.List != nil:
		for _, i := range c.Images.List {
			if i >= int64(n) {
				return nil, diag.Problem{File: file, At: "images", What: fmt.Sprintf("image %d is asked for, and there are %d", i, n), Remedy: fmt.Sprintf("list some from 0 to %d, or give more with --images", n-1)}
			}
			chosen = append(chosen, int(i))
		}
		return chosen, nil
	case c.Images.First > int64(n):
		return nil, diag.Problem{File: file, At: "images", What: fmt.Sprintf("%d images are asked for, and there are %d", c.Images.First, n), Remedy: "ask for no more, or give more with --images"}
	case c.Images.First > 0:
		n = int(c.Images.First)
	}
	for i := range n {
		chosen = append(chosen, i)
	}
	return chosen, nil
}
