package hlsc

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// dice builds random networks and plans of them.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 7))} }

func (d dice) within(lo, hi int) int   { return lo + d.IntN(hi-lo+1) }
func (d dice) in(lo, hi int64) int64   { return lo + d.Int64N(hi-lo+1) }
func (d dice) signed(bits int) int64   { return d.in(fixed.Format{Bits: bits, Signed: true}.Range()) }
func (d dice) pick(choices ...int) int { return choices[d.IntN(len(choices))] }

func (d dice) value(name string, s fixed.Shape) *fixed.Value {
	v := &fixed.Value{Name: name, Shape: s, Format: fixed.Format{Bits: d.within(2, 16), Signed: d.IntN(2) == 0}}
	v.Zero = d.in(v.Format.Range())
	return v
}

func (d dice) tensor(v *fixed.Value) *fixed.Tensor {
	t := fixed.NewTensor(v.Shape)
	lo, hi := v.Format.Range()
	for i := range t.Data {
		t.Data[i] = int32([]int64{lo, hi, d.in(lo, hi), d.in(lo, hi), d.in(lo, hi)}[d.IntN(5)])
	}
	return t
}

// window is a random kernel; its padding may exceed the kernel.
func (d dice) window() fixed.Window {
	var w fixed.Window
	for i := range 2 {
		w.Kernel[i], w.Stride[i], w.Dilation[i] = d.within(1, 4), d.within(1, 3), d.within(1, 3)
		w.Before[i], w.After[i] = d.within(0, 3), d.within(0, 3)
	}
	return w
}

func (d dice) scale(out *fixed.Value, sumBits int) fixed.Scale {
	s := fixed.Scale{Rounding: fixed.Rounding(d.IntN(2))}
	if d.IntN(3) > 0 {
		s.MultBits = d.within(1, min(32, 62-sumBits))
	}
	for range out.Shape.C {
		if s.MultBits > 0 {
			s.Mult = append(s.Mult, d.in(0, 1<<s.MultBits-1))
		}
		// Mostly a shift that brings sums near the output's range, at times any other.
		near := max(0, sumBits+s.MultBits-out.Format.Bits-d.within(0, 6))
		s.Shift = append(s.Shift, min(63, d.pick(near, near, near, d.within(0, 63))))
	}
	s.Lo, s.Hi = out.Format.Range()
	if d.IntN(2) == 0 {
		s.Lo = d.in(s.Lo, s.Hi)
		s.Hi = d.in(s.Lo, s.Hi)
	}
	return s
}

func (d dice) conv(name string, in *fixed.Value) *fixed.Node {
	c := &fixed.Conv{
		Window: d.window(), Transposed: d.IntN(2) == 0, Group: 1,
		WeightBits: d.within(2, 16), BiasBits: d.pick(32, d.within(2, 48)), AccBits: d.pick(d.within(33, 45), 32, d.within(2, 24)),
	}
	outC := d.within(1, 7)
	if g := d.within(1, 4); d.IntN(3) == 0 && in.Shape.C%g == 0 {
		c.Group, outC = g, g*d.within(1, 3)
	}
	size := func(dim, n int) int {
		if !c.Transposed {
			return c.OutSize(dim, n)
		}
		least := (n-1)*c.Stride[dim] - c.Before[dim] - c.After[dim] + (c.Kernel[dim]-1)*c.Dilation[dim] + 1
		return least + d.within(0, c.Stride[dim]-1)
	}
	for range outC * in.Shape.C / c.Group * c.Kernel[0] * c.Kernel[1] {
		c.Weight = append(c.Weight, int32(d.signed(c.WeightBits)))
	}
	for range outC {
		c.Bias = append(c.Bias, d.signed(c.BiasBits))
	}
	out := d.value(name+"_out", fixed.Shape{C: outC, H: size(0, in.Shape.H), W: size(1, in.Shape.W)})
	if d.IntN(6) == 0 { // only an output or an argmax may take it
		out.Format, out.Zero = fixed.Format{Bits: d.within(17, 32), Signed: true}, 0
	}
	c.Scale = d.scale(out, max(c.AccBits, c.BiasBits)+1)
	return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: out, Op: c}
}

// node is a random node that reads in, and for a concatenation any other value that fits.
func (d dice) node(name string, in *fixed.Value, values []*fixed.Value) *fixed.Node {
	same := *in
	same.Name = name + "_out"
	switch d.IntN(8) {
	case 0:
		out := d.value(same.Name, in.Shape)
		return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: out, Op: &fixed.Requant{Scale: d.scale(out, in.Format.Bits+1)}}
	case 1, 2:
		op := &fixed.MaxPool{Window: d.window()}
		same.Shape.H, same.Shape.W = op.OutSize(0, in.Shape.H), op.OutSize(1, in.Shape.W)
		return &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: &same, Op: op}
	case 3:
		n := &fixed.Node{Name: name, In: []*fixed.Value{in}, Out: &same, Op: &fixed.Concat{}}
		for _, v := range values {
			if v.Shape.H == in.Shape.H && v.Shape.W == in.Shape.W && v.Format == in.Format && v.Zero == in.Zero {
				n.In = append(n.In, v)
				same.Shape.C += v.Shape.C
			}
		}
		return n
	}
	return d.conv(name, in)
}

