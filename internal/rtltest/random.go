package rtltest

import (
	"fmt"
	"math/rand/v2"

	"rampart/ir/rtl"
)

// Random makes a legal design of modules with about size computed nodes each, more modules for larger
// sizes: registers with and without enables, memories of odd depths with several ports, shared and
// nested instances, streams in and out whose valid and ready come and go. The same seed and size give
// the same design. Every operation turns up over a few dozen seeds.
func Random(seed uint64, size int) *rtl.Design {
	r := rand.New(rand.NewPCG(seed, uint64(size)))
	var modules []*rtl.Module
	for i := range r.IntN(2 + size/20) {
		g := newGenerator(r, fmt.Sprintf("block_%d", i), modules)
		for k := range 1 + r.IntN(3) {
			g.offer(g.m.In(fmt.Sprintf("in_%d", k), g.someType()))
		}
		g.build(size)
		for k := range 1 + r.IntN(3) {
			g.m.Out(fmt.Sprintf("out_%d", k), g.moore())
		}
		modules = append(modules, g.m)
	}
	return rtl.NewDesign(randomTop(r, modules, size))
}

// randomTop wraps random logic in streams. A counter opens every stream now and then, whatever the
// random logic says, so that beats flow.
func randomTop(r *rand.Rand, modules []*rtl.Module, size int) *rtl.Module {
	g := newGenerator(r, "top", modules)
	ins, outs := 1+r.IntN(2), 1+r.IntN(2)
	for k := range ins {
		g.offer(g.m.In(fmt.Sprintf("in_%d_valid", k), rtl.U(1)))
		g.offer(g.m.In(fmt.Sprintf("in_%d_data", k), g.someType()))
	}
	for k := range outs {
		g.offer(g.m.In(fmt.Sprintf("out_%d_ready", k), rtl.U(1)))
	}
	for k := range r.IntN(3) { // ports of no stream, whose values are seen in any case
		pin := g.offer(g.m.In(fmt.Sprintf("pin_%d", k), g.someType()))
		g.offer(g.m.Delay(pin.Name+"_was", pin))
	}
	tick := g.m.Reg("tick", rtl.U(3), 0)
	tick.Set(tick.Q.AddI(1))
	g.offer(tick.Q)
	g.build(size)
	open := func(at int64) *rtl.Node { return g.bit(g.moore()).Or(tick.Q.EqI(at % 8)) }
	for k := range ins {
		g.m.Out(fmt.Sprintf("in_%d_ready", k), open(int64(3*k)))
	}
	for k := range outs {
		g.m.Out(fmt.Sprintf("out_%d_data", k), g.moore())
		g.m.Out(fmt.Sprintf("out_%d_valid", k), open(int64(1+k)))
	}
	if r.IntN(2) == 0 {
		g.m.Out("status", g.moore()) // a port of no stream
	}
	return g.m
}

// Limits on random values.
const (
	maxLanes = 12
	maxWidth = 300
)

// generator grows one random module. Nodes offered to it serve as operands later.
type generator struct {
	r       *rand.Rand
	m       *rtl.Module
	below   []*rtl.Module // modules to make instances of
	pool    []*rtl.Node
	mooreOK map[*rtl.Node]bool // depends on no input port
	names   int
}

func newGenerator(r *rand.Rand, name string, below []*rtl.Module) *generator {
	g := &generator{r: r, m: rtl.NewModule(name, "Random logic."), below: below, mooreOK: map[*rtl.Node]bool{}}
	for range 2 {
		t := g.someType()
		g.offer(g.m.Const(t, int64(r.Uint64())))
	}
	return g
}

// name is a fresh name.
func (g *generator) name(kind string) string {
	g.names++
	return fmt.Sprintf("%s_%d", kind, g.names)
}

// offer makes a node an operand for later ones.
func (g *generator) offer(n *rtl.Node) *rtl.Node {
	g.pool = append(g.pool, n)
	return n
}

