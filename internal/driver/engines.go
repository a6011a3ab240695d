package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"rampart/codegen/hlsc"
	"rampart/hw"
	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/sim"
	"rampart/sim/access"
	"rampart/sim/gengo"
	"rampart/sim/interp"
	"rampart/sim/verilator"
)

// Engine is a way to run a build. All give the same integers; those with cycles give the same cycles.
type Engine string

// The engines.
const (
	Fixed     Engine = "fixed"     // the evaluator, the meaning of the network
	Interp    Engine = "interp"    // the interpreter of the hardware description
	GoSim     Engine = "go"        // generated Go
	Verilator Engine = "verilator" // the Verilog, in Verilator
	HLSC      Engine = "hlsc"      // the HLS C, built by gcc
)

// Engines lists them all.
var Engines = []Engine{Fixed, Interp, GoSim, Verilator, HLSC}

// ParseEngine checks an engine's name.
func ParseEngine(name string) (Engine, error) {
	for _, e := range Engines {
		if string(e) == name {
			return e, nil
		}
	}
	return "", diag.Problem{At: "--engine", What: fmt.Sprintf("%q is not an engine", name), Remedy: "give one of fixed, interp, go, verilator, hlsc"}
}

// CycleTrue tells whether an engine counts cycles.
func (e Engine) CycleTrue() bool { return e == Interp || e == GoSim || e == Verilator }

// cacheDir is where built simulators are kept: RAMPART_CACHE, or the user's cache folder.
func cacheDir(sub string) (string, error) {
	dir := os.Getenv("RAMPART_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", diag.Problem{At: "cache", What: err.Error(), Remedy: "set RAMPART_CACHE to a folder for built simulators"}
		}
		dir = filepath.Join(user, "rampart")
	}
	dir = filepath.Join(dir, sub)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", diag.Problem{File: dir, What: cause(err), Remedy: "set RAMPART_CACHE to a folder for built simulators"}
	}
	return dir, nil
}

// cacheProblem tells a user whose disk is full about the cache.
func cacheProblem(dir string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return diag.Problem{File: dir, What: "the disk is full", Remedy: "free some space, or set RAMPART_CACHE to a folder elsewhere"}
	}
	return err
}

// Machine starts a cycle engine on the build's hardware; close it when done.
func (b *Build) Machine(ctx context.Context, e Engine, jobs int) (sim.Machine, error) {
	switch e {
	case Interp:
		return interp.New(b.HW.Design)
	case GoSim:
		dir, err := cacheDir("go")
		if err != nil {
			return nil, err
		}
		built, err := gengo.Build(ctx, b.HW.Design, dir, gengo.Options{Jobs: jobs})
		if err != nil {
			return nil, cacheProblem(dir, err)
		}
		return built.Start(ctx)
	case Verilator:
		dir, err := cacheDir("verilator")
		if err != nil {
			return nil, err
		}
		built, err := verilator.Build(ctx, b.HW.Design, dir, verilator.Options{Jobs: jobs})
		if err != nil {
			return nil, cacheProblem(dir, err)
		}
		return built.Start(ctx)
	}
	panic(fmt.Sprintf("BUG: driver: engine %q has no machine", e))
}

// Accesses runs images on generated Go and gives the record of what its memories were read and written for. It goes
// on behind the last beat for as long as what the protection finds takes to show.
func (b *Build) Accesses(ctx context.Context, images []*fixed.Tensor, jobs int) (r *access.Record, err error) {
	dir, err := cacheDir("go")
	if err != nil {
		return nil, err
	}
	built, err := gengo.Build(ctx, b.HW.Design, dir, gengo.Options{Jobs: jobs, Record: true})
	if err != nil {
		return nil, cacheProblem(dir, err)
	}
	m, err := built.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	t, err := m.Run(ctx, b.stimulus(images))
	if err != nil {
		return nil, err
	}
	if t.Stop != sim.Done {
		return nil, diag.Difference{What: fmt.Sprintf("the accelerator hangs without a fault; nothing moves from cycle %d on", t.Cycle)}
	}
	if tail := b.Protected.Tail(); tail > 0 {
		after, err := m.Run(ctx, &sim.Stimulus{Inputs: make([][]byte, len(b.Plan.Inputs)), Limit: t.Cycle + tail})
		if err != nil {
			return nil, err
		}
		if err := b.calm(after.Final); err != nil {
			return nil, err
		}
	}
	return access.Of(b.HW.Design, m)
}

