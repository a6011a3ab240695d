package quant

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// correctionImages is how many of the calibration images the correction runs on, all at once, so
// that it holds the live activations of all.
const correctionImages = 16

// replay runs the integer network on several images in step, layer by layer.
type replay struct {
	live []map[*tensor]*fixed.Tensor // per image
	last map[*tensor]*layer          // who reads a tensor last
}

// correct changes the biases so that, over calibration images, each channel of each convolution has
// the mean that the float network has before the activation. A layer thereby makes up for what the
// rounding of its weights and of all activations before it did to the mean. See Nagel et al.,
// "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2.
func (m *model) correct(ctx context.Context, r *Result, images [][]*graph.Tensor) error {
	images = images[:min(len(images), correctionImages)]
	p := &replay{last: map[*tensor]*layer{}}
	for _, l := range m.layers {
		for _, t := range l.in {
			p.last[t] = l
		}
	}
	for _, in := range images {
		live := map[*tensor]*fixed.Tensor{}
		for i, t := range m.inputs {
			live[t] = r.Input(i, in[i])
		}
		p.live = append(p.live, live)
	}
	for i, l := range m.layers {
		if err := p.step(ctx, l, r.Net.Nodes[i]); err != nil {
			return fmt.Errorf("correcting the biases of %s: %w", l.name, err)
		}
	}
	return nil
}

// step computes one layer, of which n is the integer node, after correcting it where it is a
// convolution whose sums fit a tensor.
func (p *replay) step(ctx context.Context, l *layer, n *fixed.Node) error {
	conv, ok := n.Op.(*fixed.Conv)
	shown := n
	if ok = ok && conv.AccBits <= 32; ok {
		shown = showSums(n, conv)
	}
	outs, err := p.eval(ctx, l, shown)
	if err != nil {
		return err
	}
	if ok {
		l.correctBias(conv, outs)
		for i, sums := range outs {
			outs[i] = requantise(n, conv, sums)
		}
	}
	for i, live := range p.live {
		live[l.out] = outs[i]
		for _, t := range l.in {
			if p.last[t] == l {
				delete(live, t)
			}
		}
	}
	return nil
}

// eval computes node n on every image.
func (p *replay) eval(ctx context.Context, l *layer, n *fixed.Node) ([]*fixed.Tensor, error) {
	outs := make([]*fixed.Tensor, len(p.live))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, live := range p.live {
		work.Go(func() (err error) {
			in := make([]*fixed.Tensor, len(l.in))
			for k, t := range l.in {
				in[k] = live[t]
			}
			outs[i], err = fixed.EvalNode(ctx, n, in)
			return err
		})
	}
	return outs, work.Wait()
}

// showSums is the convolution without bias and scale: its result is its accumulators.
func showSums(n *fixed.Node, conv *fixed.Conv) *fixed.Node {
	bare, out := *conv, *n.Out
	out.Format, out.Zero = fixed.Format{Bits: 32, Signed: true}, 0
	bare.Bias = make([]int64, len(conv.Bias))
	bare.Scale = fixed.Scale{Shift: make([]int, len(conv.Bias))}
	bare.Scale.Lo, bare.Scale.Hi = out.Format.Range()
	return &fixed.Node{Name: n.Name, In: n.In, Out: &out, Op: &bare}
}

// requantise finishes the sums of a convolution.
func requantise(n *fixed.Node, conv *fixed.Conv, sums *fixed.Tensor) *fixed.Tensor {
	out := fixed.NewTensor(n.Out.Shape)
	for c, bias := range conv.Bias {
		y := out.Plane(c)
		for i, v := range sums.Plane(c) {
			y[i] = int32(conv.Scale.Apply(c, int64(v)+bias, n.Out.Zero))
		}
	}
	return out
}

// correctBias moves the biases by what the sums' means are off; it leaves a bias that would not fit.
func (l *layer) correctBias(conv *fixed.Conv, images []*fixed.Tensor) {
	lo, hi := fixed.Format{Bits: conv.BiasBits, Signed: true}.Range()
	for c := range conv.Bias {
		total, count := int64(0), 0
		for _, sums := range images {
			plane := sums.Plane(c)
			count += len(plane)
			for _, v := range plane {
				total += int64(v)
			}
		}
		step := l.in[0].group.scale * l.weights.fitted[c]
		want := math.Round(l.mean[c]/step - float64(total)/float64(count))
		if want >= float64(lo) && want <= float64(hi) {
			conv.Bias[c] = int64(want)
		}
	}
}
