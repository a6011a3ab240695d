package driver

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"rampart/internal/picture"
)

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
	Written     []string  `json:"written,omitempty"` // paths of all files; not in faults.json
}

func (r *Injection) add(o Outcome) {
	if o.Changed > 0 {
		r.Changed++
	}
	if o.Stop == "hang" {
		r.Hangs++
	}
	r.Outcomes = append(r.Outcomes, o)
}

// write puts the outcomes into their folder: faults.json, faults.txt and pictures of the worst.
func (in *injector) write(ctx context.Context, r *Injection, m *runner) (err error) {
	files := map[string][]byte{}
	for rank, p := range in.worst.places {
		o := &r.Outcomes[p.n]
		if p.masks == nil { // an earlier run had them
			if _, p.masks, err = in.one(ctx, m, in.faults[p.n]); err != nil {
				return fmt.Errorf("fault %s: %w", o.Fault, err)
			}
		}
		o.Picture = filepath.Join("pictures", fmt.Sprintf("%02d.png", rank))
		if files[o.Picture], err = in.draw(o.Worst, p.masks); err != nil {
			return err
		}
	}
	if files[injectionFile], err = marshal(r); err != nil {
		return err
	}
	files["faults.txt"] = []byte(r.Text())
	if r.Written, err = writeFolder(in.opt.Out, injectionFile, files); err != nil {
		return err
	}
	return in.journal.remove()
}

// draw pictures an image, its mask before and after, and the pixels that changed.
func (in *injector) draw(image int, masks *picture.Masks) ([]byte, error) {
	base := in.pics.Render(image)
	before, after := in.masks.Of(image), masks.Of(image)
	changed := picture.Difference(base, fit(masks, before, base.Bounds()), fit(masks, after, base.Bounds()), highlight)
	img := picture.Montage(gap, base, overlay(base, masks, before), overlay(base, masks, after), changed)
	return encodePNG(picture.Upscale(img, zoom))
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
