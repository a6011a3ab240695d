package hw

import (
	"fmt"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// checksums adds the memory of a convolution's checksum, read along with the weights.
func (b *builder) checksums(m *rtl.Module, s *plan.Stage, addr, enable *rtl.Node) (word *rtl.Node) {
	words, bits := s.Checksums()
	mem := m.Mem("checksums", rtl.MemWeights, rtl.S(bits).Vec(s.Fold.SIMD()), len(words), words)
	mem.Tensor = s.Node.Name + ".checksum"
	b.notes[s.Name+"."+mem.Name] = noted{tensor: mem.Tensor, holds: "sums of the weights of the same word, input by input over the outputs"}
	return m.ReadPort(mem, "checksum_word", addr, enable)
}

// verify compares the sum of the accumulators acc, of lanes of one type, with what it must be, in the cycles in
// which valid is 1, and tells some cycles later where they differ. All wrap alike, so that nothing need be known
// of how large the sums are: one wrong accumulator always shows.
func verify(m *rtl.Module, acc, want, valid *rtl.Node) (fault *rtl.Node) {
	t := acc.Type
	level := 0
	for n := t.Lanes; n > 1; n = (n + 1) / 2 {
		half := n / 2
		sum := m.Node(rtl.OpAdd, t.Vec(half), nil, acc.Lanes(0, half), acc.Lanes(half, half))
		if n%2 == 1 {
			sum = m.Join(sum, acc.Lanes(n-1, 1))
		}
		if acc, level = sum, level+1; level%2 == 0 {
			acc = m.DelayIf(fmt.Sprintf("total_%d", level/2), valid, acc)
			want = m.DelayIf(fmt.Sprintf("wanted_%d", level/2), valid, want)
			valid = m.Delay(fmt.Sprintf("total_valid_%d", level/2), valid)
		}
	}
	return m.Delay("mismatch", valid.And(acc.Ne(want)))
}
