package driver

import (
	"context"
	"fmt"
	"path/filepath"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/picture"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/quant"
)

// SimulateOptions steer Simulate.
type SimulateOptions struct {
	Engine   Engine
	Images   string
	Labels   string // "" where the truth is not known
	Ignore   int    // label that counts nowhere, below 0 for none
	Out      string
	Jobs     int
	Wave     string // a VCD file to write, or ""
	WaveFrom int64
	WaveTo   int64
}

// Summary is summary.json.
type Summary struct {
	Engine  Engine   `json:"engine"`
	Images  int      `json:"images"`
	Outputs []string `json:"outputs"` // the arrays beside the masks
	*Timing
	Estimate Estimated `json:"estimate"`
	MIoU     *float64  `json:"miou,omitempty"`
	Accuracy *float64  `json:"accuracy,omitempty"`
	Written  []string  `json:"written,omitempty"` // paths of all files; not in summary.json
}

// Estimated is what the plan promised.
type Estimated struct {
	CyclesPerFrame int64 `json:"cycles_per_frame"`
	LatencyCycles  int64 `json:"latency_cycles"`
}

// Simulate runs images on an engine and writes a results folder.
func (b *Build) Simulate(ctx context.Context, o SimulateOptions) (*Summary, error) {
	if err := atomicfile.Check(o.Out, summaryFile); err != nil {
		return nil, err
	}
	if err := o.checkWave(); err != nil {
		return nil, err
	}
	pics, images, err := b.Images(o.Images)
	if err != nil {
		return nil, err
	}
	labels, err := b.LoadLabels(o.Labels, o.Ignore, pics.N)
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
	e := b.Plan.Estimate
	s := &Summary{Engine: o.Engine, Images: pics.N, Outputs: b.outputNames(), Timing: f.Timing, Estimate: Estimated{e.CyclesPerFrame, e.LatencyCycles}}
	if labels != nil {
		miou, accuracy := labels.score(b.Masks(f.Outputs))
		s.MIoU, s.Accuracy = &miou, &accuracy
	}
	if err := b.writeResults(ctx, o.Out, pics, f, s); err != nil {
		return nil, err
	}
	if o.Wave != "" {
		s.Written = append(s.Written, o.Wave)
	}
	return s, nil
}

// checkWave refuses a waveform in the folder of results, which a new folder replaces.
func (o SimulateOptions) checkWave() error {
	if o.Wave == "" {
		return nil
	}
	out, err := filepath.Abs(o.Out)
	if err != nil {
		return fmt.Errorf("%s: %w", o.Out, err)
	}
	wave, err := filepath.Abs(o.Wave)
	if err != nil {
		return fmt.Errorf("%s: %w", o.Wave, err)
	}
	if rel, err := filepath.Rel(out, wave); err == nil && filepath.IsLocal(rel) {
		return diag.Problem{File: o.Wave, At: "--wave", What: "the results replace all that is in " + o.Out, Remedy: "give a file elsewhere"}
	}
	return nil
}

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

// LoadLabels reads the labels of n images of the build's network; nil where path is empty.
func (b *Build) LoadLabels(path string, ignore, n int) (*Labels, error) {
	s := b.Net.Outputs[0].Shape
	return LoadLabels(path, ignore, b.Classes(), s.H, s.W, n)
}

// Classes is the number of classes that the network tells apart.
func (b *Build) Classes() int { return max(2, b.Net.Outputs[0].Shape.C) }

// MaskOutput is the number of the output that holds the winning class of every pixel, -1 where there is none.
func (b *Build) MaskOutput() int {
	if len(b.Net.Outputs) > 1 {
		for _, n := range b.Net.Nodes {
			if _, ok := n.Op.(*fixed.ArgMax); ok && n.In[0] == b.Net.Outputs[0] && n.Out == b.Net.Outputs[1] {
				return 1
			}
		}
	}
	return -1
}

// Masks gives the winning class of every pixel. A network with one score a pixel has two classes and
// the sign decides.
func (b *Build) Masks(frames [][]*fixed.Tensor) *picture.Masks {
	out, mask := b.Net.Outputs[0], b.MaskOutput()
	m := &picture.Masks{N: len(frames), H: out.Shape.H, W: out.Shape.W}
	for _, f := range frames {
		for i := range out.Shape.H * out.Shape.W {
			class := uint8(0)
			if mask >= 0 {
				class = uint8(f[mask].Data[i])
			} else if int64(f[0].Data[i]) > out.Zero {
				class = 1
			}
			m.Class = append(m.Class, class)
		}
	}
	return m
}
