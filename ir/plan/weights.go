package plan

import "rampart/ir/fixed"

// Weights lays the weights of a convolution stage out as words for its matrix-vector unit. Words
// follow the order in which windows are issued: phase row, phase column, group, tap row, tap column,
// channel word. Lane (tap*Cw + channel)*PE + p of a word is the weight between that input and output p
// of the group. elems holds the flat index of each lane in the [Out][In/Group][kh][kw] tensor, -1 where
// a lane is padding and holds 0.
func (s *Stage) Weights() (words [][]int64, elems [][]int) {
	op := s.Node.Op.(*fixed.Conv)
	y, x, f := s.Walk[0], s.Walk[1], s.Fold
	at := func(phase, count int, w Walk) int { return (phase + w.Phase0) % count }
	for py := 0; py < y.Phases; py++ {
		for px := 0; px < x.Phases; px++ {
			for g := 0; g < s.Groups(); g++ {
				for ty := 0; ty < y.Taps; ty += f.TapY {
					for tx := 0; tx < x.Taps; tx += f.TapX {
						for c := 0; c < s.Words(); c++ {
							elem := s.word(op, at(py, y.Phases, y), at(px, x.Phases, x), g, ty, tx, c)
							words, elems = append(words, pick(op.Weight, elem)), append(elems, elem)
						}
					}
				}
			}
		}
	}
	return words, elems
}

// Checksums is the weights of a checksum's lane, word for word as Weights has them: lane tap*Cw + channel is the
// sum of the weights between that input and the outputs of the group. Bits is the least signed width that holds
// all of them. Without a checksum there are no words.
func (s *Stage) Checksums() (words [][]int64, bits int) {
	if op, ok := s.op().(*fixed.Conv); !ok || !op.Checksum {
		return nil, 0
	}
	weights, _ := s.Weights()
	held := fixed.Interval{}
	for _, w := range weights {
		word := make([]int64, s.Fold.SIMD())
		for l := range word {
			for _, v := range w[l*s.Fold.PE : (l+1)*s.Fold.PE] {
				word[l] += v
			}
			held.Lo, held.Hi = min(held.Lo, word[l]), max(held.Hi, word[l])
		}
		words = append(words, word)
	}
	return words, held.Bits()
}

func (s *Stage) checksumBits() int {
	_, bits := s.Checksums()
	return bits
}

func pick(weights []int32, elem []int) []int64 {
	word := make([]int64, len(elem))
	for l, e := range elem {
		if e >= 0 {
			word[l] = int64(weights[e])
		}
	}
	return word
}

// word is the tensor index of each lane of one word.
func (s *Stage) word(op *fixed.Conv, py, px, group, ty, tx, c int) []int {
	f := s.Fold
	elem := make([]int, 0, f.Multipliers())
	for dy := 0; dy < f.TapY; dy++ {
		ky := s.Walk[0].Element(py, ty+dy)
		for dx := 0; dx < f.TapX; dx++ {
			kx := s.Walk[1].Element(px, tx+dx)
			for ch := c * f.Cw; ch < (c+1)*f.Cw; ch++ {
				for p := group * f.PE; p < (group+1)*f.PE; p++ {
					elem = append(elem, s.element(op, at(s.In[0].Layout, ch), at(s.Out[0].Layout, p), ky, kx))
				}
			}
		}
	}
	return elem
}

// element is the flat index of a weight, -1 where there is none.
func (s *Stage) element(op *fixed.Conv, in, out, ky, kx int) int {
	if in < 0 || out < 0 || ky < 0 || kx < 0 {
		return -1
	}
	perIn := s.Node.In[0].Shape.C / op.Group
	perOut := s.Node.Out.Shape.C / op.Group
	if in/perIn != out/perOut {
		return -1
	}
	return ((out*perIn+in%perIn)*op.Kernel[0]+ky)*op.Kernel[1] + kx
}

// at is the channel of a lane, -1 for padding and beyond the layout.
func at(layout []int, lane int) int {
	if lane >= len(layout) {
		return -1
	}
	return layout[lane]
}
