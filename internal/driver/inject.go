package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

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
	Images   []*fixed.Tensor
	Pictures *picture.Images // the same, to draw on
	Labels   *Labels         // nil where the truth is not known
	Faults   []rtl.Fault     // each in a run of its own; or
	Random   int             // that many drawn ones
	Sites    Sites
	Seed     uint64
	Jobs     int
	Progress func(what string, done, of int)
}

// Outcome is what one fault did.
type Outcome struct {
	Fault     string   `json:"fault"`
	Kind      string   `json:"kind"`
	Stop      string   `json:"stop"` // done, or hang
	Cycles    int64    `json:"cycles"`
	CyclesOff int64    `json:"cycles_off"` // against the run without fault
	Converged bool     `json:"converged"`  // the state returned to that of the run without fault
	Changed   int      `json:"pixels_changed"`
	Logits    int      `json:"logits_changed"`
	Golden    float64  `json:"miou_golden"`          // against the masks without fault
	Truth     *float64 `json:"miou_truth,omitempty"` // against the labels
	Drop      *float64 `json:"miou_drop,omitempty"`  // of MIoU against the labels
	Picture   string   `json:"picture,omitempty"`    // of the worst image, before and after
	Worst     int      `json:"worst_image"`          // the image with the most changed pixels
	masks     *picture.Masks
}

// Injection is faults.json: every fault's outcome, in the order of the faults.
type Injection struct {
	Engine      Engine    `json:"engine"`
	Images      int       `json:"images"`
	Seed        uint64    `json:"seed"`
	Cycles      int64     `json:"cycles"` // of the run without fault
	GoldenTruth *float64  `json:"miou_truth,omitempty"`
	Faults      int       `json:"faults"`
	Changed     int       `json:"faults_that_changed_pixels"`
	Hangs       int       `json:"hangs"`
	Outcomes    []Outcome `json:"outcomes"`
}

// pictures is how many faults get a picture: those that changed the most pixels.
const pictures = 12

// Inject runs the images once without fault and once with each fault, on one engine.
func (b *Build) Inject(ctx context.Context, o InjectOptions) (*Injection, map[string][]byte, error) {
	if !o.Engine.CycleTrue() {
		return nil, nil, diag.Problem{At: "--engine", What: fmt.Sprintf("%s has no cycles for a fault to strike in", o.Engine), Remedy: "give interp, go or verilator"}
	}
	for _, f := range o.Faults {
		if err := CheckFault(b.HW.Design, f); err != nil {
			return nil, nil, err
		}
	}
	m, err := b.Machine(ctx, o.Engine, o.Jobs)
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	golden, err := b.recordImages(ctx, m, b.stimulus(o.Images), len(o.Images))
	if err != nil {
		return nil, nil, err
	}
	if golden.Trace.Stop != sim.Done {
		return nil, nil, diag.Difference{What: fmt.Sprintf("the accelerator hangs without a fault; nothing moves from cycle %d on", golden.Trace.Cycle)}
	}
	faults := o.Faults
	if o.Random > 0 {
		faults = append(faults[:len(faults):len(faults)],
			DrawFaults(b.HW.Design, Draw{Count: o.Random, Cycles: golden.Trace.Cycle, Seed: o.Seed, Sites: o.Sites})...)
	}
	in := &injector{Build: b, opt: o, golden: golden, frames: b.unpack(golden.Trace, len(o.Images)), kinds: siteKinds(b.HW.Design)}
	in.masks = b.Masks(in.frames)
	return in.all(ctx, faults)
}

// injector compares runs with the golden one.
type injector struct {
	*Build
	opt    InjectOptions
	golden *sim.Golden
	frames [][]*fixed.Tensor
	masks  *picture.Masks
	kinds  map[string]string
	truth  *float64
}

