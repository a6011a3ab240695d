package plan

import (
	"rampart/ir/fixed"
	"rampart/ir/rtl"
)

// Resources are what a stage or a plan takes of a device, in the units of the Xilinx 7 series. Logic is
// not estimated.
type Resources struct {
	MemoryBits int64 `json:"memory_bits"` // of all memories
	RAMB18     int   `json:"ramb18"`      // block RAMs of 18 kbit, for memories of more than 64 words
	LUTRAMBits int64 `json:"lutram_bits"` // of the other memories: in distributed RAM, or look-up tables where constant
	DSP        int   `json:"dsp"`         // multipliers of 25 x 18 bits, requantisers included
}

func (r *Resources) add(s Resources) {
	r.MemoryBits += s.MemoryBits
	r.RAMB18 += s.RAMB18
	r.LUTRAMBits += s.LUTRAMBits
	r.DSP += s.DSP
}

// Memory is a memory of a stage, or several alike.
type Memory struct {
	Kind  rtl.MemKind `json:"kind"`
	Banks int         `json:"banks"` // how many of them
	Width int         `json:"width"` // bits of a word
	Depth int         `json:"depth"` // words
}

// Bits is the size of all banks.
func (m Memory) Bits() int64 { return int64(m.Banks) * int64(m.Width) * int64(m.Depth) }

// lutRAMWords is the most words that are cheaper in distributed RAM, whose cells hold 64 bits.
const lutRAMWords = 64

// InLUTRAM tells whether the memory counts as distributed RAM, not as block RAM.
func (m Memory) InLUTRAM() bool { return m.Depth <= lutRAMWords }

// RAMB18 is the number of 18 kbit block RAMs that all banks take, as FINN estimates it for the aspect
// ratios 16k x 1, 8k x 2, 4k x 4, 2k x 9, 1k x 18 and, with one port, 512 x 36.
func (m Memory) RAMB18() int {
	w, d := m.Width, m.Depth
	n := 0
	switch {
	case w == 0 || d == 0:
	case w == 1:
		n = ceilDiv(d, 16384)
	case w == 2:
		n = ceilDiv(d, 8192)
	case w <= 4:
		n = ceilDiv(d, 4096) * ceilDiv(w, 4)
	case w <= 9:
		n = ceilDiv(d, 2048) * ceilDiv(w, 9)
	case w <= 18 || d > 512:
		n = ceilDiv(d, 1024) * ceilDiv(w, 18)
	default:
		n = ceilDiv(d, 512) * ceilDiv(w, 36)
	}
	return m.Banks * n
}

// Memories lists the memories of a stage, with the shapes that its hardware has.
func (s *Stage) Memories() []Memory {
	var all []Memory
	if s.Kind == Conv || s.Kind == Pool {
		y, x, in := s.Walk[0], s.Walk[1], s.In[0].Value
		depth := s.Rows / s.Fold.TapY * ceilDiv(x.In, s.Fold.TapX) * s.Words()
		all = append(all, Memory{rtl.MemLine, s.Fold.TapY * s.Fold.TapX, s.Fold.Cw * in.Format.Bits, depth})
		if op, ok := s.op().(*fixed.Conv); ok {
			words := y.Phases * x.Phases * s.Groups() * s.Steps()
			all = append(all, Memory{rtl.MemWeights, 1, s.Fold.Multipliers() * op.WeightBits, words})
			if op.Checksum {
				all = append(all, Memory{rtl.MemWeights, 1, s.Fold.SIMD() * s.checksumBits(), words})
			}
		}
	}
	if sc, _, biasBits := s.scale(); sc != nil {
		out := s.Out[0]
		most := 0
		for _, v := range sc.Shift {
			most = max(most, v)
		}
		all = append(all, Memory{rtl.MemBias, 1, out.Lanes * biasBits, out.Beats()})
		if sc.Mult != nil {
			all = append(all, Memory{rtl.MemRequant, 1, out.Lanes * sc.MultBits, out.Beats()})
		}
		all = append(all, Memory{rtl.MemRequant, 1, out.Lanes * rtl.BitsFor(most), out.Beats()})
	}
	if op, ok := s.op().(*fixed.Clip); ok {
		out := s.Out[0]
		word := Memory{rtl.MemRequant, 1, out.Lanes * out.Value.Format.Bits, out.Beats()}
		if all = append(all, word); op.Lo != nil {
			all = append(all, word)
		}
	}
	for _, out := range s.Out {
		kind := rtl.MemFIFO
		if out.Skip {
			kind = rtl.MemSkip
		}
		all = append(all, Memory{kind, 1, out.Lanes * out.Value.Format.Bits, out.Depth - 1})
	}
	return all
}

// scale is the requantisation of a stage, if it has one, and the widths of what it scales and of the
// bias that it adds first: of a stand-alone one the input's zero point.
func (s *Stage) scale() (sc *fixed.Scale, sumBits, biasBits int) {
	switch op := s.op().(type) {
	case *fixed.Conv:
		return &op.Scale, max(op.AccBits, op.BiasBits) + 1, op.BiasBits
	case *fixed.Requant:
		in := s.Node.In[0]
		biasBits = 1
		for least := int64(1); -in.Zero < -least || -in.Zero > least-1; least *= 2 {
			biasBits++
		}
		return &op.Scale, max(in.Format.Bits+1, biasBits) + 1, biasBits
	}
	return nil, 0, 0
}

// Resources is what the stage takes.
func (s *Stage) Resources() Resources {
	var r Resources
	for _, m := range s.Memories() {
		r.MemoryBits += m.Bits()
		if m.InLUTRAM() {
			r.LUTRAMBits += m.Bits()
		} else {
			r.RAMB18 += m.RAMB18()
		}
	}
	if op, ok := s.op().(*fixed.Conv); ok {
		act := s.In[0].Value.Format
		if !act.Signed {
			act.Bits++
		}
		r.DSP += s.Fold.Multipliers() * dsps(act.Bits, op.WeightBits)
		if op.Checksum {
			r.DSP += s.Fold.SIMD() * dsps(act.Bits, s.checksumBits())
		}
	}
	if sc, sumBits, _ := s.scale(); sc != nil && sc.Mult != nil {
		r.DSP += s.Out[0].Lanes * dsps(sumBits, sc.MultBits+1)
	}
	return r
}

// dsps is the number of 25 x 18 multipliers that make a signed product: 24 and 17 bits of the operands
// each, and their signs.
func dsps(a, b int) int {
	one := ceilDiv(a-1, 24) * ceilDiv(b-1, 17)
	other := ceilDiv(b-1, 24) * ceilDiv(a-1, 17)
	return max(1, min(one, other))
}
