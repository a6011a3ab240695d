package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// product is one multiplication: a weight and the input element that meets it.
type product struct{ weight, y, x, channel int }

// issued lists the products that a stage's words make for an output channel of a pixel, walking as the
// hardware does: taps and channel words in order, from the words of the pixel's phases.
func issued(s *Stage, elems [][]int, oy, ox, lane int) []product {
	y, x, f, in := s.Walk[0], s.Walk[1], s.Fold, s.Node.In[0].Shape
	startY, _ := y.At(oy)
	startX, _ := x.At(ox)
	group, pe := lane/f.PE, lane%f.PE
	word := (((oy%y.Phases)*x.Phases+ox%x.Phases)*s.Groups() + group) * s.Steps()
	var all []product
	for ty := 0; ty < y.Taps; ty += f.TapY {
		for tx := 0; tx < x.Taps; tx += f.TapX {
			for c := 0; c < s.Words(); c, word = c+1, word+1 {
				for l, e := range elems[word] {
					tap, ch := l/f.PE/f.Cw, c*f.Cw+l/f.PE%f.Cw
					if l%f.PE != pe || e < 0 {
						continue
					}
					iy, ix := startY+(ty+tap/f.TapX)*y.Step, startX+(tx+tap%f.TapX)*x.Step
					if x == Flat(1) { // an image seen as one column
						iy, ix = iy/in.W, iy%in.W
					}
					if iy >= 0 && iy < in.H && ix >= 0 && ix < in.W {
						all = append(all, product{e, iy, ix, s.In[0].Layout[ch]})
					}
				}
			}
		}
	}
	return all
}

// defined lists them as the operator is defined.
func defined(n *fixed.Node, oy, ox, channel int) []product {
	op := n.Op.(*fixed.Conv)
	in, out := n.In[0].Shape, n.Out.Shape
	at := func(dim, o, k int) (int, bool) {
		if !op.Transposed {
			return o*op.Stride[dim] + k*op.Dilation[dim] - op.Before[dim], true
		}
		v := o + op.Before[dim] - k*op.Dilation[dim]
		return v / op.Stride[dim], v >= 0 && v%op.Stride[dim] == 0
	}
	per := in.C / op.Group
	var all []product
	for c := range per {
		for ky := range op.Kernel[0] {
			for kx := range op.Kernel[1] {
				iy, okY := at(0, oy, ky)
				ix, okX := at(1, ox, kx)
				if okY && okX && iy >= 0 && iy < in.H && ix >= 0 && ix < in.W {
					all = append(all, product{((channel*per+c)*op.Kernel[0]+ky)*op.Kernel[1] + kx, iy, ix, channel/(out.C/op.Group)*per + c})
				}
			}
		}
	}
	return all
}

func compareProducts(a, b product) int {
	return slices.Compare([]int{a.weight, a.y, a.x, a.channel}, []int{b.weight, b.y, b.x, b.channel})
}

// checkWeights complains where a stage's words make other products than its operator has.
func checkWeights(s *Stage) error {
	op, out := s.Node.Op.(*fixed.Conv), s.Node.Out.Shape
	words, elems := s.Weights()
	for w, word := range words {
		for l, v := range word {
			want := int64(0)
			if e := elems[w][l]; e >= 0 {
				want = int64(op.Weight[e])
			}
			if v != want {
				return fmt.Errorf("word %d lane %d holds %d, not %d", w, l, v, want)
			}
		}
	}
	for oy := range out.H {
		for ox := range out.W {
			for lane, channel := range s.Out[0].Layout {
				got := issued(s, elems, oy, ox, lane)
				var want []product
				if channel >= 0 {
					want = defined(s.Node, oy, ox, channel)
				}
				slices.SortFunc(got, compareProducts)
				slices.SortFunc(want, compareProducts)
				if !slices.Equal(got, want) {
					return fmt.Errorf("output (%d, %d) channel %d: products %v, not %v", oy, ox, channel, got, want)
				}
			}
		}
	}
	return nil
}

// anyPlan draws lanes and foldings, legal ones but no sensible ones.
func anyPlan(t *testing.T, d nettest.Dice, net *fixed.Net) *Plan {
	t.Helper()
	p, err := stages(net)
	require.NoError(t, err)
	for _, set := range p.laneGroups() {
		setBeats(set, d.Within(1, slices.Max(powers.options(set))))
	}
	p.layOut()
	for _, s := range p.Stages {
		if s.Kind != Conv && s.Kind != Pool {
			continue
		}
		width := func(s *Stream) int { return s.Lanes * d.Within(1, s.Beats()) }
		s.Fold = Folding{TapY: d.Pick(s.Walk[0].parallel()...), TapX: d.Pick(s.Walk[1].parallel()...), Cw: width(s.In[0])}
		if s.Kind == Conv {
			s.Fold.PE = width(s.Out[0])
		}
	}
	p.setRows()
	p.setOwnDepths()
	require.NoError(t, Check(p))
	return p
}

// Random kernels, strides, paddings, dilations and groups, plain and transposed, behind concatenations
// with padded lanes.
func TestWeights(t *testing.T) {
	convs, padded := 0, 0
	for seed := uint64(1); seed <= 300; seed++ {
		d := nettest.New(seed)
		net := d.Net(d.Within(1, 5))
		p := anyPlan(t, d, net)
		for _, s := range p.Stages {
			if s.Kind != Conv {
				continue
			}
			require.NoError(t, checkWeights(s), "seed %d, stage %s", seed, s.Name)
			convs++
			if slices.Contains(s.In[0].Layout, -1) {
				padded++
			}
		}
	}
	assert.Greater(t, convs, 500)
	assert.Greater(t, padded, 100)
}

func TestCheckWeightsComplains(t *testing.T) {
	_, p := example(t)
	s := stage(t, p, "conv0")
	require.NoError(t, checkWeights(s))
	s.Walk[0].flipped = true
	assert.Error(t, checkWeights(s))
}
