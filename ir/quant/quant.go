// Package quant turns a float network into an integer one. In: a graph, images to calibrate with, and
// options. Out: a fixed.Net that passes its checks and proofs, the real scale of every value, and a
// report per layer. It knows no files, no hardware, and nothing of how the network is used.
//
// The rules: weights are symmetric, with a scale per output channel; activations have a scale and a
// zero point per tensor; biases are 32 bits wide. What Concat joins and what MaxPool selects from
// shares scale and zero point with the result. See Jacob et al., "Quantization and Training of Neural
// Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, for the arithmetic.
package quant

import (
	"context"
	"fmt"
	"math"

	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// Result is an integer network and what its integers mean.
type Result struct {
	Net     *fixed.Net
	Options Options // with the defaults filled in
	Values  []Value // every value of Net: inputs, then node outputs in order
	Layers  []Layer // every node of Net, in order
}

// Value is the meaning of a value of the network: real = (integer - Zero) * Scale.
type Value struct {
	Value  *fixed.Value `json:"-"`
	Name   string       `json:"name"`
	Format string       `json:"format"`
	Scale  float64      `json:"scale"`
	Zero   int64        `json:"zero_point"`
	Range  [2]float64   `json:"range"` // the least and the greatest real value that the calibration images showed
}

// Layer is the report on one node.
type Layer struct {
	Node *fixed.Node `json:"-"`
	Name string      `json:"name"`
	Kind string      `json:"kind"`

	// The rest is for convolutions.
	MACs      int64   `json:"macs,omitempty"` // per image
	AccBits   int     `json:"acc_bits,omitempty"`
	WeightSNR float64 `json:"weight_snr_db,omitempty"`      // of the rounded weights, in dB; 0 where rounding is exact
	Dead      int     `json:"dead_channels,omitempty"`      // output channels whose weights are all zero
	Raised    int     `json:"raised_channels,omitempty"`    // channels whose scale was raised to make the bias fit
	Saturated int     `json:"saturated_channels,omitempty"` // channels whose bias does not fit even so
}

// Quantize makes the integer network. Each calibration image is a tensor for the graph's only input;
// see QuantizeMulti for graphs with several. The graph is not changed. Errors are diag.Problem where
// the options, the graph or the images are at fault.
func Quantize(ctx context.Context, g *graph.Graph, calib []*graph.Tensor, opt Options) (*Result, error) {
	images := make([][]*graph.Tensor, len(calib))
	for i, t := range calib {
		images[i] = []*graph.Tensor{t}
	}
	return QuantizeMulti(ctx, g, images, opt)
}

// QuantizeMulti is Quantize with one tensor per graph input in each calibration image.
func QuantizeMulti(ctx context.Context, g *graph.Graph, calib [][]*graph.Tensor, opt Options) (*Result, error) {
	opt, err := opt.complete()
	if err != nil {
		return nil, err
	}
	if len(calib) == 0 {
		return nil, diag.Problem{At: g.Name, What: "there are no calibration images", Remedy: "give some images like those the network will see"}
	}
	g = g.Clone()
	if err := graph.Simplify(g); err != nil {
		return nil, err
	}
	m, err := lower(g)
	if err != nil {
		return nil, err
	}
	if err := m.calibrate(ctx, g, calib, opt); err != nil {
		return nil, err
	}
	for _, gr := range m.groups {
		gr.choose(opt)
	}
	for _, l := range m.layers {
		if l.weights != nil {
			l.weights.chooseScales(opt)
		}
	}
	m.liftScales(opt)
	r := m.emit(opt)
	for _, a := range fixed.Accumulators(r.Net) {
		a.Conv.AccBits = a.Bits
	}
	if !opt.PlainBias {
		if err := m.correct(ctx, r, calib); err != nil {
			return nil, err
		}
	}
	for i, n := range r.Net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			r.Layers[i].AccBits = c.AccBits
		}
	}
	if err := fixed.Check(r.Net); err != nil {
		return nil, fmt.Errorf("the integer network: %w", err)
	}
	if err := fixed.Verify(r.Net); err != nil {
		panic(fmt.Sprintf("BUG: quant: proved accumulators do not verify: %v", err))
	}
	return r, nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
