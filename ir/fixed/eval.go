package fixed

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Eval runs a network of one input on one image; see EvalAll.
func Eval(ctx context.Context, net *Net, input *Tensor, visit func(*Value, *Tensor)) ([]*Tensor, error) {
	return EvalAll(ctx, net, []*Tensor{input}, visit)
}

// EvalAll runs the network on one image and gives a tensor per network output. The network has
// passed Check. Inputs are one per network input, within their formats. Visit, where not nil, sees
// each tensor once, inputs too, before any reader does, and may change it: readers see the change.
// The network outputs are the same tensors. An error is a wrong input or the context's.
func EvalAll(ctx context.Context, net *Net, inputs []*Tensor, visit func(*Value, *Tensor)) ([]*Tensor, error) {
	if err := checkInputs(net, inputs); err != nil {
		return nil, err
	}
	if visit == nil {
		visit = func(*Value, *Tensor) {}
	}
	got := map[*Value]*Tensor{}
	for i, v := range net.Inputs {
		t := &Tensor{Shape: inputs[i].Shape, Data: append([]int32(nil), inputs[i].Data...)}
		got[v] = t
		visit(v, t)
	}
	for _, n := range net.Nodes {
		in := make([]*Tensor, len(n.In))
		for i, v := range n.In {
			in[i] = got[v]
		}
		out, err := EvalNode(ctx, n, in)
		if err != nil {
			return nil, fmt.Errorf("evaluating node %s: %w", n.Name, err)
		}
		got[n.Out] = out
		visit(n.Out, out)
	}
	outs := make([]*Tensor, len(net.Outputs))
	for i, v := range net.Outputs {
		outs[i] = got[v]
	}
	return outs, nil
}

func checkInputs(net *Net, inputs []*Tensor) error {
	if len(inputs) != len(net.Inputs) {
		return fmt.Errorf("network %s has %d inputs, %d were given", net.Name, len(net.Inputs), len(inputs))
	}
	for i, v := range net.Inputs {
		t := inputs[i]
		if t.Shape != v.Shape || len(t.Data) != t.Shape.Size() {
			return fmt.Errorf("input %s has shape %v, %v was given", v.Name, v.Shape, t.Shape)
		}
		lo, hi := v.Format.Range()
		for k, x := range t.Data {
			if int64(x) < lo || int64(x) > hi {
				return fmt.Errorf("input %s: element %d is %d, outside %d to %d", v.Name, k, x, lo, hi)
			}
		}
	}
	return nil
}

// EvalNode computes one node from its inputs, which are within their formats. The error is the
// context's.
func EvalNode(ctx context.Context, n *Node, in []*Tensor) (*Tensor, error) {
	out := NewTensor(n.Out.Shape)
	switch op := n.Op.(type) {
	case *Conv:
		return out, op.eval(ctx, n, in[0], out)
	case *MaxPool:
		return out, eachChannel(ctx, out.Shape.C, func(c int) { op.evalPlane(c, in[0], out) })
	case *Concat:
		at := 0
		for _, t := range in {
			at += copy(out.Data[at:], t.Data)
		}
	case *Requant:
		return out, eachChannel(ctx, out.Shape.C, func(c int) {
			y := out.Plane(c)
			for i, x := range in[0].Plane(c) {
				y[i] = int32(op.Scale.Apply(c, int64(x)-n.In[0].Zero, n.Out.Zero))
			}
		})
	case *Clip:
		return out, op.eval(ctx, in[0], out)
	case *Vote:
		return out, op.eval(ctx, n, in[0], out)
	case *ArgMax:
		evalArgMax(in[0], out)
	default:
		panic(fmt.Sprintf("BUG: fixed: no evaluation of %T", n.Op))
	}
	return out, ctx.Err()
}

// eachChannel calls f for every channel, some at a time.
func eachChannel(ctx context.Context, channels int, f func(c int)) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for c := range channels {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			f(c)
			return nil
		})
	}
	return g.Wait()
}

func (p *MaxPool) evalPlane(c int, in, out *Tensor) {
	for oy := range out.Shape.H {
		for ox := range out.Shape.W {
			best, found := int32(0), false
			for ky := range p.Kernel[0] {
				for kx := range p.Kernel[1] {
					y := oy*p.Stride[0] + ky*p.Dilation[0] - p.Before[0]
					x := ox*p.Stride[1] + kx*p.Dilation[1] - p.Before[1]
					if y < 0 || y >= in.Shape.H || x < 0 || x >= in.Shape.W {
						continue
					}
					if v := in.At(c, y, x); !found || v > best {
						best, found = v, true
					}
				}
			}
			out.Plane(c)[oy*out.Shape.W+ox] = best
		}
	}
}

func evalArgMax(in, out *Tensor) {
	best := append([]int32(nil), in.Plane(0)...)
	for c := 1; c < in.Shape.C; c++ {
		for i, v := range in.Plane(c) {
			if v > best[i] {
				best[i], out.Data[i] = v, int32(c)
			}
		}
	}
}
