package driver

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"path/filepath"

	"rampart/internal/metrics"
	"rampart/internal/npy"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
)

// Images loads images for the build's network, as pictures and as the integers it takes.
func (b *Build) Images(path string) (*picture.Images, []*fixed.Tensor, error) {
	in := b.Net.Inputs[0]
	s := in.Shape
	pics, err := picture.Load(path, s.C, s.H, s.W)
	if err != nil {
		return nil, nil, err
	}
	meaning := quant.Result{Net: b.Net, Values: []quant.Value{{Value: in, Scale: b.Info.Input.Scale, Zero: in.Zero}}}
	tensors := make([]*fixed.Tensor, pics.N)
	for i := range tensors {
		real := &graph.Tensor{Shape: graph.Shape{C: s.C, H: s.H, W: s.W}, Data: pics.Tensor(i, b.Info.Options.Preprocess)}
		tensors[i] = meaning.Input(0, real)
	}
	return pics, tensors, nil
}

// Summary is summary.json.
type Summary struct {
	Engine  Engine   `json:"engine"`
	Images  int      `json:"images"`
	Outputs []string `json:"outputs"`
	*Timing
	Estimate Estimated `json:"estimate"`
	MIoU     *float64  `json:"miou,omitempty"`
	Accuracy *float64  `json:"accuracy,omitempty"`
}

// Estimated is what the plan promised.
type Estimated struct {
	CyclesPerFrame int64 `json:"cycles_per_frame"`
	LatencyCycles  int64 `json:"latency_cycles"`
}

// Labels are the true classes of images.
type Labels struct {
	Masks  *picture.Masks
	Ignore int // the class that counts nowhere, metrics.NoIgnore for none
}

// score compares masks with labels.
func (l *Labels) score(classes int, masks *picture.Masks) (miou, accuracy float64, err error) {
	c := metrics.NewConfusion(classes, l.Ignore)
	n := min(masks.N, l.Masks.N) * masks.H * masks.W
	if err := c.Add(l.Masks.Class[:n], masks.Class[:n]); err != nil {
		return 0, 0, err
	}
	return c.MeanIoU(), c.Accuracy(), nil
}

// Classes is the number of classes that the network tells apart.
func (b *Build) Classes() int {
	if c := b.Plan.Outputs[0].Value.Shape.C; c > 1 {
		return c
	}
	return 2
}

// Masks gives the winning class of every pixel. A network with one score a pixel has two classes and
// the sign decides.
func (b *Build) Masks(frames [][]*fixed.Tensor) *picture.Masks {
	shape := b.Plan.Outputs[0].Value.Shape
	m := &picture.Masks{N: len(frames), H: shape.H, W: shape.W}
	for _, f := range frames {
		for i := range shape.H * shape.W {
			m.Class = append(m.Class, b.class(f, i))
		}
	}
	return m
}

func (b *Build) class(frame []*fixed.Tensor, pixel int) uint8 {
	if len(frame) > 1 && frame[1].Shape.C == 1 && b.Plan.Outputs[0].Value.Shape.C > 1 {
		return uint8(frame[1].Data[pixel])
	}
	if int64(frame[0].Data[pixel]) > b.Plan.Outputs[0].Value.Zero {
		return 1
	}
	return 0
}

// SimulateOptions steer Simulate.
type SimulateOptions struct {
	Engine   Engine
	Images   string
	Labels   string // "" where the truth is not known
	Ignore   int
	Out      string
	Jobs     int
	Wave     string // a VCD file to write, or ""
	WaveFrom int64
	WaveTo   int64
	Progress func(what string, done, of int)
}

// Simulate runs images on an engine and writes a results folder.
func (b *Build) Simulate(ctx context.Context, o SimulateOptions) (*Summary, error) {
	pics, images, err := b.Images(o.Images)
	if err != nil {
		return nil, err
	}
	labels, err := b.Labels(o.Labels, o.Ignore, pics.N)
	if err != nil {
		return nil, err
	}
	if o.Wave != "" {
		if err := b.Waveform(ctx, o.Engine, images, o.Wave, o.WaveFrom, o.WaveTo); err != nil {
			return nil, err
		}
	}
	f, err := b.Run(ctx, o.Engine, images, o.Jobs)
	if err != nil {
		return nil, err
	}
	s := &Summary{Engine: o.Engine, Timing: f.Timing, Estimate: Estimated{b.Info.Estimate.CyclesPerFrame, b.Info.Estimate.LatencyCycles}}
	if labels != nil {
		miou, accuracy, err := labels.score(b.Classes(), b.Masks(f.Outputs))
		if err != nil {
			return nil, err
		}
		s.MIoU, s.Accuracy = &miou, &accuracy
	}
	return s, b.WriteResults(ctx, o.Out, pics, f, s)
}

// WriteResults puts what an engine made of images into a folder: logits.npy, masks.npy, any further
// outputs under their own names, overlay/NNN.png and summary.json.
func (b *Build) WriteResults(ctx context.Context, dir string, pics *picture.Images, f *Frames, s *Summary) error {
	files := map[string][]byte{}
	for k, out := range b.Plan.Outputs {
		name := out.Name
		switch {
		case k == 0:
			name = "logits"
		case k == 1 && out.From != nil && out.From.Kind == "argmax":
			continue
		}
		shape := out.Value.Shape
		a := &npy.Array{Shape: []int{len(f.Outputs), shape.C, shape.H, shape.W}, Int32: []int32{}}
		for _, frame := range f.Outputs {
			a.Int32 = append(a.Int32, frame[k].Data...)
		}
		data, err := npy.Encode(a)
		if err != nil {
			return err
		}
		files[name+".npy"] = data
		s.Outputs = append(s.Outputs, name)
	}
	masks := b.Masks(f.Outputs)
	data, err := npy.Encode(&npy.Array{Shape: []int{masks.N, masks.H, masks.W}, Uint8: masks.Class})
	if err != nil {
		return err
	}
	files["masks.npy"] = data
	for i := range masks.N {
		if err := ctx.Err(); err != nil {
			return err
		}
		base := pics.Render(i)
		shown := picture.Montage(4, base, picture.Overlay(base, masks.Of(i), 160, -1))
		if files[filepath.Join("overlay", fmt.Sprintf("%03d.png", i))], err = encodePNG(picture.Upscale(shown, 3)); err != nil {
			return err
		}
	}
	s.Images = masks.N
	if files["summary.json"], err = marshal(s); err != nil {
		return err
	}
	return writeFolder(dir, "summary.json", files)
}

func encodePNG(img image.Image) ([]byte, error) {
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}
