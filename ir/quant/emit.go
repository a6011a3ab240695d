package quant

import (
	"fmt"
	"math"

	"rampart/ir/fixed"
	"rampart/ir/graph"
)

// emit writes the model, whose scales are chosen, as an integer network. Accumulator widths are left
// open.
func (m *model) emit(opt Options) *Result {
	r := &Result{Net: &fixed.Net{Name: m.name}, Options: opt}
	made := map[*tensor]*fixed.Value{}
	for _, t := range m.tensors() {
		made[t] = t.value()
		r.Values = append(r.Values, t.report(made[t]))
	}
	for _, t := range m.inputs {
		r.Net.Inputs = append(r.Net.Inputs, made[t])
	}
	for _, t := range m.outputs {
		r.Net.Outputs = append(r.Net.Outputs, made[t])
	}
	for _, l := range m.layers {
		n := &fixed.Node{Name: l.name, Out: made[l.out]}
		for _, t := range l.in {
			n.In = append(n.In, made[t])
		}
		report := Layer{Node: n, Name: l.name}
		n.Op = l.emit(opt, &report)
		report.Kind = n.Op.Kind()
		r.Net.Nodes = append(r.Net.Nodes, n)
		r.Layers = append(r.Layers, report)
	}
	return r
}

func (t *tensor) value() *fixed.Value {
	s := t.real.Shape
	v := &fixed.Value{Name: t.name, Shape: fixed.Shape{C: s.C, H: s.H, W: s.W}}
	if t.group == nil {
		v.Format.Bits = 2
		for 1<<v.Format.Bits < t.by.in[0].real.Shape.C {
			v.Format.Bits++
		}
		return v
	}
	v.Format, v.Zero = t.group.format, t.group.zero
	return v
}

func (t *tensor) report(v *fixed.Value) Value {
	r := Value{Value: v, Name: v.Name, Format: v.Format.String(), Scale: 1, Zero: v.Zero, Range: [2]float64{t.lo, t.hi}}
	if t.group != nil {
		r.Scale = t.group.scale
	}
	return r
}

func (l *layer) emit(opt Options, report *Layer) fixed.Op {
	switch op := l.op.(type) {
	case *graph.Conv, *graph.ConvTranspose:
		return l.emitConv(opt, report)
	case *graph.MaxPool:
		return &fixed.MaxPool{Window: poolWindow(op, l.in[0].real.Shape, l.out.real.Shape)}
	case *graph.Concat:
		return &fixed.Concat{}
	case *graph.ArgMax:
		return &fixed.ArgMax{}
	case *graph.Relu, nil:
		return l.emitRequant(opt)
	}
	panic(fmt.Sprintf("BUG: quant: no integer operator for %T", l.op))
}

// poolWindow is the window with the padding that rounding the output size up asks for.
func poolWindow(op *graph.MaxPool, in, out graph.Shape) fixed.Window {
	w := fixed.Window(op.Window)
	for d, size := range [2][2]int{{in.H, out.H}, {in.W, out.W}} {
		need := (size[1]-1)*w.Stride[d] + (w.Kernel[d]-1)*w.Dilation[d] + 1 - size[0] - w.Before[d]
		w.After[d] = max(w.After[d], need)
	}
	return w
}

func (l *layer) emitConv(opt Options, report *Layer) *fixed.Conv {
	w := l.weights
	conv := &fixed.Conv{
		Window: fixed.Window(w.window), Transposed: w.transposed, Group: w.group,
		WeightBits: opt.WeightBits, BiasBits: biasBits, Scale: l.clamp(opt),
	}
	signal, noise := 0.0, 0.0
	for c := range w.outs {
		f := l.fit(c, opt)
		conv.Weight = append(conv.Weight, f.weights...)
		conv.Bias = append(conv.Bias, f.bias)
		addChannel(&conv.Scale, f.mult, f.shift, opt)
		noise += f.noise
		for _, v := range w.channel(c) {
			signal += v * v
		}
		report.count(w.scale[c] == 0, f)
	}
	if noise > 0 && signal > 0 {
		report.WeightSNR = 10 * math.Log10(signal/noise)
	}
	positions := l.out.real.Shape
	if w.transposed {
		positions = l.in[0].real.Shape
	}
	report.MACs = int64(len(w.real)) * int64(positions.H) * int64(positions.W)
	return conv
}

func (r *Layer) count(dead bool, f fitted) {
	if dead {
		r.Dead++
	}
	if f.raised {
		r.Raised++
	}
	if f.saturated {
		r.Saturated++
	}
}

func (l *layer) emitRequant(opt Options) *fixed.Requant {
	r := &fixed.Requant{Scale: l.clamp(opt)}
	ratio := l.in[0].group.scale / l.out.group.scale
	mult, shift := multiplier(ratio)
	if shift > maxShift { // the result has next to no steps to show
		mult, shift = mult>>min(shift-maxShift, multBits), maxShift
	}
	for range l.out.real.Shape.C {
		addChannel(&r.Scale, mult, shift, opt)
	}
	return r
}

// clamp begins the layer's requantisation: rounding and the fused activation.
func (l *layer) clamp(opt Options) fixed.Scale {
	g := l.out.group
	lo, hi := g.format.Range()
	if l.relu {
		lo = g.zero
	}
	s := fixed.Scale{Rounding: opt.Rounding, Lo: lo, Hi: hi}
	if opt.Scales == General {
		s.MultBits = multBits
	}
	return s
}

// addChannel appends one channel: a multiplier and a shift, or in a power-of-two network, whose
// multipliers are all 2^(multBits-1), what is left of the shift.
func addChannel(s *fixed.Scale, mult int64, shift int, opt Options) {
	if opt.Scales == Pow2 {
		s.Shift = append(s.Shift, shift-(multBits-1))
		return
	}
	s.Mult = append(s.Mult, mult)
	s.Shift = append(s.Shift, shift)
}
