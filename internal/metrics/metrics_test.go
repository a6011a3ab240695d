package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

func TestByHand(t *testing.T) {
	for name, c := range map[string]struct {
		classes, ignore  int
		truth, predicted []uint8
		iou              map[int]float64 // classes that occur
		mean, accuracy   float64
	}{
		"perfect": {2, NoIgnore, []uint8{0, 1, 1}, []uint8{0, 1, 1}, map[int]float64{0: 1, 1: 1}, 1, 1},
		"all wrong": {3, NoIgnore, []uint8{0, 0}, []uint8{1, 1},
			map[int]float64{0: 0, 1: 0}, 0, 0},
		// class 0: 2 right, 1 false negative, 1 false positive; class 1: 1 right, 1 of each; class 2 nowhere.
		"mixed": {3, NoIgnore, []uint8{0, 0, 0, 1, 1}, []uint8{0, 0, 1, 0, 1},
			map[int]float64{0: 2. / 4, 1: 1. / 3}, (2./4 + 1./3) / 2, 3. / 5},
		// class 2 is predicted once and never true: it counts, with 0.
		"absent from truth": {3, NoIgnore, []uint8{0, 0, 0, 1}, []uint8{0, 0, 2, 1},
			map[int]float64{0: 2. / 3, 1: 1, 2: 0}, (2./3 + 1 + 0) / 3, 3. / 4},
		// the prediction under an ignored label is not a false positive.
		"ignored": {2, 11, []uint8{0, 11, 1, 11}, []uint8{0, 1, 0, 0},
			map[int]float64{0: 1. / 2, 1: 0}, 1. / 4, 1. / 2},
		"ignored class in range": {3, 2, []uint8{0, 2, 1}, []uint8{0, 0, 1}, map[int]float64{0: 1, 1: 1}, 1, 1},
		"nothing counted":        {2, 0, []uint8{0, 0}, []uint8{0, 1}, map[int]float64{}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewConfusion(c.classes, c.ignore)
			// In two parts, for a data set comes image by image.
			require.NoError(t, m.Add(c.truth[:1], c.predicted[:1]))
			require.NoError(t, m.Add(c.truth[1:], c.predicted[1:]))
			for class := range c.classes {
				iou, ok := m.IoU(class)
				want, occurs := c.iou[class]
				assert.Equal(t, occurs, ok, "class %d", class)
				assert.InDelta(t, want, iou, 1e-15, "class %d", class)
			}
			assert.InDelta(t, c.mean, m.MeanIoU(), 1e-15)
			assert.InDelta(t, c.accuracy, m.Accuracy(), 1e-15)
		})
	}
}

func TestCounts(t *testing.T) {
	m := NewConfusion(3, NoIgnore)
	require.NoError(t, m.Add([]uint8{0, 0, 2}, []uint8{1, 1, 2}))
	assert.EqualValues(t, 2, m.Count(0, 1))
	assert.EqualValues(t, 0, m.Count(1, 0))
	assert.EqualValues(t, 3, m.Total())
}

func TestAddRefuses(t *testing.T) {
	m := NewConfusion(3, 255)
	for name, c := range map[string]struct{ truth, predicted []uint8 }{
		"lengths":    {[]uint8{0, 1}, []uint8{0}},
		"label":      {[]uint8{0, 3}, []uint8{0, 0}},
		"prediction": {[]uint8{0, 0}, []uint8{0, 3}},
	} {
		assert.ErrorAs(t, m.Add(c.truth, c.predicted), new(diag.Problem), name)
		assert.Zero(t, m.Total(), "%s: counted in part", name)
	}
	assert.NoError(t, m.Add([]uint8{255}, []uint8{9}), "the prediction under an ignored label is free")
}

func TestChanged(t *testing.T) {
	assert.Equal(t, 2, Changed([]uint8{1, 2, 3, 4}, []uint8{1, 0, 3, 0}))
	assert.Zero(t, Changed([]uint8{1, 2}, []uint8{1, 2}))
}