func (in *injector) all(ctx context.Context, faults []rtl.Fault) (*Injection, map[string][]byte, error) {
	r := &Injection{Engine: in.opt.Engine, Images: len(in.opt.Images), Seed: in.opt.Seed, Cycles: in.golden.Trace.Cycle, Faults: len(faults)}
	if in.opt.Labels != nil {
		miou, _, err := in.opt.Labels.score(in.Classes(), in.masks)
		if err != nil {
			return nil, nil, err
		}
		in.truth, r.GoldenTruth = &miou, &miou
	}
	for i, f := range faults {
		if in.opt.Progress != nil {
			in.opt.Progress("faults", i, len(faults))
		}
		out, err := in.one(ctx, f)
		if err != nil {
			return nil, nil, fmt.Errorf("fault %s: %w", f, err)
		}
		if out.Changed > 0 {
			r.Changed++
		}
		if out.Stop == "hang" {
			r.Hangs++
		}
		r.Outcomes = append(r.Outcomes, *out)
	}
	files, err := in.draw(r)
	return r, files, err
}

// one runs the images with a fault.
func (in *injector) one(ctx context.Context, f rtl.Fault) (*Outcome, error) {
	t, converged, err := in.golden.Strike(ctx, []rtl.Fault{f}, 0)
	if err != nil {
		return nil, err
	}
	frames := in.unpack(t, len(in.opt.Images))
	masks := in.Build.Masks(frames)
	out := &Outcome{
		Fault: f.String(), Kind: in.kinds[f.Path], Stop: "done", Cycles: t.Cycle, CyclesOff: t.Cycle - in.golden.Trace.Cycle,
		Converged: converged, Changed: metrics.Changed(in.masks.Class, masks.Class), masks: masks,
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
	c := metrics.NewConfusion(in.Classes(), metrics.NoIgnore)
	if err := c.Add(in.masks.Class, clip(masks.Class, in.Classes())); err != nil {
		return nil, err
	}
	out.Golden = c.MeanIoU()
	if in.opt.Labels != nil {
		miou, _, err := in.opt.Labels.score(in.Classes(), &picture.Masks{N: masks.N, H: masks.H, W: masks.W, Class: clip(masks.Class, in.Classes())})
		if err != nil {
			return nil, err
		}
		drop := *in.truth - miou
		out.Truth, out.Drop = &miou, &drop
	}
	return out, nil
}

// clip brings class numbers that no class has, which a fault in the argmax can make, to the last class.
func clip(classes []uint8, n int) []uint8 {
	out := append([]uint8{}, classes...)
	for i, c := range out {
		if int(c) >= n {
			out[i] = uint8(n - 1)
		}
	}
	return out
}

// draw pictures the worst faults: the image, its mask before and after, and the pixels that changed.
func (in *injector) draw(r *Injection) (map[string][]byte, error) {
	files := map[string][]byte{}
	for n, i := range worst(r.Outcomes, pictures) {
		o := &r.Outcomes[i]
		base := in.opt.Pictures.Render(o.Worst)
		before, after := in.masks.Of(o.Worst), clip(o.masks.Of(o.Worst), in.Classes())
		img := picture.Montage(4, base, picture.Overlay(base, before, 160, -1), picture.Overlay(base, after, 160, -1),
			picture.Difference(base, before, after, highlight))
		o.Picture = filepath.Join("pictures", fmt.Sprintf("%02d.png", n))
		data, err := encodePNG(picture.Upscale(img, 3))
		if err != nil {
			return nil, err
		}
		files[o.Picture] = data
	}
	return files, nil
}

// WriteInjection puts outcomes into a folder: faults.json, faults.txt and pictures of the worst.
func WriteInjection(dir string, r *Injection, files map[string][]byte) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	files["faults.json"] = append(data, '\n')
	files["faults.txt"] = []byte(r.Text())
	return writeFolder(dir, "faults.json", files)
}

// Text is a table of the outcomes.
func (r *Injection) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults on %d images: %d changed pixels, %d hung\n", r.Faults, r.Images, r.Changed, r.Hangs)
	fmt.Fprintf(&b, "%9s %9s %9s %6s  %s\n", "pixels", "mIoU", "drop", "stop", "fault")
	for _, o := range r.Outcomes {
		drop := "-"
		if o.Drop != nil {
			drop = fmt.Sprintf("%.4f", *o.Drop)
		}
		fmt.Fprintf(&b, "%9d %9.4f %9s %6s  %s\n", o.Changed, o.Golden, drop, o.Stop, o.Fault)
	}
	return b.String()
}
