package hw

import (
	"fmt"

	"rampart/ir/rtl"
)

// fifo buffers up to depth beats: depth-1 in a memory and one in its output register. A beat pushed in
// cycle t can be popped from cycle t+2 on; one beat a cycle goes in and out.
func (b *builder) fifo(word rtl.Type, depth int, kind rtl.MemKind) *rtl.Module {
	words := depth - 1
	return b.module(fmt.Sprintf("%s_%s_d%d", kind, word, depth), func(name string) *rtl.Module {
		m := rtl.NewModule(name, fmt.Sprintf("First-in first-out buffer of %d beats of %s.", depth, word))
		inValid, inData := m.In("in_valid", rtl.U(1)), m.In("in_data", word)
		outReady := m.In("out_ready", rtl.U(1))

		pending := m.Reg("pending", rtl.U(rtl.BitsFor(words)), 0)
		full := m.Reg("out_full", rtl.U(1), 0)
		ready := pending.Q.EqI(int64(words)).Not().Named("has_space")
		push := inValid.And(ready).Named("push")
		fetch := pending.Q.EqI(0).Not().And(full.Q.Not().Or(outReady)).Named("fetch", "move the oldest beat to the output")
		full.Set(fetch.Or(full.Q.And(outReady.Not())))
		pending.SetIf(push.Xor(fetch), push.Mux(pending.Q.AddI(1), pending.Q.AddI(-1)))

		tail, _ := counter(m, "tail", words, push)
		head, _ := counter(m, "head", words, fetch)
		mem := m.Mem("beats", kind, word, words, nil)
		m.WritePort(mem, tail, inData, push)
		q := m.ReadPort(mem, "out_beat", head, fetch)

		m.Out("in_ready", ready)
		m.Out("out_valid", full.Q)
		m.Out("out_data", q)
		return m
	})
}
