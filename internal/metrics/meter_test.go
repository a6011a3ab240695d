package metrics

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// draw makes a random setting and masks that differ from the golden ones in about every rarity-th pixel.
func draw(r *rand.Rand, rarity int) (s Setting, masks []uint8) {
	s = Setting{Images: 1 + r.IntN(5), H: 1 + r.IntN(7), W: 1 + r.IntN(7), Classes: 1 + r.IntN(6), Ignore: NoIgnore}
	s.Border = r.IntN((min(s.H, s.W) + 1) / 2)
	n := s.Images * s.H * s.W
	classes := func(n, of int) []uint8 {
		out := make([]uint8, n)
		for i := range out {
			out[i] = uint8(r.IntN(of))
		}
		return out
	}
	s.Golden = classes(n, s.Classes)
	switch r.IntN(3) {
	case 0:
		s.Labels = classes(n, s.Classes)
	case 1: // the label of unlabelled pixels is no class
		s.Labels, s.Ignore = classes(n, s.Classes+1), s.Classes
	}
	masks = append(masks, s.Golden...)
	for i := range masks {
		if r.IntN(rarity) == 0 {
			masks[i] = uint8(r.IntN(s.Classes))
		}
	}
	return s, masks
}

// recount is Score the slow way: every pixel of every mask.
func recount(t *testing.T, s Setting, masks []uint8) Score {
	t.Helper()
	size := s.H * s.W
	want := Score{Images: s.Images}
	golden, before, after := NewConfusion(s.Classes, NoIgnore), NewConfusion(s.Classes, s.Ignore), NewConfusion(s.Classes, s.Ignore)
	require.NoError(t, golden.Add(s.Golden, masks))
	want.Golden, want.Classes = golden.Overlap().Quality(), golden.Overlap()
	want.Drop = 1 - golden.MeanIoU()
	if s.Labels != nil {
		require.NoError(t, before.Add(s.Labels, s.Golden))
		require.NoError(t, after.Add(s.Labels, masks))
		want.Labelled, want.Truth = true, after.Overlap().Quality()
		want.Drop = before.MeanIoU() - after.MeanIoU()
	}
	for image := range s.Images {
		var changed Counts
		for p := range size {
			i := image*size + p
			y, x := p/s.W, p%s.W
			inner := y >= s.Border && y < s.H-s.Border && x >= s.Border && x < s.W-s.Border
			of := Counts{All: 1}
			if inner {
				of.Inner = 1
			}
			if s.Labels != nil && int(s.Labels[i]) != s.Ignore {
				of.Labelled = 1
			}
			want.Pixels.add(of)
			if masks[i] != s.Golden[i] {
				changed.add(of)
			}
		}
		want.Changed.add(changed)
		if changed.All > 0 {
			want.ImagesChanged++
		}
		if changed.All > want.InWorst.All {
			want.Worst, want.InWorst = image, changed
		}
	}
	return want
}

func TestMeterEqualsRecount(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for range 3000 {
		s, masks := draw(r, 1+r.IntN(20))
		ref, err := NewReference(s)
		require.NoError(t, err)
		m := ref.Meter()
		for range 2 { // a meter is used again and again
			m.Reset()
			for _, image := range r.Perm(s.Images) {
				size := s.H * s.W
				mask := masks[image*size : (image+1)*size]
				if r.IntN(2) == 0 {
					m.Mask(image, mask)
					continue
				}
				list := Changes(nil, s.Golden[image*size:(image+1)*size], mask)
				r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				cut := r.IntN(len(list) + 1)
				m.Change(image, list[:cut])
				m.Change(image, list[cut:])
			}
			// Exactly: both divide the same whole numbers in the same order.
			require.Equal(t, recount(t, s, masks), m.Score())
		}
		if m.Score().Changed.All > 0 {
			changed++
		}
		m.Reset()
		require.Equal(t, recount(t, s, s.Golden), m.Score(), "reset")
		require.Zero(t, m.Score().Drop)
	}
	assert.Greater(t, changed, 1000)
}

// The comparison above must see a meter that is off by one pixel.
func TestRecountSeesAMissingChange(t *testing.T) {
	s := Setting{Images: 1, H: 2, W: 2, Classes: 2, Golden: []uint8{0, 0, 1, 1}, Ignore: NoIgnore}
	ref, err := NewReference(s)
	require.NoError(t, err)
	m := ref.Meter()
	m.Change(0, []Change{{Pixel: 0, Old: 0, New: 1}})
	assert.NotEqual(t, recount(t, s, []uint8{1, 1, 1, 1}), m.Score())
	m.Change(0, []Change{{Pixel: 1, Old: 0, New: 1}})
	assert.Equal(t, recount(t, s, []uint8{1, 1, 1, 1}), m.Score())
}

