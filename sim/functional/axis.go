package functional

import (
	"math/bits"
	"slices"

	"rampart/ir/fixed"
)

// axis is one dimension of a convolution, seen from its outputs. Output o = phase + j*outStep takes kernel
// element k from input j*inStep + tap.at, for every tap of the phase. A sliding window has one phase, a
// transposed one as many as its stride.
type axis struct {
	inStep, outStep int
	phases          [][]tap
	in, out         int // sizes
}

// tap is a kernel element and where it reads or writes.
type tap struct{ k, at int }

// newAxis is dimension d of c over inputs and outputs of these sizes.
func newAxis(c *fixed.Conv, d, in, out int) axis {
	k, s, dil, pad := c.Kernel[d], c.Stride[d], c.Dilation[d], c.Before[d]
	if !c.Transposed {
		a := axis{inStep: s, outStep: 1, phases: make([][]tap, 1), in: in, out: out}
		for i := range k {
			a.phases[0] = append(a.phases[0], tap{i, i*dil - pad})
		}
		return a
	}
	a := axis{inStep: 1, outStep: s, phases: make([][]tap, min(s, out)), in: in, out: out}
	for p := range a.phases {
		for i := range k {
			if (p+pad-i*dil)%s == 0 {
				a.phases[p] = append(a.phases[p], tap{i, (p + pad - i*dil) / s})
			}
		}
	}
	return a
}

// count is the number of outputs of a phase.
func (a axis) count(phase int) int { return (a.out - phase + a.outStep - 1) / a.outStep }

// border is how far taps reach outside the input before and behind it.
func (a axis) border() (before, after int) {
	for p, taps := range a.phases {
		for _, t := range taps {
			before = max(before, -t.at)
			after = max(after, t.at+(a.count(p)-1)*a.inStep-(a.in-1))
		}
	}
	return before, after
}

// spread is the same dimension seen from its inputs: input i = residue + j*inStep adds to outputs
// j*outStep + target.at, for every target of the residue. Targets lie in ascending order; some lie outside
// the output.
type spread struct {
	inStep, outStep int
	residues        [][]tap
	before, after   int // how far targets of any residue reach outside the output
}

// spread turns the dimension round.
func (a axis) spread() spread {
	s := spread{inStep: a.inStep, outStep: a.outStep, residues: make([][]tap, a.inStep)}
	for phase, taps := range a.phases {
		for _, t := range taps {
			// Input i = t.at + j*inStep serves output phase + j*outStep.
			r := ((t.at % a.inStep) + a.inStep) % a.inStep
			s.residues[r] = append(s.residues[r], tap{t.k, phase + (r-t.at)/a.inStep*a.outStep})
		}
	}
	for _, targets := range s.residues {
		slices.SortFunc(targets, func(a, b tap) int { return a.at - b.at })
	}
	lowest, highest := s.reach()
	s.before = max(0, -lowest)
	s.after = max(0, highest+(a.in-1)/a.inStep*a.outStep-(a.out-1))
	return s
}

// reach is the range of the targets of all residues.
func (s spread) reach() (lowest, highest int) {
	first := true
	for _, targets := range s.residues {
		for _, t := range targets {
			if first {
				lowest, highest, first = t.at, t.at, false
			}
			lowest, highest = min(lowest, t.at), max(highest, t.at)
		}
	}
	return lowest, highest
}

// bits sets the bits of all targets, among so many outputs, of the inputs whose bits are set.
func (s spread) bits(out, in []uint64, outputs int) {
	targets := s.residues[0]
	if s.inStep > 1 || s.outStep > 2 {
		s.slowBits(out, in, outputs)
		return
	}
	for i, b := range in {
		if b == 0 {
			continue
		}
		words := [2]uint64{b}
		if s.outStep == 2 {
			words = [2]uint64{apart(uint32(b)), apart(uint32(b >> 32))}
		}
		for k := range s.outStep {
			for _, t := range targets {
				putBits(out, words[k], (i*s.outStep+k)*64+t.at)
			}
		}
	}
	if rest := outputs % 64; rest > 0 {
		out[outputs/64] &= 1<<rest - 1
	}
}

// putBits sets the bits of b from bit at on, as far as there are such.
func putBits(out []uint64, b uint64, at int) {
	word, shift := at>>6, at&63
	if word >= 0 && word < len(out) {
		out[word] |= b << shift
	}
	if shift > 0 && word+1 >= 0 && word+1 < len(out) {
		out[word+1] |= b >> (64 - shift)
	}
}

// apart puts a zero behind each bit.
func apart(b uint32) uint64 {
	v := uint64(b)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

func (s spread) slowBits(out, in []uint64, outputs int) {
	for i, b := range in {
		for ; b != 0; b &= b - 1 {
			s.each(i*64+bits.TrailingZeros64(b), outputs, func(o, _ int) { out[o>>6] |= 1 << (o & 63) })
		}
	}
}
