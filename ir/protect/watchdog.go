package protect

import (
	"fmt"

	"rampart/ir/rtl"
)

// Stream is a stream of the top module, with the beats of an image.
type Stream struct {
	Name  string
	Beats int
}

// Watchdog says when a design counts as lost: when it has had work, and nobody to wait for, for so many cycles
// without a transfer on any stream; or when more than so many images are under way at once. It is lost, too, when
// it delivers what nobody owes.
//
// A beat that went missing shifts all that follows, and shows only when the stream pauses. Resync bounds that:
// after so many images the design finishes what it has before it takes more, and begins anew. That costs the
// time in which it runs empty; 0 never does it.
type Watchdog struct {
	Cycles int64
	Images int
	Resync int
}

// watched is what a watchdog does, as nodes of the top module.
type watched struct {
	tripped *rtl.Node // 1 in the cycle in which the design is found to be lost
	dropped *rtl.Node // then, the images that are begun and not delivered
}

// in is the same in a clone of the module; nil for nil.
func (w *watched) in(clone *rtl.Module) *watched {
	if w == nil {
		return nil
	}
	return &watched{clone.Nodes[w.tripped.ID], clone.Nodes[w.dropped.ID]}
}

// addWatchdog lets a design that is lost begin anew with the next image, and bring as many beats as it should for
// each image that it takes, come what may: the rest of an image that was half taken is swallowed, and what images
// under way still owe is delivered as zeros. Meanwhile all below the top module is held where reset brings it.
func addWatchdog(d *rtl.Design, in Stream, out []Stream, w Watchdog) (*watched, error) {
	top := d.Top
	b := &dog{top: top, lost: top.Reg("watchdog_lost", rtl.U(1), 0)}
	b.valid, b.ready = input(top, in.Name+"_valid"), output(top, in.Name+"_ready")
	if b.valid == nil || b.ready == nil {
		return nil, fmt.Errorf("watchdog: the design has no input stream %s", in.Name)
	}
	for _, s := range out {
		e := &exit{valid: output(top, s.Name+"_valid"), data: output(top, s.Name+"_data"), ready: input(top, s.Name+"_ready")}
		if e.valid == nil || e.data == nil || e.ready == nil {
			return nil, fmt.Errorf("watchdog: the design has no output stream %s", s.Name)
		}
		b.exits = append(b.exits, e)
	}
	b.entry(in, w.Resync)
	for i, e := range b.exits {
		b.exit(e, out[i], w.Images+1)
	}
	trip := b.trip(w).Named("watchdog_trips")
	b.lost.Set(b.lost.Q.Mux(b.even().Not(), trip))
	most := b.exits[0].ahead.Q
	for _, e := range b.exits[1:] {
		most = most.Max(e.ahead.Q)
	}
	anew := b.lost.Q
	if w.Resync > 0 {
		done := b.hold.And(b.even()).Named("watchdog_resyncs")
		b.due.SetIf(done.Or(b.beats.ends), done.MuxI(0, b.due.Q.Min(top.Const(b.due.Q.Type, int64(w.Resync-1))).AddI(1)))
		anew = anew.Or(done)
	}
	restart(d, anew)
	return &watched{tripped: trip, dropped: most}, nil
}

// dog is a watchdog under construction.
type dog struct {
	top   *rtl.Module
	lost  *rtl.Reg    // 1 until all is even again
	valid *rtl.Node   // of the input stream
	ready *rtl.Output // of it
	beats counter     // of it
	exits []*exit

	due  *rtl.Reg  // images since it began anew; nil without resync
	hold *rtl.Node // as many as may be
}

// exit is an output stream.
type exit struct {
	valid, data *rtl.Output
	ready       *rtl.Node
	beats       counter
	ahead       *rtl.Reg  // images begun less those that it has delivered
	owes        *rtl.Node // which is not 0
	unowed      *rtl.Node // the design delivers all the same
}

// counter counts the beats of a stream within an image.
type counter struct {
	moves *rtl.Node // a beat passes the edge of the top module
	first *rtl.Node // the image's first is due
	ends  *rtl.Node // the image's last passes
}