func TestScoreByHand(t *testing.T) {
	s := Setting{
		Images: 2, H: 3, W: 3, Classes: 2, Border: 1, Ignore: 9,
		Golden: []uint8{0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1},
		Labels: []uint8{0, 0, 0, 0, 9, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 9},
	}
	ref, err := NewReference(s)
	require.NoError(t, err)
	m := ref.Meter()
	m.Change(1, []Change{{Pixel: 4, Old: 0, New: 1}, {Pixel: 0, Old: 0, New: 1}})
	m.Change(0, []Change{{Pixel: 4, Old: 0, New: 1}})
	got := m.Score()
	assert.Equal(t, Counts{18, 2, 16}, got.Pixels)
	assert.Equal(t, Counts{3, 2, 2}, got.Changed)
	assert.Equal(t, 2, got.ImagesChanged)
	assert.Equal(t, 1, got.Worst)
	assert.Equal(t, Counts{2, 1, 2}, got.InWorst)
	assert.InDelta(t, 3./18, got.Share(), 1e-15)
	assert.InDelta(t, 2./9, got.WorstShare(), 1e-15)
	assert.InDelta(t, (9./12+6./9)/2, got.Golden.MIoU, 1e-15)
	assert.InDelta(t, (9./11+5./7)/2, got.Truth.MIoU, 1e-15)
	assert.InDelta(t, 1-(9./11+5./7)/2, got.Drop, 1e-15, "the golden masks are right wherever there is a label")
	assert.Equal(t, []int{1}, got.Classes.Collapsed(0.7))
}

// A flipped register can make a class that the network does not have.
func TestClassThatIsNone(t *testing.T) {
	ref, err := NewReference(Setting{Images: 1, H: 1, W: 4, Classes: 2, Golden: []uint8{0, 0, 1, 1}, Labels: []uint8{0, 0, 1, 1}, Ignore: NoIgnore})
	require.NoError(t, err)
	m := ref.Meter()
	m.Mask(0, []uint8{0, 200, 1, 2})
	got := m.Score()
	assert.Equal(t, Counts{2, 2, 2}, got.Changed)
	assert.Equal(t, Quality{0.5, 0.5, 0.5}, got.Golden)
	assert.Equal(t, Quality{0.5, 0.5, 0.5}, got.Truth)
}

func TestMeterKnowsItsGoldenMask(t *testing.T) {
	ref, err := NewReference(Setting{Images: 1, H: 1, W: 2, Classes: 2, Golden: []uint8{0, 1}, Ignore: NoIgnore})
	require.NoError(t, err)
	m := ref.Meter()
	assert.Panics(t, func() { m.Change(0, []Change{{Pixel: 0, Old: 1, New: 0}}) }, "another old class")
	assert.Panics(t, func() { m.Change(0, []Change{{Pixel: 0, Old: 0, New: 0}}) }, "no change")
}

func TestReferenceRefuses(t *testing.T) {
	ok := Setting{Images: 1, H: 4, W: 5, Classes: 2, Golden: make([]uint8, 20), Ignore: NoIgnore}
	for name, change := range map[string]func(*Setting){
		"border":       func(s *Setting) { s.Border = 2 },
		"label":        func(s *Setting) { s.Labels = append(make([]uint8, 19), 2) },
		"label count":  func(s *Setting) { s.Labels = make([]uint8, 19) },
		"golden class": func(s *Setting) { s.Golden = append(make([]uint8, 19), 2) },
	} {
		s := ok
		change(&s)
		_, err := NewReference(s)
		assert.ErrorAs(t, err, new(diag.Problem), name)
	}
	ok.Border = 1
	_, err := NewReference(ok)
	assert.NoError(t, err)
	ok.Golden = ok.Golden[1:]
	assert.Panics(t, func() { _, _ = NewReference(ok) })
}

// A fault of a campaign: 16 images of 192 x 384, 200 changed pixels in each.
func BenchmarkMeter(b *testing.B) {
	s := Setting{Images: 16, H: 192, W: 384, Classes: 6, Border: 2, Ignore: NoIgnore}
	s.Golden = make([]uint8, s.Images*s.H*s.W)
	s.Labels = s.Golden
	ref, err := NewReference(s)
	require.NoError(b, err)
	var list []Change
	for p := range 200 {
		list = append(list, Change{Pixel: 300 * p, New: uint8(1 + p%5)})
	}
	m := ref.Meter()
	for b.Loop() {
		m.Reset()
		for image := range s.Images {
			m.Change(image, list)
		}
		_ = m.Score()
	}
}
