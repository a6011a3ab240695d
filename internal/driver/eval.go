package driver

import (
	"context"
	"fmt"

	"rampart/internal/diag"
	"rampart/internal/metrics"
	"rampart/internal/npy"
	"rampart/internal/picture"
	"rampart/ir/graph"
	"rampart/ir/onnx"
)

// EvalOptions steer Eval.
type EvalOptions struct {
	Model, Images, Out string
	Labels             string // "" where the truth is not known
	Ignore             int
	Preprocess         picture.Preprocess
	Progress           func(what string, done, of int)
}

// EvalSummary is what Eval found.
type EvalSummary struct {
	Images   int      `json:"images"`
	MIoU     *float64 `json:"miou,omitempty"`
	Accuracy *float64 `json:"accuracy,omitempty"`
}

// Eval runs the float reference on images and writes OUT/logits.npy, float32 NCHW, and OUT/masks.npy.
// A network that ends in an ArgMax has its classes in both.
func Eval(ctx context.Context, o EvalOptions) (*EvalSummary, error) {
	g, err := onnx.Read(o.Model)
	if err != nil {
		return nil, err
	}
	if err := graph.Simplify(g); err != nil {
		return nil, err
	}
	if n := len(g.Inputs); n != 1 {
		return nil, diag.Problem{File: o.Model, What: fmt.Sprintf("it has %d inputs", n), Remedy: "evaluate networks with one image input"}
	}
	s := g.Inputs[0].Shape
	if err := o.Preprocess.Check(s.C); err != nil {
		return nil, err
	}
	pics, err := picture.Load(o.Images, s.C, s.H, s.W)
	if err != nil {
		return nil, err
	}
	shape := g.Outputs[0].Shape
	labels, err := loadLabels(o.Labels, o.Ignore, shape.H, shape.W, pics.N)
	if err != nil {
		return nil, err
	}
	logits := &npy.Array{Shape: []int{pics.N, shape.C, shape.H, shape.W}, Float32: []float32{}}
	masks := &picture.Masks{N: pics.N, H: shape.H, W: shape.W}
	for i := range pics.N {
		if o.Progress != nil {
			o.Progress("evaluate", i, pics.N)
		}
		out, err := g.Eval(ctx, &graph.Tensor{Shape: s, Data: pics.Tensor(i, o.Preprocess)})
		if err != nil {
			return nil, err
		}
		logits.Float32 = append(logits.Float32, out[0].Data...)
		masks.Class = append(masks.Class, winners(out[0])...)
	}
	sum := &EvalSummary{Images: pics.N}
	if labels != nil {
		miou, accuracy, err := labels.score(max(2, shape.C), masks)
		if err != nil {
			return nil, err
		}
		sum.MIoU, sum.Accuracy = &miou, &accuracy
	}
	return sum, writeEval(o.Out, logits, masks, sum)
}

func writeEval(dir string, logits *npy.Array, masks *picture.Masks, sum *EvalSummary) error {
	files := map[string][]byte{}
	var err error
	if files["logits.npy"], err = npy.Encode(logits); err != nil {
		return err
	}
	if files["masks.npy"], err = npy.Encode(&npy.Array{Shape: []int{masks.N, masks.H, masks.W}, Uint8: masks.Class}); err != nil {
		return err
	}
	if files["summary.json"], err = marshal(sum); err != nil {
		return err
	}
	return writeFolder(dir, "summary.json", files)
}

// winners gives the greatest channel of each pixel, the lowest on ties. With one channel it is the
// class itself where the network ends in an ArgMax, else the sign.
func winners(t *graph.Tensor) []uint8 {
	n := t.Shape.H * t.Shape.W
	mask := make([]uint8, n)
	for i := range mask {
		if t.Shape.C == 1 {
			mask[i] = uint8(max(0, t.Data[i]))
			continue
		}
		best := t.Data[i]
		for c := 1; c < t.Shape.C; c++ {
			if v := t.Data[c*n+i]; v > best {
				best, mask[i] = v, uint8(c)
			}
		}
	}
	return mask
}

// loadLabels reads the labels of n images; nil where there are none.
func loadLabels(path string, ignore, h, w, n int) (*Labels, error) {
	if path == "" {
		return nil, nil
	}
	if ignore < 0 {
		ignore = metrics.NoIgnore
	}
	m, err := picture.LoadMasks(path, h, w)
	if err != nil {
		return nil, err
	}
	if m.N < n {
		return nil, diag.Problem{File: path, What: fmt.Sprintf("it holds labels of %d images, and there are %d", m.N, n), Remedy: "give a label for every image"}
	}
	return &Labels{Masks: m, Ignore: ignore}, nil
}

// Labels reads the labels of n images of the build; nil where path is empty.
func (b *Build) Labels(path string, ignore, n int) (*Labels, error) {
	s := b.Plan.Outputs[0].Value.Shape
	return loadLabels(path, ignore, s.H, s.W, n)
}
