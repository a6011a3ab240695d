package functional_test

import (
	"context"
	"fmt"
	"slices"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/sim/functional"
)

// oracle is the meaning of patches, in terms of fixed.EvalNode alone: every node is evaluated once for each
// stretch of its outputs in which the same patches hold, with changed copies of operator and inputs, and the
// stretches are put together.
func oracle(ctx context.Context, net *fixed.Net, inputs []*fixed.Tensor, patches []functional.Patch) (map[*fixed.Value]*fixed.Tensor, error) {
	got := map[*fixed.Value]*fixed.Tensor{}
	finish := func(node int, v *fixed.Value, t *fixed.Tensor) {
		for _, p := range patches {
			if p.Node == node && p.Kind == functional.Output {
				changeElement(t, v.Format, p)
			}
		}
		got[v] = t
	}
	for i, v := range net.Inputs {
		finish(-1-i, v, clone(inputs[i]))
	}
	for i, n := range net.Nodes {
		var in []*fixed.Tensor
		for _, v := range n.In {
			in = append(in, got[v])
		}
		out := fixed.NewTensor(n.Out.Shape)
		for _, s := range stretches(i, n, patches) {
			m, args := changed(n, in, s.active)
			part, err := fixed.EvalNode(ctx, m, args)
			if err != nil {
				return nil, err
			}
			for at := s.from; at < s.to; at++ {
				k := at%out.Shape.C*out.Shape.H*out.Shape.W + at/out.Shape.C
				out.Data[k] = part.Data[k]
			}
		}
		finish(i, n.Out, out)
	}
	return got, nil
}

// stretch is outputs in raster order, channels within a pixel, and the patches that hold there.
type stretch struct {
	from, to int
	active   []functional.Patch
}

func stretches(node int, n *fixed.Node, patches []functional.Patch) []stretch {
	place := func(m functional.Moment) int { return m.Pixel*n.Out.Shape.C + m.Channel }
	end := func(p functional.Patch) int {
		if p.To == (functional.Moment{}) {
			return n.Out.Shape.Size()
		}
		return place(p.To)
	}
	cuts := []int{0, n.Out.Shape.Size()}
	for _, p := range patches {
		if p.Node == node && p.Kind != functional.Output {
			cuts = append(cuts, place(p.From), end(p))
		}
	}
	slices.Sort(cuts)
	var all []stretch
	for i, from := range cuts[:len(cuts)-1] {
		s := stretch{from: from, to: cuts[i+1]}
		for _, p := range patches {
			if p.Node == node && p.Kind != functional.Output && place(p.From) <= from && from < end(p) {
				s.active = append(s.active, p)
			}
		}
		if s.from < s.to {
			all = append(all, s)
		}
	}
	return all
}

// changed is a node and its inputs under patches that hold throughout.
func changed(n *fixed.Node, in []*fixed.Tensor, active []functional.Patch) (*fixed.Node, []*fixed.Tensor) {
	if len(active) == 0 {
		return n, in
	}
	m := *n
	var scale *fixed.Scale
	var conv *fixed.Conv
	var clip *fixed.Clip
	switch op := n.Op.(type) {
	case *fixed.Conv:
		c := *op
		c.Weight, c.Bias = slices.Clone(c.Weight), slices.Clone(c.Bias)
		m.Op, conv, scale = &c, &c, &c.Scale
	case *fixed.Requant:
		r := *op
		m.Op, scale = &r, &r.Scale
	case *fixed.Clip:
		clip = &fixed.Clip{Lo: slices.Clone(op.Lo), Hi: slices.Clone(op.Hi)}
		m.Op = clip
	}
	if scale != nil {
		scale.Mult, scale.Shift = slices.Clone(scale.Mult), slices.Clone(scale.Shift)
	}
	args := slices.Clone(in)
	for _, p := range active {
		switch p.Kind {
		case functional.Weight:
			conv.Weight[p.Index] = int32(p.Change.Apply(int64(conv.Weight[p.Index]), conv.WeightBits, true))
		case functional.Bias:
			conv.Bias[p.Index] = p.Change.Apply(conv.Bias[p.Index], conv.BiasBits, true)
		case functional.Mult:
			scale.Mult[p.Index] = p.Change.Apply(scale.Mult[p.Index], scale.MultBits, false)
		case functional.Shift:
			scale.Shift[p.Index] = int(p.Change.Apply(int64(scale.Shift[p.Index]), 6, false))
		case functional.Low:
			clip.Lo[p.Index] = p.Change.Apply(clip.Lo[p.Index], n.Out.Format.Bits, n.Out.Format.Signed)
		case functional.High:
			clip.Hi[p.Index] = p.Change.Apply(clip.Hi[p.Index], n.Out.Format.Bits, n.Out.Format.Signed)
		case functional.Input:
			args[p.Arg] = clone(args[p.Arg])
			changeElement(args[p.Arg], n.In[p.Arg].Format, p)
		}
	}
	return &m, args
}

func clone(t *fixed.Tensor) *fixed.Tensor {
	return &fixed.Tensor{Shape: t.Shape, Data: slices.Clone(t.Data)}
}

func changeElement(t *fixed.Tensor, f fixed.Format, p functional.Patch) {
	t.Data[p.Index] = int32(p.Change.Apply(int64(t.Data[p.Index]), f.Bits, f.Signed))
}

