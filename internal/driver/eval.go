package driver

import (
	"context"
	"fmt"
	"slices"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/npy"
	"rampart/internal/picture"
	"rampart/ir/graph"
)

// EvalOptions steer Eval.
type EvalOptions struct {
	Model, Images, Out string
	Labels             string // "" where the truth is not known
	Ignore             int
	Size               Size
	Preprocess         picture.Preprocess
	Progress           func(what string, done, of int)
}

// EvalSummary is what Eval found.
type EvalSummary struct {
	Images   int      `json:"images"`
	MIoU     *float64 `json:"miou,omitempty"`
	Accuracy *float64 `json:"accuracy,omitempty"`
	Written  []string `json:"written,omitempty"` // paths of all files; not in summary.json
}

// Eval runs the float reference on images and writes OUT/logits.npy, float32 NCHW, and OUT/masks.npy.
// A network that ends in an ArgMax has its classes in both.
func Eval(ctx context.Context, o EvalOptions) (*EvalSummary, error) {
	if err := atomicfile.Check(o.Out, summaryFile); err != nil {
		return nil, err
	}
	g, _, err := ReadModel(o.Model, o.Size)
	if err != nil {
		return nil, err
	}
	if err := graph.Simplify(g); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	s := g.Inputs[0].Shape
	if err := o.Preprocess.Check(s.C); err != nil {
		return nil, err
	}
	pics, err := picture.Load(o.Images, s.C, s.H, s.W)
	if err != nil {
		return nil, err
	}
	shape, head := g.Outputs[0].Shape, graphHead(g)
	labels, err := LoadLabels(o.Labels, o.Ignore, head.classes, shape.H, shape.W, pics.N)
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
		if slices.ContainsFunc(out[0].Data, func(v float32) bool { return v-v != 0 }) {
			return nil, diag.Problem{
				File: o.Model, At: g.Outputs[0].Name, What: fmt.Sprintf("image %d makes it infinite or not a number", i),
				Remedy: "look at the model and at the scaling of the images",
			}
		}
		logits.Float32 = append(logits.Float32, out[0].Data...)
		masks.Class = append(masks.Class, head.winners(out[0])...)
	}
	sum := &EvalSummary{Images: pics.N}
	if labels != nil {
		miou, accuracy := labels.score(masks)
		sum.MIoU, sum.Accuracy = &miou, &accuracy
	}
	return sum, writeEval(o.Out, logits, masks, sum)
}

func writeEval(dir string, logits *npy.Array, masks *picture.Masks, sum *EvalSummary) (err error) {
	files := map[string][]byte{}
	if files["logits.npy"], err = npy.Encode(logits); err != nil {
		return err
	}
	if files["masks.npy"], err = encodeMasks(masks); err != nil {
		return err
	}
	if files[summaryFile], err = marshal(sum); err != nil {
		return err
	}
	sum.Written, err = writeFolder(dir, summaryFile, files)
	return err
}
