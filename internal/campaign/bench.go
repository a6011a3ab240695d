package campaign

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/ir/fixed"
	"rampart/sim/fault"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// Bench is how fast the functional engine is on one core: whole inferences, and single flips of weight bits
// drawn uniformly, with all outputs observed and with masks alone, each averaged over all images. Times are of the processor, not of the clock.
type Bench struct {
	Network string     `json:"network"`
	MACs    int64      `json:"macs_per_image"`
	Images  int        `json:"images"`
	Faults  int        `json:"faults"`
	Sets    []BenchSet `json:"kernels"`
}

// BenchSet is the speed of one set of kernels.
type BenchSet struct {
	Kernel    string  `json:"kernel"`
	Images    int     `json:"images"` // that were run: a slow set does not run all
	GMACs     float64 `json:"dense_gmac_per_s"`
	Dense     float64 `json:"dense_us"`         // of one inference with a fault, all computed anew
	Strike    float64 `json:"fault_us"`         // of one inference with a fault, by following the difference
	PerSecond float64 `json:"faults_per_s"`     // faults and images
	Ratio     float64 `json:"dense_over_fault"` // Dense / Strike
	Share     float64 `json:"fault_macs_share"` // of a whole inference's multiplications

	Masks *BenchMasks `json:"masks,omitempty"` // where the network makes masks
}

// BenchMasks is the speed of faults where masks alone are observed, not scores.
type BenchMasks struct {
	Strike    float64 `json:"fault_us"`
	PerSecond float64 `json:"faults_per_s"`
	Ratio     float64 `json:"dense_over_fault"`
	Share     float64 `json:"fault_macs_share"`
}

// BenchOptions steer RunBench.
type BenchOptions struct {
	Images   string
	Faults   int
	Seed     uint64
	Progress func(what string, done, of int)
}

// RunBench measures the functional engine on a build, with every set of kernels that this machine runs. Flips
// and whole inferences take turns, image by image, so that a busy machine slows both.
func RunBench(ctx context.Context, dir string, o BenchOptions) (*Bench, error) {
	if o.Faults < 1 {
		return nil, diag.Problem{At: "--faults", What: fmt.Sprintf("%d is no number of faults", o.Faults), Remedy: "give 1 or more"}
	}
	b, err := driver.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	_, images, err := b.Images(o.Images)
	if err != nil {
		return nil, err
	}
	patches, err := weightFlips(b.Net, o)
	if err != nil {
		return nil, err
	}
	r := &Bench{Network: b.Net.Name, Images: len(images), Faults: len(patches)}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i, set := range kernel.Sets() {
		if o.Progress != nil {
			o.Progress("kernels "+set.Name, i, len(kernel.Sets()))
		}
		engine, err := functional.New(b.Net, set)
		if err != nil {
			return nil, err
		}
		var masks *functional.Engine
		if of := functional.Masks(b.Net); len(of) > 0 {
			if masks, err = functional.New(b.Net, set, functional.Observe(of...)); err != nil {
				return nil, err
			}
		}
		r.MACs = engine.MACs()
		one, err := measure(ctx, engine, masks, images, patches)
		if err != nil {
			return nil, err
		}
		one.Kernel = set.Name
		r.Sets = append(r.Sets, one)
	}
	return r, nil
}

// weightFlips draws flips of weight bits, each bit as likely.
func weightFlips(net *fixed.Net, o BenchOptions) ([][]functional.Patch, error) {
	p := fault.Parameters(net)
	c := &fault.Campaign{
		Seed: o.Seed, Space: fault.ParameterSpace, Format: fault.Fixed, Select: fault.Select{Kinds: []string{"weight"}},
		Model: fault.Model{Type: fault.FlipModel}, Plan: fault.Plan{Type: fault.RandomPlan, N: int64(o.Faults)},
	}
	d, err := fault.Resolve(c, p, fault.Run{Frames: 1})
	if err != nil {
		return nil, err
	}
	patcher := fault.NewPatcher(p, net)
	var all [][]functional.Patch
	for _, f := range d.Faults(0, 1) {
		all = append(all, patcher.Patches(f, 0))
	}
	return all, nil
}

// denseRuns is how many whole inferences are measured for each image.
const denseRuns = 4

// enough is how long a set of kernels is measured before images are left out.
const enough = 40 * time.Second

// strikes is how long faults take on one engine.
type strikes struct {
	worker *functional.Worker
	time   time.Duration
	macs   int64
}

// image puts all faults to an image.
func (s *strikes) image(image *fixed.Tensor, patches [][]functional.Patch) error {
	if err := s.worker.Run([]*fixed.Tensor{image}); err != nil {
		return err
	}
	s.worker.Strike(patches[0]) // what is made once for a frame is not a fault's
	from := processorTime()
	for _, p := range patches {
		s.macs += s.worker.Strike(p).Stats.MACs
	}
	s.time += processorTime() - from
	return nil
}

// measure puts faults to an engine that observes all and, unless it is nil, to one that observes masks.
func measure(ctx context.Context, all, masks *functional.Engine, images []*fixed.Tensor, patches [][]functional.Patch) (r BenchSet, err error) {
	both := []*strikes{{worker: all.Worker()}}
	if masks != nil {
		both = append(both, &strikes{worker: masks.Worker()})
	}
	var dense, total time.Duration
	for i, image := range images {
		for _, s := range both {
			before := s.time
			if err := s.image(image, patches); err != nil {
				return r, err
			}
			total += s.time - before
		}
		from := processorTime()
		for k := range denseRuns {
			both[0].worker.Dense(patches[(i*denseRuns+k)%len(patches)])
		}
		dense += processorTime() - from
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if r.Images = i + 1; dense+total > enough {
			break
		}
	}
	runs := float64(r.Images * len(patches))
	us := func(t time.Duration, n float64) float64 { return t.Seconds() * 1e6 / n }
	r.Dense = us(dense, float64(r.Images*denseRuns))
	r.GMACs = float64(all.MACs()) / r.Dense / 1e3
	share := func(s *strikes) float64 { return float64(s.macs) / runs / float64(all.MACs()) }
	r.Strike, r.Share = us(both[0].time, runs), share(both[0])
	r.PerSecond, r.Ratio = 1e6/r.Strike, r.Dense/r.Strike
	if masks != nil {
		t := us(both[1].time, runs)
		r.Masks = &BenchMasks{Strike: t, PerSecond: 1e6 / t, Ratio: r.Dense / t, Share: share(both[1])}
	}
	return r, nil
}

// Print writes a table.
func (r *Bench) Print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d multiplications an image; %d flips of weight bits, %d images, one core\n", r.Network, r.MACs, r.Faults, r.Images)
	fmt.Fprintf(w, "%-8s %6s %12s %14s  %-9s %14s %12s %14s %14s\n", "kernels", "images", "dense GMAC/s", "dense us/image", "observed", "fault us/image", "faults/s", "dense / fault", "share of MACs")
	for _, s := range r.Sets {
		fmt.Fprintf(w, "%-8s %6d %12.1f %14.1f  %-9s %14.1f %12.0f %14.1f %13.1f%%\n", s.Kernel, s.Images, s.GMACs, s.Dense, "all", s.Strike, s.PerSecond, s.Ratio, 100*s.Share)
		if m := s.Masks; m != nil {
			fmt.Fprintf(w, "%-8s %6s %12s %14s  %-9s %14.1f %12.0f %14.1f %13.1f%%\n", "", "", "", "", "masks", m.Strike, m.PerSecond, m.Ratio, 100*m.Share)
		}
	}
}
