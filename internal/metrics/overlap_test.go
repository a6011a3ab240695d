package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQualityByHand(t *testing.T) {
	for name, c := range map[string]struct {
		classes, ignore  int
		truth, predicted []uint8
		want             Quality
		least            float64
		below            []int // classes that collapse below 0.45
	}{
		"perfect":   {2, NoIgnore, []uint8{0, 1, 1}, []uint8{0, 1, 1}, Quality{1, 1, 1}, 1, nil},
		"all wrong": {3, NoIgnore, []uint8{0, 0}, []uint8{1, 1}, Quality{}, 0, []int{0}},
		// IoU 3/4 of 4 pixels and 1/2 of 1: weights 1/4 and 1 out of 5/4.
		"rare class": {3, NoIgnore, []uint8{0, 0, 0, 0, 1}, []uint8{0, 0, 0, 1, 1},
			Quality{(3./4 + 1./2) / 2, 3./4*4/5 + 1./2*1/5, 3./4*1/5 + 1./2*4/5}, 1. / 2, nil},
		"rare class lost": {3, NoIgnore, []uint8{0, 0, 0, 0, 1}, []uint8{0, 0, 0, 0, 0},
			Quality{(4. / 5) / 2, 4. / 5 * 4 / 5, 4. / 5 * 1 / 5}, 0, []int{1}},
		// class 2 is only predicted: it lowers mIoU, has no share, no weight, and does not collapse.
		"only predicted": {3, NoIgnore, []uint8{0, 0, 0, 1}, []uint8{0, 0, 2, 1},
			Quality{(2./3 + 1 + 0) / 3, 2./3*3/4 + 1./4, 2./3*1/4 + 3./4}, 2. / 3, nil},
		"ignored": {3, 2, []uint8{0, 0, 2, 2, 1}, []uint8{0, 1, 1, 0, 1},
			Quality{1. / 2, 1. / 2, 1. / 2}, 1. / 2, nil},
		"nothing counted": {2, 0, []uint8{0, 0}, []uint8{0, 1}, Quality{}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := NewConfusion(c.classes, c.ignore)
			require.NoError(t, m.Add(c.truth, c.predicted))
			o := m.Overlap()
			got := o.Quality()
			assert.InDelta(t, c.want.MIoU, got.MIoU, 1e-15)
			assert.InDelta(t, c.want.GIoU, got.GIoU, 1e-15)
			assert.InDelta(t, c.want.WIoU, got.WIoU, 1e-15)
			assert.InDelta(t, c.least, o.Least(), 1e-15)
			assert.Equal(t, c.below, o.Collapsed(0.45))
		})
	}
}

// A huge share and a tiny one: the weights must not lose the rare class to rounding.
func TestWeightedIoUOfFarShares(t *testing.T) {
	o := Overlap{Both: []int64{1e12, 0}, Truth: []int64{1e12, 1}, Predicted: []int64{1e12 + 1, 0}}
	assert.InDelta(t, 1e-12, o.WeightedIoU(), 1e-15)
	assert.InDelta(t, 1, o.GlobalIoU(), 1e-11)
}

func TestDrops(t *testing.T) {
	before := Overlap{Both: []int64{4, 1, 0, 0}, Truth: []int64{4, 2, 0, 0}, Predicted: []int64{5, 1, 0, 0}}
	after := Overlap{Both: []int64{2, 2, 0, 0}, Truth: []int64{4, 2, 0, 0}, Predicted: []int64{2, 2, 2, 0}}
	assert.InDeltaSlice(t, []float64{4./5 - 2./4, 1./2 - 1, 0, 0}, Drops(before, after), 1e-15)
}