// build adds state and instances, grows logic on them, and drives them from it.
func (g *generator) build(size int) {
	regs, mems, insts := g.addRegs(1+size/8), g.addMems(g.r.IntN(3)), g.addInsts(g.r.IntN(3))
	for range size {
		op := growOps[g.r.IntN(len(growOps))]
		n := g.offer(growers[op](g, op))
		if g.r.IntN(4) == 0 && n.Name == "" && !n.Op.Info().Source {
			n.Named(g.name("n"))
		}
	}
	for _, r := range regs {
		r.SetIf(g.maybe(g.bit), g.as(g.any(), r.Q.Type))
	}
	for _, mem := range mems {
		for _, p := range mem.Reads {
			p.Addr, p.Enable = g.address(mem), g.maybe(g.bit)
		}
		for range g.r.IntN(3) {
			g.m.WritePort(mem, g.address(mem), g.as(g.any(), mem.Word), g.bit(g.any()))
		}
	}
	for _, i := range insts {
		for _, p := range i.Of.Inputs {
			i.Connect(p.Name, g.as(g.any(), p.Type))
		}
	}
}

// maybe is f of some node, or nil.
func (g *generator) maybe(f func(*rtl.Node) *rtl.Node) *rtl.Node {
	if g.r.IntN(2) == 0 {
		return nil
	}
	return f(g.any())
}

func (g *generator) addRegs(n int) []*rtl.Reg {
	var regs []*rtl.Reg
	for range n {
		t := g.someType()
		init := int64(0)
		if g.r.IntN(2) == 0 {
			init = t.Wrap(int64(g.r.Uint64()))
		}
		r := g.m.Reg(g.name("r"), t, init)
		g.offer(r.Q)
		regs = append(regs, r)
	}
	return regs
}

var memKinds = []rtl.MemKind{rtl.MemWeights, rtl.MemBias, rtl.MemRequant, rtl.MemLine, rtl.MemFIFO, rtl.MemSkip}

func (g *generator) addMems(n int) []*rtl.Mem {
	var mems []*rtl.Mem
	depths := []int{1, 2, 3, 5, 8, 13, 16, 33}
	for range n {
		word, depth := g.someType(), depths[g.r.IntN(len(depths))]
		var init [][]int64
		if g.r.IntN(2) == 0 {
			for range depth {
				init = append(init, g.values(word))
			}
		}
		mem := g.m.Mem(g.name("m"), memKinds[g.r.IntN(len(memKinds))], word, depth, init)
		for range 1 + g.r.IntN(3) {
			g.offer(g.m.ReadPort(mem, g.name("q"), nil, nil))
		}
		mems = append(mems, mem)
	}
	return mems
}

func (g *generator) values(t rtl.Type) []int64 {
	vs := make([]int64, t.Lanes)
	for i := range vs {
		vs[i] = t.Wrap(int64(g.r.Uint64()))
	}
	return vs
}

func (g *generator) addInsts(n int) []*rtl.Instance {
	var insts []*rtl.Instance
	if len(g.below) == 0 {
		return nil
	}
	for range n {
		i := g.m.Inst(g.name("u"), g.below[g.r.IntN(len(g.below))], nil)
		for _, o := range i.Out {
			g.offer(o)
		}
		insts = append(insts, i)
	}
	return insts
}

// someType is a random type: mostly narrow scalars, some near the corners of machine words.
func (g *generator) someType() rtl.Type {
	t := rtl.Type{Lanes: 1, Bits: 1 + g.r.IntN(12), Signed: g.r.IntN(2) == 0}
	switch g.r.IntN(6) {
	case 0:
		corners := []int{31, 32, 33, 63, 64}
		t.Bits = corners[g.r.IntN(len(corners))]
	case 1:
		t.Bits, t.Signed = 1, false
	case 2, 3:
		t.Lanes = 2 + g.r.IntN(4)
	}
	return t
}
