package hw

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// frame is the outside of a stage with one input and one output stream.
type frame struct {
	m               *rtl.Module
	inValid, inData *rtl.Node
	outReady        *rtl.Node
	in, out         *plan.Stream
	fifo            *rtl.Instance
	popped          *rtl.Node
}

// newFrame starts a stage's module with its ports and its output FIFO, whose input is yet to be driven.
func (b *builder) newFrame(s *plan.Stage, doc string) *frame {
	f := &frame{m: rtl.NewModule(b.moduleName(s), doc), in: s.In[0], out: s.Out[0]}
	f.inValid = f.m.In("in_valid", rtl.U(1))
	f.inData = f.m.In("in_data", beatType(f.in))
	f.outReady = f.m.In("out_ready", rtl.U(1))
	f.fifo = f.m.Inst(bufferName(s, 0), b.fifo(beatType(f.out), f.out.Depth, rtl.MemFIFO), map[string]*rtl.Node{"out_ready": f.outReady})
	f.popped = f.fifo.Port("out_valid").And(f.outReady).Named("popped")
	return f
}

// finish drives the FIFO and the ports.
func (f *frame) finish(ready, data, valid *rtl.Node) *rtl.Module {
	f.fifo.Connect("in_data", data)
	f.fifo.Connect("in_valid", valid)
	f.m.Out("in_ready", ready)
	f.m.Out("out_valid", f.fifo.Port("out_valid"))
	f.m.Out("out_data", f.fifo.Port("out_data"))
	return f.m
}

// beatType is the type of a beat of a stream.
func beatType(s *plan.Stream) rtl.Type { return elemType(s.Value).Vec(s.Lanes) }

func elemType(v *fixed.Value) rtl.Type {
	return rtl.Type{Lanes: 1, Bits: v.Format.Bits, Signed: v.Format.Signed}
}

// windowOf is the window generator of a convolution or pool stage.
func windowOf(s *plan.Stage, pad int64) windowSpec {
	return windowSpec{
		elem: elemType(s.In[0].Value), pad: pad, lanes: s.In[0].Lanes, beats: s.In[0].Beats(),
		walk: s.Walk, fold: s.Fold, rows: s.Rows, groups: s.Groups(), pooling: s.Kind == plan.Pool,
		interval: s.Interval(),
		out:      outSpec{beats: s.Out[0].Beats(), group: s.GroupBeats(), room: s.Out[0].Depth - 1},
	}
}

func (b *builder) instWindow(f *frame, spec windowSpec) *rtl.Instance {
	return f.m.Inst("window", b.window(spec), map[string]*rtl.Node{
		"in_valid": f.inValid, "in_data": f.inData, "popped": f.popped,
	})
}

// conv is a convolution or transposed convolution: window, weights, matrix-vector unit, requantiser.
func (b *builder) conv(s *plan.Stage) *rtl.Module {
	op := s.Node.Op.(*fixed.Conv)
	f := b.newFrame(s, fmt.Sprintf("Convolution %s: %s to %s, %d outputs times %d inputs a cycle.",
		s.Node.Name, shapeName(s.Node.In[0]), shapeName(s.Node.Out), s.Fold.PE, s.Fold.SIMD()))
	m := f.m
	win := b.instWindow(f, windowOf(s, s.Node.In[0].Zero))

	words, elems := s.Weights()
	weight := rtl.S(op.WeightBits)
	mem := m.Mem("weights", rtl.MemWeights, weight.Vec(s.Fold.Multipliers()), len(words), words)
	mem.Tensor = s.Node.Name + ".weight"
	b.note(s, mem, elems)
	w := m.ReadPort(mem, "weight_word", win.Port("w_addr"), win.Port("w_en"))

	in := map[string]*rtl.Node{
		"x": win.Port("x"), "w": w,
		"valid": win.Port("x_valid"), "first": win.Port("x_first"), "last": win.Port("x_last"),
	}
	checksum := rtl.Type{}
	if op.Checksum {
		in["c"] = b.checksums(m, s, win.Port("w_addr"), win.Port("w_en"))
		checksum = in["c"].Type.Elem()
	}
	mac := m.Inst("mac", b.mac(s.Fold.PE, s.Fold.SIMD(), elemType(s.In[0].Value), weight, checksum, op.AccBits), in)
	if op.Checksum {
		m.Out("fault", mac.Port("fault"))
	}
	out := outSpec{beats: f.out.Beats(), group: s.GroupBeats()}
	acc, valid, beat := drain(m, mac.Port("acc"), mac.Port("acc_valid"), f.out.Lanes, out)
	y, yValid := b.requantise(f, s, requantOf(op, s.Node), op.Bias, op.Scale, acc, valid, beat)
	return f.finish(win.Port("in_ready"), y, yValid)
}

func shapeName(v *fixed.Value) string {
	return fmt.Sprintf("%dx%dx%d", v.Shape.H, v.Shape.W, v.Shape.C)
}

// pool is a maximum over windows.
func (b *builder) pool(s *plan.Stage) *rtl.Module {
	f := b.newFrame(s, fmt.Sprintf("Maximum pool %s: %s to %s, %d channels a cycle.",
		s.Node.Name, shapeName(s.Node.In[0]), shapeName(s.Node.Out), s.Fold.Cw))
	m := f.m
	elem := elemType(f.in.Value)
	lowest, _ := elem.Range()
	win := b.instWindow(f, windowOf(s, lowest))

	x := win.Port("x")
	most := x.Lanes(0, s.Fold.Cw)
	for t := 1; t < s.Fold.TapY*s.Fold.TapX; t++ {
		most = most.Max(x.Lanes(t*s.Fold.Cw, s.Fold.Cw))
	}
	best := m.Reg("best", elem.Vec(s.Fold.Cw), 0)
	best.SetIf(win.Port("x_valid"), win.Port("x_first").Mux(most, best.Q.Max(most)))
	done := m.Delay("best_full", win.Port("x_valid").And(win.Port("x_last")))
	y, valid, _ := drain(m, best.Q, done, f.out.Lanes, outSpec{beats: f.out.Beats(), group: s.GroupBeats()})
	return f.finish(win.Port("in_ready"), y, valid)
}

// admit takes a beat when the output has room for it; the beat must come out of the stage's pipeline in a fixed
// time.
func (f *frame) admit() (ready, accept *rtl.Node) {
	room := f.m.Reg("room", index(f.out.Depth), int64(f.out.Depth-1))
	ready = room.Q.EqI(0).Not().Named("has_room")
	accept = f.inValid.And(ready).Named("accept")
	room.SetIf(accept.Xor(f.popped), accept.Mux(room.Q.AddI(-1), room.Q.AddI(1)))
	return ready, accept
}

// scale is a requantiser alone.
func (b *builder) scale(s *plan.Stage) *rtl.Module {
	op := s.Node.Op.(*fixed.Requant)
	f := b.newFrame(s, fmt.Sprintf("Requantisation %s of %s.", s.Node.Name, shapeName(s.Node.In[0])))
	m := f.m
	ready, accept := f.admit()
	beat, _ := counter(m, "beat", f.in.Beats(), accept)
	spec, bias := requantOfScale(op, s.Node)
	acc := f.inData.To(rtl.S(spec.accBits).Vec(f.in.Lanes))
	y, valid := b.requantise(f, s, spec, bias, op.Scale, acc, accept, beat)
	return f.finish(ready, y, valid)
}
