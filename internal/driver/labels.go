package driver

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/internal/metrics"
	"rampart/internal/picture"
)

// Labels are the true classes of images.
type Labels struct {
	Masks   *picture.Masks
	classes int
	ignore  int // the class that counts nowhere, metrics.NoIgnore for none
}

// LoadLabels reads the labels of n images of h x w; nil where path is empty. Labels are classes of the
// network, or ignore, which is below 0 where none is ignored.
func LoadLabels(path string, ignore, classes, h, w, n int) (*Labels, error) {
	if path == "" {
		return nil, nil
	}
	m, err := picture.LoadMasks(path, h, w)
	if err != nil {
		return nil, err
	}
	if m.N != n {
		return nil, diag.Problem{File: path, What: fmt.Sprintf("it holds labels of %d images, and there are %d", m.N, n), Remedy: "give a label for every image"}
	}
	l := &Labels{Masks: m, classes: classes, ignore: metrics.NoIgnore}
	if ignore >= 0 {
		l.ignore = ignore
	}
	for i, c := range m.Class {
		if int(c) >= classes && int(c) != l.ignore {
			return nil, diag.Problem{
				File: path, At: fmt.Sprintf("pixel %d", i), What: fmt.Sprintf("its label is %d, and the network has classes 0 to %d", c, classes-1),
				Remedy: "name the label of unlabelled pixels with --ignore, or give labels for this network",
			}
		}
	}
	return l, nil
}

// Ignore is the label that counts nowhere, metrics.NoIgnore for none.
func (l *Labels) Ignore() int { return l.ignore }

// score compares masks with labels. A class that no label has, which a fault can make, counts as the last.
func (l *Labels) score(masks *picture.Masks) (miou, accuracy float64) {
	return compare(l.Masks.Class, masks.Class, l.classes, l.ignore)
}

// compare gives the mean intersection over union and the share of equal pixels of two masks.
func compare(truth, predicted []uint8, classes, ignore int) (miou, accuracy float64) {
	c := metrics.NewConfusion(classes, ignore)
	if err := c.Add(truth, clip(predicted, classes)); err != nil {
		panic("BUG: driver: labels were checked: " + err.Error())
	}
	return c.MeanIoU(), c.Accuracy()
}

// clip brings class numbers that no class has to the last class.
func clip(classes []uint8, n int) []uint8 {
	out := make([]uint8, len(classes))
	for i, c := range classes {
		out[i] = uint8(min(int(c), n-1))
	}
	return out
}
