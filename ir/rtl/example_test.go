package rtl

// exampleDesign uses everything that the text form can say.
func exampleDesign() *Design {
	leaf := NewModule("scale", "Multiplies.\n\nTwo paragraphs.")
	x := leaf.In("x", S(8).Vec(3))
	en := leaf.In("en", U(1))
	w := leaf.Const(S(4).Vec(3), 2)
	w.Imms[1] = -8
	prod := x.Mul(w).Named("prod", `the "product"; lane by lane`)
	out := leaf.Reg("out", S(12).Vec(3), -5)
	out.SetIf(en, prod)
	leaf.Out("y", out.Q)
	leaf.Out("total", out.Q.Sum())

	top := NewModule("top", "An example.")
	count := top.Reg("count", U(4), 3)
	rom := top.Mem("rom", MemWeights, S(8).Vec(3), 5, [][]int64{{1, -1, 0}, {2, 3, 4}, {-128, 127, 5}, {0, 0, 0}, {9, 9, 9}})
	rom.Tensor, rom.Doc = `conv1"weight"`, "Weights."
	q := top.ReadPort(rom, "q", count.Q, nil)
	ram := top.Mem("ram", MemFIFO, U(64).Vec(2), 3, nil)
	got := top.ReadPort(ram, "got", count.Q, count.Q.EqI(3))
	inst := top.Inst("s_0", leaf, map[string]*Node{"x": q})
	inst.Doc = "The only one."
	sum := inst.Port("total")
	inst.Connect("en", sum.LtI(4))
	top.WritePort(ram, count.Q, got.Not(), top.Bit(true))
	top.WritePort(ram, sum.Bitcast(U(14)), top.Join(got.Lanes(1, 1), got.Lanes(0, 1)), got.Lanes(0, 1).LtI(7))
	grow := count.Q.AddI(1).Sat(U(4))
	count.SetIf(count.Q.Ne(got.Select(count.Q, 1)), grow)
	top.Const(U(1).Vec(8), 0)
	top.Out("stretched", inst.Port("y").Stretch(2))
	top.Out("high", grow.Shl(3).Shr(1).Max(sum).Min(sum).Mux1())
	return NewDesign(top)
}

// Mux1 is n or its complement, by its own lowest bit.
func (n *Node) Mux1() *Node { return n.To(U(1)).Mux(n, n.Not()).Xor(n).Or(n).Sub(n) }
