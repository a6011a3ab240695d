package nettest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"rampart/ir/fixed"
)

// guard puts checksums, copies with votes, and bounds into a network, some into most. It draws from dice of its
// own, so that what Net's caller draws next does not depend on it.
func (d Dice) guard(net *fixed.Net) {
	g := Dice{Rand: rand.New(rand.NewPCG(d.seed, 11))}
	for _, n := range net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			c.Checksum = g.IntN(2) == 0
		}
	}
	if g.IntN(2) == 0 {
		g.duplicate(net)
	}
	if g.IntN(2) == 0 {
		g.clip(net)
	}
	if g.IntN(3) == 0 {
		g.tap(net)
	}
	if err := fixed.Check(net); err != nil {
		panic(fmt.Sprintf("BUG: nettest: %v", err))
	}
}

// narrow tells whether a node other than an argmax can read a value.
func narrow(v *fixed.Value) bool { return v.Format.Bits <= 16 }

// behind puts an operator of one input behind node i. It takes over the node's value, and gives the node another.
func behind(net *fixed.Net, i int, name string, op fixed.Op) {
	n := net.Nodes[i]
	raw := *n.Out
	raw.Name = name + "_in"
	net.Nodes = slices.Insert(net.Nodes, i+1, &fixed.Node{Name: name, In: []*fixed.Value{&raw}, Out: n.Out, Op: op})
	n.Out = &raw
}

// some is the place of one of the nodes that will do, -1 where none does.
func (d Dice) some(net *fixed.Net, will func(n *fixed.Node) bool) int {
	var all []int
	for i, n := range net.Nodes {
		if will(n) {
			all = append(all, i)
		}
	}
	if len(all) == 0 {
		return -1
	}
	return all[d.IntN(len(all))]
}

// copies draws which of so many channels have copies, at least one and most once.
func (d Dice) copies(channels, most int) []int {
	var of []int
	for len(of) == 0 {
		for c := range channels {
			for range min(d.Pick(0, 0, 1, 1, 2), most-len(of)) {
				of = append(of, c)
			}
		}
	}
	return of
}

// duplicate gives some channels of a convolution copies, which may differ from them, and a vote.
func (d Dice) duplicate(net *fixed.Net) {
	i := d.some(net, func(n *fixed.Node) bool {
		c, ok := n.Op.(*fixed.Conv)
		return ok && c.Group == 1 && narrow(n.Out)
	})
	if i < 0 {
		return
	}
	c := net.Nodes[i].Op.(*fixed.Conv)
	channels := len(c.Bias)
	of := d.copies(channels, channels)
	behind(net, i, "vote", &fixed.Vote{Copies: of})
	net.Nodes[i].Out.Shape.C += len(of)
	per := len(c.Weight) / channels
	for _, o := range of {
		weights := slices.Clone(c.Weight[o*per : (o+1)*per])
		if d.IntN(2) == 0 {
			weights[d.IntN(per)] = int32(d.signed(c.WeightBits))
		}
		c.Weight, c.Bias = append(c.Weight, weights...), append(c.Bias, c.Bias[o])
		c.Scale.Shift = append(c.Scale.Shift, c.Scale.Shift[o])
		if c.Scale.Mult != nil {
			c.Scale.Mult = append(c.Scale.Mult, c.Scale.Mult[o])
		}
	}
}

// clip puts bounds behind a node.
func (d Dice) clip(net *fixed.Net) {
	i := d.some(net, func(n *fixed.Node) bool { return narrow(n.Out) && n.Op.Kind() != "argmax" })
	if i < 0 {
		return
	}
	lo, hi := net.Nodes[i].Out.Format.Range()
	b := &fixed.Clip{Flag: d.IntN(2) == 0}
	both := d.IntN(2) == 0
	for range net.Nodes[i].Out.Shape.C {
		least := lo
		if both {
			least = d.In(lo, hi)
			b.Lo = append(b.Lo, least)
		}
		b.Hi = append(b.Hi, d.In(least, hi))
	}
	behind(net, i, "clip", b)
}

// tap makes an output of a vote over the channels of any value.
func (d Dice) tap(net *fixed.Net) {
	values := slices.Clone(net.Inputs)
	for _, n := range net.Nodes {
		values = append(values, n.Out)
	}
	values = slices.DeleteFunc(values, func(v *fixed.Value) bool { return !narrow(v) || v.Shape.C < 2 })
	if len(values) == 0 {
		return
	}
	v := values[d.IntN(len(values))]
	out := *v
	out.Name = "tapped"
	op := &fixed.Vote{}
	for {
		out.Shape.C = d.Within(1, v.Shape.C-1)
		if extra := v.Shape.C - out.Shape.C; extra <= 2*out.Shape.C {
			for len(op.Copies) != extra {
				op.Copies = d.copies(out.Shape.C, extra)
			}
			break
		}
	}
	net.Nodes = append(net.Nodes, &fixed.Node{Name: "tap", In: []*fixed.Value{v}, Out: &out, Op: op})
	net.Outputs = append(net.Outputs, &out)
}
