package float

import (
	"context"
	"fmt"
	"math"

	"rampart/internal/diag"
	"rampart/internal/metrics"
	"rampart/ir/graph"
)

// Images is what the price of a pass is measured on.
type Images struct {
	Inputs [][]*graph.Tensor // by image, one tensor for each input of the network
	// Winners makes a mask of the first output; nil for no masks.
	Winners func(g *graph.Graph, output *graph.Tensor) []uint8
	Truth   []uint8 // labels of all images one after another, nil where they are not known
	Classes int     // that masks and labels tell apart
	Ignore  int     // label that counts nowhere, metrics.NoIgnore for none
}

// Price is by how much two networks differ on images.
type Price struct {
	Images   int      `json:"images"`
	Absolute float64  `json:"largest_difference"`          // of a value of an output
	Relative float64  `json:"largest_difference_relative"` // the same, in parts of the largest magnitude before
	Pixels   *int64   `json:"pixels_changed,omitempty"`    // of all masks
	Before   *float64 `json:"miou_before,omitempty"`       // against the labels
	After    *float64 `json:"miou_after,omitempty"`
}

// String is one line.
func (p *Price) String() string {
	s := fmt.Sprintf("%d images: outputs differ by at most %.3g, %.3g of the largest", p.Images, p.Absolute, p.Relative)
	if p.Pixels != nil {
		s += fmt.Sprintf("; %d pixels change", *p.Pixels)
	}
	if p.Before != nil {
		s += fmt.Sprintf("; mIoU %.4f, before %.4f", *p.After, *p.Before)
	}
	return s
}

// Compare evaluates two networks with the same inputs and outputs. Where one of them gives what is infinite or
// no number the error is a diag.Problem.
func (m *Images) Compare(ctx context.Context, before, after *graph.Graph) (*Price, error) {
	p, largest := &Price{Images: len(m.Inputs)}, 0.0
	var masks [2][]uint8
	for n, in := range m.Inputs {
		was, err := before.Eval(ctx, in...)
		if err != nil {
			return nil, err
		}
		now, err := after.Eval(ctx, in...)
		if err != nil {
			return nil, err
		}
		for i := range was {
			for k, v := range was[i].Data {
				d := math.Abs(float64(now[i].Data[k]) - float64(v))
				if math.IsNaN(d) || math.IsInf(d, 0) {
					return nil, diag.Problem{
						At: before.Outputs[i].Name, What: fmt.Sprintf("on image %d it is %v, and %v after the pass", n, v, now[i].Data[k]),
						Remedy: "look at the model and at the scaling of the images, or leave the pass out",
					}
				}
				largest, p.Absolute = max(largest, math.Abs(float64(v))), max(p.Absolute, d)
			}
		}
		if m.Winners != nil {
			masks[0] = append(masks[0], m.Winners(before, was[0])...)
			masks[1] = append(masks[1], m.Winners(after, now[0])...)
		}
	}
	if largest > 0 {
		p.Relative = p.Absolute / largest
	}
	if m.Winners == nil {
		return p, nil
	}
	pixels := int64(metrics.Changed(masks[0], masks[1]))
	p.Pixels = &pixels
	if m.Truth == nil {
		return p, nil
	}
	var err error
	if p.Before, err = m.quality(masks[0]); err != nil {
		return nil, err
	}
	p.After, err = m.quality(masks[1])
	return p, err
}

// quality is the mIoU of masks.
func (m *Images) quality(masks []uint8) (*float64, error) {
	c := metrics.NewConfusion(m.Classes, m.Ignore)
	if err := c.Add(m.Truth, masks); err != nil {
		return nil, fmt.Errorf("comparing masks with labels: %w", err)
	}
	q := c.MeanIoU()
	return &q, nil
}