// stimulus feeds images without pauses and wants all that comes of them.
func (b *Build) stimulus(images []*fixed.Tensor) *sim.Stimulus {
	s := &sim.Stimulus{Quiet: b.quiet()}
	s.Inputs = [][]byte{hw.Pack(b.Plan.Inputs[0], images)}
	for _, out := range b.Plan.Outputs {
		s.Want = append(s.Want, len(images)*out.FrameBeats())
	}
	return s
}

// quiet is the number of silent cycles that no sound run has: more than an image takes from end to end.
func (b *Build) quiet() int64 {
	return b.Plan.Estimate.LatencyCycles + b.Plan.Estimate.CyclesPerFrame
}

// Timing is what a cycle engine measured.
type Timing struct {
	CyclesPerFrame int64 `json:"cycles_per_frame"` // steady state
	LatencyCycles  int64 `json:"latency_cycles"`   // first input beat to last output beat, first image
	CyclesTotal    int64 `json:"cycles_total"`     // to the last output beat of the last image
}

// Frames is what an engine made of images.
type Frames struct {
	Outputs [][]*fixed.Tensor // [image][network output]
	Timing  *Timing           // nil where the engine knows no cycles
}

// Run takes images through an engine.
func (b *Build) Run(ctx context.Context, e Engine, images []*fixed.Tensor, jobs int) (*Frames, error) {
	switch e {
	case Fixed:
		f := &Frames{}
		for _, img := range images {
			out, err := fixed.Eval(ctx, b.Net, img, nil)
			if err != nil {
				return nil, err
			}
			f.Outputs = append(f.Outputs, out)
		}
		return f, nil
	case HLSC:
		return b.runHLS(ctx, images)
	}
	return b.runCycles(ctx, e, images, jobs)
}

func (b *Build) runHLS(ctx context.Context, images []*fixed.Tensor) (*Frames, error) {
	dir, err := os.MkdirTemp("", "rampart-hls-")
	if err != nil {
		return nil, fmt.Errorf("HLS C: %w", err)
	}
	defer os.RemoveAll(dir)
	prog, err := hlsc.Build(ctx, b.Plan, dir)
	if err != nil {
		return nil, err
	}
	inputs := make([][]*fixed.Tensor, len(images))
	for i, img := range images {
		inputs[i] = []*fixed.Tensor{img}
	}
	out, err := prog.Run(ctx, inputs)
	return &Frames{Outputs: out}, err
}

// runCycles runs a machine. Where the images are too few for a steady pace the first ones are fed
// again behind them, for the measurement alone.
func (b *Build) runCycles(ctx context.Context, e Engine, images []*fixed.Tensor, jobs int) (*Frames, error) {
	m, err := b.Machine(ctx, e, jobs)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	fed := images
	for len(fed) < max(2, b.Plan.Estimate.WarmupFrames+1) {
		fed = append(fed[:len(fed):len(fed)], images[len(fed)%len(images)])
	}
	t, err := m.Run(ctx, b.stimulus(fed))
	if err != nil {
		return nil, err
	}
	if t.Stop != sim.Done {
		return nil, diag.Difference{What: fmt.Sprintf("engine %s: the accelerator hangs; nothing moves from cycle %d on", e, t.Cycle)}
	}
	f := &Frames{Timing: b.timing(t, len(fed), len(images))}
	f.Outputs = b.Unpack(t, len(images))
	return f, nil
}

// Unpack sorts a trace's beats into images; beats that are missing are zeros.
func (b *Build) Unpack(t *sim.Trace, images int) [][]*fixed.Tensor {
	frames := make([][]*fixed.Tensor, images)
	for k, out := range b.Plan.Outputs {
		tensors, _ := hw.Unpack(out, t.Outputs[k])
		for i := range frames {
			tensor := fixed.NewTensor(out.Value.Shape)
			if i < len(tensors) {
				tensor = tensors[i]
			}
			frames[i] = append(frames[i], tensor)
		}
	}
	return frames
}

// timing reads a finished trace of fed images, of which count are the user's.
func (b *Build) timing(t *sim.Trace, fed, count int) *Timing {
	ends := func(image int) int64 {
		last := int64(0)
		for k, out := range b.Plan.Outputs {
			last = max(last, t.Cycles[k][(image+1)*out.FrameBeats()-1])
		}
		return last
	}
	return &Timing{
		CyclesPerFrame: ends(fed-1) - ends(fed-2),
		LatencyCycles:  ends(0) - t.Taken[0][0],
		CyclesTotal:    ends(count-1) + 1,
	}
}