// net is a random network that passes fixed.Check; what nothing reads is an output, and so are the classes.
func (d dice) net(nodes int) *fixed.Net {
	net := &fixed.Net{Name: "net"}
	for i := range d.within(1, 2) {
		net.Inputs = append(net.Inputs, d.value(fmt.Sprintf("in%d", i), fixed.Shape{C: d.within(1, 5), H: d.within(1, 9), W: d.within(1, 9)}))
	}
	values := slices.Clone(net.Inputs)
	for len(net.Nodes) < nodes {
		n := d.node(fmt.Sprintf("node%d", len(net.Nodes)), values[d.IntN(len(values))], values)
		grown := *net
		grown.Nodes = append(slices.Clone(net.Nodes), n)
		grown.Outputs = unread(&grown)
		if n.Out.Shape.Size() > 3000 || fixed.Check(&grown) != nil {
			continue
		}
		*net, values = grown, append(values, n.Out)
	}
	last := values[len(values)-1]
	classes := &fixed.Value{Name: "classes", Shape: fixed.Shape{C: 1, H: last.Shape.H, W: last.Shape.W}, Format: fixed.Format{Bits: d.pick(8, 12)}}
	net.Nodes = append(net.Nodes, &fixed.Node{Name: "argmax", In: []*fixed.Value{last}, Out: classes, Op: &fixed.ArgMax{}})
	net.Outputs = append(unread(net), last)
	return net
}

func unread(net *fixed.Net) []*fixed.Value {
	var outs []*fixed.Value
	for _, n := range net.Nodes {
		if !slices.ContainsFunc(net.Nodes, func(m *fixed.Node) bool { return slices.Contains(m.In, n.Out) }) {
			outs = append(outs, n.Out)
		}
	}
	return outs
}

// plan makes every node a stage, and a fork of every value with several users. fold gives a stage's folding.
func trivialPlan(net *fixed.Net, folding func(*plan.Stage) plan.Folding) *plan.Plan {
	p := &plan.Plan{Name: net.Name}
	readers := map[*fixed.Value][]*plan.Stream{} // streams of a value that have no reader yet
	stream := func(v *fixed.Value, from *plan.Stage) *plan.Stream {
		s := &plan.Stream{Name: fmt.Sprintf("%s_%d", v.Name, len(p.Streams)), Value: v, From: from}
		p.Streams = append(p.Streams, s)
		return s
	}
	share := func(s *plan.Stream) {
		users := 0
		for _, n := range net.Nodes {
			for _, v := range n.In {
				if v == s.Value {
					users++
				}
			}
		}
		if slices.Contains(net.Outputs, s.Value) {
			users++
		}
		if users < 2 {
			readers[s.Value] = []*plan.Stream{s}
			return
		}
		fork := &plan.Stage{Name: "fork_" + s.Value.Name, Kind: plan.Fork, In: []*plan.Stream{s}}
		s.To = fork
		for range users {
			fork.Out = append(fork.Out, stream(s.Value, fork))
		}
		p.Stages = append(p.Stages, fork)
		readers[s.Value] = slices.Clone(fork.Out)
	}
	take := func(v *fixed.Value, to *plan.Stage) *plan.Stream {
		s := readers[v][0]
		readers[v], s.To = readers[v][1:], to
		return s
	}
	for _, v := range net.Inputs {
		p.Inputs = append(p.Inputs, stream(v, nil))
		share(p.Inputs[len(p.Inputs)-1])
	}
	kinds := map[string]plan.Kind{"conv": plan.Conv, "maxpool": plan.Pool, "requant": plan.Scale, "concat": plan.Concat, "argmax": plan.ArgMax}
	for _, n := range net.Nodes {
		st := &plan.Stage{Name: n.Name, Kind: kinds[n.Op.Kind()], Node: n}
		for _, v := range n.In {
			st.In = append(st.In, take(v, st))
		}
		st.Out = []*plan.Stream{stream(n.Out, st)}
		st.Fold = folding(st)
		p.Stages = append(p.Stages, st)
		share(st.Out[0])
	}
	for _, v := range net.Outputs {
		p.Outputs = append(p.Outputs, take(v, nil))
	}
	return p
}

// foldOne does one product at a time.
func foldOne(*plan.Stage) plan.Folding { return plan.Folding{PE: 1, TapY: 1, TapX: 1, Cw: 1} }

// folding is a random folding, not only of divisors.
func (d dice) folding(st *plan.Stage) plan.Folding {
	in, out := st.In[0].Value.Shape, st.Out[0].Value.Shape
	f := plan.Folding{PE: d.within(1, out.C), TapY: 1, TapX: 1, Cw: d.within(1, in.C)}
	if op, ok := st.Node.Op.(*fixed.Conv); ok {
		f.TapY = d.pick(1, plan.NewWalk(op.Window, op.Transposed, 0, in.H, out.H).Taps)
		f.TapX = d.pick(1, plan.NewWalk(op.Window, op.Transposed, 1, in.W, out.W).Taps)
	}
	return f
}