// anyPatches draws up to four patches of any kind, at times several of one node or one place.
func anyPatches(d nettest.Dice, net *fixed.Net) []functional.Patch {
	var ps []functional.Patch
	for range d.Pick(1, 1, 1, 2, 3, 4) {
		p := anyPatch(d, net, d.Within(-len(net.Inputs), len(net.Nodes)-1))
		if len(ps) > 0 && d.IntN(3) == 0 {
			last := ps[len(ps)-1]
			p = anyPatch(d, net, last.Node)
			if d.IntN(2) == 0 {
				p.Kind, p.Arg, p.Index, p.Change = last.Kind, last.Arg, last.Index, last.Change
				if p.Kind == functional.Output {
					p.From, p.To = functional.Moment{}, functional.Moment{}
				}
			}
		}
		ps = append(ps, p)
	}
	return ps
}

func anyPatch(d nettest.Dice, net *fixed.Net, node int) functional.Patch {
	p := functional.Patch{Node: node, Kind: functional.Output}
	if node < 0 {
		v := net.Inputs[-1-node]
		p.Index, p.Change = d.IntN(v.Shape.Size()), anyChange(d, v.Format.Bits)
		return p
	}
	n := net.Nodes[node]
	bits, out := n.Out.Format.Bits, n.Out.Shape
	p.Index = d.IntN(out.Size())
	var scale *fixed.Scale
	conv, _ := n.Op.(*fixed.Conv)
	if r, ok := n.Op.(*fixed.Requant); ok {
		scale = &r.Scale
	}
	if conv != nil {
		scale = &conv.Scale
	}
	clip, _ := n.Op.(*fixed.Clip)
	switch k := functional.Kind(d.IntN(6)); {
	case clip != nil && clip.Lo != nil && k == functional.Bias:
		p.Kind, p.Index = functional.Low, d.IntN(out.C)
	case clip != nil && k < functional.Shift:
		p.Kind, p.Index = functional.High, d.IntN(out.C)
	case k == functional.Weight && conv != nil:
		p.Kind, p.Index, bits = k, d.IntN(len(conv.Weight)), conv.WeightBits
	case k == functional.Bias && conv != nil:
		p.Kind, p.Index, bits = k, d.IntN(out.C), conv.BiasBits
	case k == functional.Mult && scale != nil && scale.Mult != nil:
		p.Kind, p.Index, bits = k, d.IntN(out.C), scale.MultBits
	case k == functional.Shift && scale != nil:
		p.Kind, p.Index, bits = k, d.IntN(out.C), 6
	case k != functional.Output:
		p.Kind, p.Arg = functional.Input, d.IntN(len(n.In))
		p.Index, bits = d.IntN(n.In[p.Arg].Shape.Size()), n.In[p.Arg].Format.Bits
	}
	p.Change = anyChange(d, bits)
	if p.Kind != functional.Output && d.IntN(3) == 0 {
		p.From, p.To = anyMoments(d, out)
	}
	return p
}

func anyChange(d nettest.Dice, bits int) functional.Change {
	some := func() uint64 { return d.Uint64() & d.Uint64() & (1<<bits - 1) }
	switch d.IntN(4) {
	case 0:
		return functional.Change{Flip: some(), Set: some(), Clear: some()}
	case 1:
		return functional.Change{Set: 1 << d.IntN(bits)}
	}
	return functional.Change{Flip: 1 << d.IntN(bits)}
}

func anyMoments(d nettest.Dice, s fixed.Shape) (from, to functional.Moment) {
	place := func(i int) functional.Moment { return functional.Moment{Pixel: i / s.C, Channel: i % s.C} }
	a, b := d.IntN(s.Size()+1), d.IntN(s.Size()+1)
	switch d.IntN(3) {
	case 0:
		return place(a), functional.Moment{}
	case 1:
		return functional.Moment{}, place(b)
	}
	return place(min(a, b)), place(max(a, b))
}

// unequal says where the worker differs from what it should hold.
func unequal(what string, net *fixed.Net, want map[*fixed.Value]*fixed.Tensor, got func(*fixed.Value) *fixed.Tensor) error {
	values := slices.Clone(net.Inputs)
	for _, n := range net.Nodes {
		values = append(values, n.Out)
	}
	for _, v := range values {
		t := got(v)
		for i, x := range want[v].Data {
			if t.Data[i] != x {
				return fmt.Errorf("%s: element %d of %s is %d, not %d", what, i, v.Name, t.Data[i], x)
			}
		}
	}
	return nil
}

// wrongDiff says where a report of differences is not that between two runs.
func wrongDiff(what string, net *fixed.Net, golden, faulty map[*fixed.Value]*fixed.Tensor, d *functional.Diff) error {
	masked := true
	for i, v := range net.Outputs {
		var index, value []int32
		changed := 0
		for k, x := range faulty[v].Data {
			if x == golden[v].Data[k] {
				continue
			}
			changed++
			if v.Shape.C == 1 {
				index, value = append(index, int32(k)), append(value, x)
			}
		}
		masked = masked && changed == 0
		o := &d.Outputs[i]
		if o.Changed != changed || !slices.Equal(o.Index, index) || !slices.Equal(o.Value, value) {
			return fmt.Errorf("%s: output %s: %d elements differ at %v, reported are %d at %v", what, v.Name, changed, index, o.Changed, o.Index)
		}
	}
	if d.Masked() != masked {
		return fmt.Errorf("%s: masked is %v", what, d.Masked())
	}
	return nil
}
