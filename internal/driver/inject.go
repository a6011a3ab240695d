package driver

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/rtl"
	"rampart/sim"
)

// InjectOptions steer Inject.
type InjectOptions struct {
	Engine   Engine
	Images   string      // all of them run with each fault
	Labels   string      // "" where the truth is not known
	Ignore   int         // label that counts nowhere, below 0 for none
	Faults   []rtl.Fault // each in a run of its own; then
	Random   int         // that many drawn ones
	Sites    Sites       // where drawn ones strike
	Seed     uint64
	Jobs     int // faults that run at the same time, each on a machine of its own
	Out      string
	Progress func(what string, done, of int)
}

// injectionFile is the mark of an injection's folder.
const injectionFile = "faults.json"

// pictures is how many faults get a picture: those that changed the most pixels.
const pictures = 12

// injector compares runs with the golden one.
type injector struct {
	*Build
	opt    InjectOptions
	pics   *picture.Images
	images []*fixed.Tensor
	labels *Labels
	faults []rtl.Fault
	kinds  map[string]string

	trace   *sim.Trace        // of the golden run
	frames  [][]*fixed.Tensor // of the golden run
	masks   *picture.Masks    // of the golden run
	truth   *float64          // the golden run's MIoU
	journal *outcomes
	worst   podium
}

// Inject runs the images once without fault and once with each fault, on one engine, and writes what each
// did to a folder. A run that ends early leaves the finished outcomes beside that folder; the same call
// then goes on from there and ends with the same files. Where the context ends it the error is a Kept.
func (b *Build) Inject(ctx context.Context, o InjectOptions) (r *Injection, err error) {
	in := &injector{Build: b, opt: o, kinds: siteKinds(b.HW.Design), worst: podium{size: pictures}}
	if err := in.prepare(); err != nil {
		return nil, err
	}
	m, err := in.runner(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.machine.Close()) }()
	return in.all(ctx, m)
}

// prepare refuses what cannot be run before anything takes long.
func (in *injector) prepare() (err error) {
	if !in.opt.Engine.CycleTrue() {
		return diag.Problem{At: "--engine", What: fmt.Sprintf("%s has no cycles for a fault to strike in", in.opt.Engine), Remedy: "give interp, go or verilator"}
	}
	if in.opt.Random < 0 || len(in.opt.Faults) == 0 && in.opt.Random == 0 {
		return diag.Problem{At: "inject", What: "there are no faults to inject", Remedy: "give --fault, --faults or a positive --random"}
	}
	if err := checkFaults(in.HW.Design, in.opt.Faults); err != nil {
		return err
	}
	if err := atomicfile.Check(in.opt.Out, injectionFile); err != nil {
		return err
	}
	if in.pics, in.images, err = in.Build.Images(in.opt.Images); err != nil {
		return err
	}
	in.labels, err = in.Build.LoadLabels(in.opt.Labels, in.opt.Ignore, in.pics.N)
	return err
}

// all makes a run for each fault. The golden one is made.
func (in *injector) all(ctx context.Context, m *runner) (r *Injection, err error) {
	in.trace = m.golden.Trace
	golden := in.trace
	if golden.Stop != sim.Done {
		return nil, diag.Difference{What: fmt.Sprintf("the accelerator hangs without a fault; nothing moves from cycle %d on", golden.Cycle)}
	}
	if err := strikesWithin(in.opt.Faults, golden.Cycle); err != nil {
		return nil, err
	}
	in.faults = append([]rtl.Fault{}, in.opt.Faults...)
	if in.opt.Random > 0 {
		in.faults = append(in.faults, DrawFaults(in.HW.Design, Draw{Count: in.opt.Random, Cycles: golden.Cycle, Seed: in.opt.Seed, Sites: in.opt.Sites})...)
	}
	if len(in.faults) == 0 {
		return nil, diag.Problem{At: "--sites", What: fmt.Sprintf("the design has no %s", in.opt.Sites), Remedy: "give --sites all"}
	}
	in.frames = in.Unpack(golden, len(in.images))
	in.masks = in.Build.Masks(in.frames)
	if in.labels != nil {
		miou, _ := in.labels.score(in.masks)
		in.truth = &miou
	}
	if in.journal, err = openOutcomes(in.opt.Out, in.key(), names(in.faults)); err != nil {
		return nil, err
	}
	r, err = in.outcomes(ctx, m)
	if err := errors.Join(err, in.journal.close()); err != nil {
		return nil, err
	}
	return r, in.write(ctx, r, m)
}

// key tells this work from any other.
func (in *injector) key() string {
	h := sha256.New()
	fmt.Fprintln(h, Version, in.Info.Files, in.Info.Input, in.Info.Options, in.opt.Engine, in.opt.Seed, len(in.images), names(in.faults))
	for _, img := range in.images {
		for _, v := range img.Data {
			h.Write(binary.LittleEndian.AppendUint32(nil, uint32(v)))
		}
	}
	if in.labels != nil {
		fmt.Fprintln(h, in.labels.ignore, digest(in.labels.Masks.Class))
	}
	return hex.EncodeToString(h.Sum(nil))
}
