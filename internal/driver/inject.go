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
	"rampart/internal/metrics"
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
	Jobs     int
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

	golden  *sim.Golden
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
	m, err := b.Machine(ctx, o.Engine, o.Jobs)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
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

// all makes the golden run, then one for each fault.
func (in *injector) all(ctx context.Context, m sim.Machine) (r *Injection, err error) {
	if in.golden, err = in.Golden(ctx, m, in.images); err != nil {
		return nil, err
	}
	golden := in.golden.Trace
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
	r, err = in.outcomes(ctx)
	if err := errors.Join(err, in.journal.close()); err != nil {
		return nil, err
	}
	return r, in.write(ctx, r)
}

// outcomes runs every fault that the journal does not know.
func (in *injector) outcomes(ctx context.Context) (*Injection, error) {
	r := &Injection{Engine: in.opt.Engine, Images: len(in.images), Seed: in.opt.Seed, Cycles: in.golden.Trace.Cycle, Faults: len(in.faults), GoldenTruth: in.truth}
	for n, f := range in.faults {
		out, known := in.journal.done[n]
		var masks *picture.Masks
		if !known {
			if in.opt.Progress != nil {
				in.opt.Progress("faults", n, len(in.faults))
			}
			err := ctx.Err()
			if err == nil {
				out, masks, err = in.one(ctx, f)
			}
			switch {
			case ctx.Err() != nil && len(in.journal.done) == 0:
				return nil, ctx.Err()
			case ctx.Err() != nil:
				return nil, Kept{Done: len(in.journal.done), Of: len(in.faults), Err: ctx.Err()}
			case err != nil:
				return nil, fmt.Errorf("fault %s: %w", f, err)
			}
			if err := in.journal.add(n, out); err != nil {
				return nil, err
			}
		}
		in.worst.offer(n, out.Changed, masks)
		r.add(out)
	}
	return r, nil
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

// one runs the images with a fault.
func (in *injector) one(ctx context.Context, f rtl.Fault) (Outcome, *picture.Masks, error) {
	t, converged, err := in.golden.Strike(ctx, []rtl.Fault{f}, 0)
	if err != nil {
		return Outcome{}, nil, err
	}
	frames := in.Unpack(t, len(in.images))
	masks := in.Build.Masks(frames)
	out := Outcome{
		Fault: f.String(), Kind: in.kinds[f.Path], Stop: "done", Cycles: t.Cycle, CyclesOff: t.Cycle - in.golden.Trace.Cycle,
		Converged: converged, Changed: metrics.Changed(in.masks.Class, masks.Class),
	}
	if t.Stop == sim.Hang {
		out.Stop = "hang"
	}
	most := -1
	for i, frame := range frames {
		if n := metrics.Changed(in.masks.Of(i), masks.Of(i)); n > most {
			most, out.Worst = n, i
		}
		for k, v := range frame[0].Data {
			if v != in.frames[i][0].Data[k] {
				out.Logits++
			}
		}
	}
	out.Golden, _ = compare(in.masks.Class, masks.Class, in.Classes(), metrics.NoIgnore)
	if in.labels != nil {
		miou, _ := in.labels.score(masks)
		drop := *in.truth - miou
		out.Truth, out.Drop = &miou, &drop
	}
	return out, masks, nil
}
