package hw

import (
	"fmt"
	"slices"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// clip bounds each channel by words of memories that are read beat by beat.
func (b *builder) clip(s *plan.Stage) *rtl.Module {
	op := s.Node.Op.(*fixed.Clip)
	f := b.newFrame(s, fmt.Sprintf("Bounds %s of the channels of %s.", s.Node.Name, shapeName(s.Node.In[0])))
	m := f.m
	ready, accept := f.admit()
	beat, _ := counter(m, "beat", f.in.Beats(), accept)
	bound := func(name string, values []int64) *rtl.Node {
		words, elems := perBeat(f.out, values)
		mem := m.Mem(name, rtl.MemRequant, beatType(f.out), len(words), words)
		mem.Tensor = s.Node.Name + "." + name
		b.note(s, mem, elems)
		return m.ReadPort(mem, name+"_word", beat, accept)
	}
	operand, valid := m.DelayIf("operand", accept, f.inData), m.Delay("operand_valid", accept)
	y := operand
	if op.Lo != nil {
		y = y.Max(bound("low", op.Lo))
	}
	y = y.Min(bound("high", op.Hi)).Named("bounded")
	if op.Flag {
		outside := y.Ne(operand)
		if slices.Contains(f.out.Layout, -1) {
			held := m.DelayIf("beat_held", accept, beat)
			outside = outside.And(channelLanes(m, f.out).Select(held, f.out.Lanes))
		}
		m.Out("fault", m.Delay("outside", valid.And(anyLane(m, outside))))
	}
	return f.finish(ready, m.DelayIf("clipped", valid, y), m.Delay("clipped_valid", valid))
}

// channelLanes is 1 for each lane of a pixel that holds a channel, beat after beat.
func channelLanes(m *rtl.Module, s *plan.Stream) *rtl.Node {
	held := make([]int64, len(s.Layout))
	for l, c := range s.Layout {
		if c >= 0 {
			held[l] = 1
		}
	}
	return m.Node(rtl.OpConst, rtl.U(1).Vec(len(held)), held).Named("lane_is_channel")
}

// anyLane is 1 where a lane of v is.
func anyLane(m *rtl.Module, v *rtl.Node) *rtl.Node {
	for n := v.Type.Lanes; n > 1; n = v.Type.Lanes {
		half := n / 2
		either := v.Lanes(0, half).Or(v.Lanes(half, half))
		if n%2 == 1 {
			either = m.Join(either, v.Lanes(n-1, 1))
		}
		v = either
	}
	return v
}

// vote makes one channel of several alike. It collects a pixel, for copies may come on other beats, votes when
// the last beat is there, and serialises what comes of it.
func (b *builder) vote(s *plan.Stage) *rtl.Module {
	op := s.Node.Op.(*fixed.Vote)
	f := b.newFrame(s, fmt.Sprintf("Vote %s: %s of %d copies and their channels.", s.Node.Name, shapeName(s.Node.Out), len(op.Copies)))
	m, beats := f.m, f.out.Beats()
	inBeat := newCounterSlot(m, "in_beat", f.in.Beats())
	room := m.Reg("room", index(f.out.Depth), int64(f.out.Depth-1))
	fits := room.Q.LtI(int64(beats)).Not().Named("has_room")
	var cool *rtl.Reg // a pixel may have more beats than its copies and it came in
	if beats > f.in.Beats() {
		cool = m.Reg("cool_down", rtl.U(rtl.BitsFor(beats-1)), 0)
		fits = fits.And(cool.Q.EqI(0))
	}
	ready := inBeat.last.Not().Or(fits).Named("can_take")
	accept := f.inValid.And(ready).Named("accept")
	inBeat.step(accept)
	complete := accept.And(inBeat.last).Named("complete")
	if cool != nil {
		cool.SetIf(complete.Or(cool.Q.EqI(0).Not()), complete.MuxI(int64(beats-1), cool.Q.AddI(-1)))
	}
	taken := complete.MuxI(int64(beats), m.Const(rtl.U(1), 0))
	room.SetIf(complete.Or(f.popped), room.Q.Sub(taken).Add(f.popped))

	y, differ := ballot(m, op, s, f.collect(accept))
	m.Out("fault", m.Delay("dissent", complete.And(anyLane(m, differ))))
	if beats == 1 {
		return f.finish(ready, m.DelayIf("voted", complete, y), m.Delay("voted_valid", complete))
	}
	value, valid, _ := drain(m, y, complete, f.out.Lanes, outSpec{beats: beats, group: beats})
	return f.finish(ready, value, valid)
}

// collect is the lanes of a whole pixel in the cycle in which its last beat is accepted.
func (f *frame) collect(accept *rtl.Node) *rtl.Node {
	if f.in.Beats() == 1 {
		return f.inData
	}
	lanes := f.inData.Type.Lanes
	before := f.m.Reg("pixel", elemType(f.in.Value).Vec((f.in.Beats()-1)*lanes), 0)
	all := f.m.Join(before.Q, f.inData)
	before.SetIf(accept, all.Lanes(lanes, before.Q.Type.Lanes))
	return all
}

// pick is a lane of a value.
type pick struct {
	of   *rtl.Node
	lane int
}

// gather puts lanes side by side, neighbours of one value in one piece.
func gather(m *rtl.Module, picks []pick) *rtl.Node {
	var parts []*rtl.Node
	for from := 0; from < len(picks); {
		p, to := picks[from], from+1
		for to < len(picks) && picks[to] == (pick{p.of, p.lane + to - from}) {
			to++
		}
		parts = append(parts, p.of.Lanes(p.lane, to-from))
		from = to
	}
	return m.Join(parts...)
}

// ballot decides about all channels of a pixel, for the lanes of the output. differ has a lane for each copy
// and tells whether it differs from its channel.
func ballot(m *rtl.Module, op *fixed.Vote, s *plan.Stage, pixel *rtl.Node) (y, differ *rtl.Node) {
	at := func(channel int) pick { return pick{pixel, slices.Index(s.In[0].Layout, channel)} }
	voters := op.Voters(s.Node.Out.Shape.C)
	decided := make([]pick, len(voters)) // by channel
	var parts []*rtl.Node
	for copies, name := range []string{"", "nearer", "median"} {
		ballots := make([][]pick, copies+1) // the channels with so many copies, and each of their copies
		for c, from := range voters {
			if len(from) != copies+1 {
				continue
			}
			decided[c] = pick{lane: len(ballots[0])}
			if copies == 0 {
				decided[c] = at(c)
			}
			for k, v := range from {
				ballots[k] = append(ballots[k], at(v))
			}
		}
		if copies == 0 || len(ballots[0]) == 0 {
			continue
		}
		votes := make([]*rtl.Node, len(ballots))
		for k, b := range ballots {
			votes[k] = gather(m, b)
		}
		for _, v := range votes[1:] {
			parts = append(parts, votes[0].Ne(v))
		}
		winner := decide(m, votes, s.Node.Out).Named(name)
		for c, from := range voters {
			if len(from) == copies+1 {
				decided[c].of = winner
			}
		}
	}
	nothing := m.Const(elemType(s.Node.Out), 0)
	picks := make([]pick, len(s.Out[0].Layout))
	for l, c := range s.Out[0].Layout {
		if picks[l] = (pick{of: nothing}); c >= 0 {
			picks[l] = decided[c]
		}
	}
	return gather(m, picks), m.Join(parts...)
}

// decide is fixed.Decide lane by lane. Where the zero point is an end of the format's range the nearer of two
// is the lesser or the greater.
func decide(m *rtl.Module, votes []*rtl.Node, v *fixed.Value) *rtl.Node {
	a, b := votes[0], votes[1]
	if len(votes) == 3 {
		return a.Min(b).Max(a.Max(b).Min(votes[2]))
	}
	lo, hi := v.Format.Range()
	switch v.Zero {
	case lo:
		return a.Min(b)
	case hi:
		return a.Max(b)
	}
	distance := func(n *rtl.Node) *rtl.Node {
		d := n.AddI(-v.Zero)
		return d.Max(m.Const(rtl.U(1), 0).Sub(d))
	}
	return distance(b).Lt(distance(a)).Mux(b, a)
}
