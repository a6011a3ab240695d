package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// fork copies a stream to several users, each behind a FIFO of its own; a skip connection's FIFO is
// its skip buffer.
func (b *builder) fork(s *plan.Stage) *rtl.Module {
	m := rtl.NewModule(b.moduleName(s), fmt.Sprintf("Fork of %s to %d users.", s.In[0].Name, len(s.Out)))
	inValid, inData := m.In("in_valid", rtl.U(1)), m.In("in_data", beatType(s.In[0]))
	fifos := make([]*rtl.Instance, len(s.Out))
	var ready []*rtl.Node
	for i, out := range s.Out {
		kind := rtl.MemFIFO
		if out.Skip {
			kind = rtl.MemSkip
		}
		fifos[i] = m.Inst(bufferName(s, i), b.fifo(beatType(out), out.Depth, kind), map[string]*rtl.Node{
			"in_data": inData, "out_ready": m.In(fmt.Sprintf("out%d_ready", i), rtl.U(1)),
		})
		ready = append(ready, fifos[i].Port("in_ready"))
	}
	all := m.All(ready...).Named("all_ready")
	push := inValid.And(all).Named("push")
	m.Out("in_ready", all)
	for i, f := range fifos {
		f.Connect("in_valid", push)
		m.Out(fmt.Sprintf("out%d_valid", i), f.Port("out_valid"))
		m.Out(fmt.Sprintf("out%d_data", i), f.Port("out_data"))
	}
	return m
}

// concat joins the channels of its inputs, pixel by pixel: all beats of the first, then of the next.
func (b *builder) concat(s *plan.Stage) *rtl.Module {
	m := rtl.NewModule(b.moduleName(s), fmt.Sprintf("Concatenation %s of %d streams.", s.Node.Name, len(s.In)))
	fifo := m.Inst(bufferName(s, 0), b.fifo(beatType(s.Out[0]), s.Out[0].Depth, rtl.MemFIFO), map[string]*rtl.Node{
		"out_ready": m.In("out_ready", rtl.U(1)),
	})
	turn := m.Reg("turn", index(s.Out[0].Beats()), 0)
	space := fifo.Port("in_ready")
	var valid, data *rtl.Node
	first := 0
	for i, in := range s.In {
		v, d := m.In(fmt.Sprintf("in%d_valid", i), rtl.U(1)), m.In(fmt.Sprintf("in%d_data", i), beatType(in))
		end := first + in.Beats()
		mine := turn.Q.LtI(int64(end))
		if first > 0 {
			mine = mine.And(turn.Q.LtI(int64(first)).Not())
		}
		mine = mine.Named(fmt.Sprintf("turn_of_%d", i))
		m.Out(fmt.Sprintf("in%d_ready", i), mine.And(space))
		if first = end; valid == nil {
			valid, data = mine.And(v), d
			continue
		}
		valid, data = valid.Or(mine.And(v)), mine.Mux(d, data)
	}
	push := valid.And(space).Named("push")
	turn.SetIf(push, turn.Q.EqI(int64(first-1)).MuxI(0, turn.Q.AddI(1)))
	fifo.Connect("in_valid", push)
	fifo.Connect("in_data", data)
	m.Out("out_valid", fifo.Port("out_valid"))
	m.Out("out_data", fifo.Port("out_data"))
	return m
}

// argmax finds the channel with the greatest value of each pixel; the lowest wins ties.
func (b *builder) argmax(s *plan.Stage) *rtl.Module {
	f := b.newFrame(s, fmt.Sprintf("Greatest of %d channels, serially; the lowest wins ties.", s.In[0].Value.Shape.C))
	m, in := f.m, f.in
	ready := f.fifo.Port("in_ready")
	accept := f.inValid.And(ready).Named("accept")
	beat, last := counter(m, "beat", in.Beats(), accept)

	elem, class := elemType(in.Value), elemType(f.out.Value)
	bestValue, bestClass := m.Reg("best_value", elem, 0), m.Reg("best_class", class, 0)
	value, winner := bestValue.Q, bestClass.Q
	for l := 0; l < in.Lanes; l++ {
		channels, real := make([]int64, in.Beats()), make([]int64, in.Beats())
		for k := range channels {
			if c := in.Layout[k*in.Lanes+l]; c >= 0 {
				channels[k], real[k] = int64(c), 1
			}
		}
		lane := f.inData.Lanes(l, 1)
		wins := value.Lt(lane)
		if l == 0 {
			wins = beat.EqI(0).Or(wins)
		}
		wins = wins.And(table(m, fmt.Sprintf("lane_%d_is_channel", l), beat, real)).Named(fmt.Sprintf("wins_%d", l))
		value, winner = wins.Mux(lane, value), wins.Mux(table(m, fmt.Sprintf("lane_%d_channel", l), beat, channels).To(class), winner)
	}
	bestValue.SetIf(accept, value)
	bestClass.SetIf(accept, winner)
	return f.finish(ready, winner, accept.And(last))
}
