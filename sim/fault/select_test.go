package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// stores is a small population.
func stores() *Population {
	return NewPopulation(HardwareSpace, Fixed, []Store{
		{Name: "a.weights", Kind: "weights", Layer: "a", Tensor: "a.weight", Words: 10, Bits: 16, Lane: 8, Constant: true, Learned: true},
		{Name: "a.bias", Kind: "bias", Layer: "a", Tensor: "a.bias", Words: 4, Bits: 32, Lane: 32, Constant: true, Learned: true},
		{Name: "a.lines", Kind: "line", Layer: "a", Tensor: "x", Words: 7, Bits: 4, Lane: 4},
		{Name: "b.state", Kind: "register", Layer: "b", Words: 1, Bits: 3, Lane: 3, Register: true},
	})
}

func selected(s Select) (sites int64, complaints []string) {
	p := stores()
	for _, one := range s.parts(p, func(key, what, remedy string) { complaints = append(complaints, key+": "+what+"; "+remedy) }) {
		sites += one.sites()
	}
	return sites, complaints
}

func TestSelection(t *testing.T) {
	two, nine := int64(1), int64(9)
	for _, c := range []struct {
		s     Select
		sites int64
		says  string
	}{
		{Select{}, 160 + 128 + 28 + 3, ""},
		{Select{Kinds: []string{"weights", "bias"}}, 160 + 128, ""},
		{Select{Kinds: []string{"!register"}, Layers: []string{"a"}}, 160 + 128 + 28, ""},
		{Select{Bits: []Range{{7, 7}}}, 20 + 4, ""}, // of both numbers of a word
		{Select{Bits: []Range{{0, 1}, {31, 31}}}, 40 + 12 + 14 + 2, ""},
		{Select{Memories: []string{"a.*"}, Tensors: []string{"*.bias"}}, 128, ""},
		{Select{Element: &Element{Flat, []int64{3}}, Kinds: []string{"weights", "bias", "line"}}, 16 + 32 + 4, ""},
		{Select{Number: &two}, 128, ""},
		{Select{Memories: []string{"c.*"}}, 0, `memories[0]: nothing matches "c.*"; there are a.weights, a.bias, a.lines, b.state`},
		{Select{Kinds: []string{"weights", "!skips"}}, 160, `kinds[1]: nothing matches "!skips"; there are weights, bias, line, register`},
		{Select{Bits: []Range{{32, 40}}}, 0, "bits[0]: no number has a bit 32; give one from 0 to 31"},
		{Select{Element: &Element{Flat, []int64{9}}}, 16, "element: a.bias has 4 elements, and element 9 is asked for; give an element that each selected tensor has"},
		{Select{Number: &nine}, 0, "number: there are 2 tensors that training made; give one from 0 to 1"},
		{Select{Number: &two, Kinds: []string{"weights"}}, 0, "number: tensor 1 is a.bias, which is not selected otherwise; give the number of another tensor, or select that one"},
	} {
		sites, complaints := selected(c.s)
		assert.Equal(t, c.sites, sites, "%+v", c.s)
		if c.says == "" {
			assert.Empty(t, complaints, "%+v", c.s)
		} else {
			assert.Contains(t, complaints, c.says)
		}
	}
}

// Strata by anything share out all that is selected, each bit once.
func TestStrataShareOutWhatIsSelected(t *testing.T) {
	p := stores()
	for _, by := range [][]By{nil, {ByMemory}, {ByLayer}, {ByKind, ByBit}, {ByBit}, {ByTensor, ByBit, ByLayer}} {
		seen := map[Site]bool{}
		s := Select{Bits: []Range{{0, 9}}}
		strata := divide(p, s.parts(p, nil), by)
		for _, st := range strata {
			st.count(false)
			for i := range st.Sites {
				site, _ := st.site(i)
				assert.False(t, seen[site], "%v %s: %+v comes twice", by, st.Name, site)
				seen[site] = true
			}
		}
		assert.Len(t, seen, 160+4*10+28+3, "%v", by)
	}
	names := func(by ...By) (all []string) {
		s := Select{Bits: []Range{{0, 1}}}
		for _, st := range divide(p, s.parts(p, nil), by) {
			all = append(all, st.Name)
		}
		return all
	}
	assert.Equal(t, []string{"all"}, names())
	assert.Equal(t, []string{"a", "b"}, names(ByLayer))
	assert.Equal(t, []string{"weights bit 0", "weights bit 1", "bias bit 0", "bias bit 1", "line bit 0", "line bit 1", "register bit 0", "register bit 1"}, names(ByKind, ByBit))
	assert.Equal(t, []string{"a.weight", "a.bias", "x", "b.state"}, names(ByTensor))
}