// count makes a counter; moves says of its first when a beat passes.
func (b *dog) count(s Stream, moves func(first *rtl.Node) *rtl.Node) counter {
	beat := b.top.Reg("watchdog_"+s.Name+"_beat", rtl.U(rtl.BitsFor(s.Beats-1)), 0)
	c := counter{first: beat.Q.EqI(0)}
	c.moves = moves(c.first)
	last := beat.Q.EqI(int64(s.Beats - 1))
	c.ends = c.moves.And(last)
	beat.SetIf(c.moves, last.MuxI(0, beat.Q.AddI(1)))
	return c
}

// entry puts a gate before the design: while it is lost it is offered nothing, and the rest of an image that it
// has taken in part is swallowed; and before it begins anew it is offered nothing either.
func (b *dog) entry(s Stream, resync int) {
	closed := b.lost.Q
	b.beats = b.count(s, func(first *rtl.Node) *rtl.Node {
		open := b.ready.Node
		if resync > 0 {
			b.due = b.top.Reg("watchdog_images", rtl.U(rtl.BitsFor(resync)), 0)
			b.hold = b.due.Q.EqI(int64(resync)).And(first).Named("watchdog_holds")
			open, closed = open.And(b.hold.Not()), closed.Or(b.hold)
		}
		b.ready.Node = b.lost.Q.Mux(first.Not(), open)
		return b.valid.And(b.ready.Node)
	})
	offered := b.valid.And(closed.Not()).Named("watchdog_" + s.Name + "_valid")
	for _, inst := range b.top.Insts {
		for i, n := range inst.In {
			if n == b.valid {
				inst.In[i] = offered
			}
		}
	}
}

// exit puts a gate behind the design: nothing passes that is not owed, and while it is lost zeros are delivered.
// Ahead counts up to most.
func (b *dog) exit(e *exit, s Stream, most int) {
	lost := b.lost.Q
	e.ahead = b.top.Reg("watchdog_"+s.Name+"_ahead", rtl.U(rtl.BitsFor(most)), 0)
	e.owes = e.ahead.Q.EqI(0).Not()
	e.unowed = e.valid.Node.And(e.owes.Not())
	e.valid.Node = e.owes.And(lost.Or(e.valid.Node))
	e.data.Node = lost.Mux(b.top.Const(e.data.Node.Type, 0), e.data.Node)
	e.beats = b.count(s, func(*rtl.Node) *rtl.Node { return e.valid.Node.And(e.ready) })
	begins := b.beats.moves.And(b.beats.first)
	e.ahead.SetIf(begins.Xor(e.beats.ends), begins.Mux(e.ahead.Q.AddI(1), e.ahead.Q.AddI(-1)))
}

// even tells that no image is begun and not delivered.
func (b *dog) even() *rtl.Node {
	even := []*rtl.Node{b.beats.first}
	for _, e := range b.exits {
		even = append(even, e.owes.Not())
	}
	return b.top.All(even...)
}

// trip tells that the design is found to be lost.
func (b *dog) trip(w Watchdog) *rtl.Node {
	half := b.beats.first.Not()
	moves := []*rtl.Node{b.lost.Q, b.beats.moves}
	var ready, owes, wrong []*rtl.Node
	for _, e := range b.exits {
		moves, ready, owes = append(moves, e.beats.moves), append(ready, e.ready), append(owes, e.owes)
		wrong = append(wrong, e.unowed, e.ahead.Q.EqI(int64(w.Images+1)))
	}
	waits := b.top.All(ready...).And(b.valid.Or(half.Not().And(b.top.Any(owes...))))
	timer := b.top.Reg("watchdog_timer", rtl.U(rtl.BitsFor(int(w.Cycles))), 0)
	over := timer.Q.EqI(w.Cycles)
	again := b.top.Any(moves...).Or(over)
	timer.SetIf(again.Or(waits), again.MuxI(0, timer.Q.AddI(1)))
	return b.top.Any(append(wrong, over)...).And(b.lost.Q.Not())
}
